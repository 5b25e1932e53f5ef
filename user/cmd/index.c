/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/index.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cmd/new_file.h"

/* The first line is how we know our own page again. */
#define SIGNATURE "<!DOCTYPE html><!-- reqprof index -->\n"

static const char head[] =
	SIGNATURE
	"<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
	"base-uri 'none'; form-action 'none'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"referrer\" content=\"no-referrer\">\n"
	"<title>reqprof reports</title>\n"
	"<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}\n"
	"table{border-collapse:collapse;width:100%}\n"
	"th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884;vertical-align:top}\n"
	".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.r{overflow-wrap:anywhere}</style></head><body>\n"
	"<h1>reqprof reports</h1>\n";

static void put_escaped(FILE *f, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		switch (s[i]) {
		case '<': fputs("&lt;", f); break;
		case '>': fputs("&gt;", f); break;
		case '&': fputs("&amp;", f); break;
		case '"': fputs("&quot;", f); break;
		case '\'': fputs("&#39;", f); break;
		default: fputc((unsigned char)s[i] < 0x20 || s[i] == 0x7f ? ' ' : s[i], f);
		}
}

static const struct index_note *find_note(const struct index_notes *notes, const char *id)
{
	for (size_t i = notes->n; i-- > 0;)
		if (!memcmp(notes->notes[i].id, id, 6))
			return &notes->notes[i];
	return NULL;
}

static void put_request(FILE *f, const struct name_parts *parts, const struct index_notes *notes)
{
	const struct index_note *note = find_note(notes, parts->id);

	if (!note) {
		put_escaped(f, parts->request, parts->request_len);
		return;
	}
	put_escaped(f, note->method, strlen(note->method));
	fputc(' ', f);
	put_escaped(f, note->target, strlen(note->target));
}

static void put_links(FILE *f, const struct catalog_entry *e)
{
	for (size_t i = 0; formats[i]; i++)
		if (e->formats & 1U << i)
			fprintf(f, "<a href=\"%s%s\">%s</a> ", e->name, formats[i]->extension, formats[i]->name);
	if (e->has_profile)
		fprintf(f, "<a href=\"%s" PROFILE_EXTENSION "\" download>rp</a>", e->name);
}

static void put_row(FILE *f, const struct catalog_entry *e, const struct index_notes *notes)
{
	struct name_parts parts;
	const char *t = e->name;

	if (!name_split(e->name, strlen(e->name), &parts))
		return;
	fprintf(f, "<tr id=\"r%.6s\"><td class=\"n\">%.4s-%.2s-%.2s %.2s:%.2s:%.6s</td><td class=\"r\">",
		parts.id, t, t + 4, t + 6, t + 9, t + 11, t + 13);
	put_request(f, &parts, notes);
	if (parts.status)
		fprintf(f, "</td><td class=\"n\">%d</td>", parts.status);
	else
		fputs("</td><td class=\"n\">–</td>", f);
	fprintf(f, "<td class=\"n\">%llu ms</td><td>", (unsigned long long)parts.duration_ms);
	put_links(f, e);
	fprintf(f, "</td><td>%.6s</td></tr>\n", parts.id);
}

void index_print(FILE *f, const struct catalog_entry *entries, size_t n, const struct index_notes *notes)
{
	size_t rows = n < INDEX_ROWS_MAX ? n : INDEX_ROWS_MAX;

	fputs(head, f);
	fputs("<table><thead><tr><th>Time<th>Request<th class=\"n\">Status<th class=\"n\">Duration<th>Files<th>ID</tr></thead>\n", f);
	fputs("<tbody>\n", f);
	for (size_t i = 0; i < rows; i++)
		put_row(f, &entries[i], notes);
	fputs("</tbody></table>\n", f);
	if (n > rows)
		fprintf(f, "<p>%zu older reports are not listed here; <code>reqprof list</code> shows all.</p>\n", n - rows);
	fputs("</body></html>\n", f);
}

void index_note(struct index_notes *notes, const struct profile *p)
{
	struct index_note note = {
		.target = xstrdup(p->request.target ? p->request.target : ""),
		.method = xstrdup(p->request.method ? p->request.method : ""),
	};

	memcpy(note.id, p->request.id, sizeof note.id);
	if (notes->n == INDEX_ROWS_MAX) {
		free(notes->notes[0].target);
		free(notes->notes[0].method);
		memmove(notes->notes, notes->notes + 1, --notes->n * sizeof note);
	}
	GROW(notes->notes, notes->n, notes->cap);
	notes->notes[notes->n++] = note;
}

void index_notes_free(struct index_notes *notes)
{
	while (notes->n) {
		free(notes->notes[--notes->n].target);
		free(notes->notes[notes->n].method);
	}
	free(notes->notes);
	*notes = (struct index_notes){0};
}

/* A page of somebody else, in a directory that was there before us, is not ours to replace. */
static bool is_foreign(int dir)
{
	_cleanup_close_ int fd = openat(dir, INDEX_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char start[sizeof SIGNATURE - 1];

	if (fd < 0)
		return errno != ENOENT;
	return read(fd, start, sizeof start) != (ssize_t)sizeof start || memcmp(start, SIGNATURE, sizeof start);
}

int index_write(int dir, const struct index_notes *notes)
{
	_cleanup_free_ struct catalog_entry *entries = NULL;
	struct new_file file;
	ssize_t n;
	int r;

	if (is_foreign(dir))
		return -EEXIST;
	n = catalog_read(dir, &entries);
	if (n < 0)
		return n;
	r = new_file_open(&file, dir, INDEX_FILE);
	if (r < 0)
		return r;
	index_print(file.stream, entries, n, notes);
	r = new_file_close(&file);
	if (r < 0) {
		new_file_discard(&file);
		return r;
	}
	return new_file_commit(&file);
}
