/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The line of a finished report.
 * links: capture/report_line.c base/printable.c base/alloc.c profile/profile.c profile/check.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "capture/report_line.h"

#define US 1000ULL

static struct profile orders(void)
{
	struct profile p = {
		.request = {
			.method = "GET", .target = "/orders?id=…&profile=1", .status = 200, .start_ns = 1795345267114000000LL,
			.utc_offset_s = 3600, .n_marks = 2,
			.marks = {{.t = 2900 * US, .kind = MARK_handler_entry}, {.t = 181900 * US, .kind = MARK_first_response_byte}},
		},
		.time = {.wall_ns = 183400 * US},
	};
	uint64_t *ns = p.time.classes_ns;

	ns[TIME_cpu_user] = 116300 * US;
	ns[TIME_cpu_kernel] = 3100 * US;
	ns[TIME_network] = 47700 * US;
	ns[TIME_run_queue] = 9200 * US;
	ns[TIME_gil] = 4400 * US;
	ns[TIME_loop_busy] = 2400 * US;
	ns[TIME_unknown] = 300 * US;
	return p;
}

static void golden(void **state)
{
	struct profile p = orders();
	_cleanup_free_ char *line = report_line(&p, "reqprof-reports/x.html", NULL);

	(void)state;
	assert_string_equal(line, "12:01:07.114  GET /orders?id=…&profile=1  200  183.4 ms  ttfb 181.9  cpu 119.4 (kernel 3.1)  "
				  "wait 64.0 (network 47.7, ready 9.2, gil 4.4)  → reqprof-reports/x.html");
}

static void cut_off(void **state)
{
	struct profile p = orders();
	_cleanup_free_ char *line = NULL;

	(void)state;
	p.request.end = END_CUT_OFF;
	p.request.status = 0;
	p.request.n_marks = 0;
	line = report_line(&p, "x.html", NULL);
	assert_non_null(strstr(line, "profile=1  cut off  183.4 ms  cpu 119.4"));
}

static void all_on_cpu(void **state)
{
	struct profile p = {.request = {.method = "GET", .target = "/", .status = 204}, .time = {.wall_ns = 85300, .classes_ns = {85300}}};
	_cleanup_free_ char *line = report_line(&p, "x.html", NULL);

	(void)state;
	assert_string_equal(line, "00:00:00.000  GET /  204  0.085 ms  cpu 0.085 (kernel 0.000)  wait 0.000  → x.html");
}

static void hostile_target(void **state)
{
	struct profile p = orders();
	_cleanup_free_ char *line = NULL;
	char target[600] = "/\033[2J\n";

	(void)state;
	memset(target + strlen(target), 'a', 500);
	p.request.target = target;
	line = report_line(&p, "dir\n/x.html", NULL);
	assert_null(strchr(line, '\033'));
	assert_null(strchr(line, '\n'));
	assert_non_null(strstr(line, "GET /\\x1b[2J\\x0aaaa"));
	assert_non_null(strstr(line, "aaa…  200  "));
	assert_true(strlen(line) < 400);
}

static void unknown_facts(void **state)
{
	struct profile p = orders();
	_cleanup_free_ char *line = NULL;

	(void)state;
	p.request.method = p.request.target = NULL;
	p.request.status = -1;
	line = report_line(&p, "x.html", NULL);
	assert_non_null(strstr(line, "  ? ?  183.4 ms"));
}

static void hyperlink(void **state)
{
	struct profile p = orders();
	_cleanup_free_ char *line = report_line(&p, "a b.html", "/srv/a b\033.html");

	(void)state;
	assert_non_null(strstr(line, "→ \033]8;;file:///srv/a%20b%1B.html\033\\a b.html\033]8;;\033\\"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden), cmocka_unit_test(cut_off), cmocka_unit_test(all_on_cpu),
		cmocka_unit_test(hostile_target), cmocka_unit_test(unknown_facts), cmocka_unit_test(hyperlink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
