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

#define LATENCIES 256           /* a power of two */
#define STACK_SIZE 65536

struct arm_cpu {
	struct arm *arm;
	int cpu;
	int event;              /* perf descriptor, −1 = the CPU is offline: it runs no thread either */
	struct ring_buffer *ring;
	pthread_t thread;
	bool started;
	bool disarmed;          /* scratch of disarm_all() */
};

struct arm {
	struct session *session;
	uint64_t *cpu_state;    /* RP_CPU_*, shared with BPF */
	size_t state_size;
	struct arm_cpu *cpus;
	int n_cpus;
	int stop_fd;
	bool fifo;
	pthread_mutex_t lock;   /* of what the threads do: one arms or disarms at a time */
	struct {
		uint32_t cpu;
		uint64_t ns;
	} latencies[LATENCIES];
	uint32_t written, fetched; /* of latencies; written by the threads only */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void enable(struct arm_cpu *c, uint64_t asked_ns)
{
	struct arm *a = c->arm;
	uint32_t i = a->written % LATENCIES;

	ioctl(c->event, PERF_EVENT_IOC_ENABLE, 0);
	__atomic_store_n(&a->cpu_state[c->cpu], RP_CPU_ARMED, __ATOMIC_SEQ_CST);
	a->latencies[i].cpu = c->cpu;
	a->latencies[i].ns = now_ns() - asked_ns;
	__atomic_store_n(&a->written, a->written + 1, __ATOMIC_RELEASE);
}

/* Between the last end and this disarming the next request may have begun, found its CPU armed and asked for nothing: look again after. */
static void disarm_all(struct arm *a)
{
	if (session_live(a->session))
		return;
	for (struct arm_cpu *c = a->cpus; c < a->cpus + a->n_cpus; c++) {
		c->disarmed = c->event >= 0 && __atomic_load_n(&a->cpu_state[c->cpu], __ATOMIC_SEQ_CST) == RP_CPU_ARMED;
		if (c->disarmed) {
			ioctl(c->event, PERF_EVENT_IOC_DISABLE, 0);
			__atomic_store_n(&a->cpu_state[c->cpu], RP_CPU_IDLE, __ATOMIC_SEQ_CST);
		}
	}
	if (!session_live(a->session))
		return;
	for (struct arm_cpu *c = a->cpus; c < a->cpus + a->n_cpus; c++)
		if (c->disarmed)
			enable(c, now_ns());
}

static int on_message(void *ctx, void *data, size_t size)
{
	const struct rp_arm *m = data;
	struct arm_cpu *c = ctx;

	if (size < sizeof *m)
		return 0;
	pthread_mutex_lock(&c->arm->lock);
	if (m->what == RP_ARM_CPU)
		enable(c, m->t);
	else
		disarm_all(c->arm);
	pthread_mutex_unlock(&c->arm->lock);
	return 0;
}

static void *arm_loop(void *arg)
{
	struct arm_cpu *c = arg;
	struct pollfd fds[] = {{.fd = ring_buffer__epoll_fd(c->ring), .events = POLLIN}, {.fd = c->arm->stop_fd, .events = POLLIN}};
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(c->cpu, &here);
	pthread_setaffinity_np(pthread_self(), sizeof here, &here); /* refused by a cpuset: the ioctl reaches the CPU from any other */
	privileges_drop(false);
	for (;;) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			break;
		ring_buffer__consume(c->ring);
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
	for (struct arm_cpu *c = a->cpus; c < a->cpus + a->n_cpus; c++) {
		c->event = open_event(c->cpu, interval_ns, session_fds(a->session).tick);
		if (c->event < -1)
			return log_error("cannot open a cpu-clock event on CPU %d: %s", c->cpu, strerror(-c->event)), c->event;
	}
	return 0;
}

static int map_cpu_state(struct arm *a)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *p;

	a->state_size = (a->n_cpus * sizeof(uint64_t) + page - 1) & ~(page - 1);
	p = mmap(NULL, a->state_size, PROT_READ | PROT_WRITE, MAP_SHARED, session_fds(a->session).cpu_state, 0);
	if (p == MAP_FAILED)
		return -errno;
	a->cpu_state = p;
	return 0;
}

/* Its descriptor, or −errno. */
static int open_ring(struct arm_cpu *c)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "arm", 0, 0, RP_ARM_RING, NULL), r;

	if (fd < 0)
		return -errno;
	c->ring = ring_buffer__new(fd, on_message, c, NULL);
	if (c->ring)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* All at once: the kernel waits for running programs after each update of such a map, for 15 ms. */
static int open_rings(struct arm *a)
{
	_cleanup_free_ uint32_t *cpus = xcalloc(a->n_cpus, sizeof *cpus);
	_cleanup_free_ int *fds = xcalloc(a->n_cpus, sizeof *fds);
	uint32_t n = 0, count;
	int r = 0;

	for (struct arm_cpu *c = a->cpus; c < a->cpus + a->n_cpus && !r; c++) {
		if (c->event < 0)
			continue;
		cpus[n] = c->cpu;
		fds[n] = open_ring(c);
		r = fds[n] < 0 ? fds[n] : 0;
		n += !r;
	}
	count = n;
	if (!r && bpf_map_update_batch(session_fds(a->session).arm_rings, cpus, fds, &count, NULL))
		r = -errno;
	while (n)
		close(fds[--n]);
	return r;
}

static int start_thread(struct arm_cpu *c)
{
	struct sched_param parameter = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
	pthread_attr_t attr;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &parameter);
	r = pthread_create(&c->thread, &attr, arm_loop, c);
	if (r == EPERM) {
		c->arm->fifo = false;
		r = pthread_create(&c->thread, NULL, arm_loop, c);
	}
	pthread_attr_destroy(&attr);
	c->started = !r;
	return -r;
}

static int start_threads(struct arm *a)
{
	int r = open_rings(a);

	for (struct arm_cpu *c = a->cpus; c < a->cpus + a->n_cpus && !r; c++)
		if (c->event >= 0)
			r = start_thread(c);
	return r;
}

static struct arm *arm_new(struct session *session)
{
	struct arm *a = xcalloc(1, sizeof *a);

	a->session = session;
	a->fifo = true;
	a->n_cpus = libbpf_num_possible_cpus();
	a->cpus = xcalloc(a->n_cpus, sizeof *a->cpus);
	for (int cpu = 0; cpu < a->n_cpus; cpu++)
		a->cpus[cpu] = (struct arm_cpu){.arm = a, .cpu = cpu, .event = -1};
	pthread_mutex_init(&a->lock, NULL);
	a->stop_fd = eventfd(0, EFD_CLOEXEC);
	return a;
}

struct arm *arm_start(struct session *session, uint64_t interval_ns)
{
	struct arm *a = arm_new(session);
	int r = open_events(a, interval_ns);

	if (r)
		goto fail;
	r = a->stop_fd < 0 ? -errno : map_cpu_state(a);
	if (!r)
		r = start_threads(a);
	if (!r)
		return a;
	log_error("cannot start the arming threads: %s", strerror(-r));
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
	if (a->stop_fd >= 0 && write(a->stop_fd, &one, sizeof one) < 0)
		log_debug("cannot stop the arming threads: %s", strerror(errno));
	for (struct arm_cpu *c = a->cpus; c < a->cpus + a->n_cpus; c++) {
		if (c->started)
			pthread_join(c->thread, NULL);
		ring_buffer__free(c->ring);
		if (c->event >= 0)
			close(c->event);
	}
	if (a->cpu_state)
		munmap(a->cpu_state, a->state_size);
	if (a->stop_fd >= 0)
		close(a->stop_fd);
	pthread_mutex_destroy(&a->lock);
	free(a->cpus);
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
