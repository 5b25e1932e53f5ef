/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "profile/file.h"

#define INDEX_SIZE_MAX (64L << 20)
#define PROFILE_SIZE_MAX (32L << 20) /* of a file that is read for its row: what is larger is listed by its name */

void rows_free(struct rows *rows)
{
	while (rows->n)
		row_clear(&rows->rows[--rows->n]);
	free(rows->rows);
	*rows = (struct rows){0};
}

/* ---- the directory ------------------------------------------------------------------------------------------------ */

static int compare(const struct row *row, const struct catalog_entry *entry)
{
	return -strcmp(row->entry.name, entry->name); /* newest first */
}

static bool same_files(const struct catalog_entry *a, const struct catalog_entry *b)
{
	return a->has_profile == b->has_profile && a->formats == b->formats;
}

static bool is_open_question(const struct row *row)
{
	return !row->known && !row->tried && row->entry.has_profile;
}

/* Of what is about to be known is told then. */
static void tell(rows_changed *changed, void *ctx, const struct row *row, bool gone)
{
	if (changed && (gone || !is_open_question(row)))
		changed(ctx, row, gone);
}

/* Both lists are sorted. */
static void merge(struct rows *rows, const struct catalog_entry *entries, size_t n, rows_changed *changed, void *ctx)
{
	struct row *merged = xcalloc(n + 1, sizeof *merged);
	size_t old = 0;

	for (size_t i = 0; i < n; i++) {
		bool is_new;

		while (old < rows->n && compare(&rows->rows[old], &entries[i]) < 0) {
			tell(changed, ctx, &rows->rows[old], true);
			row_clear(&rows->rows[old++]);
		}
		is_new = old == rows->n || compare(&rows->rows[old], &entries[i]);
		if (!is_new)
			merged[i] = rows->rows[old++];
		if (is_new || !same_files(&merged[i].entry, &entries[i])) {
			merged[i].tried &= merged[i].known || merged[i].entry.has_profile == entries[i].has_profile;
			merged[i].entry = entries[i];
			tell(changed, ctx, &merged[i], false);
		}
	}
	for (; old < rows->n; old++) {
		tell(changed, ctx, &rows->rows[old], true);
		row_clear(&rows->rows[old]);
	}
	free(rows->rows);
	*rows = (struct rows){merged, n};
}

int rows_refresh(struct rows *rows, int dir, rows_changed *changed, void *ctx)
{
	_cleanup_free_ struct catalog_entry *entries = NULL;
	ssize_t n = catalog_read(dir, &entries);

	if (n < 0)
		return n;
	merge(rows, entries, n, changed, ctx);
	return 0;
}

/* ---- what is known of them ---------------------------------------------------------------------------------------- */

void rows_note(struct rows *rows, const struct profile *p)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct name_parts parts;
		const char *name = rows->rows[i].entry.name;

		if (name_split(name, strlen(name), &parts) && !memcmp(parts.id, p->request.id, 6)) {
			row_know(&rows->rows[i], p);
			return;
		}
	}
}

static int compare_rows(const void *name, const void *row)
{
	return -strcmp(name, ((const struct row *)row)->entry.name);
}

static void learn(struct rows *rows, struct row *told)
{
	struct row *row = bsearch(told->entry.name, rows->rows, rows->n, sizeof *rows->rows, compare_rows);

	if (row && !row->known && told->known) {
		told->entry = row->entry;
		told->tried = true;
		*row = *told;
	} else {
		row_clear(told);
	}
}

static FILE *open_regular(int dir, const char *name, long max)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	FILE *f;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > max)
		return NULL;
	f = fdopen(fd, "r");
	if (f)
		(void)TAKE_FD(fd);
	return f;
}

void rows_read_index(struct rows *rows, int dir)
{
	_cleanup_fclose_ FILE *f = rows->n ? open_regular(dir, INDEX_FILE, INDEX_SIZE_MAX) : NULL;
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (!f || getline(&line, &cap, f) < 0 || strcmp(line, INDEX_SIGNATURE))
		return;
	while ((len = getline(&line, &cap, f)) > 0) {
		struct row told;

		len -= line[len - 1] == '\n';
		len -= len && line[len - 1] == ',';
		if (row_read(line, len, &told))
			learn(rows, &told);
	}
}

bool rows_incomplete(const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (is_open_question(&rows->rows[i]))
			return true;
	return false;
}

static void read_profile(struct row *row, int dir)
{
	_cleanup_free_ char *file = xasprintf("%s" PROFILE_EXTENSION, row->entry.name);
	_cleanup_fclose_ FILE *f = open_regular(dir, file, PROFILE_SIZE_MAX);
	struct profile *p;
	const char *why;

	row->tried = true;
	p = f ? profile_read(f, &why) : NULL;
	if (p)
		row_know(row, p);
	profile_free(p);
}

size_t rows_read_profiles(struct rows *rows, int dir, size_t max, rows_changed *changed, void *ctx)
{
	size_t asked = 0;

	for (size_t i = 0; i < rows->n && asked < max; i++) {
		if (!is_open_question(&rows->rows[i]))
			continue;
		read_profile(&rows->rows[i], dir);
		asked++;
		tell(changed, ctx, &rows->rows[i], false);
	}
	return asked;
}
