/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/report_line.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/printable.h"

#define TARGET_COLUMNS 100
#define METHOD_COLUMNS 24
#define WAITS_SHOWN 3
#define NS_PER_S 1000000000LL
#define NS_PER_MS 1e6
#define OSC8 "\033]8;;"
#define ST "\033\\"

/* Requests of less than a millisecond get the digits that they need. */
static int decimals(const struct profile *p)
{
	return p->time.wall_ns < 1000000 ? 3 : 1;
}

static void put_ms(FILE *f, const struct profile *p, const char *name, uint64_t ns)
{
	fprintf(f, "%s%.*f", name, decimals(p), ns / NS_PER_MS);
}

static void put_clock(FILE *f, const struct request *r)
{
	time_t seconds = r->start_ns / NS_PER_S + r->utc_offset_s;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	fprintf(f, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(r->start_ns % NS_PER_S / 1000000));
}

static void put_text(FILE *f, const char *s, size_t columns)
{
	_cleanup_free_ char *text = printable(s ? s : "?", s ? strlen(s) : 1, columns);

	fputs(text, f);
}

static void put_status(FILE *f, const struct request *r)
{
	if (r->end == END_CUT_OFF)
		fputs("cut off  ", f);
	if (r->status > 0)
		fprintf(f, "%d  ", r->status);
}

static void put_first_byte(FILE *f, const struct profile *p)
{
	for (size_t i = 0; i < p->request.n_marks; i++)
		if (p->request.marks[i].kind == MARK_first_response_byte)
			put_ms(f, p, "  ttfb ", p->request.marks[i].t);
}

/* The class with the most time of those that `seen` has no bit for; N_TIME_CLASSES = none has any. */
static enum time_class longest_wait(const struct profile *p, uint32_t seen)
{
	enum time_class longest = N_TIME_CLASSES;
	uint64_t most = 0;

	for (enum time_class c = TIME_run_queue; c < N_TIME_CLASSES; c++) {
		if (seen & 1U << c || p->time.classes_ns[c] <= most)
			continue;
		longest = c;
		most = p->time.classes_ns[c];
	}
	return longest;
}

static void put_waits(FILE *f, const struct profile *p)
{
	uint32_t seen = 0;

	for (int i = 0; i < WAITS_SHOWN; i++) {
		enum time_class c = longest_wait(p, seen);

		if (c == N_TIME_CLASSES)
			break;
		seen |= 1U << c;
		fprintf(f, "%s%s", i ? ", " : " (", time_class_words[c]);
		put_ms(f, p, " ", p->time.classes_ns[c]);
	}
	if (seen)
		fputc(')', f);
}

static void put_times(FILE *f, const struct profile *p)
{
	const uint64_t *ns = p->time.classes_ns;
	uint64_t cpu = ns[TIME_cpu_user] + ns[TIME_cpu_kernel] + ns[TIME_interrupt];

	put_ms(f, p, "", p->time.wall_ns);
	fputs(" ms", f);
	put_first_byte(f, p);
	put_ms(f, p, "  cpu ", cpu);
	put_ms(f, p, " (kernel ", ns[TIME_cpu_kernel]);
	put_ms(f, p, ")  wait ", p->time.wall_ns - cpu);
	put_waits(f, p);
}

static void put_link(FILE *f, const char *path, const char *target)
{
	fputs(OSC8 "file://", f);
	for (const char *c = target; *c; c++)
		fprintf(f, isalnum((unsigned char)*c) || strchr("/-._~", *c) ? "%c" : "%%%02X", (unsigned char)*c);
	fputs(ST, f);
	put_text(f, path, 0);
	fputs(OSC8 ST, f);
}

char *report_line(const struct profile *p, const char *path, const char *link)
{
	char *line = NULL;
	size_t len;
	FILE *f = open_memstream(&line, &len);

	if (!f)
		return xstrdup(path);
	put_clock(f, &p->request);
	fputs("  ", f);
	put_text(f, p->request.method, METHOD_COLUMNS);
	fputc(' ', f);
	put_text(f, p->request.target, TARGET_COLUMNS);
	fputs("  ", f);
	put_status(f, &p->request);
	put_times(f, p);
	fputs("  → ", f);
	if (link)
		put_link(f, path, link);
	else
		put_text(f, path, 0);
	fclose(f);
	return line;
}
