/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses as text.
 * links: capture/address.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "capture/address.h"

static void texts(void **state)
{
	const struct {
		struct rp_addr address;
		const char *text;
	} rows[] = {
		{{.family = RP_AF_INET, .port = 5432, .ip = {127, 0, 0, 1}}, "127.0.0.1:5432"},
		{{.family = RP_AF_INET, .port = 0, .ip = {0}}, "0.0.0.0:0"},
		{{.family = RP_AF_INET6, .port = 80, .ip = {[15] = 1}}, "[::1]:80"},
		{{.family = RP_AF_INET6, .port = 65535, .ip = {0x20, 1, 0x0d, 0xb8, [15] = 5}}, "[2001:db8::5]:65535"},
		{{.family = RP_AF_UNIX, .path_len = 12, .path = "/run/app.sck"}, "unix:/run/app.sck"},
		{{.family = RP_AF_UNIX, .path_len = 4, .path = "\0abc"}, "unix:@abc"},
		{{.family = RP_AF_UNIX, .path_len = 4, .path = "\0a\0c"}, "unix:@a@c"},
		{{.family = RP_AF_UNIX}, "unix:"},
		{{.family = 0}, ""},
		{{.family = 77}, ""},
	};
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		address_text(&rows[i].address, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void longest_path(void **state)
{
	struct rp_addr a = {.family = RP_AF_UNIX, .path_len = 0xffff};
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	memset(a.path, 'p', sizeof a.path);
	address_text(&a, text);
	assert_int_equal(strlen(text), strlen("unix:") + sizeof a.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(texts), cmocka_unit_test(longest_path)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
