/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * links: cmd/listen.c cmd/quantity.c base/alloc.c base/log.c
 */
#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/listen.h"

static void assert_url(const char *text, const char *expected)
{
	struct listen_address a;
	char *url;

	if (listen_parse(text, &a))
		fail_msg("%s is refused", text);
	url = listen_url(&a, "T", "web1");
	assert_string_equal(url, expected);
	free(url);
}

static void test_addresses(void **state)
{
	(void)state;
	assert_url("127.0.0.1:7777", "http://127.0.0.1:7777/T/");
	assert_url("127.0.0.1", "http://127.0.0.1:7777/T/");
	assert_url("8080", "http://127.0.0.1:8080/T/");
	assert_url(":8080", "http://127.0.0.1:8080/T/");
	assert_url("localhost:0", "http://127.0.0.1:0/T/");
	assert_url("[::1]:80", "http://[::1]:80/T/");
	assert_url("[::1]", "http://[::1]:7777/T/");
	assert_url("::1", "http://[::1]:7777/T/");
	assert_url("0.0.0.0:1", "http://web1:1/T/");
	assert_url("[::]:1", "http://web1:1/T/");
	assert_url("10.1.2.3:65535", "http://10.1.2.3:65535/T/");
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {
		"127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1:2", "web1:80", "65536", "[::1", "[::1]80", "[::1]:", "[::1]x:80",
		"[127.0.0.1]:80", "[]:80", "[", "]", ":", "::1]:80", "127.1:80", "http://127.0.0.1:80/", "127.0.0.1:80/",
	};
	struct listen_address a;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (!listen_parse(wrong[i], &a))
			fail_msg("%s is taken", wrong[i]);
}

static void test_loopback(void **state)
{
	static const struct {
		const char *text;
		bool loopback;
	} cases[] = {
		{"127.0.0.1", true}, {"127.9.9.9", true}, {"[::1]", true}, {"0.0.0.0", false}, {"[::]", false}, {"10.0.0.1", false}, {"128.0.0.1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct listen_address a;

		assert_int_equal(listen_parse(cases[i].text, &a), 0);
		assert_int_equal(listen_is_loopback(&a), cases[i].loopback);
	}
}

static void assert_ssh(const char *at, const char *connection, const char *expected)
{
	struct listen_address a;
	char *command;

	assert_int_equal(listen_parse(at, &a), 0);
	command = listen_ssh(&a, connection, "alice");
	if (expected)
		assert_string_equal(command, expected);
	else
		assert_null(command);
	free(command);
}

static void test_ssh(void **state)
{
	(void)state;
	assert_ssh("127.0.0.1:7777", "192.0.2.1 50000 192.0.2.9 22", "ssh -L 7777:127.0.0.1:7777 alice@192.0.2.9");
	assert_ssh("[::1]:80", "2001:db8::1 50000 2001:db8::9 2222", "ssh -p 2222 -L 80:[::1]:80 alice@2001:db8::9");
	assert_ssh("0.0.0.0:7777", "192.0.2.1 50000 192.0.2.9 22", NULL);
	assert_ssh("127.0.0.1:7777", "", NULL);
	assert_ssh("127.0.0.1:7777", "192.0.2.1 50000 192.0.2.9", NULL);
	assert_ssh("127.0.0.1:7777", "192.0.2.1 50000 $(reboot) 22", NULL);
	assert_ssh("127.0.0.1:7777", "192.0.2.1 50000 192.0.2.9\x1b[2J 22", NULL);
	assert_ssh("127.0.0.1:7777", "192.0.2.1 50000 192.0.2.9 0", NULL);
	assert_ssh("127.0.0.1:7777", "192.0.2.1 50000 192.0.2.9 22;x", NULL);
}

/* A port that is taken is told; a free one is found. */
static void test_open(void **state)
{
	struct listen_address a, b;
	int fd, err = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(listen_parse("127.0.0.1:0", &a), 0);
	fd = listen_open(&a, "--serve=");
	assert_true(fd >= 0);
	assert_int_not_equal(a.addr.v4.sin_port, 0);
	b = a;
	assert_non_null(freopen("/dev/null", "w", stderr));
	assert_int_equal(listen_open(&b, "--serve="), -1);
	dup2(err, STDERR_FILENO);
	close(err);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_ssh),
		cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
