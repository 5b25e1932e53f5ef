/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/facts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/functions.h"
#include "format/names.h"
#include "format/numbers.h"
#include "profile/route.h"

#define ADDRESS_COLUMNS 120
#define METHOD_COLUMNS 24
#define FEW_SAMPLES 20
#define FINEST_INTERVAL_NS 100000
#define UNKNOWN_SHARE 100 /* unknown time is worth a word from a hundredth of the wall time on; the legend always has it */
#define QUEUE_TOLD_NS 50000

/* Texts joined by separators. */
struct facts {
	FILE *f;
	char *text;
	size_t len;
	bool any;
};

static void begin(struct facts *facts)
{
	*facts = (struct facts){0};
	facts->f = open_memstream(&facts->text, &facts->len);
	if (!facts->f)
		abort(); /* out of memory, nothing else */
}

static void __attribute__((format(printf, 2, 3))) say(struct facts *facts, const char *format, ...)
{
	va_list args;

	if (facts->any)
		fputs(SEPARATOR, facts->f);
	facts->any = true;
	va_start(args, format);
	vfprintf(facts->f, format, args);
	va_end(args);
}

static char *end(struct facts *facts)
{
	fclose(facts->f);
	if (!facts->any) {
		free(facts->text);
		return NULL;
	}
	return facts->text;
}

static char *merged_request(const struct profile *p, size_t columns)
{
	_cleanup_free_ char *route = profile_route(p);
	_cleanup_free_ char *text = name_text(route, columns);

	return xasprintf("%zu × %s", p->n_merged, text);
}

char *fact_request(const struct profile *p, size_t columns)
{
	_cleanup_free_ char *method = name_text(p->request.method, METHOD_COLUMNS);
	_cleanup_free_ char *target = name_text(p->request.target, columns);

	return p->n_merged ? merged_request(p, columns) : xasprintf("%s %s", method, target);
}

static const struct mark *find_mark(const struct request *r, enum mark_kind kind)
{
	for (size_t i = 0; i < r->n_marks; i++)
		if (r->marks[i].kind == kind)
			return &r->marks[i];
	return NULL;
}

static void say_duration(struct facts *facts, const struct profile *p, int decimals)
{
	size_t n = p->n_merged;

	if (n)
		say(facts, "median %s, %s to %s ms", number_duration(p->merged[(n - 1) / 2].wall_ns, decimals).text,
		    number_ms(p->merged[0].wall_ns, decimals).text, number_ms(p->merged[n - 1].wall_ns, decimals).text);
	else
		say(facts, "%s", number_duration(p->time.wall_ns, decimals).text);
}

char *fact_answer(const struct profile *p)
{
	const struct mark *first_byte = find_mark(&p->request, MARK_first_response_byte);
	int decimals = number_decimals(p->n_merged ? p->merged[(p->n_merged - 1) / 2].wall_ns : p->time.wall_ns);
	struct facts facts;

	begin(&facts);
	if (p->request.status > 0)
		say(&facts, "%d", p->request.status);
	else if (p->request.status == 0)
		say(&facts, "no response yet");
	say_duration(&facts, p, decimals);
	if (first_byte)
		say(&facts, "first byte after %s", number_duration(first_byte->t, decimals).text);
	if (p->request.bytes_out || p->request.source != SOURCE_HANDLER) /* a handler's response may be sent by others */
		say(&facts, "%s out", number_bytes(p->request.bytes_out).text);
	if (p->time.socket_queue_ns > QUEUE_TOLD_NS && !p->n_merged)
		say(&facts, "%s in the socket before", number_duration(p->time.socket_queue_ns, decimals).text);
	if (p->time.pipeline_queue_ns && !p->n_merged)
		say(&facts, "%s behind an earlier request before", number_duration(p->time.pipeline_queue_ns, decimals).text);
	say(&facts, "%s", number_date(&p->request).text);
	return end(&facts);
}

/* "[::1]" of "[::1]:8000"; without a port all of it. */
static size_t host_length(const char *address)
{
	const char *colon = strrchr(address, ':');

	return colon && strncmp(address, "unix:", 5) ? (size_t)(colon - address) : strlen(address);
}

static void say_addresses(struct facts *facts, const struct request *r)
{
	_cleanup_free_ char *local = NULL, *remote = NULL;
	size_t host;
	bool same_host;

	if (!r->local && !r->remote)
		return;
	local = name_text(r->local, ADDRESS_COLUMNS);
	remote = name_text(r->remote, ADDRESS_COLUMNS);
	host = host_length(local);
	same_host = local[host] && host == host_length(remote) && !strncmp(local, remote, host);
	say(facts, "%s → %s", remote, local + (same_host ? host : 0));
}

static void say_name(struct facts *facts, const char *name)
{
	_cleanup_free_ char *text = name ? name_text(name, NAME_COLUMNS) : NULL;

	if (text)
		say(facts, "%s", text);
}

char *fact_process(const struct profile *p)
{
	_cleanup_free_ char *program = name_text(p->about.program ?: p->request.comm, NAME_COLUMNS);
	struct facts facts;

	begin(&facts);
	say(&facts, "%s pid %d", program, p->request.pid);
	say_name(&facts, p->about.runtime);
	say_name(&facts, p->about.host);
	say_addresses(&facts, &p->request);
	if (p->time.in_flight_max > 1)
		say(&facts, "%s in flight", number_count(p->time.in_flight_max - 1, "other request", "other requests").text);
	return end(&facts);
}

static void say_sampling(struct facts *facts, const struct profile *p)
{
	const uint64_t *ns = p->time.classes_ns;
	size_t ticks = ticks_count(p);

	if (ticks >= FEW_SAMPLES || !(ns[TIME_cpu_user] + ns[TIME_cpu_kernel] + ns[TIME_interrupt]))
		return;
	say(facts, "only %s%s", number_count(ticks, "sample", "samples").text,
	    p->about.interval_ns > FINEST_INTERVAL_NS ? ": use -i 100us" : ": shares of CPU time are rough");
}

static void say_count(struct facts *facts, uint64_t n, const char *one, const char *many)
{
	if (n)
		say(facts, "%s", number_count(n, one, many).text);
}

static void say_lost(struct facts *facts, const struct profile *p)
{
	const struct lost *lost = &p->lost;

	say_count(facts, lost->samples, "sample lost", "samples lost");
	say_count(facts, lost->waits, "wait not recorded", "waits not recorded");
	say_count(facts, lost->stacks_truncated, "stack truncated", "stacks truncated");
	say_count(facts, lost->frames_unknown, "frame unknown", "frames unknown");
	say_count(facts, lost->events_dropped, "event dropped", "events dropped");
	say_count(facts, p->about.workers_refused, "thread not followed", "threads not followed");
	say_count(facts, lost->refused_live, "marked request refused: raise --max-live", "marked requests refused: raise --max-live");
	say_count(facts, lost->refused_rate, "marked request refused: raise --max-rate", "marked requests refused: raise --max-rate");
}

/* What the sums of several requests are, and where these are not alike. */
static void say_merged(struct facts *facts, const struct profile *p)
{
	size_t cut_off = 0, others = 0;

	for (size_t i = 0; i < p->n_merged; i++) {
		cut_off += p->merged[i].end == END_CUT_OFF;
		others += p->merged[i].status != p->request.status;
	}
	say(facts, "merged from %s: times below are sums, the facts above those of the median, %s",
	    number_count(p->n_merged, "request", "requests").text, p->request.id);
	if (others)
		say(facts, "%zu of them with another status", others);
	if (cut_off)
		say(facts, "%zu of them cut off", cut_off);
}

char *fact_quality(const struct profile *p)
{
	const struct time_split *t = &p->time;
	int decimals = number_decimals(t->wall_ns);
	uint64_t unknown = t->classes_ns[TIME_unknown] > t->ambiguous_ns ? t->classes_ns[TIME_unknown] - t->ambiguous_ns : 0;
	struct facts facts;

	begin(&facts);
	if (p->n_merged)
		say_merged(&facts, p);
	else if (p->request.end == END_CUT_OFF)
		say(&facts, "cut off: the request was not over");
	else if (p->request.end == END_INFERRED)
		say(&facts, "end inferred, not seen");
	if (p->request.begin == BEGIN_JOINED)
		say(&facts, "on a connection older than the recording");
	if (t->ambiguous_ns)
		say(&facts, "%s ambiguous", number_duration(t->ambiguous_ns, decimals).text);
	if (unknown && unknown >= t->wall_ns / UNKNOWN_SHARE)
		say(&facts, "%s unknown", number_duration(unknown, decimals).text);
	say_sampling(&facts, p);
	say_lost(&facts, p);
	return end(&facts);
}

char *fact_after(const struct profile *p)
{
	uint64_t cpu = 0, waited = 0;

	if (!p->after)
		return NULL;
	for (size_t i = 0; i < p->after->n_threads; i++) {
		cpu += p->after->threads[i].cpu_ns;
		waited += p->after->threads[i].wait_ns;
	}
	return xasprintf("After the response: %s on the CPU and %s waiting in %s, counted nowhere above.",
			 number_duration(cpu, number_decimals(cpu + waited)).text, number_duration(waited, number_decimals(cpu + waited)).text,
			 number_count(p->after->n_threads, "thread", "threads").text);
}
