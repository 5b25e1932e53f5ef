/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compare [-v] PID N: stops threads of a process N times, and compares the stack that the program's unwinder has taken where the thread left the CPU
 * for the stop with the one that libdwfl makes of the stopped thread. Prints one line of counts, and with -v every kind of difference. Exit
 * status 1: less than 99.5 % of the frames are equal, or there were none; 2: it could not be done.
 *
 * The first stack in code that was mapped just before, as by a JIT compiler, is cut there and makes the unwinder look again: then another sample is
 * taken in its place, in up to one of a hundred.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "base/alloc.h"
#include "probe.h"
#include "reference.h"
#include "stopped.h"

#define EQUAL_MIN 0.995
#define KINDS_PRINTED 20
#define FRESH_SHARE 100         /* of so many samples one may be in fresh code */
#define FAILURES_MAX 1000       /* threads that were gone when they were to be stopped */

/* One kind of difference. */
struct difference {
	UT_hash_handle hh;
	unsigned int times;
	uint64_t frames;
	char text[];
};

struct comparison {
	struct probe *probe;
	struct reference *reference;
	struct difference *differences;
	uint64_t frames, equal, samples, identical, not_whole, fresh, fresh_max;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* ---- differences ------------------------------------------------------------------------------------------------------- */

static void add_difference(struct comparison *c, const char *text, uint64_t frames)
{
	struct difference *d;

	HASH_FIND_STR(c->differences, text, d);
	if (!d) {
		d = xcalloc(1, sizeof *d + strlen(text) + 1);
		memcpy(d->text, text, strlen(text));
		HASH_ADD_STR(c->differences, text, d);
	}
	d->times++;
	d->frames += frames;
}

/* Without symbols each address is its own name: those of a page are one kind. */
static void cut_offset(char *text)
{
	char *offset = strstr(text, "+0x"), *end = offset ? offset + 3 + strspn(offset + 3, "0123456789abcdef") : NULL;

	for (int i = 0; offset && i < 3 && end > offset + 3; i++)
		*--end = '_';
}

/* The frame from which the two went to different callers. */
static void describe(struct comparison *c, const struct probe_stack *ours, int n, bool whole, int at, uint64_t frames)
{
	const char *kind = at == ours->n ? "ours ends" : at < n ? "other callers" : whole ? "ours goes on" : "libdwfl gives up";
	const char *where = at ? probe_describe(c->probe, ours->ips[at - 1] - (at > 1)) : "the innermost frame";
	char text[768];

	snprintf(text, sizeof text, "%s (%s) after %s", kind, ours->reason, where);
	cut_offset(text);
	add_difference(c, text, frames);
}

static int by_frames(struct difference *a, struct difference *b)
{
	return a->frames > b->frames ? -1 : a->frames < b->frames;
}

static void print_differences(struct comparison *c)
{
	struct difference *d, *next;
	int printed = 0;

	HASH_SORT(c->differences, by_frames);
	HASH_ITER(hh, c->differences, d, next)
		if (printed++ < KINDS_PRINTED)
			printf("%6u times, %6llu frames: %s\n", d->times, (unsigned long long)d->frames, d->text);
}

static void free_differences(struct comparison *c)
{
	struct difference *d, *next;

	HASH_ITER(hh, c->differences, d, next) {
		HASH_DEL(c->differences, d);
		free(d);
	}
}

/* ---- one stack --------------------------------------------------------------------------------------------------------- */

static void compare(struct comparison *c, const struct probe_stack *ours, const uint64_t *theirs, int n, bool whole)
{
	int longer = n > ours->n ? n : ours->n, shorter = n < ours->n ? n : ours->n, first = -1, equal = 0;

	for (int i = 0; i < shorter; i++) {
		if (ours->ips[i] == theirs[i])
			equal++;
		else if (first < 0)
			first = i;
	}
	if (first < 0)
		first = shorter;
	c->samples++;
	c->frames += longer;
	c->equal += equal;
	c->identical += equal == longer;
	c->not_whole += !whole;
	if (equal < longer)
		describe(c, ours, n, whole, first, longer - equal);
}

static bool is_fresh(struct comparison *c, const struct probe_stack *ours)
{
	if (ours->reason_number != RP_STACK_unknown_text || c->fresh == c->fresh_max)
		return false;
	c->fresh++;
	probe_update(c->probe);
	return true;
}

/* libdwfl first: it waits until the thread has left the CPU. False: the thread is gone. */
static bool sample(struct comparison *c, pid_t tid)
{
	struct probe_stack ours = {.reason = "no stack"};
	uint64_t theirs[RP_MAX_USER_FRAMES], since;
	bool whole;
	int signal, n;

	if (reference_update(c->reference) == 1)
		probe_update(c->probe);
	probe_watch(c->probe, tid);
	since = now_ns();
	if (!thread_stop(tid, &signal))
		return false;
	n = reference_unwind(c->reference, tid, theirs, RP_MAX_USER_FRAMES, &whole);
	if (probe_stack(c->probe, tid, since, &ours))
		ours.n = 0;
	thread_continue(tid, signal);
	if (!is_fresh(c, &ours))
		compare(c, &ours, theirs, n, whole);
	return true;
}

static bool sample_all(struct comparison *c, pid_t pid, uint64_t n)
{
	struct threads *threads = threads_open(pid);
	unsigned int failures = 0;

	c->fresh_max = n / FRESH_SHARE;
	while (c->samples < n && failures < FAILURES_MAX) {
		pid_t tid = threads_next(threads);

		if (!tid || !sample(c, tid))
			failures++;
		usleep(200 + rand() % 1000); /* not in step with what the process does */
	}
	threads_close(threads);
	return c->samples == n;
}

/* ------------------------------------------------------------------------------------------------------------------------ */

static int print(struct comparison *c, bool verbose)
{
	double share = c->frames ? (double)c->equal / c->frames : 0;

	if (verbose)
		print_differences(c);
	printf("frames %llu equal %llu (%.2f %%) · samples %llu identical %llu · not to an end by libdwfl %llu · in fresh code %llu\n",
	       (unsigned long long)c->frames, (unsigned long long)c->equal, 100 * share, (unsigned long long)c->samples, (unsigned long long)c->identical,
	       (unsigned long long)c->not_whole, (unsigned long long)c->fresh);
	return share < EQUAL_MIN;
}

static int run(struct comparison *c, pid_t pid, uint64_t n, bool verbose)
{
	int status;

	c->probe = probe_open(pid);
	if (!c->probe)
		return 2;
	c->reference = reference_open(pid);
	if (!c->reference) {
		probe_close(c->probe);
		return 2;
	}
	if (!sample_all(c, pid, n))
		fprintf(stderr, "compare: process %d: only %llu of %llu samples: its threads are gone, or may not be traced\n", pid,
			(unsigned long long)c->samples, (unsigned long long)n);
	status = c->samples < n ? 2 : 0;
	if (print(c, verbose) && !status)
		status = 1;
	free_differences(c);
	reference_close(c->reference);
	probe_close(c->probe);
	return status;
}

int main(int argc, char **argv)
{
	struct comparison c = {0};
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");

	argc -= verbose;
	argv += verbose;
	if (argc != 3 || atoi(argv[1]) < 1 || atoll(argv[2]) < 1) {
		fprintf(stderr, "usage: compare [-v] PID N\n");
		return 2;
	}
	return run(&c, atoi(argv[1]), atoll(argv[2]), verbose);
}
