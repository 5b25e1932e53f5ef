/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * links: page/row.c page/rows.c page/feed.c page/catalog.c page/names.c profile/profile.c base/alloc.c base/json.c
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "fake_formats.h"
#include "page/feed.h"
#include "page/rows.h"
#include "profile/file.h"

#define BASE "20261123T120107.114-GET-orders-200-183ms-"

static char place[] = "/tmp/reqprof-test-XXXXXX";
static int dir;
static size_t profiles_read;

/* The file's first line is its target. */
struct profile *profile_read(FILE *f, const char **ret_why)
{
	char target[200] = "";
	struct profile *p;

	*ret_why = "fake";
	profiles_read++;
	if (!fgets(target, sizeof target, f))
		return NULL;
	p = profile_new();
	p->request.method = profile_string(p, "GET");
	p->request.target = profile_string(p, target);
	p->time.wall_ns = 3000;
	p->time.classes_ns[TIME_cpu_user] = 1000;
	p->time.classes_ns[TIME_network] = 2000;
	return p;
}

static void make_file(const char *name, const char *text)
{
	FILE *f = fdopen(openat(dir, name, O_CREAT | O_WRONLY | O_TRUNC, 0600), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void empty(void)
{
	char *command = xasprintf("rm -f %s/*", place);

	assert_int_equal(system(command), 0);
	free(command);
}

/* ---- rows as text ------------------------------------------------------------------------------------------------- */

static char *text_of(const struct row *row)
{
	struct json j;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	json_init(&j, f);
	row_write(&j, row);
	fclose(f);
	return text;
}

static struct row made(const char *method, const char *target)
{
	struct profile p = {.request = {.method = method, .target = target}, .time.wall_ns = 183400000};
	struct row row = {.entry = {.name = BASE "3f2a91", .has_profile = true, .formats = 5}};

	p.time.classes_ns[TIME_cpu_user] = 100000000;
	p.time.classes_ns[TIME_network] = 83400000;
	row_know(&row, &p);
	return row;
}

static void test_row(void **state)
{
	struct row row = made("GET", "/orders?id=…");
	char *text = text_of(&row);

	(void)state;
	assert_string_equal(text, "[\"" BASE "3f2a91\",\"GET\",\"/orders?id=…\",183400000,100000000,[0,545,9,455],11]");
	free(text);
	row_clear(&row);
	row.known = false;
	text = text_of(&row);
	assert_string_equal(text, "[\"" BASE "3f2a91\",null,null,null,null,[],11]");
	free(text);
}

static void assert_same(const char *method, const char *target)
{
	struct row row = made(method, target), read;
	char *text = text_of(&row), *again;

	if (!row_read(text, strlen(text), &read))
		fail_msg("cannot read %s", text);
	read.entry = row.entry;
	again = text_of(&read);
	assert_string_equal(text, again);
	assert_true(read.known);
	row_clear(&row);
	row_clear(&read);
	free(text);
	free(again);
}

static void test_there_and_back(void **state)
{
	(void)state;
	assert_same("GET", "/");
	assert_same(NULL, NULL);
	assert_same("", "");
	assert_same("M-SEARCH", "/<script>&\"\\\x01\x7f\n\xe2\x80\xa8\xe2\x80\xa9 \xf0\x9f\x98\x80 \xff\xfe");
	srandom(2);
	for (int i = 0; i < 3000; i++) {
		char target[300];
		size_t n = random() % sizeof target;

		for (size_t k = 0; k < n; k++)
			target[k] = 1 + random() % 255;
		target[n ? n - 1 : 0] = '\0';
		assert_same("GET", target);
	}
}

static void test_long_target(void **state)
{
	char *target = xcalloc(10001, 1);
	struct row row;

	(void)state;
	for (int i = 0; i < 10000; i += 2)
		memcpy(target + i, "é", 2);
	row = made("GET", target);
	assert_int_equal(strlen(row.target), ROW_TARGET_MAX);
	row_clear(&row);
	target[0] = 'x';
	memmove(target + 1, target + 2, 9999); /* now a character stands across the limit */
	row = made("GET", target);
	assert_int_equal(strlen(row.target), ROW_TARGET_MAX - 1);
	row_clear(&row);
	free(target);
}

/* Whatever stands there: it is refused, or is a row that is written as it should be. */
static void test_damaged(void **state)
{
	struct row row = made("GET", "/a<b>?c=…&d=1\\\"");
	char *text = text_of(&row);
	size_t len = strlen(text), taken = 0;

	(void)state;
	srandom(3);
	for (int i = 0; i < 200000; i++) {
		char *copy = xstrndup(text, random() % 8 ? len : random() % (len + 1));
		size_t n = strlen(copy);
		struct row read;

		for (int k = random() % 3; k >= 0 && n; k--)
			copy[random() % n] = random() % 2 ? random() : "[],\"\\u0123456789null"[random() % 19];
		if (row_read(copy, n, &read)) {
			char *again = text_of(&read);
			struct name_parts parts;

			taken++;
			assert_true(name_split(read.entry.name, strlen(read.entry.name), &parts));
			assert_true(read.cpu_ns <= read.wall_ns);
			assert_null(strpbrk(again, "<>&\n"));
			free(again);
		}
		row_clear(&read);
		free(copy);
	}
	assert_in_range(taken, 1000, 100000);
	row_clear(&row);
	free(text);
}

/* ---- rows of a directory ------------------------------------------------------------------------------------------ */

static char told[4096];

static void on_change(void *ctx, const struct row *row, bool gone)
{
	size_t n = strlen(told);

	(void)ctx;
	snprintf(told + n, sizeof told - n, "%s%s%s ", gone ? "-" : "+", row->entry.name + strlen(BASE), row->known ? "!" : "");
}

static void assert_told(const char *expected)
{
	assert_string_equal(told, expected);
	told[0] = '\0';
}

static void test_changes(void **state)
{
	struct rows rows = {0};

	(void)state;
	empty();
	make_file(BASE "000002.html", "x");
	assert_int_equal(rows_refresh(&rows, dir, on_change, NULL), 0);
	assert_told("+000002 ");
	assert_int_equal(rows_refresh(&rows, dir, on_change, NULL), 0);
	assert_told("");
	/* One with a profile is told when that was read. */
	make_file(BASE "000003.rp", "/three");
	assert_int_equal(rows_refresh(&rows, dir, on_change, NULL), 0);
	assert_told("");
	assert_true(rows_incomplete(&rows));
	assert_int_equal(rows_read_profiles(&rows, dir, 9, on_change, NULL), 1);
	assert_told("+000003! ");
	assert_int_equal(rows_read_profiles(&rows, dir, 9, on_change, NULL), 0);
	/* Another file of it; and before, between and behind the others. */
	make_file(BASE "000003.html", "x");
	make_file(BASE "000004.html", "x");
	make_file(BASE "000001.html", "x");
	assert_int_equal(rows_refresh(&rows, dir, on_change, NULL), 0);
	assert_told("+000004 +000003! +000001 ");
	assert_string_equal(rows.rows[1].target, "/three");
	/* Gone; a profile that cannot be read is asked once. */
	assert_int_equal(unlinkat(dir, BASE "000004.html", 0) | unlinkat(dir, BASE "000001.html", 0) | unlinkat(dir, BASE "000003.rp", 0), 0);
	make_file(BASE "000005.rp", "");
	assert_int_equal(rows_refresh(&rows, dir, on_change, NULL), 0);
	assert_told("-000004 +000003! -000001 ");
	assert_int_equal(rows_read_profiles(&rows, dir, 9, on_change, NULL), 1);
	assert_told("+000005 ");
	assert_int_equal(rows_read_profiles(&rows, dir, 9, on_change, NULL), 0);
	assert_int_equal(rows.n, 3);
	rows_free(&rows);
}

static void test_no_traps(void **state)
{
	struct rows rows = {0};

	(void)state;
	empty();
	profiles_read = 0;
	assert_int_equal(symlinkat("/etc/passwd", dir, BASE "000001.rp"), 0);
	assert_int_equal(mkfifoat(dir, BASE "000002.rp", 0600), 0);
	assert_int_equal(mkfifoat(dir, INDEX_FILE, 0600), 0);
	assert_int_equal(rows_refresh(&rows, dir, NULL, NULL), 0);
	rows_read_index(&rows, dir);
	assert_int_equal(rows_read_profiles(&rows, dir, 9, NULL, NULL), 2);
	assert_int_equal(profiles_read, 0);
	assert_false(rows.rows[0].known || rows.rows[1].known);
	rows_free(&rows);
}

static void test_index(void **state)
{
	struct rows rows = {0};

	(void)state;
	empty();
	make_file(BASE "000001.html", "x");
	make_file(BASE "000002.html", "x");
	make_file(INDEX_FILE, "<!DOCTYPE html>\n[\"" BASE "000001\",\"GET\",\"/not/ours\",2,1,[],2],\n");
	assert_int_equal(rows_refresh(&rows, dir, NULL, NULL), 0);
	rows_read_index(&rows, dir);
	assert_false(rows.rows[1].known);
	make_file(INDEX_FILE, INDEX_SIGNATURE "{\n[\"" BASE "000001\",\"GET\",\"/one\",2,1,[0,500],2],\n[\"" BASE "000009\",\"GET\",\"/\",2,1,[],2],\n["
		  "\"" BASE "000002\",\"GET\",\"/cpu/above/wall\",2,3,[],2]\n");
	rows_read_index(&rows, dir);
	assert_true(rows.rows[1].known);
	assert_string_equal(rows.rows[1].target, "/one");
	assert_int_equal(rows.rows[1].entry.formats, 1);
	assert_false(rows.rows[0].known);
	rows_free(&rows);
}

/* ---- the feed ----------------------------------------------------------------------------------------------------- */

static void test_feed(void **state)
{
	struct row row = made("GET", "/<b>\n");
	struct feed *feed = xcalloc(1, sizeof *feed);
	uint64_t since = 0, late = 0;

	(void)state;
	assert_null(feed_next(feed, &since));
	feed_row(feed, &row);
	feed_gone(feed, &row);
	assert_string_equal(feed_next(feed, &since), "id: 1\nevent: row\ndata: [\"" BASE "3f2a91\",\"GET\",\"/\\u003cb\\u003e\\u000a\",183400000,"
			    "100000000,[0,545,9,455],11]\n\n");
	assert_string_equal(feed_next(feed, &since), "id: 2\nevent: gone\ndata: \"" BASE "3f2a91\"\n\n");
	assert_null(feed_next(feed, &since));
	for (int i = 0; i < FEED_MAX; i++)
		feed_again(feed);
	late = 1;
	assert_string_equal(feed_next(feed, &late), "event: again\ndata: null\n\n");
	assert_null(feed_next(feed, &late));
	assert_string_equal(feed_next(feed, &since), "id: 3\nevent: again\ndata: null\n\n");
	since = UINT64_MAX;
	assert_string_equal(feed_next(feed, &since), "event: again\ndata: null\n\n");
	assert_null(feed_next(feed, &since));
	feed_free(feed);
	free(feed);
	row_clear(&row);
}

static int make_place(void **state)
{
	(void)state;
	if (!mkdtemp(place))
		return -1;
	dir = open(place, O_RDONLY | O_DIRECTORY);
	return dir < 0;
}

static int remove_place(void **state)
{
	(void)state;
	empty();
	close(dir);
	return rmdir(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_long_target),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_no_traps),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_feed),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
