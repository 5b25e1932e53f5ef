/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/session.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "reqprof.skel.h"
#include "tracer/halves.h"
#include "tracer/handler_links.h"
#include "tracer/iterator.h"
#include "tracer/kernel_types.h"
#include "tracer/links.h"
#include "tracer/load_error.h"
#include "tracer/local_storage.h"
#include "tracer/open_sockets.h"
#include "tracer/uprobe_multi.h"

#define CHECKED_READS 64        /* in a tick */

struct session {
	struct reqprof *skel;
	struct reqprof *second; /* the same with its maps and some of its programs, which are loaded meanwhile; NULL = skel has all */
	bool has_uprobe_multi, has_uprobe_session;
	bool has_unknown_sockets; /* that were open when a process was followed */
	struct links links;     /* uprobes in the targets */
	struct handler_links handlers;
};

static const struct reqprof *second(const struct session *s)
{
	return s->second ?: s->skel;
}

/* Of two programs that see contexts made the one that this kernel can attach, by hand. */
static void configure_context(const struct session *s, struct bpf_program *session, struct bpf_program *on_return)
{
	bpf_program__set_expected_attach_type(session, UPROBE_SESSION_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(on_return, UPROBE_MULTI_ATTACH_TYPE);
	bpf_program__set_autoload(session, s->has_uprobe_session);
	bpf_program__set_autoload(on_return, !s->has_uprobe_session && s->has_uprobe_multi);
	bpf_program__set_autoattach(session, false);
	bpf_program__set_autoattach(on_return, false);
}

static void configure_uprobes(const struct session *s, struct reqprof *skel)
{
	configure_context(s, skel->progs.on_context_copy, skel->progs.on_context_copied);
	configure_context(s, skel->progs.on_context_new, skel->progs.on_context_made);
	bpf_program__set_expected_attach_type(skel->progs.on_queue_put, UPROBE_MULTI_ATTACH_TYPE);
	bpf_program__set_autoload(skel->progs.on_queue_put, s->has_uprobe_multi);
	bpf_program__set_autoattach(skel->progs.on_queue_put, false);
	bpf_program__set_autoload(skel->progs.on_turn, s->has_uprobe_session);
}

/* Those that are verified in about half of the time, together. */
static void move_programs(struct session *s)
{
	static const char *const moved[] = {
		"http_received", "on_context_copy", "on_context_copied", "on_context_new", "on_context_made", "on_queue_put",
	};

	configure_uprobes(s, s->second);
	halves_split(s->skel->obj, s->second->obj, moved, ARRAY_LEN(moved));
}

static struct handler_programs handler_programs(const struct session *s)
{
	const struct reqprof *skel = s->skel;

	return (struct handler_programs){
		.entry = skel->progs.on_handler_entry, .on_return = skel->progs.on_handler_return, .end = skel->progs.on_handler_end,
		.turn = s->has_uprobe_session ? skel->progs.on_turn : NULL, .turn_entry = skel->progs.on_turn_entry,
		.turn_return = skel->progs.on_turn_return, .handlers_fd = bpf_map__fd(skel->maps.handlers),
		.attach_type = s->has_uprobe_multi ? UPROBE_MULTI_ATTACH_TYPE : 0,
	};
}

static void configure(struct session *s, const struct tracer_options *options)
{
	struct handler_programs handlers;
	struct reqprof *skel = s->skel;
	int cpus = libbpf_num_possible_cpus();
	struct bpf_program *program;

	memcpy((void *)&skel->rodata->cfg, &options->config, sizeof options->config);
	memcpy((void *)skel->rodata->markers, options->markers, sizeof options->markers);
	skel->rodata->steal_clock = kernel_steal_clock();
	s->has_uprobe_session = uprobe_multi_works(UPROBE_SESSION_ATTACH_TYPE);
	s->has_uprobe_multi = uprobe_multi_works(UPROBE_MULTI_ATTACH_TYPE);
	bpf_map__set_max_entries(skel->maps.cpu_state, cpus);
	bpf_map__set_max_entries(skel->maps.bridges, cpus);
	bpf_map__set_max_entries(skel->maps.arm_rings, cpus);
	bpf_object__for_each_program(program, skel->obj)
		bpf_program__set_autoload(program, true);
	bpf_program__set_autoattach(skel->progs.list_threads, false);
	bpf_program__set_autoattach(skel->progs.leave_sockets, false);
	bpf_program__set_autoattach(skel->progs.maps_made, false);
	configure_uprobes(s, skel);
	handlers = handler_programs(s);
	handler_programs_configure(&handlers, !options->handlers_automatic || options->handlers_likely);
	if (s->second)
		move_programs(s);
}

/* With one CPU two threads are no faster. Non-zero: errno. */
static int open_programs(struct session *s)
{
	s->skel = reqprof__open();
	if (s->skel && sysconf(_SC_NPROCESSORS_ONLN) > 1)
		s->second = reqprof__open();
	return s->skel ? 0 : errno;
}

struct session *session_new(const struct tracer_options *options)
{
	struct session *s = xcalloc(1, sizeof *s);
	int r;

	libbpf_set_print(load_error_print);
	r = -halves_prepare() ?: open_programs(s);
	if (r) {
		log_error("cannot open the BPF programs: %s", strerror(r));
		goto fail;
	}
	configure(s, options);
	r = -(s->second ? halves_load(s->skel->skeleton, s->second->skeleton) : reqprof__load(s->skel));
	if (r && !kernel_has_socket_tracepoints()) {
		log_error("cannot find requests on this kernel: it has no tracepoints sock_recv_length and sock_send_length, which Linux has from 6.5 on");
		goto fail;
	}
	if (r) {
		log_error("cannot load the BPF programs into this kernel: %s%s%s%s; `reqprof doctor` says what is missing, -v shows the verifier's log",
			  strerror(r), *load_error() ? " (" : "", load_error(), *load_error() ? ")" : "");
		goto fail;
	}
	return s;
fail:
	session_free(s);
	errno = r;
	return NULL;
}

/* Those of Python in a process. */
static void close_python(struct session *s, pid_t pid)
{
	links_close(&s->links, pid, LINK_OF_PYTHON);
}

void session_free(struct session *s)
{
	if (!s)
		return;
	links_close_all(&s->links);
	reqprof__destroy(s->second);
	reqprof__destroy(s->skel);
	free(s);
}

void session_note_sockets(struct session *s, pid_t pid)
{
	int r = open_sockets_note(pid, bpf_map__fd(s->skel->maps.http_arrivals));

	if (!r)
		return;
	if (!s->has_unknown_sockets)
		log_warn("the open sockets of process %d cannot be looked at (%s): on Unix sockets no request is seen before the first response", pid,
			 r == -EOWNERDEAD ? "its first thread has ended" : strerror(-r));
	s->has_unknown_sockets = true;
}

int session_noted(struct session *s)
{
	int r = iterator_run(s->skel->progs.list_threads);

	if (r)
		return log_error("cannot list the threads of the target: %s", strerror(-r)), r;
	__atomic_store_n(&s->skel->bss->threads_listed, 1, __ATOMIC_SEQ_CST);
	if (!s->has_unknown_sockets)
		__atomic_store_n(&s->skel->bss->http_unix_listed, 1, __ATOMIC_SEQ_CST);
	return 0;
}

int session_attach(struct session *s)
{
	LIBBPF_OPTS(bpf_test_run_opts, none);
	int r;

	r = bpf_prog_test_run_opts(bpf_program__fd(s->skel->progs.find_functions), &none) ?: (int)none.retval;
	if (r)
		log_debug("the kernel does not say where ep_poll_callback() is: a return to epoll that does not block is not seen: %s", strerror(-r));
	r = reqprof__attach(s->skel);
	if (!r && s->second)
		r = reqprof__attach(s->second);
	if (r)
		log_error("cannot attach to the kernel's tracepoints: %s", strerror(-r));
	return r;
}

void session_detach(struct session *s)
{
	links_close_all(&s->links);
	if (s->second)
		reqprof__detach(s->second);
	reqprof__detach(s->skel);
}

static int open_pidfd(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

static void count_followed(struct session *s, uint32_t mark, int n)
{
	__atomic_fetch_add(&s->skel->bss->followed_processes, n, __ATOMIC_SEQ_CST);
	if (mark == RP_FOLLOWED)
		__atomic_fetch_add(&s->skel->bss->processes_on_sockets, n, __ATOMIC_SEQ_CST);
}

int session_follow(struct session *s, pid_t pid)
{
	_cleanup_close_ int pidfd = open_pidfd(pid);
	uint32_t mark = links_has_handlers(&s->links, pid) ? RP_FOLLOWED_CALLS : RP_FOLLOWED, listed, noted;
	int r;

	if (pidfd < 0 || session_follows(s, pid))
		return pidfd < 0 ? pidfd : 0;
	/* Its threads and Unix sockets are not known before session_noted(). */
	listed = __atomic_exchange_n(&s->skel->bss->threads_listed, 0, __ATOMIC_SEQ_CST);
	noted = __atomic_exchange_n(&s->skel->bss->http_unix_listed, 0, __ATOMIC_SEQ_CST);
	/* Counted first: it may exit as soon as it is marked. */
	count_followed(s, mark, 1);
	r = local_storage_add(bpf_map__fd(s->skel->maps.followed_tasks), pidfd, &mark);
	if (!r)
		return 0;
	count_followed(s, mark, -1);
	__atomic_store_n(&s->skel->bss->threads_listed, listed, __ATOMIC_SEQ_CST);
	__atomic_store_n(&s->skel->bss->http_unix_listed, noted, __ATOMIC_SEQ_CST);
	return r == -EEXIST ? 0 : r;
}

bool session_follows(struct session *s, pid_t pid)
{
	_cleanup_close_ int pidfd = open_pidfd(pid);
	uint32_t mark;

	return pidfd >= 0 && !bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.followed_tasks), &pidfd, &mark);
}

static bool can_watch(const struct session *s, const struct rp_python *python)
{
	return s->has_uprobe_session || (s->has_uprobe_multi && !(python->flags & RP_PYTHON_PROBE_INSIDE));
}

static int watch_made(struct session *s, pid_t pid, struct bpf_program *session, struct bpf_program *on_return, const char *path,
		      const uint64_t *offsets, size_t n)
{
	const struct uprobes u = {
		.program = s->has_uprobe_session ? session : on_return, .on_return = !s->has_uprobe_session, .path = path, .pid = pid,
		.attach_type = s->has_uprobe_session ? UPROBE_SESSION_ATTACH_TYPE : UPROBE_MULTI_ATTACH_TYPE, .offsets = offsets, .n = n,
	};

	return n ? links_add(&s->links, &u, LINK_OF_PYTHON) : 0;
}

/* Copies of the current context, and what gets the address of another one in other ways: else it would count for the other's request. */
static int watch_contexts(struct session *s, pid_t pid, const struct interpreter_probes *p)
{
	const struct reqprof *skel = second(s);

	return watch_made(s, pid, skel->progs.on_context_copy, skel->progs.on_context_copied, p->copy.path, &p->copy.offset, 1) ?:
	       watch_made(s, pid, skel->progs.on_context_new, skel->progs.on_context_made, p->copy.path, p->fresh, p->n_fresh);
}

/* Without it only work that has its context is followed into threads of pools. */
static int watch_queue(struct session *s, pid_t pid, const struct interpreter_probe *put)
{
	const struct uprobes u = {
		.program = second(s)->progs.on_queue_put, .attach_type = UPROBE_MULTI_ATTACH_TYPE, .path = put->path, .pid = pid,
		.offsets = &put->offset, .n = 1,
	};

	return put->path ? links_add(&s->links, &u, LINK_OF_PYTHON) : 0;
}

/* Is that all known of the process already? Then its links stay: without them for a moment, a context's address may get another owner unseen. */
static bool is_known(struct session *s, uint32_t pid, const struct rp_python *python)
{
	struct rp_python before;

	return !bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.pythons), &pid, &before) && !memcmp(&before, python, sizeof before);
}

/* `put` may be found later than the rest. */
static int add_python(void *ctx, pid_t pid, const struct rp_python *python, const struct interpreter_probes *probes)
{
	struct rp_python known = *python;
	struct session *s = ctx;
	bool watched = probes->copy.path && can_watch(s, python);
	uint32_t key = pid;

	if (!watched)
		known.thread_context = RP_PYTHON_NONE; /* without the copies a context says nothing */
	if (is_known(s, key, &known))
		return watched ? watch_queue(s, pid, &probes->put) : 0;
	if (bpf_map_update_elem(bpf_map__fd(s->skel->maps.pythons), &key, &known, BPF_ANY))
		return -errno;
	s->skel->bss->python_processes = 1;
	close_python(s, pid); /* of what it ran before it called exec */
	if (watched)
		return watch_contexts(s, pid, probes) ?: watch_queue(s, pid, &probes->put);
	log_debug("process %d: its tasks cannot be told apart: %s", pid, !probes->copy.path ? "PyContext_CopyCurrent was not found" :
		  s->has_uprobe_multi ? "for this build it takes uprobe sessions (Linux 6.13)" : "it takes uprobe_multi links (Linux 6.6)");
	return 0;
}

static void drop_python(void *ctx, pid_t pid)
{
	struct session *s = ctx;
	uint32_t key = pid;

	close_python(s, pid);
	bpf_map_delete_elem(bpf_map__fd(s->skel->maps.pythons), &key);
}

struct interpreters_sink session_interpreters(struct session *s)
{
	return (struct interpreters_sink){.ctx = s, .python = add_python, .gone = drop_python};
}

/* ---- handlers ------------------------------------------------------------------------------------------------------------ */

static void remove_handler(void *ctx, pid_t pid, unsigned int number)
{
	struct session *s = ctx;

	links_close(&s->links, pid, number);
}

static int leave_sockets(struct session *s, pid_t pid)
{
	s->skel->bss->handlers_instead = 1;
	s->skel->bss->leaving_sockets = pid;
	return iterator_run(s->skel->progs.leave_sockets);
}

static int add_handler(void *ctx, pid_t pid, unsigned int number, const struct rp_handler *handler, const char *path, const struct msg_place *places,
		       size_t n)
{
	struct session *s = ctx;
	const struct handler_programs programs = handler_programs(s);
	int r = handler_links_allowed(&programs, pid, places, n);

	if (r)
		return r;
	s->skel->bss->handlers_used = 1;
	if (handler->flags & RP_HANDLER_REST)
		s->skel->bss->handlers_of_rest = 1;
	else
		r = leave_sockets(s, pid);
	if (r)
		return r;
	r = handler_links_add(&s->handlers, &programs, &s->links, &(struct handler_where){pid, number, path, places, n}, handler);
	if (r)
		remove_handler(s, pid, number);
	session_check_handlers(s);
	return r;
}

void session_check_handlers(struct session *s)
{
	for (size_t i = 0; i < s->handlers.n; i++)
		if (s->handlers.list[i].flags & RP_HANDLER_CHECK && s->skel->bss->handler_verdicts[i] != RP_VERDICT_AGREES)
			s->skel->bss->handlers_to_check = CHECKED_READS;
}

struct handler_sink session_handlers(struct session *s)
{
	return (struct handler_sink){.ctx = s, .attach = add_handler, .detach = remove_handler};
}

void session_measure_probes(struct session *s, struct probe_costs *ret)
{
	const struct handler_programs programs = handler_programs(s);

	probe_costs_measure(&s->handlers, &programs, ret);
}

int session_sweep(struct session *s, uint32_t flags, struct rp_sweep *ret)
{
	struct rp_sweep args = {.flags = flags};
	/* The kernel writes the results back to ctx_in (net/bpf/test_run.c, bpf_prog_test_run_syscall). */
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &args, .ctx_size_in = sizeof args);
	int r = bpf_prog_test_run_opts(bpf_program__fd(s->skel->progs.sweep), &options);

	if (!r)
		*ret = args;
	return r;
}

uint32_t session_live(const struct session *s)
{
	return __atomic_load_n(&s->skel->bss->live_requests, __ATOMIC_SEQ_CST);
}

uint32_t session_followed(const struct session *s)
{
	return __atomic_load_n(&s->skel->bss->followed_processes, __ATOMIC_SEQ_CST);
}

struct session_fds session_fds(const struct session *s)
{
	const struct reqprof *skel = s->skel;

	return (struct session_fds){
		.events = bpf_map__fd(skel->maps.events), .counters = bpf_map__fd(skel->maps.data_counters),
		.forks = bpf_map__fd(skel->maps.forks), .chunks = bpf_map__fd(skel->maps.chunks), .spaces = bpf_map__fd(skel->maps.spaces),
		.arm_rings = bpf_map__fd(skel->maps.arm_rings), .cpu_state = bpf_map__fd(skel->maps.cpu_state),
		.tick = bpf_program__fd(skel->progs.on_tick),
	};
}

const uint64_t *session_counters(const struct session *s)
{
	return (const uint64_t *)s->skel->data_counters->counters;
}
