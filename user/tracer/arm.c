/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/arm.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "tracer/privileges.h"

#define LATENCIES 256 /* a power of two */

struct arm {
	struct session *session;
	struct ring_buffer *ring;
	uint64_t *cpu_state;    /* RP_CPU_*, shared with BPF */
	size_t state_size;
	int *events;            /* perf descriptors by CPU, −1 = offline */
	bool *disarmed;         /* scratch of disarm_all(), by CPU */
	int n_cpus;
	int stop_fd;
	pthread_t thread;
	bool started, fifo;
	struct {
		uint32_t cpu;
		uint64_t ns;
	} latencies[LATENCIES];
	uint32_t written, fetched; /* of latencies; written by the thread only */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void arm_cpu(struct arm *a, uint32_t cpu, uint64_t asked_ns)
{
	uint32_t i = a->written % LATENCIES;

	if (cpu >= (uint32_t)a->n_cpus || a->events[cpu] < 0)
		return;
	ioctl(a->events[cpu], PERF_EVENT_IOC_ENABLE, 0);
	__atomic_store_n(&a->cpu_state[cpu], RP_CPU_ARMED, __ATOMIC_SEQ_CST);
	a->latencies[i].cpu = cpu;
	a->latencies[i].ns = now_ns() - asked_ns;
	__atomic_store_n(&a->written, a->written + 1, __ATOMIC_RELEASE);
}

/* Between the last end and this disarming the next request may have begun, found its CPU armed and asked for nothing: look again after. */
static void disarm_all(struct arm *a)
{
	bool *was = a->disarmed;

	if (session_live(a->session))
		return;
	for (int cpu = 0; cpu < a->n_cpus; cpu++) {
		was[cpu] = a->events[cpu] >= 0 && __atomic_load_n(&a->cpu_state[cpu], __ATOMIC_SEQ_CST) == RP_CPU_ARMED;
		if (was[cpu]) {
			ioctl(a->events[cpu], PERF_EVENT_IOC_DISABLE, 0);
			__atomic_store_n(&a->cpu_state[cpu], RP_CPU_IDLE, __ATOMIC_SEQ_CST);
		}
	}
	if (!session_live(a->session))
		return;
	for (int cpu = 0; cpu < a->n_cpus; cpu++)
		if (was[cpu])
			arm_cpu(a, cpu, now_ns());
}

static int on_message(void *ctx, void *data, size_t size)
{
	const struct rp_arm *m = data;

	if (size < sizeof *m)
		return 0;
	if (m->what == RP_ARM_CPU)
		arm_cpu(ctx, m->cpu, m->t);
	else
		disarm_all(ctx);
	return 0;
}

static void *arm_loop(void *arg)
{
	struct arm *a = arg;
	struct pollfd fds[] = {{.fd = ring_buffer__epoll_fd(a->ring), .events = POLLIN}, {.fd = a->stop_fd, .events = POLLIN}};

	privileges_drop();
	for (;;) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			break;
		ring_buffer__consume(a->ring);
	}
	return NULL;
}

/* An offline CPU has no event: it runs no thread either. */
static int open_event(int cpu, uint64_t interval_ns, int program)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = interval_ns, .disabled = 1, .exclude_idle = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return errno == ENODEV ? -1 : -errno;
	/* Not a libbpf link: bpf_program__attach_perf_event would enable the event at once. */
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static int open_events(struct arm *a, uint64_t interval_ns)
{
	for (int cpu = 0; cpu < a->n_cpus; cpu++) {
		a->events[cpu] = open_event(cpu, interval_ns, session_tick_fd(a->session));
		if (a->events[cpu] < -1)
			return log_error("cannot open a cpu-clock event on CPU %d: %s", cpu, strerror(-a->events[cpu])), a->events[cpu];
	}
	return 0;
}

static int map_cpu_state(struct arm *a)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *p;

	a->state_size = (a->n_cpus * sizeof(uint64_t) + page - 1) & ~(page - 1);
	p = mmap(NULL, a->state_size, PROT_READ | PROT_WRITE, MAP_SHARED, session_cpu_state_fd(a->session), 0);
	if (p == MAP_FAILED)
		return -errno;
	a->cpu_state = p;
	return 0;
}

static int start_thread(struct arm *a)
{
	struct sched_param parameter = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
	pthread_attr_t attr;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &parameter);
	r = pthread_create(&a->thread, &attr, arm_loop, a);
	a->fifo = !r;
	if (r == EPERM)
		r = pthread_create(&a->thread, NULL, arm_loop, a);
	pthread_attr_destroy(&attr);
	a->started = !r;
	return -r;
}

struct arm *arm_start(struct session *session, uint64_t interval_ns)
{
	struct arm *a = xcalloc(1, sizeof *a);
	int r;

	a->session = session;
	a->stop_fd = -1;
	a->n_cpus = libbpf_num_possible_cpus();
	a->events = xcalloc(a->n_cpus, sizeof *a->events);
	memset(a->events, -1, a->n_cpus * sizeof *a->events);
	a->disarmed = xcalloc(a->n_cpus, sizeof *a->disarmed);
	r = open_events(a, interval_ns);
	if (r)
		goto fail;
	a->ring = ring_buffer__new(session_arm_fd(session), on_message, a, NULL);
	a->stop_fd = eventfd(0, EFD_CLOEXEC);
	r = !a->ring || a->stop_fd < 0 ? -errno : map_cpu_state(a);
	if (!r)
		r = start_thread(a);
	if (!r)
		return a;
	log_error("cannot start the arming thread: %s", strerror(-r));
fail:
	arm_stop(a);
	errno = -r;
	return NULL;
}

void arm_stop(struct arm *a)
{
	uint64_t one = 1;

	if (!a)
		return;
	if (a->started && write(a->stop_fd, &one, sizeof one) == sizeof one)
		pthread_join(a->thread, NULL);
	for (int cpu = 0; cpu < a->n_cpus; cpu++)
		if (a->events[cpu] >= 0)
			close(a->events[cpu]);
	ring_buffer__free(a->ring);
	if (a->cpu_state)
		munmap(a->cpu_state, a->state_size);
	if (a->stop_fd >= 0)
		close(a->stop_fd);
	free(a->events);
	free(a->disarmed);
	free(a);
}

bool arm_is_fifo(const struct arm *a)
{
	return a->fifo;
}

size_t arm_latencies(struct arm *a, uint32_t *cpus, uint64_t *ns, size_t max)
{
	uint32_t written = __atomic_load_n(&a->written, __ATOMIC_ACQUIRE);
	size_t n = 0;

	if (written - a->fetched > LATENCIES)
		a->fetched = written - LATENCIES;
	for (; a->fetched != written && n < max; a->fetched++, n++) {
		cpus[n] = a->latencies[a->fetched % LATENCIES].cpu;
		ns[n] = a->latencies[a->fetched % LATENCIES].ns;
	}
	return n;
}
