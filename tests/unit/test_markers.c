/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * links: cmd/markers.c base/alloc.c
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "cmd/markers.h"

static void add(struct markers *m, const char *arg)
{
	char *why = NULL;

	if (markers_add(m, arg, &why))
		fail_msg("%s was refused: %s", arg, why);
}

/* The reason why it is refused; the caller frees it. */
static char *refusal(const char *arg)
{
	struct markers m = {0};
	char *why = NULL;

	if (markers_add(&m, arg, &why) != -EINVAL)
		fail_msg("%s was taken", arg);
	assert_int_equal(m.n, 0);
	assert_non_null(why);
	return why;
}

static void assert_refused(const char *arg, const char *because)
{
	char *why = refusal(arg);

	if (!strstr(why, because))
		fail_msg("%s: refused with \"%s\", expected \"%s\"", arg, why, because);
	free(why);
}

static void test_query(void **state)
{
	struct markers m = {0};

	(void)state;
	add(&m, "profile=1");
	assert_int_equal(m.n, 1);
	assert_int_equal(m.markers[0].kind, RP_MARKER_QUERY);
	assert_int_equal(m.markers[0].len, 9);
	assert_int_equal(m.markers[0].name_len, 7);
	assert_memory_equal(m.markers[0].text, "profile=1", 9);
	assert_string_equal(m.texts[0].text, "profile=1");
	assert_true(m.texts[0].is_query);
	assert_false(m.texts[0].secret);
	markers_free(&m);
}

static void test_secret(void **state)
{
	struct markers m = {0};
	char arg[] = "token=a=b", open[] = "profile=1", path[] = "path:/x=y", file[] = "@a=b", empty[] = "profile=";
	char *query;

	(void)state;
	add(&m, arg);
	assert_true(m.texts[0].secret);
	assert_int_equal(m.markers[0].name_len, 5);
	query = markers_query(&m);
	assert_string_equal(query, "token=…");
	free(query);
	markers_free(&m);
	assert_ptr_equal(markers_secret(arg), arg + 6);
	assert_ptr_equal(markers_secret(empty), empty + 8);
	assert_null(markers_secret(open));
	assert_null(markers_secret(path));
	assert_null(markers_secret(file));
}

static void test_path(void **state)
{
	struct markers m = {0};

	(void)state;
	add(&m, "path:/orders*");
	add(&m, "path:POST /orders/*/items");
	add(&m, "path:*=1");
	assert_int_equal(m.n, 3);
	assert_int_equal(m.markers[0].kind, RP_MARKER_PATH);
	assert_int_equal(m.markers[0].method_len, 0);
	assert_int_equal(m.markers[0].len, 8);
	assert_memory_equal(m.markers[0].text, "/orders*", 8);
	assert_int_equal(m.markers[1].method_len, 4);
	assert_memory_equal(m.markers[1].method, "POST", 4);
	assert_memory_equal(m.markers[1].text, "/orders/*/items", m.markers[1].len);
	assert_string_equal(m.texts[1].text, "path:POST /orders/*/items");
	assert_false(m.texts[2].secret);
	assert_null(markers_query(&m));
	markers_free(&m);
}

static void test_refused(void **state)
{
	(void)state;
	assert_refused("profile", "needs a value");
	assert_refused("", "needs a value");
	assert_refused("=1", "needs a name");
	assert_refused("a=1&b=2", "never match");
	assert_refused("a=1#b", "never match");
	assert_refused("a=1 b", "never match");
	assert_refused("path:", "begins with /");
	assert_refused("path:orders", "begins with /");
	assert_refused("path:post /x", "upper-case");
	assert_refused("path: /x", "upper-case");
	assert_refused("path:ABCDEFGHIJKLMNOPQRSTUVWXY /x", "upper-case");
	assert_refused("path:/x?y=1", "never match");
	assert_refused("path:GET /x y", "never match");
	assert_refused("header:X-Profile=1", "not yet in this release");
	assert_refused("cookie:profile=1", "not yet in this release");
}

/* What is refused is told without its value. */
static void test_no_leak(void **state)
{
	char *why = refusal("token=hunter2 ");

	(void)state;
	assert_null(strstr(why, "hunter2"));
	free(why);
}

static void test_limits(void **state)
{
	struct markers m = {0};
	char text[RP_MARKER_MAX + 16], *why = NULL;

	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text, "n=", 2);
	text[RP_MARKER_MAX] = '\0';
	add(&m, text);
	assert_int_equal(m.markers[0].len, RP_MARKER_MAX);
	markers_free(&m);
	text[RP_MARKER_MAX] = 'a';
	text[RP_MARKER_MAX + 1] = '\0';
	assert_refused(text, "longer than 256");
	for (int i = 0; i < RP_MAX_MARKERS; i++)
		add(&m, "profile=1");
	assert_int_equal(markers_add(&m, "profile=1", &why), -EINVAL);
	assert_string_equal(why, "more than 16 markers");
	free(why);
	markers_free(&m);
}

static char *file_with(const char *text, size_t n)
{
	char *path = xstrdup("@/tmp/reqprof-test-XXXXXX");
	int fd = mkstemp(path + 1);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
	return path;
}

static void test_file(void **state)
{
	static const char text[] = "# which requests\n\n  profile=1  \r\npath:POST /orders*\ntoken=s3cret";
	char *path = file_with(text, strlen(text));
	struct markers m = {0};

	(void)state;
	add(&m, path);
	assert_int_equal(m.n, 3);
	assert_string_equal(m.texts[0].text, "profile=1");
	assert_string_equal(m.texts[1].text, "path:POST /orders*");
	assert_true(m.texts[2].secret);
	markers_free(&m);
	unlink(path + 1);
	free(path);
}

static void assert_file_refused(const char *text, size_t n, const char *because)
{
	char *path = file_with(text, n), *why = NULL;
	struct markers m = {0};

	assert_int_equal(markers_add(&m, path, &why), -EINVAL);
	if (!strstr(why, because) || !strstr(why, path + 1))
		fail_msg("refused with \"%s\", expected \"%s\" in %s", why, because, path + 1);
	markers_free(&m);
	unlink(path + 1);
	free(path);
	free(why);
}

static void test_bad_files(void **state)
{
	(void)state;
	assert_file_refused("a=1\nsecret\n", 11, ":2: a marker needs a value");
	assert_file_refused("# nothing\n", 10, "holds no marker");
	assert_file_refused("a=1\0b\n", 6, ":1: not a text file");
	assert_refused("@/nonexistent/markers", "cannot open /nonexistent/markers: No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_leak),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_bad_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
