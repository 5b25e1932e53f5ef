/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * links: cmd/command_line.c base/alloc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/command_line.h"

static void test_quoting(void **state)
{
	char *argv[] = {"reqprof record", "--pid=4242", "-m", "path:POST /orders*", "-o", "it's", "", "a+b,c%d@e", "[x]", "a\nb", NULL};
	char *line = command_line(10, argv, NULL, 0);

	(void)state;
	assert_string_equal(line, "reqprof record --pid=4242 -m 'path:POST /orders*' -o 'it'\\''s' '' a+b,c%d@e '[x]' 'a\nb'");
	free(line);
}

static void test_secrets(void **state)
{
	char separate[] = "token=s3cret", joined[] = "--marker=key=x y", blank[] = "to ken=abc";
	char *argv[] = {"reqprof", "-m", separate, joined, blank, NULL};
	char *const secrets[] = {separate + 6, joined + 13, blank + 7};
	char *line = command_line(5, argv, secrets, 3);

	(void)state;
	assert_string_equal(line, "reqprof -m token=… --marker=key=… 'to ken='…");
	free(line);
	command_line_hide(secrets, 3);
	assert_string_equal(separate, "token=******");
	assert_string_equal(joined, "--marker=key=***");
	assert_string_equal(blank, "to ken=***");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
