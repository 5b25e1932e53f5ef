/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "stacks.skel.h"
#include "symbol/symbolizer.h"
#include "target.h"
#include "tracer/tables.h"
#include "unwind/unwinding.h"

#define BUDGET (256U << 20)

struct probe {
	pid_t pid;
	struct stacks *skel;
	struct tables *tables;
	struct symbol_source source;
	struct symbolizer *symbols;
	struct unwinding *unwinding;
	struct ring_buffer *ring;
	struct probe_stack last;        /* of the thread that is watched */
	void (*stack)(void *ctx, const struct probe_stack *s); /* while sampling */
	void *ctx;
	uint64_t missing;
	uint64_t open_ns;
	char described[512];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* ---- what the tracer does ---------------------------------------------------------------------------------------------- */

static int take_rows(void *ctx, uint64_t executable, int fd)
{
	struct probe *p = ctx;

	return tables_add_rows(p->tables, executable, fd);
}

static int take_texts(void *ctx, int pid, int fd, bool more)
{
	struct probe *p = ctx;

	(void)more;
	return fd < 0 ? 0 : tables_set_texts(p->tables, pid, fd);
}

/* ------------------------------------------------------------------------------------------------------------------------- */

static const char *reason_text(unsigned int reason)
{
#define REASON_TEXT(name, text) text,
	static const char *const texts[] = {RP_STACK_REASONS(REASON_TEXT)};

	return reason < ARRAY_LEN(texts) ? texts[reason] : "?";
}

static int on_stack(void *ctx, void *data, size_t size)
{
	struct probe *p = ctx;
	const struct rp_stack *s = data;
	struct probe_stack stack = {.t = s->h.t, .tid = s->h.tid, .n = s->n_user, .reason_number = RP_STACK_REASON(s->h.flags)};

	if (size < sizeof *s + s->n_user * sizeof(uint64_t) || s->n_user > RP_MAX_USER_FRAMES)
		return 0;
	stack.reason = reason_text(stack.reason_number);
	memcpy(stack.ips, s + 1, s->n_user * sizeof(uint64_t));
	if (stack.reason_number == RP_STACK_unknown_text && stack.n)
		p->missing = stack.ips[stack.n - 1];
	if (stack.tid == p->skel->bss->switch_tid)
		p->last = stack;
	if (p->stack)
		p->stack(p->ctx, &stack);
	return 0;
}

static void print_libbpf_not(void)
{
	libbpf_set_print(NULL);
}

static int load(struct probe *p)
{
	p->skel = stacks__open();
	if (!p->skel)
		return -errno;
	p->skel->bss->tick_pid = p->pid;
	if (stacks__load(p->skel))
		return -errno;
	p->ring = ring_buffer__new(bpf_map__fd(p->skel->maps.stacks), on_stack, p, NULL);
	if (!p->ring)
		return -errno;
	p->tables = tables_new(BUDGET);
	if (tables_publish(p->tables, bpf_map__fd(p->skel->maps.chunks), bpf_map__fd(p->skel->maps.spaces)))
		return -errno;
	p->skel->links.on_switch = bpf_program__attach(p->skel->progs.on_switch);
	return p->skel->links.on_switch ? 0 : -errno;
}

int probe_update(struct probe *p)
{
	int r = unwinding_update(p->unwinding, p->pid);

	return r < 0 ? r : 0;
}

struct probe *probe_open(pid_t pid)
{
	struct probe *p = xcalloc(1, sizeof *p);
	struct unwinding_sink sink = {.ctx = p, .rows = take_rows, .texts = take_texts};
	uint64_t begin;
	int r;

	print_libbpf_not();
	p->pid = pid;
	p->source = target_source();
	p->symbols = symbolizer_new(&p->source, -1);
	p->unwinding = unwinding_new(p->symbols, &sink, NULL);
	r = load(p);
	begin = now_ns();
	if (!r)
		r = probe_update(p);
	p->open_ns = now_ns() - begin;
	if (r >= 0)
		return p;
	fprintf(stderr, "cannot unwind process %d: %s\n", pid, strerror(-r));
	probe_close(p);
	return NULL;
}

void probe_close(struct probe *p)
{
	ring_buffer__free(p->ring);
	tables_free(p->tables);
	unwinding_free(p->unwinding);
	symbolizer_free(p->symbols);
	stacks__destroy(p->skel);
	free(p);
}

void probe_watch(struct probe *p, pid_t tid)
{
	p->last.tid = 0;
	__atomic_store_n(&p->skel->bss->switch_tid, tid, __ATOMIC_SEQ_CST);
}

int probe_stack(struct probe *p, pid_t tid, uint64_t since_ns, struct probe_stack *ret)
{
	uint64_t until = now_ns() + 1000000000;

	do {
		ring_buffer__consume(p->ring);
		if (p->last.tid == tid && p->last.t >= since_ns) {
			*ret = p->last;
			return 0;
		}
		usleep(100);
	} while (now_ns() < until);
	return -ETIMEDOUT;
}

/* ---- sampling ------------------------------------------------------------------------------------------------------------- */

static int open_event(struct probe *p, int cpu, uint64_t period_ns)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_CPU_CLOCK, .sample_period = period_ns, .exclude_idle = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd >= 0 && ioctl(fd, PERF_EVENT_IOC_SET_BPF, bpf_program__fd(p->skel->progs.on_tick)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void look_again_if_missing(struct probe *p)
{
	if (p->missing)
		unwinding_ask(p->unwinding, p->pid, p->missing);
	p->missing = 0;
}

int probe_sample(struct probe *p, uint64_t period_ns, uint64_t duration_ns, void (*stack)(void *ctx, const struct probe_stack *s), void *ctx)
{
	int n = libbpf_num_possible_cpus();
	_cleanup_free_ int *events = xcalloc(n, sizeof *events);
	uint64_t until = now_ns() + duration_ns;

	p->stack = stack;
	p->ctx = ctx;
	for (int cpu = 0; cpu < n; cpu++)
		events[cpu] = open_event(p, cpu, period_ns);
	while (now_ns() < until) {
		usleep(5000);
		ring_buffer__consume(p->ring);
		look_again_if_missing(p);
	}
	for (int cpu = 0; cpu < n; cpu++)
		if (events[cpu] >= 0)
			close(events[cpu]);
	ring_buffer__consume(p->ring);
	p->stack = NULL;
	return p->skel->bss->dropped ? -ENOBUFS : 0;
}

struct probe_cost probe_cost(const struct probe *p)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof info;

	bpf_obj_get_info_by_fd(bpf_program__fd(p->skel->progs.on_tick), &info, &len);
	return (struct probe_cost){.runs = info.run_cnt, .ns = info.run_time_ns, .stacks = p->skel->bss->taken, .frames = p->skel->bss->frames};
}

static void describe_frame(void *ctx, const struct symbol_frame *frame)
{
	struct probe *p = ctx;

	snprintf(p->described, sizeof p->described, "%s (%s)", frame->function, frame->module ? frame->module : "?");
}

const char *probe_describe(struct probe *p, uint64_t address)
{
	*p->described = 0;
	symbolizer_stack(p->symbols, &(struct symbol_stack){.pid = p->pid, .t = UINT64_MAX, .addresses = &address, .n_user = 1, .user_exact = true},
			 describe_frame, p);
	return p->described;
}

struct probe_tables probe_tables(const struct probe *p)
{
	struct unwinding_counts counts = unwinding_counts(p->unwinding);
	struct tables_size size = tables_size(p->tables);

	return (struct probe_tables){.executables = counts.executables, .rows = counts.rows, .build_ns = counts.ns, .bytes_used = size.used,
				     .bytes_reserved = size.reserved, .ns = p->open_ns};
}
