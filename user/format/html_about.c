/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The About panel: how to read the report, how good it is, how it was made, what it gives away. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/facts.h"
#include "format/functions.h"
#include "format/html.h"
#include "format/html_text.h"
#include "format/names.h"
#include "format/numbers.h"

#define TEXT_COLUMNS 1000

/* A line of a <dl>. */
static void __attribute__((format(printf, 3, 4))) put_item(FILE *f, const char *term, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		abort(); /* out of memory, nothing else */
	fprintf(f, "<dt>%s</dt>", term);
	html_element(f, "dd", NULL, text);
	fputc('\n', f);
}

static void put_string(FILE *f, const char *term, const char *s)
{
	_cleanup_free_ char *text = s ? name_text(s, TEXT_COLUMNS) : NULL;

	if (text)
		put_item(f, term, "%s", text);
}

static void put_count(FILE *f, const char *term, uint64_t n)
{
	put_item(f, term, "%llu", (unsigned long long)n);
}

static void put_reading(FILE *f)
{
	fputs("<h3>How to read it</h3>\n"
	      "<p>Wall time runs from the first byte of the request to the last byte of the response. Every instant of it counts once: when "
	      "several threads of the request work at once, as the first of what they do in the order of the legend. CPU time and waits are exact, by the "
	      "scheduler’s clock.</p>\n"
	      "<p>What samples decide is estimated (≈): how CPU time falls to user code, kernel and functions. “±” is half the width of the 95 % "
	      "interval (binomial) of such a share. “Ambiguous” is time in which the thread may have worked for others: none of it is in the call "
	      "tree. “Unknown” is time that no event explains.</p>\n", f);
}

static void put_quality(FILE *f, const struct profile *p)
{
	static const char *const rungs[] = {"", "exclusive thread", "logical id", "explicit hand-over", "wake chain (heuristic)"};
	const struct lost *lost = &p->lost;
	int decimals = number_decimals(p->time.wall_ns);

	fputs("<h3>Quality</h3>\n<dl>\n", f);
	put_item(f, "Samples", "%zu, and %zu stacks at the edges of time slices without one", ticks_count(p), p->work.n_samples - ticks_count(p));
	for (int rung = 1; rung < 5; rung++)
		if (p->about.bound[rung])
			put_item(f, "Bound by", "%s: %llu", rungs[rung], (unsigned long long)p->about.bound[rung]);
	put_count(f, "Samples lost", lost->samples);
	put_count(f, "Waits not recorded", lost->waits);
	put_count(f, "Stacks truncated", lost->stacks_truncated);
	for (size_t i = 0; i < p->about.n_truncations; i++) {
		_cleanup_free_ char *reason = name_text(p->about.truncations[i].reason ? p->about.truncations[i].reason : "?", NAME_COLUMNS);

		put_item(f, "of them", "%llu: %s", (unsigned long long)p->about.truncations[i].stacks, reason);
	}
	put_count(f, "Frames unknown", lost->frames_unknown);
	put_count(f, "Events dropped", lost->events_dropped);
	put_count(f, "Threads not followed", p->about.workers_refused);
	put_item(f, "Requests refused meanwhile", "%llu by --max-live, %llu by --max-rate", (unsigned long long)lost->refused_live,
		 (unsigned long long)lost->refused_rate);
	put_item(f, "Ambiguous", "%s", number_duration(p->time.ambiguous_ns, decimals).text);
	put_item(f, "Begin and end", "%s, %s", p->request.begin == BEGIN_SEEN ? "begin seen" : "connection older than the recording",
		 p->request.end == END_SEEN ? "end seen" : p->request.end == END_INFERRED ? "end inferred" : "cut off");
	put_item(f, "Cost of measuring", "%s (%s %%)", number_duration(p->about.overhead_ns, 3).text,
		 number_percent(p->about.overhead_ns, p->time.wall_ns).text);
	fputs("</dl>\n", f);
}

static void put_threads(FILE *f, const struct profile *p)
{
	int decimals = number_decimals(p->time.wall_ns);

	if (!p->work.n_threads)
		return;
	fputs("<h3>Threads</h3>\n<div class=\"scroll\"><table class=\"threads\"><thead><tr><th scope=\"col\" class=\"num\">CPU ms</th>"
	      "<th scope=\"col\" class=\"num\">Wait ms</th><th scope=\"col\">Thread</th></tr></thead><tbody>\n", f);
	for (size_t i = 0; i < p->work.n_threads; i++) {
		const struct thread *t = &p->work.threads[i];

		fprintf(f, "<tr><td class=\"num\">%s</td><td class=\"num\">%s</td>", number_ms_or_dash(t->cpu_ns, decimals).text,
			number_ms_or_dash(t->wait_ns, decimals).text);
		html_element(f, "td", NULL, name_process(t->name ? t->name : t->comm, t->tid));
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table></div>\n", f);
}

static void put_merged(FILE *f, const struct profile *p)
{
	if (!p->n_merged)
		return;
	fputs("<h3>Merged from</h3>\n<div class=\"scroll\"><table class=\"threads\"><thead><tr><th scope=\"col\" class=\"num\">Duration ms</th>"
	      "<th scope=\"col\" class=\"num\">Status</th><th scope=\"col\">Request</th></tr></thead><tbody>\n", f);
	for (size_t i = 0; i < p->n_merged; i++) {
		const struct merged_request *m = &p->merged[i];

		fprintf(f, "<tr><td class=\"num\">%s</td><td class=\"num\">%d</td><td>%s%s%s</td></tr>\n",
			number_ms(m->wall_ns, number_decimals(m->wall_ns)).text, m->status, m->id, m->end == END_CUT_OFF ? ", cut off" : "",
			!strcmp(m->id, p->request.id) ? ", the median" : "");
	}
	fputs("</tbody></table></div>\n", f);
}

static void put_sharing(FILE *f, const struct about *about)
{
	fputs("<h3>Before you share it</h3>\n<p>", f);
	if (about->redacted)
		fputs("Redacted: the host name, addresses, the directories of files, query values and the trace id were taken out. What is left are function, "
		      "file, thread and process names, URL paths, ports and process ids.", f);
	else
		fprintf(f, "This file contains the host name, network addresses, file paths, function names and process names%s. It contains %s.",
			about->keeps_url ? ", and the query values of the URL" : "; query values are left out",
			about->keeps_sources ? "source code of the functions that it shows, no header and no body" : "no header, no body and no source");
	fputs("</p>\n", f);
}

static void put_executables(const struct about *about, FILE *f)
{
	uint64_t rows = 0;

	for (size_t i = 0; i < about->n_executables; i++)
		rows += about->executables[i].rows;
	put_item(f, "Unwinding", "%llu rows, %llu KB", (unsigned long long)rows, (unsigned long long)rows * 8 / 1000);
	for (size_t i = 0; i < about->n_executables; i++) {
		const struct executable *e = &about->executables[i];
		_cleanup_free_ char *path = name_text(e->path, TEXT_COLUMNS);
		_cleanup_free_ char *build_id = e->build_id ? name_text(e->build_id, NAME_COLUMNS) : NULL;

		put_item(f, "Executable", "%s %s%s, %llu rows", path, build_id ? "build-id " : "without build-id", build_id ? build_id : "",
			 (unsigned long long)e->rows);
	}
}

static void put_making(FILE *f, const struct profile *p)
{
	const struct about *about = &p->about;

	fputs("<h3>How it was made</h3>\n<dl>\n", f);
	put_string(f, "reqprof", about->version);
	put_string(f, "Command", about->command);
	put_string(f, "Marker", p->request.marker);
	put_string(f, "Program", about->program);
	put_string(f, "Runtime", about->runtime);
	put_string(f, "Host", about->host);
	put_string(f, "Kernel", about->kernel);
	if (about->event) {
		_cleanup_free_ char *event = name_text(about->event, NAME_COLUMNS);

		put_item(f, "Event", "%s every %s", event, number_duration(about->interval_ns, 3).text);
	}
	put_string(f, "Interrupt time", about->interrupt);
	put_string(f, "Armed by", about->arming);
	put_string(f, "Trace", p->request.trace_id);
	put_item(f, "Request", "%s", p->request.id);
	put_executables(about, f);
	fputs("</dl>\n", f);
}

void html_about(const struct profile *p, FILE *f)
{
	put_reading(f);
	html_element(f, "p", "after", fact_after(p));
	put_quality(f, p);
	put_merged(f, p);
	put_threads(f, p);
	put_making(f, p);
	put_sharing(f, &p->about);
}
