/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which program the kernel refused: what libbpf 1.1 prints, as it prints it.
 * links: tracer/load_error.c base/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tracer/load_error.h"

static int print(enum libbpf_print_level level, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = load_error_print(level, format, args);
	va_end(args);
	return r;
}

static void the_last_word_on_the_first_program(void **state)
{
	static const char log[] = "47: (2f) r8 *= r1\nmath between ptr_ pointer and 7 is not allowed\nprocessed 44 insns (limit 1000000)\n";

	(void)state;
	assert_string_equal(load_error(), "");
	print(LIBBPF_DEBUG, "libbpf: prog '%s': -- BEGIN PROG LOAD LOG --\n%s-- END PROG LOAD LOG --\n", "debug", log);
	print(LIBBPF_WARN, "libbpf: prog '%s': BPF program load failed: %s\n", "http_received", "Invalid argument");
	print(LIBBPF_WARN, "libbpf: prog '%s: -- BEGIN PROG LOAD LOG --\n", "no end of a name");
	assert_string_equal(load_error(), "");
	print(LIBBPF_WARN, "libbpf: prog '%s': -- BEGIN PROG LOAD LOG --\n%s-- END PROG LOAD LOG --\n", "http_received", log);
	assert_string_equal(load_error(), "http_received: math between ptr_ pointer and 7 is not allowed");
	print(LIBBPF_WARN, "libbpf: prog '%s': -- BEGIN PROG LOAD LOG --\n%s-- END PROG LOAD LOG --\n", "http_sent", log);
	assert_string_equal(load_error(), "http_received: math between ptr_ pointer and 7 is not allowed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_word_on_the_first_program),
	};

	return cmocka_run_group_tests_name("load_error", tests, NULL, NULL);
}
