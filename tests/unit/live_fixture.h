/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events of one request, sent to what makes reports of them, with a writer that looks. Included by the tests of it. */
#ifndef REQPROF_LIVE_FIXTURE_H
#define REQPROF_LIVE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live.h"
#include "capture/report.h"
#include "fake_namer.h"

#define MS 1000000ULL
#define T0 (1000 * MS)
#define PID 4000042 /* no such process */
#define TID 43

struct fixture {
	struct worker_options options;
	struct worker_marker marker;
	struct live live;
	struct reporter reporter;
	struct programs programs;
	void (*look)(const struct profile *p); /* at what is written */
	int error;              /* of the writer */
	int written;
	char replaces[7];       /* of the last write, empty = none */
	char id[7];
};

static int write_fake(void *ctx, const struct profile *p, const char *replaces, char **ret_path)
{
	struct fixture *f = ctx;

	assert_null(profile_check(p));
	f->written++;
	snprintf(f->replaces, sizeof f->replaces, "%s", replaces ? replaces : "");
	strcpy(f->id, p->request.id);
	if (f->look)
		f->look(p);
	*ret_path = xstrdup(f->error ? "cannot write x: no space left" : "x.html");
	return f->error;
}

static int make(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->marker = (struct worker_marker){.text = "profile=1", .is_query = true};
	f->options = (struct worker_options){
		.kallsyms_fd = -1, .markers = &f->marker, .n_markers = 1, .command = "reqprof record",
		.interval_ns = MS, .tick_cost_ns = 3000, .switch_cost_ns = 1000, .writer = {.ctx = f, .write = write_fake},
	};
	live_init(&f->live, &f->options, NULL);
	reporter_init(&f->reporter, &f->options, NULL);
	f->reporter.programs = &f->programs;
	f->reporter.silent = true;
	*state = f;
	return 0;
}

static int destroy(void **state)
{
	struct fixture *f = *state;

	live_fini(&f->live);
	reporter_fini(&f->reporter);
	programs_clear(&f->programs);
	free(f);
	return 0;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static struct rp_event head(int type, size_t len, int flags, uint64_t t)
{
	return (struct rp_event){.type = type, .flags = flags, .len = len, .t = t, .request = 1, .pid = PID, .tid = TID};
}

static void send_begin(struct fixture *f, const char *line, int flags)
{
	size_t n = strlen(line);
	struct rp_begin *e = xcalloc(1, sizeof *e + n);

	e->h = head(RP_EV_BEGIN, sizeof *e + n, flags, T0);
	e->begin_ns = T0;
	e->socket_queue_ns = RP_UNKNOWN_NS;
	e->local = (struct rp_addr){.family = RP_AF_INET, .port = 8000, .ip = {127, 0, 0, 1}};
	e->remote = (struct rp_addr){.family = RP_AF_INET, .port = 40312, .ip = {127, 0, 0, 1}};
	e->line_len = n;
	strcpy(e->comm, "uvicorn");
	memcpy(e + 1, line, n);
	assert_true(live_event(&f->live, &e->h));
	free(e);
}

static void send_bind(struct fixture *f, uint32_t worker, uint64_t t, int pid, int flags)
{
	struct rp_bind e = {.h = head(RP_EV_BIND, sizeof e, flags, t), .bound = 1, .worker = worker, .comm = "uvicorn"};

	e.h.pid = pid;
	e.h.tid = pid + 1;
	assert_true(live_event(&f->live, &e.h));
}

static void send_stack(struct fixture *f, uint64_t id, int pid, uint64_t innermost, int flags)
{
	struct {
		struct rp_stack s;
		uint64_t addresses[3];
	} e = {
		.s = {.h = head(RP_EV_STACK, sizeof e, flags, T0), .id = id, .n_kernel = 1, .n_user = 2},
		.addresses = {0x99, innermost, 0x1},
	};

	e.s.h.pid = pid;
	assert_true(live_event(&f->live, &e.s.h));
}

static void send_tick(struct fixture *f, int type, uint32_t worker, uint64_t t, uint64_t stack)
{
	struct rp_tick e = {.h = head(type, sizeof e, 0, t), .worker = worker, .stack = stack};

	assert_true(live_event(&f->live, &e.h));
}

static void send_end(struct fixture *f, uint64_t end_ns, int status, int how)
{
	struct rp_end e = {
		.h = head(RP_EV_END, sizeof e, how, end_ns), .end_ns = end_ns, .first_write_ns = end_ns - MS, .head_read_ns = T0,
		.bytes_in = 77, .bytes_out = 1234, .status = status, .in_flight_max = 2, .dropped = 5, .refused_live = 6,
		.refused_rate = 7, .workers_refused = 1, .ticks = 10, .switches = 4,
	};

	assert_true(live_event(&f->live, &e.h));
}

static void write_all(struct fixture *f)
{
	struct live_request *r;

	while ((r = live_finished(&f->live))) {
		report_final(&f->reporter, r, T0 + 100 * MS);
		live_release(&f->live);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

#endif
