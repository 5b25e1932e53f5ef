/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is written arrives, or it is said why it does not.
 * links: base/out.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/out.h"

/* Whatever has been written before the device is asked first, all of it or a part. */
static void full_device(void **state)
{
	struct out out;

	(void)state;
	for (size_t n = 1; n < 3 * BUFSIZ; n += 61) {
		assert_int_equal(out_open(&out, open("/dev/full", O_WRONLY | O_CLOEXEC)), 0);
		for (size_t i = 0; i < n; i++)
			putc('x', out.stream);
		fflush(out.stream);
		fflush(out.stream);
		assert_int_equal(out_close(&out), -ENOSPC);
	}
}

static void pipe_of_one(void **state)
{
	char text[8] = "";
	struct out out;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(out_open(&out, ends[1]), 0);
	fputs("report", out.stream);
	assert_int_equal(out_close(&out), 0);
	assert_int_equal(out_close(&out), 0);
	assert_int_equal(read(ends[0], text, sizeof text), 6);
	assert_string_equal(text, "report");
	assert_int_equal(read(ends[0], text, sizeof text), 0);
	close(ends[0]);
}

static void nobody_reads(void **state)
{
	struct out out;
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(out_open(&out, ends[1]), 0);
	fputs("report", out.stream);
	assert_int_equal(out_close(&out), -EPIPE);
}

static void nothing(void **state)
{
	struct out out;

	(void)state;
	assert_int_equal(out_open(&out, open("/dev/full", O_WRONLY | O_CLOEXEC)), 0);
	assert_int_equal(out_close(&out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_device), cmocka_unit_test(pipe_of_one), cmocka_unit_test(nobody_reads), cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
