/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/namer_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/descriptors.h"

#define PUMP_MS 20
#define NS_PER_MS 1000000ULL

/* ---- in the new process ------------------------------------------------------------------------------------------ */

static int silence(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	return 0;
}

static int limit_memory(uint64_t max)
{
	const struct rlimit limit = {.rlim_cur = max, .rlim_max = max};

	return max && setrlimit(RLIMIT_AS, &limit) ? -errno : 0;
}

/* Faults end it, whoever wanted to know about them before the fork. */
static void reset_signals(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS};

	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		signal(faults[i], SIG_DFL);
}

/* The privileges are gone already: it is the worker's child. What is left to take away is what the worker has. */
static int confine(const struct namer_child *c, pid_t parent, uint64_t memory_max)
{
	const int keep[] = {c->sock, c->questions, c->kallsyms_fd};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NAME, "reqprof-names"))
		return -errno;
	if (getppid() != parent)
		return -ESRCH;
	reset_signals();
	if (silence() || descriptors_close_others(keep, ARRAY_LEN(keep)))
		return -EIO;
	return limit_memory(memory_max);
}

static int run(const struct namer_child *c, pid_t parent, uint64_t memory_max)
{
	if (confine(c, parent, memory_max))
		return NAMER_EXIT_SETUP;
	namer_child_run(c);
	return NAMER_EXIT_OK;
}

/* ---- start and end ----------------------------------------------------------------------------------------------- */

int namer_process_start(struct namer_process *p, const struct namer_child *child, uint64_t memory_max, void (*release)(void *ctx), void *ctx)
{
	struct namer_child c = *child;
	pid_t parent = getpid();
	int socks[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks))
		return -errno;
	p->pid = fork();
	if (!p->pid) {
		c.sock = socks[1];
		if (release)
			release(ctx);
		_exit(run(&c, parent, memory_max));
	}
	close(socks[1]);
	p->sock = socks[0];
	if (p->pid > 0)
		return 0;
	p->pid = 0;
	close(TAKE_FD(p->sock));
	return -errno;
}

bool namer_process_ended(const struct namer_process *p)
{
	siginfo_t info = {0};

	return p->pid && !waitid(P_PID, p->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

int namer_process_end(struct namer_process *p)
{
	int status = 0;

	if (!p->pid)
		return 0;
	kill(p->pid, SIGKILL); /* of no effect on one that has ended and waits to be collected */
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;
	close(TAKE_FD(p->sock));
	return status;
}

/* ---- talking ----------------------------------------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 * NS_PER_MS + t.tv_nsec;
}

/* A longer pause than was asked for is one of the whole machine, or of this process. */
static void spend(struct namer_patience *patience, uint64_t ns)
{
	if (ns > 2 * PUMP_MS * NS_PER_MS)
		ns = 2 * PUMP_MS * NS_PER_MS;
	patience->left_ns -= ns < patience->left_ns ? ns : patience->left_ns;
}

/* Wait until the socket is ready. False: patience is at its end. */
static bool ready(const struct namer_process *p, short events, struct namer_patience *patience)
{
	bool pumped = true;

	while (patience->left_ns) {
		struct pollfd fds[] = {{.fd = p->sock, .events = events}, {.fd = pumped ? patience->fd : -1, .events = POLLIN}};
		uint64_t before = now_ns();
		int n = poll(fds, ARRAY_LEN(fds), PUMP_MS);

		if (n > 0 && fds[0].revents)
			return true;
		spend(patience, now_ns() - before);
		if (patience->pump)
			pumped = patience->pump(patience->ctx);
	}
	return false;
}

/* Again when the socket is ready, or NAMER_WELL = go on, or why not. */
static enum namer_fate moved(const struct namer_process *p, ssize_t n, short events, struct namer_patience *patience)
{
	if (n > 0 || (n < 0 && errno == EINTR))
		return NAMER_WELL;
	if (n < 0 && errno == EAGAIN)
		return ready(p, events, patience) ? NAMER_WELL : NAMER_HANGS;
	return NAMER_GONE;
}

enum namer_fate namer_process_send(const struct namer_process *p, const struct wire *question, struct namer_patience *patience)
{
	enum namer_fate fate = NAMER_WELL;
	size_t sent = 0;

	while (fate == NAMER_WELL && sent < question->n) {
		ssize_t n = send(p->sock, question->bytes + sent, question->n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += n > 0 ? n : 0;
		fate = moved(p, n, POLLOUT, patience);
	}
	return fate;
}

static enum namer_fate receive(const struct namer_process *p, void *bytes, size_t size, struct namer_patience *patience)
{
	enum namer_fate fate = NAMER_WELL;
	size_t received = 0;

	while (fate == NAMER_WELL && received < size) {
		ssize_t n = recv(p->sock, (uint8_t *)bytes + received, size - received, MSG_DONTWAIT);

		received += n > 0 ? n : 0;
		fate = moved(p, n, POLLIN, patience);
	}
	return fate;
}

enum namer_fate namer_process_receive(const struct namer_process *p, enum namer_type type, struct wire *answer, struct wire_reader *ret_payload,
				      struct namer_patience *patience)
{
	struct wire_head head;
	enum namer_fate fate = receive(p, &head, sizeof head, patience);

	if (fate != NAMER_WELL)
		return fate;
	if (head.type != type || head.size > WIRE_MESSAGE_MAX)
		return NAMER_RAVES;
	wire_reserve(answer, head.size);
	*ret_payload = (struct wire_reader){.at = answer->bytes, .end = answer->bytes + head.size};
	return receive(p, answer->bytes, head.size, patience);
}
