/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The first screen: what was asked, where its time went, in words. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/bar.h"
#include "format/facts.h"
#include "format/html.h"
#include "format/html_text.h"
#include "format/names.h"
#include "format/numbers.h"
#include "format/sentences.h"

#define TITLE_COLUMNS 120
#define TARGET_COLUMNS 2048

void html_title(const struct profile *p, FILE *f)
{
	_cleanup_free_ char *request = fact_request(p, TITLE_COLUMNS);
	_cleanup_free_ char *title = xasprintf("%s %s", number_duration(p->time.wall_ns, number_decimals(p->time.wall_ns)).text, request);

	html_take(f, name_text(title, TITLE_COLUMNS));
}

void html_request(const struct profile *p, FILE *f)
{
	html_take(f, fact_request(p, TARGET_COLUMNS));
}

/* The first facts of the answer, status and duration, stand out. */
static void put_answer(const struct profile *p, FILE *f)
{
	_cleanup_free_ char *answer = fact_answer(p);
	char *rest = p->request.status >= 0 ? strstr(answer, SEPARATOR) : answer;

	rest = rest ? strstr(rest + strlen(SEPARATOR), SEPARATOR) : NULL;
	fputs("<p class=\"answer\"><strong>", f);
	html_take(f, xstrndup(answer, rest ? (size_t)(rest - answer) : strlen(answer)));
	fputs("</strong>", f);
	if (rest)
		html_text(f, rest);
	fputs("</p>\n", f);
}

void html_facts(const struct profile *p, FILE *f)
{
	char *quality = fact_quality(p);

	put_answer(p, f);
	html_element(f, "p", "process", fact_process(p));
	if (!quality)
		return;
	fputs("\n<p class=\"quality\">", f);
	html_take(f, quality);
	fputs(" <a href=\"#about\">→ About</a></p>", f);
}

/* ---- bar and legend ---------------------------------------------------------------------------------------------- */

static void put_part(const struct profile *p, FILE *f, enum time_class c)
{
	struct number ms = number_ms(p->time.classes_ns[c], number_decimals(p->time.wall_ns));
	struct number percent = number_percent(p->time.classes_ns[c], p->time.wall_ns);

	fprintf(f, "<span class=\"part c-%s\" id=\"part-%s\" title=\"%s: %s ms, %s %%, %s\">", time_class_names[c], time_class_names[c],
		time_class_labels[c], ms.text, percent.text, bar_is_estimated(p, c) ? "estimated from samples" : "exact");
	fprintf(f, "<span><b>%s</b><span> %s %% &nbsp;%s ms</span></span></span>\n", time_class_words[c], percent.text, ms.text);
}

void html_bar(const struct profile *p, FILE *f)
{
	enum time_class order[N_TIME_CLASSES];
	size_t n = bar_order(p, order);

	for (size_t i = 0; i < n; i++)
		put_part(p, f, order[i]);
}

void html_bar_style(const struct profile *p, FILE *f)
{
	for (int c = 0; c < N_TIME_CLASSES; c++)
		if (p->time.classes_ns[c])
			fprintf(f, "#part-%s{flex-grow:%llu}", time_class_names[c], (unsigned long long)p->time.classes_ns[c]);
}

static void put_legend_item(const struct profile *p, FILE *f, enum time_class c)
{
	int decimals = number_decimals(p->time.wall_ns);

	fprintf(f, "<li><span class=\"key c-%s\"></span><span class=\"label\">%s</span> <b>%s</b>", time_class_names[c], time_class_labels[c],
		number_ms(p->time.classes_ns[c], decimals).text);
	if (bar_is_estimated(p, c))
		fputs("<span class=\"estimated\"> ≈</span>", f);
	if (c == TIME_unknown && p->time.ambiguous_ns)
		fprintf(f, " <span class=\"aside\">(%s ambiguous)</span>", number_ms(p->time.ambiguous_ns, decimals).text);
	fputs("</li>\n", f);
}

void html_legend(const struct profile *p, FILE *f)
{
	enum time_class order[N_TIME_CLASSES];
	size_t n = bar_order(p, order);

	for (size_t i = 0; i < n; i++)
		put_legend_item(p, f, order[i]);
	fprintf(f, "<li class=\"sum\">wall time <b>%s</b> ms", number_ms(p->time.wall_ns, number_decimals(p->time.wall_ns)).text);
	if (n && bar_is_estimated(p, order[0]))
		fputs("<span class=\"aside\">, ≈ split estimated from samples</span>", f);
	fputs("</li>", f);
}

/* ---- sentences --------------------------------------------------------------------------------------------------- */

static void put_sentence(FILE *f, const struct sentence *s)
{
	fprintf(f, "<li><span class=\"key c-%s\"></span>", s->class == N_TIME_CLASSES ? "rest" : time_class_names[s->class]);
	if (s->panel) {
		fprintf(f, "<a href=\"#%s\"", s->panel);
		if (s->search) {
			fputs(" data-search=\"", f);
			html_text(f, s->search);
			fputc('"', f);
		} else if (strcmp(s->panel, "about") && s->class != N_TIME_CLASSES) {
			fprintf(f, " data-class=\"%s\"", time_class_names[s->class]);
		}
		fputc('>', f);
	}
	fputs("<strong>", f);
	html_text(f, s->share);
	fputs(s->panel ? "</strong></a>" : "</strong>", f);
	html_text(f, s->text);
	fputs("</li>\n", f);
}

void html_sentences(const struct profile *p, FILE *f)
{
	struct sentences s;

	sentences_make(p, &s);
	for (size_t i = 0; i < s.n; i++)
		put_sentence(f, &s.list[i]);
	sentences_clear(&s);
}
