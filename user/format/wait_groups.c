/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/wait_groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/names.h"
#include "profile/own.h"

#define UNWOKEN_PART 20 /* this part of a group's time may be in waits that ended in another way, or nobody knows how */

/* A wait, or the ready time after one. */
struct span {
	enum time_class cause;
	const char *object;
	uint64_t ns;
	const struct wait *wait;
	int32_t from;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_groups(const struct span *a, const struct span *b)
{
	if (a->cause != b->cause)
		return a->cause < b->cause ? -1 : 1;
	if (a->object == b->object)
		return 0;
	return a->object && b->object ? strcmp(a->object, b->object) : (a->object != NULL) - (b->object != NULL);
}

static int by_group_and_time(const void *va, const void *vb)
{
	const struct span *a = va, *b = vb;
	int order = compare_groups(a, b);

	if (!order)
		order = compare_numbers(a->ns, b->ns);
	return order ? order : compare_numbers((uintptr_t)a->wait, (uintptr_t)b->wait);
}

static struct span *collect(const struct profile *p, size_t *ret_n)
{
	struct span *spans = xcalloc(2 * p->work.n_waits, sizeof *spans);
	size_t n = 0;

	for (size_t i = 0; i < p->work.n_waits; i++) {
		const struct wait *w = &p->work.waits[i];
		int32_t from = stack_own_frame(p, w->stack);

		if (w->duration_ns)
			spans[n++] = (struct span){w->cause, w->object, w->duration_ns, w, from};
		if (w->runnable_ns)
			spans[n++] = (struct span){wait_ready_class(w), wait_ready_object(w), w->runnable_ns, w, from};
	}
	qsort(spans, n, sizeof *spans, by_group_and_time);
	*ret_n = n;
	return spans;
}

/* ---- what most of a group have in common ------------------------------------------------------------------------- */

struct vote {
	uint64_t key, ns;
	const struct wait *wait;
};

static int by_key(const void *va, const void *vb)
{
	const struct vote *a = va, *b = vb;
	int order = compare_numbers(a->key, b->key);

	return order ? order : compare_numbers((uintptr_t)a->wait, (uintptr_t)b->wait);
}

/* The key with the most ns. Sorts the votes; n ≥ 1. */
static struct vote winner(struct vote *votes, size_t n)
{
	struct vote best = {0}, sum = {0};

	qsort(votes, n, sizeof *votes, by_key);
	for (size_t i = 0; i < n; i++) {
		if (!i || votes[i].key != votes[i - 1].key)
			sum = (struct vote){votes[i].key, 0, votes[i].wait};
		sum.ns += votes[i].ns;
		if (sum.ns > best.ns)
			best = sum;
	}
	return best;
}

static int32_t most_from(const struct span *spans, size_t n)
{
	_cleanup_free_ struct vote *votes = xcalloc(n, sizeof *votes);

	for (size_t i = 0; i < n; i++)
		votes[i] = (struct vote){(uint64_t)(spans[i].from + 1), spans[i].ns, spans[i].wait};
	return (int32_t)winner(votes, n).key - 1;
}

/* A process by its pid, an interrupt by the first bytes of its name. */
static uint64_t waker_key(const struct wait *w)
{
	uint64_t key = 0;

	if (w->waker.pid)
		return 1ULL << 63 | (uint32_t)w->waker.pid;
	if (w->waker.comm)
		memcpy(&key, w->waker.comm, strnlen(w->waker.comm, sizeof key));
	return key;
}

static void find_waker(const struct span *spans, size_t n, struct wait_group *group)
{
	_cleanup_free_ struct vote *votes = xcalloc(n, sizeof *votes);
	uint64_t woken_ns = 0;
	size_t n_votes = 0;

	for (size_t i = 0; i < n; i++)
		if (spans[i].wait->has_waker && spans[i].cause == spans[i].wait->cause)
			votes[n_votes++] = (struct vote){waker_key(spans[i].wait), spans[i].ns, spans[i].wait};
	if (!n_votes)
		return;
	group->woken = winner(votes, n_votes).wait;
	group->sole_waker = votes[0].key == votes[n_votes - 1].key;
	group->one_waker = n_votes == n && group->sole_waker;
	for (size_t i = 0; i < n_votes; i++)
		woken_ns += votes[i].ns;
	group->sole_waker = group->sole_waker && woken_ns >= group->total_ns - group->total_ns / UNWOKEN_PART;
}

static struct wait_group make_group(const struct span *spans, size_t n)
{
	struct wait_group group = {
		.cause = spans[0].cause, .object = spans[0].object, .count = n,
		.median_ns = n % 2 ? spans[n / 2].ns : (spans[n / 2 - 1].ns + spans[n / 2].ns) / 2,
		.longest_ns = spans[n - 1].ns, .from = most_from(spans, n),
	};

	for (size_t i = 0; i < n; i++)
		group.total_ns += spans[i].ns;
	find_waker(spans, n, &group);
	return group;
}

static int longest_first(const void *va, const void *vb)
{
	const struct wait_group *a = va, *b = vb;
	int order = compare_numbers(b->total_ns, a->total_ns);

	if (!order)
		order = (int)a->cause - (int)b->cause;
	return order || !a->object || !b->object ? order : strcmp(a->object, b->object);
}

struct wait_group *wait_groups(const struct profile *p, size_t *ret_n)
{
	size_t n_spans, n = 0;
	_cleanup_free_ struct span *spans = collect(p, &n_spans);
	struct wait_group *groups = xcalloc(n_spans, sizeof *groups);

	for (size_t i = 0, first = 0; i < n_spans; i++) {
		if (i + 1 < n_spans && !compare_groups(&spans[i], &spans[i + 1]))
			continue;
		groups[n++] = make_group(spans + first, i + 1 - first);
		first = i + 1;
	}
	qsort(groups, n, sizeof *groups, longest_first);
	*ret_n = n;
	return groups;
}

static int longer_first(const void *va, const void *vb)
{
	const struct wait *a = *(const struct wait *const *)va, *b = *(const struct wait *const *)vb;
	int order = compare_numbers(b->duration_ns + b->runnable_ns, a->duration_ns + a->runnable_ns);

	return order ? order : compare_numbers((uintptr_t)a, (uintptr_t)b);
}

const struct wait **longest_waits(const struct profile *p, size_t max, size_t *ret_n)
{
	const struct wait **waits = xcalloc(p->work.n_waits, sizeof *waits);

	for (size_t i = 0; i < p->work.n_waits; i++)
		waits[i] = &p->work.waits[i];
	qsort(waits, p->work.n_waits, sizeof *waits, longer_first);
	*ret_n = p->work.n_waits < max ? p->work.n_waits : max;
	return waits;
}
