/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report for a terminal of 100 columns: the same answers in the same order as on the page. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/bar.h"
#include "format/columns.h"
#include "format/facts.h"
#include "format/format.h"
#include "format/numbers.h"
#include "format/sentences.h"
#include "format/text_tables.h"

#define BAR_COLUMNS 34
#define REQUEST_COLUMNS 400
#define LABEL_COLUMNS 22
#define NUMBER_COLUMNS 10

static void put_fact(FILE *f, char *fact, const char *prefix)
{
	_cleanup_free_ char *owned = fact;

	if (!fact)
		return;
	fputs(prefix, f);
	put_wrapped(f, fact, strlen(prefix), strlen(prefix), TEXT_COLUMNS);
}

static void put_head(FILE *f, const struct profile *p)
{
	put_fact(f, fact_request(p, REQUEST_COLUMNS), "");
	put_fact(f, fact_answer(p), "");
	put_fact(f, fact_process(p), "");
	put_fact(f, fact_quality(p), "! ");
}

/* ---- the bar: one line a class ----------------------------------------------------------------------------------- */

/* One of a longest bar's columns at least for what is there at all. */
static size_t bar_length(uint64_t ns, uint64_t longest_ns)
{
	size_t n = ns * (double)BAR_COLUMNS / longest_ns + 0.5;

	return n ? n : 1;
}

static void put_class(FILE *f, const struct profile *p, enum time_class class, uint64_t longest_ns)
{
	uint64_t ns = p->time.classes_ns[class];
	int decimals = number_decimals(p->time.wall_ns);

	fputs("  ", f);
	put_left(f, time_class_labels[class], LABEL_COLUMNS);
	put_right(f, number_ms(ns, decimals).text, NUMBER_COLUMNS);
	fputs(bar_is_estimated(p, class) ? " ≈" : "  ", f);
	put_right(f, number_percent(ns, p->time.wall_ns).text, NUMBER_COLUMNS - 2);
	fputs("  ", f);
	put_repeated(f, "█", bar_length(ns, longest_ns));
	if (class == TIME_unknown && p->time.ambiguous_ns)
		fprintf(f, " %s ms ambiguous", number_ms(p->time.ambiguous_ns, decimals).text);
	fputc('\n', f);
}

static void put_bar(FILE *f, const struct profile *p)
{
	enum time_class order[N_TIME_CLASSES];
	size_t n = bar_order(p, order);
	uint64_t longest = 0;

	for (size_t i = 0; i < n; i++)
		if (p->time.classes_ns[order[i]] > longest)
			longest = p->time.classes_ns[order[i]];
	fputs("\nWhere the time went             ms         %\n", f);
	for (size_t i = 0; i < n; i++)
		put_class(f, p, order[i], longest);
	fputs("  ", f);
	put_left(f, "all of it", LABEL_COLUMNS);
	put_right(f, number_ms(p->time.wall_ns, number_decimals(p->time.wall_ns)).text, NUMBER_COLUMNS);
	fputs("  ", f);
	put_right(f, number_percent(p->time.wall_ns, p->time.wall_ns).text, NUMBER_COLUMNS - 2);
	fputs("\n", f);
	if (n && bar_is_estimated(p, order[0]))
		fputs("  ≈ split estimated from samples\n", f);
}

static void put_sentences(FILE *f, const struct profile *p)
{
	struct sentences s;

	sentences_make(p, &s);
	if (s.n)
		fputc('\n', f);
	for (size_t i = 0; i < s.n; i++) {
		_cleanup_free_ char *text = xasprintf("%s%s", s.list[i].share, s.list[i].text);

		fprintf(f, "%zu  ", i + 1);
		put_wrapped(f, text, 3, 3, TEXT_COLUMNS);
	}
	sentences_clear(&s);
}

static int write_text(const struct profile *p, FILE *f)
{
	put_head(f, p);
	put_bar(f, p);
	put_sentences(f, p);
	text_functions(f, p);
	text_waits(f, p);
	text_tree(f, p);
	text_about(f, p);
	return 0;
}

const struct format format_text = {
	.name = "text",
	.extension = ".txt",
	.help = "for a terminal of 100 columns",
	.write = write_text,
};
