/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "format/assets.h"
#include "format/html_text.h"
#include "format/names.h"
#include "format/numbers.h"
#include "page/template.h"

/* What the slots are filled from. */
struct context {
	const struct rows *rows;
	const struct index_place *place;
	size_t max;             /* rows of the data */
};

#define NEWEST_ROWS 16 /* some of them may have no file that can be shown */

/* ---- one row, for who has no script ------------------------------------------------------------------------------- */

static const char *extension_of(int bit)
{
	return bit ? formats[bit - 1]->extension : PROFILE_EXTENSION;
}

/* What a click on the request opens: the page, else what can be read in a browser, else the profile. */
static const char *first_extension(const struct catalog_entry *e)
{
	for (size_t i = 0; formats[i]; i++)
		if (e->formats & 1U << i)
			return formats[i]->extension;
	return PROFILE_EXTENSION;
}

static void put_request(FILE *f, const struct row *row, const struct name_parts *parts)
{
	fprintf(f, "<td class=\"request\"><a href=\"%s%s\"><bdi>", row->entry.name, first_extension(&row->entry));
	if (row->known) {
		html_take(f, name_text(row->method ? row->method : "CALL", NAME_COLUMNS));
		fputc(' ', f);
		html_take(f, name_text(row->target ? row->target : "", ROW_TARGET_MAX));
	} else {
		fprintf(f, "%.*s", (int)parts->request_len, parts->request);
	}
	fputs("</bdi></a></td>", f);
}

static void put_times(FILE *f, const struct row *row, const struct name_parts *parts)
{
	int decimals = number_decimals(row->wall_ns);

	if (!row->known) {
		fprintf(f, "<td class=\"num\">%llu</td><td class=\"num\"></td><td class=\"num\"></td>", (unsigned long long)parts->duration_ms);
		return;
	}
	fprintf(f, "<td class=\"num\">%s</td>", number_ms(row->wall_ns, decimals).text);
	fprintf(f, "<td class=\"num\">%s</td>", number_ms(row->cpu_ns, decimals).text);
	fprintf(f, "<td class=\"num\">%s</td>", number_ms(row->wall_ns - row->cpu_ns, decimals).text);
}

/* The class with most of the time. */
static void put_class(FILE *f, const struct row *row)
{
	int most = 0;

	for (int c = 1; c < N_TIME_CLASSES; c++)
		if (row->permille[c] > row->permille[most])
			most = c;
	if (row->known && row->permille[most])
		fprintf(f, "<td class=\"where\"><span class=\"key c-%s\"></span>%s %d %%</td>", time_class_names[most], time_class_words[most],
			(row->permille[most] + 5) / 10);
	else
		fputs("<td class=\"where\"></td>", f);
}

static void put_files(FILE *f, const struct catalog_entry *e)
{
	fputs("<td class=\"files\">", f);
	for (int bit = 1; formats[bit - 1]; bit++)
		if (e->formats & 1U << (bit - 1))
			fprintf(f, "<a href=\"%s%s\">%s</a> ", e->name, extension_of(bit), formats[bit - 1]->name);
	if (e->has_profile)
		fprintf(f, "<a href=\"%s" PROFILE_EXTENSION "\" download>rp</a>", e->name);
	fputs("</td>", f);
}

static void put_row(FILE *f, const struct row *row)
{
	const char *t = row->entry.name;
	struct name_parts parts;

	if (!name_split(t, strlen(t), &parts))
		return;
	fprintf(f, "<tr><td class=\"time\"><span>%.4s-%.2s-%.2s</span> <span>%.2s:%.2s:%.6s</span></td>", t, t + 4, t + 6, t + 9, t + 11, t + 13);
	put_request(f, row, &parts);
	if (parts.status)
		fprintf(f, "<td class=\"num\">%d</td>", parts.status);
	else
		fputs("<td class=\"num\">–</td>", f);
	put_times(f, row, &parts);
	put_class(f, row);
	put_files(f, &row->entry);
	fprintf(f, "<td class=\"id\">%.6s</td></tr>\n", parts.id);
}

/* ---- slots -------------------------------------------------------------------------------------------------------- */

static void put_style(FILE *f, const void *ctx)
{
	(void)ctx;
	fwrite(asset_style, 1, asset_style_end - asset_style, f);
	fwrite(asset_index_style, 1, asset_index_style_end - asset_index_style, f);
}

static void put_script(FILE *f, const void *ctx)
{
	(void)ctx;
	fwrite(asset_index_script, 1, asset_index_script_end - asset_index_script, f);
}

static void put_policy(FILE *f, const void *ctx)
{
	const struct context *c = ctx;

	index_policy(f, c->place);
}

static void put_count(FILE *f, const void *ctx)
{
	const struct context *c = ctx;

	fprintf(f, "%zu %s", c->rows->n, c->rows->n == 1 ? "report" : "reports");
}

static void put_rows(FILE *f, const void *ctx)
{
	const struct context *c = ctx;

	for (size_t i = 0; i < c->rows->n && i < INDEX_TABLE_MAX; i++)
		put_row(f, &c->rows->rows[i]);
}

static void put_more(FILE *f, const void *ctx)
{
	const struct context *c = ctx;

	if (c->rows->n > INDEX_TABLE_MAX)
		fprintf(f, "<p class=\"note\">Older reports, listed with script only: %zu; <code>reqprof list</code> shows all.</p>\n",
			c->rows->n - INDEX_TABLE_MAX);
}

static void write_words(struct json *j, const char *key, const char *const *words)
{
	json_key(j, key);
	json_array(j);
	for (int c = 0; c < N_TIME_CLASSES; c++)
		json_string(j, words[c]);
	json_array_end(j);
}

static void put_data(FILE *f, const void *ctx)
{
	const struct context *c = ctx;
	struct json j;

	json_init(&j, f);
	json_object(&j);
	json_key_uint(&j, "reqprof", 1);
	json_key_bool(&j, "served", c->place->served);
	json_key_uint(&j, "sequence", c->place->sequence);
	json_key(&j, "extensions");
	json_array(&j);
	for (int bit = 0; !bit || formats[bit - 1]; bit++)
		json_string(&j, extension_of(bit));
	json_array_end(&j);
	write_words(&j, "classes", time_class_names);
	write_words(&j, "words", time_class_words);
	json_key(&j, "rows");
	json_array(&j);
	for (size_t i = 0; i < c->rows->n && i < c->max; i++) {
		json_line(&j);
		row_write(&j, &c->rows->rows[i]);
	}
	fputc('\n', f); /* what ends the last row is on a line of its own: rows_read_index() */
	json_array_end(&j);
	json_object_end(&j);
}

/* ---- the pages ---------------------------------------------------------------------------------------------------- */

void index_policy(FILE *f, const struct index_place *place)
{
	fputs("default-src 'none'; script-src ", f);
	template_hash(f, put_script, NULL);
	fputs("; style-src ", f);
	template_hash(f, put_style, NULL);
	fprintf(f, ";%s img-src data:; base-uri 'none'; form-action 'none'", place->served ? " connect-src 'self';" : "");
}

void index_print(FILE *f, const struct rows *rows, const struct index_place *place)
{
	static const struct template_slot slots[] = {
		{"policy", put_policy}, {"style", put_style}, {"count", put_count}, {"rows", put_rows}, {"more", put_more},
		{"data", put_data}, {"script", put_script},
	};
	const struct context c = {rows, place, rows->n};

	fputs(INDEX_SIGNATURE, f);
	template_write(f, asset_index_page, asset_index_page_end, slots, ARRAY_LEN(slots), &c);
}

static void put_newest_script(FILE *f, const void *ctx)
{
	(void)ctx;
	fwrite(asset_newest_script, 1, asset_newest_script_end - asset_newest_script, f);
}

static void put_newest_policy(FILE *f, const void *ctx)
{
	(void)ctx;
	newest_policy(f);
}

void newest_policy(FILE *f)
{
	fputs("default-src 'none'; script-src ", f);
	template_hash(f, put_newest_script, NULL);
	fputs("; style-src ", f);
	template_hash(f, put_style, NULL);
	fputs("; connect-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none'", f);
}

void newest_print(FILE *f, const struct rows *rows, const struct index_place *place)
{
	static const struct template_slot slots[] = {
		{"policy", put_newest_policy}, {"style", put_style}, {"data", put_data}, {"script", put_newest_script},
	};
	const struct context c = {rows, place, NEWEST_ROWS};

	template_write(f, asset_newest_page, asset_newest_page_end, slots, ARRAY_LEN(slots), &c);
}
