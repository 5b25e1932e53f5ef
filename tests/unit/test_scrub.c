/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Texts without what tells where they come from. Whole reports: tests/golden/commands.t.
 *
 * links: profile/scrub.c base/alloc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "profile/scrub.h"

#define HOMES "/home"

struct pair {
	const char *from, *to;
};

static void test_paths(void **state)
{
	static const struct pair cases[] = {
		{"/srv/orders/app/views.py", "app/views.py"}, {"/usr/lib/python3/dist-packages/fastapi/routing.py", "…/dist-packages/fastapi/routing.py"},
		{HOMES "/ann/venv/lib/python3.11/site-packages/anyio/x.py", "…/site-packages/anyio/x.py"},
		{HOMES "/ann/.pyenv/versions/3.12.1/lib/python3.12/json/encoder.py", "…/lib/python3.12/json/encoder.py"},
		{HOMES "/ann/x.py", "x.py"}, {HOMES "/ann", "…"}, {"/root" "/x.py", "x.py"}, {"/Users/ann/work/x.py", "work/x.py"},
		{"/build" HOMES "/ann/src/a/b.c", "a/b.c"}, {"src/worker.c", "src/worker.c"}, {"home/ann/x.c", "x.c"},
		{"../sysdeps/x86_64/m.S", "../sysdeps/x86_64/m.S"},
		{"/x.py", "x.py"}, {"/", "/"}, {"<frozen importlib._bootstrap>", "<frozen importlib._bootstrap>"}, {"", "…"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *text = scrub_path(cases[i].from);

		assert_string_equal(text, cases[i].to);
	}
}

static void test_modules(void **state)
{
	static const struct pair cases[] = {
		{"/usr/lib/x86_64-linux-gnu/libc.so.6", "libc.so.6"}, {"/opt/shop/bin/shop", "shop"}, {"kernel", "kernel"}, {"fastapi", "fastapi"},
		{"[vdso]", "[vdso]"}, {"/", "/"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *text = scrub_module(cases[i].from);

		assert_string_equal(text, cases[i].to);
	}
}

/* One after the other: the same is called the same. */
static void test_words(void **state)
{
	static const struct pair cases[] = {
		{"127.0.0.1:8000", "peer-1:8000"}, {"10.0.3.17:5432", "peer-2:5432"}, {"127.0.0.1:40312", "peer-1:40312"},
		{"[2001:db8::7]:443", "peer-3:443"}, {"[::1]:80", "peer-4:80"}, {"[fe80::1%eth0]:80", "peer-5:80"}, {"fe80::1:2", "peer-6"},
		{"unix:/run/db.sock", "unix:socket-7"}, {"unix:@app", "unix:socket-8"}, {"unix:", "unix:"}, {"unix:/run/db.sock", "unix:socket-7"},
		{"from 10.0.3.17 to web1.", "from peer-2 to host."}, {"web1", "host"}, {"web10", "web10"}, {"myweb1", "myweb1"}, {"db2", "host"},
		{"/var/lib/shop/cart.db", "shop/cart.db"}, {"/var/lib/my files/a b.db", "my files/a b.db"},
		{"MainThread[4242] health (GET /health)", "MainThread[4242] health (GET /health)"},
		{"x (POST /srv/a/b/c?token=s3cret)", "x (POST /srv/a/b/c)"}, {"read /srv/a/b/c.py now", "read b/c.py now"}, {"'" HOMES "/ann/x'", "'x'"},
		{"pthread mutex 0x5581c0de10 app_lock", "pthread mutex 0x5581c0de10 app_lock"}, {"asyncio.sleep(0.05)", "asyncio.sleep(0.05)"},
		{"kworker/0:1", "kworker/0:1"}, {"1.2.3.4.5", "1.2.3.4.5"}, {"version 1.2.3", "version 1.2.3"}, {"db::add", "db::add"}, {"a / b", "a / b"},
		{"</script>", "</script>"},
		{"std::vector<int>::at", "std::vector<int>::at"}, {"libx.so+0x12", "libx.so+0x12"}, {"", ""}, {"caf\xc3\xa9 10.0.3.17", "caf\xc3\xa9 peer-2"},
	};
	struct scrub s = {.host = "web1, db2"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *text = scrub_words(&s, cases[i].from);

		assert_string_equal(text, cases[i].to);
	}
	scrub_clear(&s);
}

static void test_targets(void **state)
{
	static const struct pair cases[] = {
		{"/orders?id=17&profile=1", "/orders?id=…&profile=1"}, {"/a?b", "/a?b"}, {"/a?b=", "/a?b="}, {"/a?=x", "/a?=…"}, {"/a?b=c=d&e", "/a?b=…&e"},
		{"http://ann:pw@shop.example:8000/a?b=c", "/a?b=…"}, {"/a?b=c#d=e", "/a?b=…"}, {"/a#b", "/a"}, {"*", "*"}, {"/a?&&x=1", "/a?&&x=…"},
		{"/r?to=http://x.example/?y", "/r?to=…"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *text = scrub_target(cases[i].from, "profile=1");

		assert_string_equal(text, cases[i].to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths), cmocka_unit_test(test_modules), cmocka_unit_test(test_words), cmocka_unit_test(test_targets),
	};

	return cmocka_run_group_tests_name("scrub", tests, NULL, NULL);
}
