/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What --handler is given: its parts, expressions, and the paths that they become without debug information.
 * links: handler/spec.c handler/catalog.c handler/expression.c handler/compile.c handler/types.c base/alloc.c
 */
#include <linux/types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "handler/compile.h"
#include "handler/spec.h"

static void parts(void **state)
{
	struct handler_spec s;
	char *why = NULL;

	(void)state;
	assert_int_equal(handler_spec_parse("serve@libapp.so,url=arg1->uri,method=*(arg2+8),status=ret,end=done", &s, &why), -22);
	free(why);
	assert_int_equal(handler_spec_parse("serve@libapp.so,url=arg1->uri,method=*(arg2+8),status=ret", &s, &why), 0);
	assert_string_equal(s.symbol, "serve");
	assert_string_equal(s.binary, "libapp.so");
	assert_null(s.end);
	assert_int_equal(s.url.data.base, 1);
	assert_int_equal(s.method.data.base, 2);
	assert_int_equal(s.status.base, RP_BASE_RESULT);
	assert_true(handler_spec_has_url(&s));
	handler_spec_free(&s);
}

static void commas_of_names(void **state)
{
	static const struct {
		const char *text, *symbol, *binary, *end;
	} cases[] = {
		{"Server<int, char>::handle(Request&, int),end=f", "Server<int, char>::handle(Request&, int)", NULL, "f"},
		{"\"operator,\"@bin", "operator,", "bin", NULL},
		{"'a@b'", "a@b", NULL, NULL},
		{"f@bin+0x10", "f", "bin+0x10", NULL},
		{"bin+0x10", "bin+0x10", NULL, NULL},
		{"<app::Handler as core::ops::Fn<(A, B)>>::call@app", "<app::Handler as core::ops::Fn<(A, B)>>::call", "app", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct handler_spec s;
		char *why = NULL;

		assert_int_equal(handler_spec_parse(cases[i].text, &s, &why), 0);
		assert_string_equal(s.symbol, cases[i].symbol);
		assert_string_equal(s.binary ? s.binary : "", cases[i].binary ? cases[i].binary : "");
		assert_string_equal(s.end ? s.end : "", cases[i].end ? cases[i].end : "");
		handler_spec_free(&s);
	}
}

static void refused(void **state)
{
	static const char *const cases[] = {
		"", "@bin", "f,", "f,url", "f,url=", "f,uri=arg1", "f,url=arg7", "f,url=arg1->", "f,url=arg1[", "f,url=arg1[x]", "f,url=ret",
		"f,url=arg1)", "f,url=((((((((((((((((((arg1))))))))))))))))))", "f,url=arg1:", "f,url=arg1+99999999999", "nginx,url=arg1",
		"f,method=ret", "f,url=arg1+", "f,status=arg1:arg2",
		"f,url=arg1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct handler_spec s;
		char *why = NULL;

		assert_int_equal(handler_spec_parse(cases[i], &s, &why), -22);
		assert_non_null(why);
		free(why);
	}
}

static struct rp_handler_text text(const char *s)
{
	struct rp_handler_text ret;
	struct expression_text e;
	char *why = NULL;

	assert_int_equal(handler_expression_parse_text(s, &e, &why), 0);
	assert_int_equal(compile_text(&e, NULL, &ret, &why), 0);
	return ret;
}

static void paths(void **state)
{
	struct rp_handler_text t = text("arg3");

	(void)state;
	assert_int_equal(t.data.base, 3);
	assert_int_equal(t.data.n, 0);
	assert_int_equal(t.length.base, RP_BASE_NONE);
	t = text("*(arg1+0x40)");
	assert_int_equal(t.data.n, 2);
	assert_int_equal(t.data.offset[0], 0x40);
	assert_int_equal(t.data.offset[1], 0);
	assert_int_equal(t.data.size, 0);
	t = text("*(*(arg2+8)+0x18)-4");
	assert_int_equal(t.data.base, 2);
	assert_int_equal(t.data.n, 3);
	assert_int_equal(t.data.offset[0], 8);
	assert_int_equal(t.data.offset[1], 0x18);
	assert_int_equal(t.data.offset[2], -4);
	t = text("*(arg1+16):*(arg1+24)");
	assert_int_equal(t.length.n, 1);
	assert_int_equal(t.length.offset[0], 24);
	assert_int_equal(t.length.size, 8);
	t = text("**arg1");
	assert_int_equal(t.data.n, 3);
}

/* A member without types, pointers without end: refused with a reason. */
static void not_compiled(void **state)
{
	static const char *const cases[] = {"arg1->uri", "arg1.uri", "arg1[1]", "******arg1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rp_handler_text ret;
		struct expression_text e;
		char *why = NULL;

		assert_int_equal(handler_expression_parse_text(cases[i], &e, &why), 0);
		assert_int_equal(compile_text(&e, NULL, &ret, &why), -22);
		assert_non_null(why);
		free(why);
	}
}

static struct rp_handler_text known_text(const char *s)
{
	struct rp_handler_text ret;
	struct expression_text e;
	char *why = NULL;

	assert_int_equal(handler_expression_parse_known_text(s, &e, &why), 0);
	assert_int_equal(compile_text(&e, NULL, &ret, &why), 0);
	return ret;
}

static void known_layout_is_right(const struct known_server *k, const struct known_layout *l)
{
	struct rp_handler_text url = known_text(l->url);

	assert_int_not_equal(url.data.base, RP_BASE_NONE);
	assert_true(url.data.base != RP_BASE_NODE || k->list);
	if (l->method)
		assert_true(known_text(l->method).data.base != RP_BASE_CODE || k->global);
	if (l->status)
		assert_true(known_text(l->status).data.base != RP_BASE_CODE || k->global);
}

/* What the rows of the catalog say is right. */
static void catalog(void **state)
{
	(void)state;
	for (const struct known_server *k = known_servers; k->name; k++) {
		assert_ptr_equal(known_server(k->name), k);
		assert_non_null(k->begin);
		for (const struct known_layout *l = k->layouts; l->url; l++)
			known_layout_is_right(k, l);
		assert_ptr_equal(known_layout(k, 0), k->layouts);
		assert_true(!k->id == !k->end_id && (!k->ends[0] || k->id || k->alone));
		assert_true(!k->turn_end || (k->turns[0] && k->ends[0]));
		assert_true(!k->list || known_text(k->list->first).data.base == RP_BASE_CODE);
	}
	assert_null(known_server("none"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts), cmocka_unit_test(commas_of_names), cmocka_unit_test(refused), cmocka_unit_test(paths),
		cmocka_unit_test(not_compiled), cmocka_unit_test(catalog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
