/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The streaming JSON writer.
 * links: base/json.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"

struct output {
	FILE *f;
	char *text;
	size_t len;
	struct json json;
};

static void begin(struct output *o)
{
	o->f = open_memstream(&o->text, &o->len);
	json_init(&o->json, o->f);
}

static void expect(struct output *o, const char *text)
{
	fclose(o->f);
	assert_string_equal(o->text, text);
	free(o->text);
}

static void expect_quoted(const char *s, const char *text)
{
	struct output o;

	begin(&o);
	json_string(&o.json, s);
	expect(&o, text);
}

static void separators(void **state)
{
	struct output o;

	(void)state;
	begin(&o);
	json_object(&o.json);
	json_key_uint(&o.json, "a", 1);
	json_key(&o.json, "b");
	json_array(&o.json);
	json_array_end(&o.json);
	json_key(&o.json, "c");
	json_array(&o.json);
	json_array(&o.json);
	json_int(&o.json, -1);
	json_null(&o.json);
	json_array_end(&o.json);
	json_object(&o.json);
	json_object_end(&o.json);
	json_bool(&o.json, true);
	json_array_end(&o.json);
	json_key_bool(&o.json, "d", false);
	json_object_end(&o.json);
	expect(&o, "{\"a\":1,\"b\":[],\"c\":[[-1,null],{},true],\"d\":false}");
}

static void lines(void **state)
{
	struct output o;

	(void)state;
	begin(&o);
	json_array(&o.json);
	json_line(&o.json);
	json_int(&o.json, 1);
	json_line(&o.json);
	json_int(&o.json, 2);
	json_line(&o.json);
	json_array_end(&o.json);
	expect(&o, "[\n1,\n2]");
}

static void numbers(void **state)
{
	struct output o;

	(void)state;
	begin(&o);
	json_array(&o.json);
	json_uint(&o.json, UINT64_MAX);
	json_int(&o.json, INT64_MIN);
	json_array_end(&o.json);
	expect(&o, "[18446744073709551615,-9223372036854775808]");
}

static void milliseconds(void **state)
{
	struct output o;

	(void)state;
	begin(&o);
	json_array(&o.json);
	json_ms(&o.json, 0);
	json_ms(&o.json, 1);
	json_ms(&o.json, 1000000);
	json_ms(&o.json, 183400000);
	json_ms(&o.json, UINT64_MAX);
	json_array_end(&o.json);
	expect(&o, "[0,0.000001,1,183.4,18446744073709.551615]");
}

static void escapes(void **state)
{
	(void)state;
	expect_quoted(NULL, "null");
	expect_quoted("", "\"\"");
	expect_quoted("say \"x\\y\"", "\"say \\\"x\\\\y\\\"\"");
	expect_quoted("a\n\t\x01\x7f", "\"a\\u000a\\u0009\\u0001\\u007f\"");
	expect_quoted("</script>&", "\"\\u003c/script\\u003e\\u0026\"");
	expect_quoted("\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\"");
	expect_quoted("größe 🐍 שלום", "\"größe 🐍 שלום\"");
}

#define BAD "\xef\xbf\xbd"

static void invalid_bytes(void **state)
{
	(void)state;
	expect_quoted("a\xff" "b", "\"a" BAD "b\"");
	expect_quoted("\xc3", "\"" BAD "\"");                         /* cut off */
	expect_quoted("\xc0\xaf", "\"" BAD BAD "\"");                 /* overlong */
	expect_quoted("\xed\xa0\x80", "\"" BAD BAD BAD "\"");         /* a surrogate */
	expect_quoted("\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\""); /* beyond U+10FFFF */
	expect_quoted("\xe2\x82<", "\"" BAD BAD "\\u003c\"");         /* the escape is not swallowed */
}

static void keys_are_escaped(void **state)
{
	struct output o;

	(void)state;
	begin(&o);
	json_object(&o.json);
	json_key_string(&o.json, "<k>", "v");
	json_object_end(&o.json);
	expect(&o, "{\"\\u003ck\\u003e\":\"v\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(separators), cmocka_unit_test(lines), cmocka_unit_test(numbers), cmocka_unit_test(milliseconds), cmocka_unit_test(escapes),
		cmocka_unit_test(invalid_bytes), cmocka_unit_test(keys_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
