/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/measure.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cmd/functions_named.h"
#include "cmd/waits_named.h"
#include "format/functions.h"

enum argument { NO_ARGUMENT, MAYBE_ARGUMENT, AN_ARGUMENT };

struct metric {
	const char *name;
	enum measure_unit unit;
	enum argument argument;
	const char *parts;      /* of them one may follow a dot, the first is the default; NULL = none */
	void (*take)(const struct measure *m, const struct profile *p, struct measured *ret);
};

/* ---- the whole request --------------------------------------------------------------------------------------------- */

static uint64_t cpu_of(const struct profile *p)
{
	const uint64_t *ns = p->time.classes_ns;

	return ns[TIME_cpu_user] + ns[TIME_cpu_kernel] + ns[TIME_interrupt];
}

static void take_wall(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	ret->value = p->time.wall_ns;
}

static void take_class(const struct measure *m, const struct profile *p, struct measured *ret);

static void take_ambiguous(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	ret->value = p->time.ambiguous_ns;
}

static void take_ttfb(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	for (size_t i = 0; i < p->request.n_marks; i++) {
		if (p->request.marks[i].kind != MARK_first_response_byte)
			continue;
		ret->value = p->request.marks[i].t;
		return;
	}
	ret->why = xstrdup("no byte of a response was seen");
}

static void take_socket_queue(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	if (p->time.socket_queue_ns < 0)
		ret->why = xstrdup("it is unknown how long the request lay in its socket");
	else
		ret->value = p->time.socket_queue_ns;
}

static void take_pipeline_queue(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	ret->value = p->time.pipeline_queue_ns;
}

static void take_overhead(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	ret->value = p->about.overhead_ns;
}

static void take_status(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	if (p->request.status < 0)
		ret->why = xstrdup("the status of this request is unknown");
	else
		ret->value = p->request.status;
}

static void take_bytes_in(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	ret->value = p->request.bytes_in;
}

static void take_bytes_out(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	ret->value = p->request.bytes_out;
}

static void take_samples(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	ret->value = ticks_count(p);
}

static void take_threads(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	ret->value = p->work.n_threads;
}

static void take_in_flight(const struct measure *m, const struct profile *p, struct measured *ret)
{
	(void)m;
	ret->value = p->time.in_flight_max;
}

#define LOST(X) X(samples) X(waits) X(stacks_truncated) X(frames_unknown) X(events_dropped) X(refused_live) X(refused_rate)

static void take_lost(const struct measure *m, const struct profile *p, struct measured *ret)
{
#define TAKE(name)                         \
	if (!strcmp(m->part, #name))       \
		ret->value = p->lost.name;
	LOST(TAKE)
#undef TAKE
}

/* ---- functions and waits ------------------------------------------------------------------------------------------- */

static void take_function(const struct measure *m, const struct profile *p, struct measured *ret, bool self)
{
	_cleanup_free_ bool *stacks = stacks_of_function(p, m->argument, self, &ret->why);

	if (!stacks)
		return;
	for (size_t i = 0; i < p->work.n_samples; i++)
		if (p->work.samples[i].stack >= 0 && stacks[p->work.samples[i].stack])
			ret->value += p->work.samples[i].weight_ns;
	ret->error = sampling_error_ns(p, stacks);
}

static void take_cpu(const struct measure *m, const struct profile *p, struct measured *ret)
{
	if (m->argument)
		take_function(m, p, ret, false);
	else
		ret->value = cpu_of(p);
}

static void take_self(const struct measure *m, const struct profile *p, struct measured *ret)
{
	take_function(m, p, ret, true);
}

static void note_lost(const struct profile *p, struct measured *ret)
{
	if (p->lost.waits && !ret->note)
		ret->note = xasprintf("at least: %llu waits were not recorded", (unsigned long long)p->lost.waits);
}

static void take_wait(const struct measure *m, const struct profile *p, struct measured *ret)
{
	int class = m->argument ? class_named(m->argument) : -1;

	if (!m->argument) {
		ret->value = p->time.wall_ns - cpu_of(p);
	} else if (class >= 0) {
		ret->value = time_of_cause(p, class);
	} else {
		ret->value = time_waited_for(p, m->argument, &ret->note);
		note_lost(p, ret);
	}
}

static int by_size(const void *va, const void *vb)
{
	uint64_t a = *(const uint64_t *)va, b = *(const uint64_t *)vb;

	return (a > b) - (a < b);
}

static void take_waits(const struct measure *m, const struct profile *p, struct measured *ret)
{
	size_t n;
	_cleanup_free_ uint64_t *waits = waits_named(p, m->argument, &n, &ret->note);

	if (n)
		qsort(waits, n, sizeof *waits, by_size);
	if (!strcmp(m->part, "count"))
		ret->value = n;
	else if (!strcmp(m->part, "max"))
		ret->value = n ? waits[n - 1] : 0;
	else if (!strcmp(m->part, "median"))
		ret->value = n ? (n % 2 ? waits[n / 2] : waits[n / 2 - 1] / 2 + waits[n / 2] / 2) : 0;
	else
		for (size_t i = 0; i < n; i++)
			ret->value += waits[i];
	note_lost(p, ret);
}

/* ---- the table ------------------------------------------------------------------------------------------------------ */

#define CLASS_METRIC(name, label, word) {#name, MEASURE_TIME, NO_ARGUMENT, NULL, take_class},
#define LOST_PART(name) #name " "

static const struct metric metrics[] = {
	{"wall", MEASURE_TIME, NO_ARGUMENT, NULL, take_wall},
	{"cpu", MEASURE_TIME, MAYBE_ARGUMENT, NULL, take_cpu},
	{"self", MEASURE_TIME, AN_ARGUMENT, NULL, take_self},
	{"wait", MEASURE_TIME, MAYBE_ARGUMENT, NULL, take_wait},
	{"waits", MEASURE_COUNT, MAYBE_ARGUMENT, "count total median max ", take_waits},
	{"ttfb", MEASURE_TIME, NO_ARGUMENT, NULL, take_ttfb},
	{"status", MEASURE_COUNT, NO_ARGUMENT, NULL, take_status},
	{"bytes_in", MEASURE_BYTES, NO_ARGUMENT, NULL, take_bytes_in},
	{"bytes_out", MEASURE_BYTES, NO_ARGUMENT, NULL, take_bytes_out},
	{"lost", MEASURE_COUNT, NO_ARGUMENT, LOST(LOST_PART), take_lost},
	{"ambiguous", MEASURE_TIME, NO_ARGUMENT, NULL, take_ambiguous},
	{"socket_queue", MEASURE_TIME, NO_ARGUMENT, NULL, take_socket_queue},
	{"pipeline_queue", MEASURE_TIME, NO_ARGUMENT, NULL, take_pipeline_queue},
	{"overhead", MEASURE_TIME, NO_ARGUMENT, NULL, take_overhead},
	{"samples", MEASURE_COUNT, NO_ARGUMENT, NULL, take_samples},
	{"threads", MEASURE_COUNT, NO_ARGUMENT, NULL, take_threads},
	{"in_flight", MEASURE_COUNT, NO_ARGUMENT, NULL, take_in_flight},
	TIME_CLASSES(CLASS_METRIC)
};

static void take_class(const struct measure *m, const struct profile *p, struct measured *ret)
{
	for (int c = 0; c < N_TIME_CLASSES; c++)
		if (!strcmp(time_class_names[c], m->metric->name))
			ret->value = p->time.classes_ns[c];
}

void measure_take(const struct measure *m, const struct profile *p, struct measured *ret)
{
	*ret = (struct measured){0};
	m->metric->take(m, p, ret);
	if (!ret->why && !ret->note && m->unit == MEASURE_TIME && p->request.end == END_CUT_OFF)
		ret->note = xstrdup("at least: the request was cut off");
}

void measured_clear(struct measured *m)
{
	free(m->why);
	free(m->note);
	*m = (struct measured){0};
}

/* ---- its name -------------------------------------------------------------------------------------------------------- */

static int refuse(char **ret_why, char *why)
{
	*ret_why = why;
	return -EINVAL;
}

static char *metric_names(void)
{
	char *names = xstrdup("");

	for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
		_cleanup_free_ char *before = names;

		names = xasprintf("%s%s%s", before, i ? " " : "", metrics[i].name);
	}
	return names;
}

/* Is the word one of a list, each with a blank behind it? */
static bool among(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; at && *at; at += strcspn(at, " ") + 1)
		if (!strncmp(at, word, n) && at[n] == ' ')
			return n > 0;
	return false;
}

static int check_part(struct measure *m, char **ret_why)
{
	const char *parts = m->metric->parts;

	if (m->part && !parts)
		return refuse(ret_why, xasprintf("%s has no .%s", m->metric->name, m->part));
	if (!m->part && parts && m->metric->take == take_lost)
		return refuse(ret_why, xasprintf("lost of what? lost. and one of: %s", parts));
	if (m->part && !among(parts, m->part))
		return refuse(ret_why, xasprintf("%s has no .%s, but: %s", m->metric->name, m->part, parts));
	if (!m->part && parts)
		m->part = xstrndup(parts, strcspn(parts, " "));
	if (m->metric->take == take_waits && strcmp(m->part, "count"))
		m->unit = MEASURE_TIME;
	return 0;
}

static int check_argument(const struct measure *m, char **ret_why)
{
	const char *name = m->metric->name;
	int class = m->argument ? class_named(m->argument) : -1;

	if (m->argument && (m->metric->argument == NO_ARGUMENT || !*m->argument))
		return refuse(ret_why, xasprintf(*m->argument ? "%s takes nothing in parentheses" : "%s() of what?", name));
	if (!m->argument && m->metric->argument == AN_ARGUMENT)
		return refuse(ret_why, xasprintf("%s of which function? %s(FUNCTION)", name, name));
	if (m->metric->take == take_wait && class >= 0 && class < TIME_run_queue)
		return refuse(ret_why, xasprintf("%s is not waited for: write %s", m->argument, m->argument));
	if (m->metric->take == take_waits && class >= 0 && !class_has_waits(class))
		return refuse(ret_why, xasprintf("%s has no single waits: write wait(%s)", m->argument, m->argument));
	return 0;
}

int measure_parse(const char *text, size_t n, struct measure *ret, char **ret_why)
{
	size_t name = 0;
	const char *close;

	*ret = (struct measure){0};
	while (name < n && (islower((unsigned char)text[name]) || text[name] == '_'))
		name++;
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
		if (strlen(metrics[i].name) == name && !memcmp(metrics[i].name, text, name))
			ret->metric = &metrics[i];
	if (!ret->metric) {
		_cleanup_free_ char *names = metric_names();

		return refuse(ret_why, xasprintf("no such measure; there are: %s", names));
	}
	ret->unit = ret->metric->unit;
	text += name;
	n -= name;
	close = n && *text == '(' ? memrchr(text, ')', n) : NULL;
	if (close) {
		ret->argument = xstrndup(text + 1, close - text - 1);
		n -= close + 1 - text;
		text = close + 1;
	}
	if (n && *text == '.') {
		ret->part = xstrndup(text + 1, n - 1);
		n = 0;
	}
	if (n)
		return refuse(ret_why, xasprintf("what is meant by \"%.*s\"?", (int)n, text));
	return check_argument(ret, ret_why) ?: check_part(ret, ret_why);
}

void measure_clear(struct measure *m)
{
	free(m->argument);
	free(m->part);
	*m = (struct measure){0};
}
