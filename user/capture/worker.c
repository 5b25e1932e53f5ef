/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/worker.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "capture/channel.h"
#include "capture/counters.h"
#include "capture/event_queue.h"
#include "capture/events.h"
#include "capture/hints.h"
#include "capture/live.h"
#include "capture/namer.h"
#include "capture/programs.h"
#include "capture/report.h"
#include "capture/sources.h"
#include "capture/status.h"
#include "symbol/debuginfod.h"
#include "unwind/unwinders.h"

#define NS_PER_MS 1000000ULL
#define LIVE_POLL_MS 20         /* most events do not wake us: that would cost the server */
#define STATUS_MS 250           /* of the live line */
#define IDLE_MS 1000            /* losses and hints */
#define QUEUE_BYTES_MAX (64UL << 20) /* taken out of the ring while names are waited for; beyond, it fills and counts what it loses */

struct worker {
	const struct worker_options *options;
	struct channel channel;
	struct namer *namer;
	struct ring_buffer *ring;
	struct event_queue events; /* out of the ring and not handled yet */
	struct counters counters;
	struct live live;
	struct reporter reporter;
	struct programs programs;
	struct hints hints;
	struct losses_said losses;
	int epoll;
	uint64_t start_ns, status_ns, losses_ns; /* when it began, when these were last said */
	uint64_t bad_events;
	enum stop_reason stopped; /* 0 = not yet */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* ---- what is said ------------------------------------------------------------------------------------------------ */

static void say(char *hint)
{
	if (hint)
		log_info("%s", hint);
	free(hint);
}

static struct tally tally(const struct worker *w)
{
	return (struct tally){
		.written = w->reporter.written, .failed = w->reporter.failed, .unwritten = w->live.given_up,
		.incomplete = w->live.incomplete, .bad_events = w->bad_events,
	};
}

static void say_losses(struct worker *w)
{
	_cleanup_free_ char *text = status_losses(&w->counters, &w->losses);

	if (text)
		log_warn("%s", text);
}

static void say_summary(struct worker *w)
{
	struct tally t = tally(w);
	_cleanup_free_ char *text = status_summary(&w->counters, &t);

	log_status(NULL);
	w->losses.last = true;
	say_losses(w);
	if (w->stopped != STOP_FAILED || t.written || t.failed || t.unwritten)
		log_info("%s", text);
}

static void show_status(struct worker *w)
{
	struct tally t = tally(w);
	_cleanup_free_ char *line = status_line(&w->counters, &t);

	log_status(line);
}

static void talk(struct worker *w)
{
	uint64_t now = now_ns();

	say(hint_no_request(&w->hints, &w->counters, now - w->start_ns));
	if (now - w->losses_ns >= IDLE_MS * NS_PER_MS) {
		w->losses_ns = now;
		say_losses(w);
	}
	if (w->options->color && now - w->status_ns >= STATUS_MS * NS_PER_MS) {
		w->status_ns = now;
		show_status(w);
	}
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static int on_record(void *ctx, void *data, size_t size)
{
	struct worker *w = ctx;

	event_queue_add(&w->events, data, size);
	return 0;
}

static void handle_event(struct worker *w, const void *record, size_t size)
{
	const struct rp_event *e = event_check(record, size);

	if (!e)
		w->bad_events++;
	else if (e->type == RP_EV_NEAR)
		say(hint_near(&w->hints, (const void *)e));
	else if (e->type == RP_EV_UNMAPPED)
		namer_code(w->namer, e->pid, ((const struct rp_unmapped *)e)->address);
	else if (e->type == RP_EV_CODE)
		namer_python_code(w->namer, (const void *)e);
	else if (!live_event(&w->live, e))
		w->bad_events++;
}

/* Not while one is being handled: what that waits for calls empty_ring(). */
static void drain(struct worker *w)
{
	const void *record;
	size_t size;

	ring_buffer__consume(w->ring);
	while ((record = event_queue_next(&w->events, &size)))
		handle_event(w, record, size);
}

/* The second ^C: nothing more is written, only said. */
static void stop_now(struct worker *w)
{
	w->live.given_up += live_pending(&w->live);
	say_summary(w);
	_exit(1);
}

static void pump(void *ctx)
{
	struct worker *w = ctx;

	drain(w);
	if (channel_stop_now(&w->channel))
		stop_now(w);
}

/* While a name is waited for nothing else can be named, so events are only taken out of the ring. */
static bool empty_ring(void *ctx)
{
	struct worker *w = ctx;

	if (channel_stop_now(&w->channel))
		stop_now(w);
	if (w->events.bytes >= QUEUE_BYTES_MAX)
		return false;
	ring_buffer__consume(w->ring);
	return true;
}

static void enough(struct worker *w)
{
	live_close(&w->live);
	msg_send(w->channel.sock, &(struct msg){.type = MSG_ENOUGH}, NULL, 0);
}

static bool has_enough(const struct worker *w)
{
	return w->options->count && w->reporter.written >= w->options->count;
}

static void write_finished(struct worker *w)
{
	struct live_request *r;

	while ((r = live_finished(&w->live))) {
		report_final(&w->reporter, r, now_ns());
		say(hint_refused_by_app(&w->hints, &r->profile->request));
		live_release(&w->live);
		pump(w);
		if (has_enough(w))
			enough(w);
	}
}

/* ---- the tracer -------------------------------------------------------------------------------------------------- */

static void snapshot(struct worker *w)
{
	uint64_t now = now_ns();

	for (struct live_request *r = w->live.requests; r; r = r->next)
		if (r->has_begin)
			report_snapshot(&w->reporter, r, now);
}

static void log_rows(void *ctx, const char *path, const char *build_id, uint64_t rows)
{
	uint64_t *sum = ctx;

	(void)build_id;
	*sum += rows;
	log_debug("unwinding: %s: %llu rows", path, (unsigned long long)rows);
}

/* With -v what was loaded is waited for. */
static void on_follow(struct worker *w, int pid)
{
	uint64_t sum = 0;

	namer_code(w->namer, pid, 0);
	if (log_level() < LOG_VERBOSE || !pid)
		return;
	namer_executables(w->namer, pid, log_rows, &sum);
	log_debug("unwinding: process %d: %llu rows, %llu KB", pid, (unsigned long long)sum, (unsigned long long)sum * 8 / 1000);
}

static void on_message(struct worker *w, const struct msg *msg)
{
	switch (msg->type) {
	case MSG_FOLLOW:
		on_follow(w, msg->pid);
		break;
	case MSG_PROGRAM:
	case MSG_RUNTIME:
	case MSG_COST:
		programs_take(&w->programs, msg);
		break;
	case MSG_SNAPSHOT:
		snapshot(w);
		break;
	case MSG_STOP:
		if (msg->value == STOP_NOW)
			stop_now(w);
		w->stopped = msg->value;
		break;
	}
}

static void on_messages(struct worker *w)
{
	struct msg msg;

	while (!w->stopped && channel_next(&w->channel, &msg))
		on_message(w, &msg);
	if (w->stopped || !w->channel.gone)
		return;
	log_error("the tracer ended unexpectedly: recording stops, what is there is written");
	w->stopped = STOP_FAILED;
}

/* ---- start, loop, end -------------------------------------------------------------------------------------------- */

/* The terminal sends ^C to both processes, and a service manager SIGTERM: the tracer decides. A closed stdout is no reason to stop. */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE};

	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* whoever started us may have ignored it, and then a child's end tells nothing */
}

static int watch(struct worker *w, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_ring(struct worker *w, int map_fd)
{
	int e;

	w->ring = ring_buffer__new(map_fd, on_record, w, NULL);
	if (!w->ring)
		return -errno;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll < 0)
		return -errno;
	namer_set_pump(w->namer, ring_buffer__epoll_fd(w->ring), empty_ring, w);
	e = watch(w, ring_buffer__epoll_fd(w->ring));
	return e ? e : watch(w, w->channel.sock);
}

/* Unwinding tables are made while the tracer loads its programs. */
static bool on_early_message(void *ctx, const struct msg *msg)
{
	struct worker *w = ctx;

	bool early = msg->type == MSG_FOLLOW || msg->type == MSG_PROGRAM || msg->type == MSG_RUNTIME;

	if (early)
		on_message(w, msg);
	return early;
}

/* Wait for MSG_START and open what it brings. 0, or −1: said, or nothing to say. */
static int start(struct worker *w)
{
	int fds[MSG_FDS_MAX], n_fds = 0, e;
	struct msg msg;

	e = msg_send(w->channel.sock, &(struct msg){.type = MSG_READY}, NULL, 0);
	if (e || !channel_wait(&w->channel, MSG_START, on_early_message, w, &msg, fds, &n_fds))
		return -1;
	w->reporter.fifo = msg.value & START_FIFO;
	e = n_fds == 2 ? open_ring(w, fds[0]) : -EPROTO;
	if (!e)
		e = counters_map(&w->counters, fds[1]);
	while (n_fds)
		close(fds[--n_fds]);
	w->start_ns = w->losses_ns = now_ns();
	return e ? log_error("the worker cannot read events: %s", strerror(-e)) : 0;
}

static int timeout_ms(const struct worker *w)
{
	if (w->channel.n) /* it came while a report was made, so that its socket does not wake us again */
		return 0;
	if (w->live.requests || COUNTER(&w->counters, live))
		return LIVE_POLL_MS;
	return w->options->color ? STATUS_MS : IDLE_MS;
}

static void run(struct worker *w)
{
	struct epoll_event events[2];

	while (!w->stopped) {
		epoll_wait(w->epoll, events, ARRAY_LEN(events), timeout_ms(w));
		drain(w);
		on_messages(w); /* what a process runs is said before the names of its stacks are */
		write_finished(w);
		namer_check(w->namer);
		talk(w);
	}
	/* Whatever the tracer's last sweep ended is in the ring; what is still live then has lost its end. */
	drain(w);
	live_cut(&w->live);
	write_finished(w);
	say_summary(w);
}

static int exit_status(const struct worker *w)
{
	return w->stopped == STOP_FAILED || w->reporter.failed || (w->options->count && !has_enough(w));
}

static void check_debuginfod(void)
{
	if (debuginfod_wanted() && !debuginfod_available())
		log_warn("DEBUGINFOD_URLS is set, but its client library cannot be loaded: names come from what is here (Debian: apt install libdebuginfod1)");
}

static void log_tables(void)
{
	for (const struct source *const *s = sources; *s; s++)
		log_debug("requests are found by: %s", (*s)->name);
	for (const struct unwinder *const *u = unwinders; *u; u++)
		log_debug("user stacks are walked by %s: %s", (*u)->name, (*u)->covers);
}

/* In the process that finds names: the memory that the kernel shares with the worker is not for it. */
static void release(void *ctx)
{
	struct worker *w = ctx;

	ring_buffer__free(w->ring);
	counters_unmap(&w->counters);
}

static void worker_init(struct worker *w, const struct worker_options *options, int sock, int questions)
{
	const struct namer_options namer = {
		.questions = questions, .kallsyms_fd = options->kallsyms_fd, .answer_ns = NAMER_ANSWER_NS, .memory_max = NAMER_MEMORY_MAX,
		.handlers = options->handlers, .n_handlers = options->n_handlers, .release = release, .ctx = w,
	};

	*w = (struct worker){.options = options, .epoll = -1};
	channel_init(&w->channel, sock);
	w->namer = namer_new(&namer);
	live_init(&w->live, options, w->namer);
	reporter_init(&w->reporter, options, w->namer);
	w->reporter.programs = &w->programs;
	w->reporter.pump = pump;
	w->reporter.pump_ctx = w;
	hints_init(&w->hints, options);
}

static void worker_fini(struct worker *w)
{
	live_fini(&w->live);
	reporter_fini(&w->reporter);
	programs_clear(&w->programs);
	namer_free(w->namer);
	ring_buffer__free(w->ring);
	event_queue_clear(&w->events);
	if (w->epoll >= 0)
		close(w->epoll);
	counters_unmap(&w->counters);
	channel_fini(&w->channel);
}

int worker_run(const struct worker_options *options, int sock, int questions)
{
	struct worker w;
	int status = 1;

	ignore_signals();
	libbpf_set_print(NULL);
	worker_init(&w, options, sock, questions);
	log_tables();
	check_debuginfod();
	if (!start(&w)) {
		run(&w);
		status = exit_status(&w);
	}
	worker_fini(&w);
	return status;
}
