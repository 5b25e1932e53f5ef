/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/tracer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/protocol.h"
#include "tracer/arm.h"
#include "tracer/handling.h"
#include "tracer/hello.h"
#include "tracer/loader.h"
#include "tracer/mappings.h"
#include "tracer/privileges.h"
#include "tracer/questions.h"
#include "tracer/interpreters.h"
#include "tracer/session.h"
#include "tracer/signals.h"
#include "tracer/tables.h"
#include "tracer/targets.h"

#define TICK_NS 100000000 /* sweep, end of the targets */
#define RESCAN_TICKS 20   /* --port: look for new listeners every 2 s */
#define COLLECT_TICKS 20  /* give back unwinding tables that nobody uses */
#define TABLES_BYTES (128U << 20)
#define HANDLERS_WAIT_NS 10000000000 /* for where they are in the targets: debug information of large programs is searched */
#define TABLES_WAIT_NS 250000000 /* for those of the targets: what takes longer comes while requests are recorded already */

struct tracer {
	struct tracer_options *options;
	struct session *session;
	struct arm *arm;
	struct questions questions; /* of the process that reads the targets' files */
	struct mappings *mappings; /* NULL: stacks that lead into unknown code have to do */
	pid_t mapped;           /* the last process that was told to have mapped code, in one reading */
	bool full_said;
	int sock;               /* to the worker */
	pid_t worker;
	int signals, timer;
	struct handling handling;
	uint64_t start_ns;
	unsigned ticks;
	bool stopping;
	int status;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int tell_pid(struct tracer *t, uint32_t type, pid_t pid)
{
	return msg_send(t->sock, &(struct msg){.type = type, .pid = pid}, NULL, 0);
}

static void tell(struct tracer *t, uint32_t type, int32_t value)
{
	msg_send(t->sock, &(struct msg){.type = type, .value = value}, NULL, 0);
}

/* End recording: what is live becomes cut off, nothing is probed any more, the worker writes what it has. */
static void stop(struct tracer *t, enum stop_reason why)
{
	struct rp_sweep swept;
	int r;

	if (t->stopping)
		return;
	t->stopping = true;
	r = session_sweep(t->session, RP_SWEEP_CUT, &swept);
	if (r)
		log_warn("live requests could not be ended: %s", strerror(-r));
	arm_stop(TAKE_PTR(t->arm));
	session_detach(t->session);
	tell(t, MSG_STOP, why);
}

/* The second ^C does not wait for the worker: it gets a moment to say what is not written. */
static void stop_now(struct tracer *t)
{
	struct pollfd fd = {.fd = t->sock};

	tell(t, MSG_STOP, STOP_NOW);
	if (!poll(&fd, 1, 500))
		kill(t->worker, SIGKILL);
	t->status = 1;
}

static void on_signal(struct tracer *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGUSR1)
		tell(t, MSG_SNAPSHOT, 0);
	else if (t->stopping)
		stop_now(t);
	else
		stop(t, STOP_SIGNAL);
}

static void on_follow(void *ctx, pid_t pid)
{
	struct tracer *t = ctx;

	if (!questions_is_announced(&t->questions, pid) && !tell_pid(t, MSG_FOLLOW, pid))
		t->questions.waits++;
}

static struct follower follower(struct tracer *t)
{
	return (struct follower){.ctx = t, .followed = on_follow};
}

static void on_mapped(void *ctx, pid_t pid)
{
	struct tracer *t = ctx;

	if (pid == t->mapped || (pid && !session_follows(t->session, pid)))
		return;
	t->mapped = pid;
	tell_pid(t, MSG_FOLLOW, pid);
}

static void read_mappings(struct tracer *t)
{
	t->mapped = -1;
	if (t->mappings)
		mappings_read(t->mappings, on_mapped, t);
}

static void log_arming(struct tracer *t)
{
	uint32_t cpus[64];
	uint64_t ns[64];
	size_t n = t->arm ? arm_latencies(t->arm, cpus, ns, ARRAY_LEN(ns)) : 0;

	for (size_t i = 0; i < n; i++)
		log_debug("armed cpu %u after %.1f us", cpus[i], ns[i] / 1e3);
}

static void look_after_tables(struct tracer *t)
{
	struct tables_size size;

	tables_collect(t->questions.tables);
	interpreters_collect(t->questions.interpreters);
	handler_probes_collect(t->questions.handlers);
	size = tables_size(t->questions.tables);
	if (size.refused && !t->full_said)
		log_warn("the memory for unwinding tables (%u MB) is used up: stacks in executables that are mapped last end early", TABLES_BYTES >> 20);
	t->full_said = size.refused;
}

static void rescan(struct tracer *t)
{
	const struct follower f = follower(t);

	targets_rescan(t->session, t->options, &f);
}

static void on_tick(struct tracer *t)
{
	struct rp_sweep swept;
	uint64_t expirations;

	if (read(t->timer, &expirations, sizeof expirations) != sizeof expirations || t->stopping)
		return;
	t->ticks++;
	log_arming(t);
	read_mappings(t);
	if (t->ticks % COLLECT_TICKS == 0)
		look_after_tables(t);
	if (t->options->handlers_likely)
		handling_look(&t->handling, t->session, t->questions.handlers);
	session_check_handlers(t->session);
	if (session_live(t->session))
		session_sweep(t->session, 0, &swept);
	if (t->options->duration_ns && now_ns() - t->start_ns >= t->options->duration_ns)
		stop(t, STOP_DURATION);
	else if (t->options->port && t->ticks % RESCAN_TICKS == 0)
		rescan(t);
	else if (!t->options->port && session_followed(t->session) == 0)
		stop(t, STOP_TARGET);
}

/* Returns 0 when the worker is gone. */
static int on_worker(struct tracer *t)
{
	int fds[MSG_FDS_MAX], n_fds;
	struct msg msg;
	int r = msg_receive(t->sock, &msg, fds, &n_fds);

	if (r <= 0) {
		if (!t->stopping) {
			log_error("the worker process ended unexpectedly: recording stops");
			t->status = 1;
		}
		return 0;
	}
	while (n_fds)
		close(fds[--n_fds]);
	if (msg.type == MSG_ENOUGH)
		stop(t, STOP_ENOUGH);
	return 1;
}

static void run(struct tracer *t)
{
	struct pollfd fds[] = {
		{.fd = t->sock, .events = POLLIN}, {.fd = t->signals, .events = POLLIN}, {.fd = t->timer, .events = POLLIN},
		{.fd = t->questions.sock, .events = POLLIN}, {.fd = -1, .events = POLLIN},
	};

	for (;;) {
		fds[4].fd = handling_fd(&t->handling);
		if (poll(fds, ARRAY_LEN(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (fds[1].revents)
			on_signal(t);
		if (fds[4].revents)
			handling_read(&t->handling);
		if (fds[2].revents)
			on_tick(t);
		if (fds[3].revents & POLLIN)
			questions_answer(&t->questions);
		if (fds[3].revents & POLLHUP) /* nobody is left who could ask */
			fds[3].fd = -1;
		if (fds[0].revents && !on_worker(t))
			return;
	}
}

static int open_events(struct tracer *t)
{
	t->signals = signals_open();
	t->timer = timer_open(TICK_NS);
	if (t->signals < 0 || t->timer < 0)
		return log_error("cannot wait for signals: %s", strerror(errno)), -errno;
	return 0;
}

/* The worker says when it has given up its privileges; before that nothing is attached. */
static int wait_for_worker(struct tracer *t)
{
	int fds[MSG_FDS_MAX], n_fds;
	struct msg msg;
	int r = msg_receive(t->sock, &msg, fds, &n_fds);

	return r == 1 && msg.type == MSG_READY ? 0 : -EPIPE; /* it has said what failed */
}

static int start_worker(struct tracer *t)
{
	const struct session_fds of = session_fds(t->session);
	int fds[] = {of.events, of.counters};
	struct msg start = {.type = MSG_START, .value = arm_is_fifo(t->arm) ? START_FIFO : 0};

	return msg_send(t->sock, &start, fds, ARRAY_LEN(fds));
}

static void wait_for(struct tracer *t, bool (*done)(const struct tracer *t), uint64_t ns)
{
	uint64_t until = now_ns() + ns;
	struct pollfd fd = {.fd = t->questions.sock, .events = POLLIN};

	while (!done(t) && now_ns() < until && !(fd.revents & POLLHUP))
		if (poll(&fd, 1, 10) > 0 && fd.revents & POLLIN)
			questions_answer(&t->questions);
}

/* The unwinding tables of the targets: the first request should find them. */
static bool has_tables(const struct tracer *t)
{
	return !t->questions.waits;
}

static bool all_asked(const struct tracer *t)
{
	for (size_t i = 0; i < t->questions.n_announced; i++)
		if (!handler_probes_asked(t->questions.handlers, t->questions.announced[i]))
			return false;
	return true;
}

/* Have the tables of the targets made while the programs are loaded. */
static void announce(struct tracer *t)
{
	size_t n = targets_find(t->options, &t->questions.announced);

	for (size_t i = 0; i < n; i++)
		t->questions.waits += !tell_pid(t, MSG_FOLLOW, t->questions.announced[i]);
	t->questions.n_announced = n;
	t->options->handlers_likely = handling_is_likely(t->questions.announced, n, t->options->handler_files);
}

static int load(struct tracer *t)
{
	struct loader loader;
	int r = loader_start(&loader, t->options);
	struct pollfd fds[] = {{.fd = t->questions.sock, .events = POLLIN}, {.fd = loader.done, .events = POLLIN}};

	if (r)
		return r;
	while (!fds[1].revents) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents & POLLIN)
			questions_answer(&t->questions);
		if (fds[0].revents & POLLHUP)
			fds[0].fd = -1;
	}
	t->session = t->questions.session = loader_finish(&loader);
	if (!t->session)
		return -errno;
	r = tables_publish(t->questions.tables, session_fds(t->session).chunks, session_fds(t->session).spaces);
	if (r)
		return log_error("cannot hand unwinding tables to the BPF programs: %s", strerror(-r)), r;
	r = interpreters_publish(t->questions.interpreters, session_interpreters(t->session));
	if (r)
		log_warn("Python frames may be missing: cannot tell the BPF programs of an interpreter: %s", strerror(-r));
	return 0;
}

/* Before processes are followed: with a handler their sockets are not. */
static int attach_handlers(struct tracer *t)
{
	if (t->options->handlers_automatic)
		return 0;
	wait_for(t, all_asked, HANDLERS_WAIT_NS);
	return handling_start(&t->handling, t->session, t->questions.handlers);
}

static int attach_programs(struct tracer *t)
{
	const struct follower f = follower(t);
	int r = start_worker(t);

	if (!r)
		r = session_attach(t->session);
	if (!r)
		r = attach_handlers(t);
	if (!r)
		r = targets_attach(t->session, t->options, &f);
	return r < 0 ? r : 0;
}

static int attach(struct tracer *t)
{
	int r = wait_for_worker(t);

	if (r)
		return r;
	t->questions.sources = t->options->sources;
	t->questions.tables = tables_new(TABLES_BYTES);
	t->questions.interpreters = interpreters_new();
	t->questions.handlers = handler_probes_new(t->options->handlers, t->options->n_handlers);
	t->mappings = mappings_open(); /* before the mappings are read */
	if (!t->mappings)
		log_debug("perf does not tell of new mappings: %s", strerror(errno));
	announce(t);
	r = load(t);
	if (r)
		return r;
	t->arm = arm_start(t->session, t->options->config.interval_ns);
	r = t->arm ? attach_programs(t) : -errno;
	if (r)
		return r;
	wait_for(t, has_tables, TABLES_WAIT_NS);
	t->questions.n_announced = 0;
	r = privileges_drop(true);
	if (r)
		return log_error("cannot give up privileges: %s", strerror(-r)), r;
	log_debug("attached in %.0f ms", (now_ns() - t->start_ns) / 1e6);
	hello_print(t->session, t->options);
	return 0;
}

int tracer_run(const struct tracer_options *options, int sock, int questions, pid_t worker)
{
	struct tracer_options own = *options;
	struct tracer t = {
		.options = &own, .sock = sock, .questions = {.sock = questions, .worker = sock}, .handling.worker = sock, .worker = worker,
		.signals = -1, .timer = -1, .start_ns = now_ns(),
	};
	int r = open_events(&t);

	if (!r)
		r = attach(&t);
	if (!r) {
		t.start_ns = now_ns();
		run(&t);
	} else {
		t.status = 1;
		tell(&t, MSG_STOP, STOP_FAILED);
	}
	arm_stop(t.arm);
	mappings_close(t.mappings);
	tables_free(t.questions.tables);
	interpreters_free(t.questions.interpreters);
	handler_probes_free(t.questions.handlers);
	handling_end(&t.handling);
	session_free(t.session);
	free(t.questions.announced);
	if (t.signals >= 0)
		close(t.signals);
	if (t.timer >= 0)
		close(t.timer);
	return t.status;
}
