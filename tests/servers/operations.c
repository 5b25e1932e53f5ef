/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a request can do, each with its own truth. The functions that compute have names of their own and call nothing while they do,
 * so that a share of samples is a share of what the thread's own clock says.
 */
#include <alloca.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pool.h"

#define MS 1000000ULL
#define NOINLINE __attribute__((noinline, noclone))

static volatile uint64_t sink;

NOINLINE uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec t = {ns / 1000000000, ns % 1000000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/*
 * ---- computing: about 200 us between two looks at the clock, which is a system call of the C library; that has no frame pointers, so
 * that its caller may be missing in a stack that was taken there
 */

#define COMPUTE(name, multiplier)                                                                                                              \
	NOINLINE void name(long ms);                                                                                                           \
	NOINLINE void name(long ms)                                                                                                            \
	{                                                                                                                                      \
		uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ms * MS, x = ms;                                                            \
                                                                                                                                               \
		do {                                                                                                                           \
			for (int i = 0; i < 200000; i++)                                                                                        \
				x = x * multiplier + i;                                                                                        \
		} while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end);                                                                             \
		sink = x;                                                                                                                      \
	}

COMPUTE(compute_a, 6364136223846793005ULL)
COMPUTE(compute_b, 2862933555777941757ULL)
COMPUTE(compute_c, 3202034522624059733ULL)
COMPUTE(compute_other, 3935559000370003845ULL) /* only for requests that nobody marks */
COMPUTE(compute_helper, 2685821657736338717ULL)

/*
 * ---- depth: three functions that call each other, with frames as different as compilers make them: small, large, of a size that is only
 * known at run time. None is the last that its caller does.
 */

#define LEVEL(name, next, room_declared) \
	NOINLINE int name(long levels, int (*work)(void *arg), void *arg) \
	{ \
		volatile room_declared; \
		int r; \
 \
		room[0] = levels; \
		r = levels > 1 ? next(levels - 1, work, arg) : work(arg); \
		sink += room[0]; \
		return r; \
	}

typedef int level(long levels, int (*work)(void *arg), void *arg);
level level_small, level_large, level_sized;
LEVEL(level_small, level_large, char room[8])
LEVEL(level_large, level_sized, char room[1000])
LEVEL(level_sized, level_small, char *room = alloca(levels + 16))

int deeper(long levels, int (*work)(void *arg), void *arg)
{
	return levels > 0 ? level_small(levels, work, arg) : work(arg);
}

/* ---- waiting: `released` is when the reason of the wait was over ------------------------------------------------- */

/* Tells the companion what to do and returns once it is under way. */
static void tell(struct worker *w, char what, long ms)
{
	w->what = what;
	w->ms = ms;
	sem_post(&w->command);
	while (sem_wait(&w->held))
		;
}

static void *companion(void *arg)
{
	struct worker *w = arg;
	uint64_t one = 1;

	for (;;) {
		uint64_t until;

		if (sem_wait(&w->command))
			continue;
		if (w->what == 'l')
			pthread_mutex_lock(&w->lock);
		until = clock_ns(CLOCK_MONOTONIC) + w->ms * MS;
		sem_post(&w->held);
		sleep_until(until);
		w->released = clock_ns(CLOCK_MONOTONIC);
		if (w->what == 'l')
			pthread_mutex_unlock(&w->lock);
		else if (write(w->what == 'p' ? w->pipe[1] : w->event, &one, sizeof one) != sizeof one)
			abort();
	}
	return NULL;
}

static uint64_t wait_sleep(struct worker *w, long ms, struct truth *t)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + ms * MS;

	(void)w, (void)t;
	sleep_until(until);
	return until;
}

static uint64_t wait_lock(struct worker *w, long ms, struct truth *t)
{
	pthread_mutex_lock(&w->lock);
	pthread_mutex_unlock(&w->lock);
	(void)ms;
	snprintf(t->object, sizeof t->object, "%p", (void *)&w->lock);
	return w->released;
}

static uint64_t wait_pipe(struct worker *w, long ms, struct truth *t)
{
	uint64_t one;
	char link[32];

	(void)ms;
	if (read(w->pipe[0], &one, sizeof one) != sizeof one)
		abort();
	snprintf(link, sizeof link, "/proc/self/fd/%d", w->pipe[0]);
	t->object[readlink(link, t->object, sizeof t->object - 1)] = 0;
	return w->released;
}

static uint64_t wait_event(struct worker *w, long ms, struct truth *t)
{
	uint64_t n;

	(void)ms;
	if (read(w->event, &n, sizeof n) != sizeof n)
		abort();
	strcpy(t->object, "eventfd");
	return w->released;
}

static uint64_t wait_database(struct worker *w, long ms, struct truth *t)
{
	struct sockaddr_in a;
	socklen_t len = sizeof a;
	uint64_t sent;
	char line[32];
	int n = snprintf(line, sizeof line, "%ld\n", ms);

	if (write(w->database, line, n) != n || read(w->database, &sent, sizeof sent) != sizeof sent)
		abort();
	getpeername(w->database, (struct sockaddr *)&a, &len);
	snprintf(t->object, sizeof t->object, "127.0.0.1:%d", ntohs(a.sin_port));
	return sent;
}

/* `kb` kilobytes, until they are on the disk. What the thread computes meanwhile is no waiting. */
static uint64_t wait_disk(struct worker *w, long kb, struct truth *t)
{
	static const char data[64 * 1024];
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	for (long done = 0; done < kb; done += sizeof data / 1024)
		if (pwrite(w->file, data, sizeof data, done * 1024) < 0)
			abort();
	if (fdatasync(w->file))
		abort();
	strcpy(t->object, w->path);
	return clock_ns(CLOCK_MONOTONIC) - (clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu);
}

static uint64_t wait_child(struct worker *w, long ms, struct truth *t)
{
	uint64_t *ended = mmap(NULL, sizeof *ended, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), at;
	pid_t pid = fork();

	(void)w, (void)t;
	if (!pid) {
		sleep_until(clock_ns(CLOCK_MONOTONIC) + ms * MS);
		*ended = clock_ns(CLOCK_MONOTONIC);
		_exit(0);
	}
	if (waitpid(pid, NULL, 0) != pid)
		abort();
	at = *ended;
	munmap(ended, sizeof *ended);
	return at;
}

struct helper {
	long ms;
	uint64_t cpu_ns, ended;
};

static void *help(void *arg)
{
	struct helper *h = arg;

	compute_helper(h->ms);
	h->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	h->ended = clock_ns(CLOCK_MONOTONIC);
	return NULL;
}

/* A thread of the request's own that computes while the request waits for it. */
static uint64_t wait_helper(struct worker *w, long ms, struct truth *t)
{
	struct helper h = {.ms = ms};
	pthread_t thread;

	(void)w;
	if (pthread_create(&thread, NULL, help, &h) || pthread_join(thread, NULL))
		abort();
	t->cpu_ns = h.cpu_ns;
	return h.ended;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static const struct operation {
	const char *name;
	void (*compute)(long ms);
	uint64_t (*wait)(struct worker *w, long argument, struct truth *t); /* returns when the reason was over */
	char companion;
} operations[] = {
	{.name = "a", .compute = compute_a},
	{.name = "b", .compute = compute_b},
	{.name = "c", .compute = compute_c},
	{.name = "other", .compute = compute_other},
	{.name = "sleep", .wait = wait_sleep},
	{.name = "lock", .wait = wait_lock, .companion = 'l'},
	{.name = "pipe", .wait = wait_pipe, .companion = 'p'},
	{.name = "event", .wait = wait_event, .companion = 'e'},
	{.name = "database", .wait = wait_database},
	{.name = "disk", .wait = wait_disk},
	{.name = "child", .wait = wait_child},
	{.name = "clone", .wait = wait_helper},
};

int operate(struct worker *w, const char *name, long argument, struct truth *ret)
{
	const struct operation *o = operations, *end = operations + sizeof operations / sizeof *operations;
	uint64_t begin, cpu;

	while (o < end && strcmp(o->name, name))
		o++;
	if (o == end || (o->wait == wait_database && w->database < 0))
		return -1;
	ret->name = o->name;
	if (o->companion)
		tell(w, o->companion, argument);
	begin = clock_ns(CLOCK_MONOTONIC);
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	if (o->compute) {
		o->compute(argument);
		ret->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	} else {
		ret->wait_ns = o->wait(w, argument, ret) - begin;
	}
	ret->wall_ns = clock_ns(CLOCK_MONOTONIC) - begin;
	return 0;
}

void worker_init(struct worker *w, int database_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(database_port)};
	pthread_t t;

	pthread_mutex_init(&w->lock, NULL);
	sem_init(&w->command, 0, 0);
	sem_init(&w->held, 0, 0);
	strcpy(w->path, "/var/tmp/pool-XXXXXX");
	w->file = mkostemp(w->path, O_CLOEXEC);
	w->event = eventfd(0, EFD_CLOEXEC);
	w->database = -1;
	if (database_port) {
		w->database = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(w->database, (struct sockaddr *)&a, sizeof a)) {
			perror("pool: database");
			exit(1);
		}
	}
	if (w->file < 0 || w->event < 0 || pipe2(w->pipe, O_CLOEXEC) || pthread_create(&t, NULL, companion, w)) {
		perror("pool");
		exit(1);
	}
	unlink(w->path);
}
