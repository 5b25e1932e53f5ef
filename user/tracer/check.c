/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `reqprof doctor` reports. Everything is tried, nothing is concluded from a version number. */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tracer/image.h"
#include "tracer/kernel_types.h"
#include "tracer/listeners.h"
#include "tracer/load_error.h"
#include "tracer/session.h"
#include "tracer/start_line.h"
#include "tracer/targets.h"
#include "tracer/tracer.h"

struct report {
	struct check *checks;
	size_t n, max;
};

static void add(struct report *r, const char *what, bool ok, bool fatal, const char *why, ...) __attribute__((format(printf, 5, 6)));

static void add(struct report *r, const char *what, bool ok, bool fatal, const char *why, ...)
{
	struct check *c;
	va_list args;

	if (r->n == r->max)
		return;
	c = &r->checks[r->n++];
	*c = (struct check){.what = what, .ok = ok, .fatal = fatal};
	va_start(args, why);
	vsnprintf(c->why, sizeof c->why, why, args);
	va_end(args);
}

static void check_tracepoints(struct report *r)
{
	int found = kernel_has_socket_tracepoints();

	add(r, "kernel types (BTF)", found >= 0, true, "%s",
	    found >= 0 ? "/sys/kernel/btf/vmlinux" : "no /sys/kernel/btf/vmlinux: a kernel with CONFIG_DEBUG_INFO_BTF is needed");
	if (found >= 0)
		add(r, "socket tracepoints", found == 1, true, "%s",
		    found ? "sock_recv_length, sock_send_length" : "sock_recv_length is missing: this release needs Linux 6.5 or newer");
}

static void check_load(struct report *r)
{
	static const struct tracer_options options = {.config = {.interval_ns = 1000000, .max_live = 4}};
	struct session *s = session_new(&options);

	add(r, "BPF programs", s, true, "%s", s ? "load" : *load_error() ? load_error() : strerror(errno));
	session_free(s);
}

static void check_perf(struct report *r)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_CPU_CLOCK, .sample_period = 1000000, .disabled = 1,
	};
	_cleanup_close_ int fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	add(r, "sampling clock", fd >= 0, true, "%s", fd >= 0 ? "cpu-clock" : strerror(errno));
}

static void *nothing(void *arg)
{
	return arg;
}

static void check_fifo(struct report *r)
{
	struct sched_param parameter = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &parameter);
	error = pthread_create(&thread, &attr, nothing, NULL);
	pthread_attr_destroy(&attr);
	if (!error)
		pthread_join(thread, NULL);
	add(r, "real-time arming thread", !error, false, "%s",
	    error ? "SCHED_FIFO is refused (RT group scheduling, or a container without CAP_SYS_NICE): a timer samples the first milliseconds"
		  : "SCHED_FIFO");
}

static void check_kallsyms(struct report *r)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long long address = 0;
	bool ok = f && fscanf(f, "%llx", &address) == 1;
	char line[256];

	for (int i = 0; ok && !address && i < 1000 && fgets(line, sizeof line, f); i++)
		sscanf(line, "%llx", &address);
	add(r, "kernel symbols", address != 0, false, "%s",
	    address ? "/proc/kallsyms" : "/proc/kallsyms shows no addresses (kernel.kptr_restrict=2?): kernel frames will have no names");
}

static void check_frames(struct report *r, const struct image *image)
{
	_cleanup_free_ char *runtime = runtime_text(&image->found);
	const char *limit = runtime_limit(&image->found), *advice = image->found.runtime ? image->found.runtime->advice : NULL;

	if (limit)
		add(r, "frames", false, false, "%s: %s", runtime, limit);
	else if (runtime_is_cpython(&image->found) && image->found.version.minor < 0)
		add(r, "frames", true, false, "%s of a version that its files do not tell: of Python functions from 3.8 to 3.15", runtime);
	else if (runtime_is_cpython(&image->found))
		add(r, "frames", true, false, "%s: of Python functions, C extensions and the kernel", runtime);
	else if (advice)
		add(r, "frames", true, false, "%s: %s", runtime, advice);
	else
		add(r, "frames", true, false, "%s: of the program, its libraries and the kernel", runtime);
}

static void check_server(struct report *r, const struct servers *servers, const struct server *server)
{
	const struct program *program = &servers->members[server->root].program;
	const struct event_loop *loop;
	struct image image;

	if (image_read(servers->members[server->serving].pid, &image) < 0) {
		add(r, "frames", false, false, "its mappings cannot be read");
		return;
	}
	check_frames(r, &image);
	loop = image_loop(&image, program);
	if (loop)
		add(r, "event loop", !loop->limit, false, "%s%s%s", loop->name, loop->limit ? ": " : "", loop->limit ?: "");
}

static void check_listens(struct report *r, const struct servers *servers, const struct server *server)
{
	_cleanup_free_ char *line = member_line(servers, &servers->members[server->root]);

	if (!server->addresses) {
		add(r, "listens", false, false, "on no socket: nothing will be seen unless it starts to, or is handed connections");
		return;
	}
	add(r, "listens", true, false, "%s", server->addresses);
	add(r, "serves", server->workers, false, "%s, %zu worker%s", line, server->workers, server->workers == 1 ? "" : "s");
}

/* The server that the process is or has started, with what is below it. */
static void check_tree(struct report *r, pid_t pid)
{
	const struct tracer_options options = {.pids = &pid, .n_pids = 1};
	_cleanup_free_ struct listener *listeners = NULL;
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = targets_find(&options, &pids);
	int n_listeners = listeners_find(0, &listeners);
	struct servers servers;

	servers_find(pids, n, listeners, n_listeners > 0 ? n_listeners : 0, &servers);
	if (servers.n) {
		check_listens(r, &servers, &servers.list[0]);
		check_server(r, &servers, &servers.list[0]);
	}
	servers_clear(&servers);
}

static void check_target(struct report *r, pid_t pid)
{
	_cleanup_close_ int exe = -1;
	char path[64];
	bool is_64;

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	exe = open(path, O_RDONLY | O_CLOEXEC);
	add(r, "process", exe >= 0, true, "%s", exe >= 0 ? "readable" : errno == ENOENT ? "no such process, or a kernel thread" : strerror(errno));
	if (exe < 0)
		return;
	is_64 = !target_is_32_bit(pid);
	add(r, "64-bit", is_64, true, "%s",
	    is_64 ? "x86-64" : "a 32-bit program: it cannot be recorded");
	if (is_64)
		check_tree(r, pid);
}

size_t tracer_check(pid_t pid, struct check *checks, size_t max)
{
	struct report r = {.checks = checks, .max = max};

	check_tracepoints(&r);
	if (geteuid() == 0 && r.n == 2 && checks[1].ok)
		check_load(&r);
	check_perf(&r);
	check_fifo(&r);
	check_kallsyms(&r);
	if (pid > 0)
		check_target(&r, pid);
	return r.n;
}
