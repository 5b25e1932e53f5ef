/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/partition.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct edge {
	uint64_t t;
	int change;             /* +1 a span begins, −1 it ends */
	enum time_class class;
};

static int by_time(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return x->t < y->t ? -1 : x->t > y->t;
}

/* The first class in order that somebody is in. */
static enum time_class strongest(const size_t open[N_TIME_CLASSES])
{
	for (int c = 0; c < N_TIME_CLASSES; c++)
		if (open[c])
			return c;
	return TIME_unknown;
}

void partition_spans(struct span *spans, size_t n, uint64_t wall_ns, uint64_t ret_classes_ns[N_TIME_CLASSES])
{
	_cleanup_free_ struct edge *edges = xcalloc(2 * n, sizeof *edges);
	size_t open[N_TIME_CLASSES] = {0}, n_edges = 0;
	uint64_t at = 0;

	memset(ret_classes_ns, 0, N_TIME_CLASSES * sizeof *ret_classes_ns);
	for (size_t i = 0; i < n; i++) {
		if (spans[i].end <= spans[i].begin)
			continue;
		edges[n_edges++] = (struct edge){.t = spans[i].begin, .change = 1, .class = spans[i].class};
		edges[n_edges++] = (struct edge){.t = spans[i].end, .change = -1, .class = spans[i].class};
	}
	qsort(edges, n_edges, sizeof *edges, by_time); /* never NULL: xcalloc */
	for (size_t i = 0; i < n_edges; i++) {
		ret_classes_ns[strongest(open)] += edges[i].t - at;
		at = edges[i].t;
		open[edges[i].class] += edges[i].change;
	}
	ret_classes_ns[TIME_unknown] += wall_ns - at;
}

void partition_cpu(uint64_t classes_ns[N_TIME_CLASSES], uint64_t user_weight, uint64_t kernel_weight, uint64_t interrupt_weight)
{
	const enum time_class parts[] = {TIME_cpu_user, TIME_cpu_kernel, TIME_interrupt};
	const uint64_t weights[] = {user_weight, kernel_weight, interrupt_weight};
	unsigned __int128 sum = (unsigned __int128)user_weight + kernel_weight + interrupt_weight;
	uint64_t cpu = classes_ns[TIME_cpu_user], given = 0;
	int largest = 0;

	if (!sum)
		return;
	for (int i = 0; i < 3; i++) {
		classes_ns[parts[i]] = (unsigned __int128)cpu * weights[i] / sum;
		given += classes_ns[parts[i]];
		if (weights[i] > weights[largest])
			largest = i;
	}
	classes_ns[parts[largest]] += cpu - given;
}
