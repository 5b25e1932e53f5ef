/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * links: page/access.c page/catalog.c page/names.c base/alloc.c
 */
#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_formats.h"
#include "page/access.h"
#include "page/catalog.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define NAME "20261123T120107.114-GET-orders-200-183ms-3f2a91"

static void test_token(void **state)
{
	char a[ACCESS_TOKEN_LEN + 1], b[ACCESS_TOKEN_LEN + 1];

	(void)state;
	assert_int_equal(access_token(a), 0);
	assert_int_equal(access_token(b), 0);
	assert_int_equal(strlen(a), ACCESS_TOKEN_LEN);
	assert_int_equal(strspn(a, "0123456789abcdef"), ACCESS_TOKEN_LEN);
	assert_string_not_equal(a, b);
}

static void test_path(void **state)
{
	static const char *const wrong[] = {
		"", "/", "//", "/" TOKEN, TOKEN "/", "//" TOKEN "/", "/" TOKEN "x/", "/x" TOKEN "/", "/0123456789abcdef0123456789abcdeF/",
		"/1123456789abcdef0123456789abcdef/", "/0123456789abcdef0123456789abcde/", "/0123456789abcdef0123456789abcde0/",
		"http://127.0.0.1/" TOKEN "/", "/%30123456789abcdef0123456789abcdef/", "/" TOKEN "%2f", "*",
	};

	(void)state;
	assert_string_equal(access_path("/" TOKEN "/", TOKEN), "");
	assert_string_equal(access_path("/" TOKEN "/newest", TOKEN), "newest");
	assert_string_equal(access_path("/" TOKEN "//../x", TOKEN), "/../x");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (access_path(wrong[i], TOKEN))
			fail_msg("%s has the token", wrong[i]);
}

/* One byte off, anywhere, is as wrong as all of them. */
static void test_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < strlen("/" TOKEN "/"); i++)
		for (int byte = 1; byte < 256; byte++) {
			char path[] = "/" TOKEN "/newest";

			if (path[i] == (char)byte)
				continue;
			path[i] = byte;
			assert_null(access_path(path, TOKEN));
		}
}

static void test_host(void **state)
{
	static const char *const right[] = {
		"127.0.0.1", "127.0.0.1:7777", "localhost", "LocalHost:1", "[::1]", "[::1]:7777", "10.1.2.3:80", "[fe80::1]:65535", "web1", "WEB1:7777",
	};
	static const char *const wrong[] = {
		"", ":7777", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7777", "web1.evil.example", "evil", "127.0.0.1:", "127.0.0.1:x",
		"127.0.0.1:7777x", "127.0.0.1:123456", "127.0.0.1 ", " 127.0.0.1", "user@127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "[::1", "::1", "[::1]x",
		"[::1]:", "[]", "[evil]", "[::1]@evil", "localhost\xc0\x80", "127.0.0.1,evil", "127.0.0.1/evil", "[1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18]",
	};
	char long_one[5000];

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof *right; i++)
		if (!access_host(right[i], "web1"))
			fail_msg("%s is refused", right[i]);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (access_host(wrong[i], "web1"))
			fail_msg("%s is let in", wrong[i]);
	assert_false(access_host("web1", ""));
	assert_false(access_host("web1", NULL));
	memset(long_one, 'a', sizeof long_one - 1);
	long_one[sizeof long_one - 1] = '\0';
	assert_false(access_host(long_one, long_one));
}

static void test_files(void **state)
{
	static const char *const wrong[] = {
		"", ".", "..", "index.html", ".gitignore", NAME, NAME ".doc", NAME ".html.bak", "." NAME ".html.1.tmp", "../" NAME ".html", "x/" NAME ".html",
		"/" NAME ".html", NAME ".html/", NAME "/../x.html", "20261123T120107.114-GET-../../etc/passwd-200-183ms-3f2a91.html",
		"20261123T120107.114-GET-<b>-200-183ms-3f2a91.html", "20261123T120107.114-GET-a\"b-200-183ms-3f2a91.html",
		"20261123T120107.114-GET-a%2fb-200-183ms-3f2a91.html", "20261123T120107.114-GET-a b-200-183ms-3f2a91.html",
		"20261123T120107.114-GET-a\nb-200-183ms-3f2a91.html",
	};
	struct access_file how;

	(void)state;
	assert_true(access_file(NAME ".html", &how));
	assert_true(how.page && !how.download);
	assert_string_equal(how.type, "text/html; charset=utf-8");
	assert_true(access_file(NAME ".json", &how));
	assert_false(how.page);
	assert_string_equal(how.type, "application/json");
	assert_true(access_file(NAME ".rp", &how));
	assert_true(how.download && !how.page);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (access_file(wrong[i], &how))
			fail_msg("%s is a file", wrong[i]);
}

/* Damaged names and hosts: what is let in holds nothing but plain characters. */
static void test_damaged(void **state)
{
	static const char *const good[] = {NAME ".html", "127.0.0.1:7777", "[::1]:7777", "localhost"};
	struct access_file how;

	(void)state;
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		char text[64];
		const char *from = good[random() % 4];
		size_t len = strlen(from);

		memcpy(text, from, len + 1);
		for (int n = random() % 4; n >= 0; n--)
			text[random() % len] = random() % 2 ? random() : "/.-%:[]@\\\"<"[random() % 11];
		if (access_file(text, &how))
			assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"), strlen(text));
		if (access_host(text, NULL))
			assert_int_equal(strspn(text, "LOCALHSTlocalhstabcdef0123456789ABCDEF.:[]"), strlen(text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
