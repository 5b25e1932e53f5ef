/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "profile/join.h"

#define LISTED 3 /* different hosts, kernels … that are named */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int shortest_first(const void *va, const void *vb)
{
	const struct profile *a = *(const struct profile *const *)va, *b = *(const struct profile *const *)vb;
	int order = compare(a->time.wall_ns, b->time.wall_ns);

	if (!order)
		order = compare(a->request.start_ns, b->request.start_ns);
	return order ? order : strcmp(a->request.id, b->request.id);
}

static int earliest_first(const void *va, const void *vb)
{
	const struct profile *a = *(const struct profile *const *)va, *b = *(const struct profile *const *)vb;
	int order = compare(a->request.start_ns, b->request.start_ns);

	return order ? order : shortest_first(va, vb);
}

static const struct profile **sorted(const struct profile *const *list, size_t n, int (*order)(const void *a, const void *b))
{
	const struct profile **copy = xcalloc(n, sizeof *copy);

	memcpy(copy, list, n * sizeof *copy);
	qsort(copy, n, sizeof *copy, order);
	return copy;
}

size_t profile_median(const struct profile *const *list, size_t n)
{
	_cleanup_free_ const struct profile **by_length = sorted(list, n, shortest_first);
	size_t i = 0;

	while (list[i] != by_length[(n - 1) / 2])
		i++;
	return i;
}

/* ---- what is one value ------------------------------------------------------------------------------------------- */

static void add_time(struct time_split *to, const struct time_split *from)
{
	to->wall_ns += from->wall_ns;
	for (int c = 0; c < N_TIME_CLASSES; c++)
		to->classes_ns[c] += from->classes_ns[c];
	to->network_estimated |= from->network_estimated;
	to->socket_queue_ns = to->socket_queue_ns < 0 || from->socket_queue_ns < 0 ? -1 : to->socket_queue_ns + from->socket_queue_ns;
	to->pipeline_queue_ns += from->pipeline_queue_ns;
	to->ambiguous_ns += from->ambiguous_ns;
	if (from->in_flight_max > to->in_flight_max)
		to->in_flight_max = from->in_flight_max;
}

static void add_lost(struct lost *to, const struct lost *from)
{
	to->samples += from->samples;
	to->waits += from->waits;
	to->stacks_truncated += from->stacks_truncated;
	to->frames_unknown += from->frames_unknown;
	to->events_dropped += from->events_dropped;
	to->refused_live += from->refused_live;
	to->refused_rate += from->refused_rate;
}

static void add_about(struct about *to, const struct about *from)
{
	if (from->interval_ns > to->interval_ns)
		to->interval_ns = from->interval_ns;
	to->overhead_ns += from->overhead_ns;
	to->ticks += from->ticks;
	to->edges += from->edges;
	for (size_t i = 0; i < ARRAY_LEN(to->bound); i++)
		to->bound[i] += from->bound[i];
	to->workers_refused += from->workers_refused;
	to->keeps_url |= from->keeps_url;
	to->redacted &= from->redacted;
}

/* The different values of a member of about, "web1, web2". */
static const char *listed(struct profile *to, const struct profile *const *list, size_t n, size_t member)
{
	const char *seen[LISTED + 1];
	size_t n_seen = 0;
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < n && n_seen <= LISTED; i++) {
		const char *value = *(const char *const *)((const char *)&list[i]->about + member);
		size_t k = 0;

		while (value && k < n_seen && strcmp(seen[k], value))
			k++;
		if (value && k == n_seen)
			seen[n_seen++] = value;
	}
	for (size_t i = 0; i < n_seen; i++) {
		_cleanup_free_ char *before = text;

		text = xasprintf("%s%s%s", before ? before : "", i ? ", " : "", i < LISTED ? seen[i] : "…");
	}
	return profile_string(to, text);
}

static void list_about(struct profile *to, const struct profile *const *list, size_t n)
{
	struct about *a = &to->about;

	a->version = listed(to, list, n, offsetof(struct about, version));
	a->command = listed(to, list, n, offsetof(struct about, command));
	a->host = listed(to, list, n, offsetof(struct about, host));
	a->kernel = listed(to, list, n, offsetof(struct about, kernel));
	a->event = listed(to, list, n, offsetof(struct about, event));
	a->interrupt = listed(to, list, n, offsetof(struct about, interrupt));
	a->arming = listed(to, list, n, offsetof(struct about, arming));
	a->program = listed(to, list, n, offsetof(struct about, program));
	a->runtime = listed(to, list, n, offsetof(struct about, runtime));
}

static void set_request(struct profile *to, const struct profile *median, const struct profile *const *list, size_t n)
{
	struct request *r = &to->request;

	*r = median->request;
	r->method = profile_string(to, r->method);
	r->target = profile_string(to, r->target);
	r->http_version = profile_string(to, r->http_version);
	r->local = profile_string(to, r->local);
	r->remote = profile_string(to, r->remote);
	r->marker = profile_string(to, r->marker);
	r->trace_id = profile_string(to, r->trace_id);
	r->comm = profile_string(to, r->comm);
	for (size_t i = 0; i < n; i++) {
		if (list[i]->request.begin > r->begin)
			r->begin = list[i]->request.begin;
		if (list[i]->request.end > r->end)
			r->end = list[i]->request.end;
	}
}

static void name_merged(struct profile *to, const struct profile *const *list, size_t n)
{
	_cleanup_free_ const struct profile **by_length = sorted(list, n, shortest_first);

	for (size_t i = 0; i < n; i++) {
		const struct profile *p = by_length[i];

		GROW(to->merged, to->n_merged, to->cap_merged);
		to->merged[to->n_merged] = (struct merged_request){.wall_ns = p->time.wall_ns, .status = p->request.status, .end = p->request.end};
		memcpy(to->merged[to->n_merged++].id, p->request.id, sizeof p->request.id);
	}
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

static int sample_order(const void *va, const void *vb)
{
	return compare(((const struct sample *)va)->t, ((const struct sample *)vb)->t);
}

static int wait_order(const void *va, const void *vb)
{
	return compare(((const struct wait *)va)->t, ((const struct wait *)vb)->t);
}

/* What comes after a request runs into the time of the next one. */
static void sort_after(struct work *after)
{
	if (after && after->n_samples)
		qsort(after->samples, after->n_samples, sizeof *after->samples, sample_order);
	if (after && after->n_waits)
		qsort(after->waits, after->n_waits, sizeof *after->waits, wait_order);
}

static void add(struct profile *to, const struct profile *from)
{
	struct join j = {.to = to, .from = from, .shift_ns = to->time.wall_ns};

	join_begin(&j);
	join_work(&j, &to->work, &from->work);
	if (from->after) {
		to->after = to->after ? to->after : xcalloc(1, sizeof *to->after);
		join_work(&j, to->after, from->after);
	}
	join_awaits(&j);
	join_loop_busy(&j);
	join_executables(&j);
	join_end(&j);
	add_time(&to->time, &from->time);
	add_lost(&to->lost, &from->lost);
	add_about(&to->about, &from->about);
}

static const char *why_not(const struct profile *const *list, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (list[i]->n_merged)
			return "one of them is merged already: name its requests instead";
		if (__builtin_add_overflow(sum, list[i]->time.wall_ns, &sum) || sum > INT64_MAX)
			return "together they last too long";
	}
	return NULL;
}

struct profile *profile_merge(const struct profile *const *list, size_t n, const char **ret_why)
{
	_cleanup_free_ const struct profile **by_start = sorted(list, n, earliest_first);
	const struct profile *median = list[profile_median(list, n)];
	struct profile *to;

	*ret_why = why_not(list, n);
	if (*ret_why)
		return NULL;
	to = profile_new();
	to->about.redacted = true; /* until one is not */
	add(to, median);
	for (size_t i = 0; i < n; i++)
		if (by_start[i] != median)
			add(to, by_start[i]);
	sort_after(to->after);
	list_about(to, list, n);
	set_request(to, median, list, n);
	name_merged(to, list, n);
	*ret_why = profile_check(to); /* sums of what strangers wrote */
	if (!*ret_why)
		return to;
	profile_free(to);
	return NULL;
}
