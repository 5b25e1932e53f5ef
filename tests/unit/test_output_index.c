/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is found in the directory of reports, and its index: what it says of each, what it keeps from run to run, and one that is not ours.
 * links: cmd/output.c cmd/index_file.c cmd/new_file.c cmd/owner.c cmd/quantity.c page/catalog.c page/names.c page/row.c page/rows.c page/index.c
 * links: page/template.c format/html_text.c format/names.c format/numbers.c profile/profile.c html/embed.S base/alloc.c base/log.c base/json.c
 * links: base/out.c base/printable.c base/base64.c base/sha256.c
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "output_place.h"
#include "page/index.h"

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_catalog(void **state)
{
	static const char *const files[] = {
		"20261123T120107.114-GET-a-200-1ms-000001.rp",
		"20261123T120107.114-GET-a-200-1ms-000001.html",
		"20261123T120107.114-GET-a-200-1ms-000001.rp.bak",
		"20261123T120107.115-GET-b-200-1ms-000002.rp",
		"20251123T120107.115-GET-c-200-1ms-000003.json",
		"index.html", ".gitignore", "notes.rp",
	};
	struct catalog_entry *entries;
	int dir;

	(void)state;
	assert_int_equal(mkdir("catalog", 0700), 0);
	dir = open("catalog", O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		assert_int_equal(close(openat(dir, files[i], O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(catalog_read(dir, &entries), 3);
	assert_string_equal(entries[0].name, "20261123T120107.115-GET-b-200-1ms-000002");
	assert_true(entries[0].has_profile);
	assert_int_equal(entries[0].formats, 0);
	assert_true(entries[1].has_profile);
	assert_int_equal(entries[1].formats, 1);
	assert_false(entries[2].has_profile);
	assert_int_equal(entries[2].formats, 2);
	free(entries);
	close(dir);
}

static void test_index(void **state)
{
	struct output *o = open_output("index", false, html, 1);
	struct profile p = report("eeeeee", "/<script>alert('x')</script>?a=\"&b\n");
	char *path, *text;

	(void)state;
	write_ok(o, "dddddd", NULL, "index/" BASE "dddddd.html");
	assert_int_equal(output_write(o, &p, NULL, &path), 0);
	free(path);
	text = content("index/index.html");
	assert_non_null(strstr(text, "default-src 'none'"));
	assert_null(strstr(text, "connect-src"));
	assert_null(strstr(text, "<script>alert"));
	assert_non_null(strstr(text, "<bdi>GET /&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;?a=&quot;&amp;b\\x0a</bdi>"));
	assert_non_null(strstr(text, "\"/\\u003cscript\\u003ealert('x')\\u003c/script\\u003e?a=\\\"\\u0026b\\u000a\""));
	assert_non_null(strstr(text, "href=\"" BASE "dddddd.html\""));
	assert_non_null(strstr(text, "GET /orders?id=…</bdi>"));
	assert_non_null(strstr(text, "<td class=\"num\">200</td><td class=\"num\">183.4</td>"));
	output_close(o);
	/* A new run takes what it cannot know from the page, although the profiles cannot be read. */
	o = open_output("index", false, html, 1);
	write_ok(o, "ffffff", NULL, "index/" BASE "ffffff.html");
	text = content("index/index.html");
	assert_non_null(strstr(text, "<bdi>GET /&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;?a=&quot;&amp;b\\x0a</bdi>"));
	assert_null(strstr(text, "GET-orders</bdi>"));
	output_close(o);
	/* Without the page it takes it from the profiles, or else from the names. */
	assert_int_equal(unlink("index/index.html"), 0);
	write_file("index/" BASE "dddddd.rp", "dddddd /from/its/profile");
	o = open_output("index", false, html, 1);
	write_ok(o, "999999", NULL, "index/" BASE "999999.html");
	text = content("index/index.html");
	assert_non_null(strstr(text, "<bdi>GET /from/its/profile</bdi>"));
	assert_non_null(strstr(text, "<td class=\"where\"><span class=\"key c-sleep\"></span>sleep 100 %</td>"));
	assert_non_null(strstr(text, "<bdi>GET-orders</bdi>"));
	output_close(o);
}

/* Two recordings write into one directory: neither loses what the other knows. */
static void test_index_of_two(void **state)
{
	struct output *a = open_output("two", false, html, 1), *b = open_output("two", false, html, 1);
	char *text;

	(void)state;
	write_ok(a, "aaaaaa", NULL, "two/" BASE "aaaaaa.html");
	write_ok(b, "bbbbbb", NULL, "two/" BASE "bbbbbb.html");
	write_ok(a, "cccccc", NULL, "two/" BASE "cccccc.html");
	output_close(a);
	output_close(b);
	text = content("two/index.html");
	assert_null(strstr(text, "GET-orders</bdi>"));
	assert_non_null(strstr(text, "<strong id=\"count\">3 reports</strong>"));
}

static void test_foreign_index(void **state)
{
	int err = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
	struct output *o;
	FILE *f;

	(void)state;
	assert_int_equal(mkdir("site", 0777), 0);
	assert_int_equal(chmod("site", 0777), 0);
	f = fopen("site/index.html", "w");
	fputs("<!DOCTYPE html><title>my home page</title> and so on, and so on", f);
	fclose(f);
	dup2(null, STDERR_FILENO);
	o = open_output("site", false, html, 1);
	write_ok(o, "000001", NULL, "site/" BASE "000001.html");
	dup2(err, STDERR_FILENO);
	assert_non_null(strstr(content("site/index.html"), "my home page"));
	output_close(o);
	close(err);
	close(null);
}

static void test_many(void **state)
{
	struct output *o = open_output("many", false, html, 1);
	char *text;

	(void)state;
	for (int i = 0; i < INDEX_TABLE_MAX + 5; i++) {
		char name[NAME_SIZE + 8];

		snprintf(name, sizeof name, "many/20251123T120107.114-GET-x-200-1ms-%06x.rp", i);
		assert_int_equal(close(open(name, O_CREAT | O_WRONLY, 0600)), 0);
	}
	write_ok(o, "abcdef", NULL, "many/" BASE "abcdef.html");
	text = content("many/index.html");
	assert_non_null(strstr(text, "Older reports, listed with script only: 6;"));
	assert_true(strstr(text, "abcdef") < strstr(text, "0003ec"));
	output_close(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_index_of_two),
		cmocka_unit_test(test_foreign_index),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
