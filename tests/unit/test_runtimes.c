/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What paths tell of a runtime, and what the mappings of a process tell of its event loop.
 * links: tracer/runtimes.c tracer/image.c tracer/programs.c base/alloc.c base/printable.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tracer/image.h"

static void assert_text(const struct runtime_found *found, const char *expected)
{
	char *text = runtime_text(found);

	assert_string_equal(text, expected);
	free(text);
}

static void test_rows(void **state)
{
	static const struct {
		const char *path, *text, *limit;
	} rows[] = {
		{"/usr/bin/python3.11", "CPython 3.11", NULL},
		{"/usr/lib/x86_64-linux-gnu/libpython3.8.so.1.0", "CPython 3.8", NULL},
		{"/opt/libpython3.13t.so.1.0", "CPython 3.13t", "free-threaded, native stacks only"},
		{"/opt/bin/python3.14", "CPython 3.14", NULL},
		{"/opt/bin/python3.15", "CPython 3.15", NULL},
		{"/opt/bin/python3.16", "CPython 3.16", "newer than 3.15, native stacks only"},
		{"/opt/libpython3.7m.so.1.0", "CPython 3.7", "older than 3.8, native stacks only"},
		{"/usr/bin/python2.7", "CPython 2.7", "older than 3.8, native stacks only"},
		{"/opt/bin/python3.11d", "CPython 3.11d", "a debug build, native stacks only"},
		{"/opt/bin/python", "CPython", NULL},
		{"/usr/lib/python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so", "CPython 3.11", NULL},
		{"/opt/lib/libpypy3.9-c.so", "PyPy 3.9", "native stacks only"},
		{"/usr/bin/pypy3.10", "PyPy 3.10", "native stacks only"},
		{"/usr/lib/pypy3/lib_pypy/_cffi.pypy39-pp73-x86_64-linux-gnu.so", "PyPy 3.9", "native stacks only"},
		{"/usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so", "JVM 17", NULL},
		{"/opt/jdk-21.0.2+13/lib/server/libjvm.so", "JVM 21.0", NULL},
		{"/usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/libcoreclr.so", ".NET 8.0", NULL},
		{"/usr/bin/node", "Node.js", NULL},
		{"/opt/nvm/versions/node/v18.19.1/bin/node", "Node.js 18.19", NULL},
		{"/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2", "Ruby 3.1", "native stacks only"},
		{"/opt/lib/libruby.so.3.3", "Ruby 3.3", "native stacks only"},
		{"/usr/sbin/php-fpm8.2", "PHP 8.2", "native stacks only"},
		{"/usr/lib/apache2/modules/libphp8.2.so", "PHP 8.2", "native stacks only"},
		{"/usr/lib/erlang/erts-13.1.5/bin/beam.smp", "BEAM", NULL},
		{"/usr/bin/perl", "Perl", "native stacks only"},
		{"/usr/sbin/nginx", "nginx", NULL},
		{"/usr/sbin/apache2", "Apache httpd", NULL},
		{"/usr/bin/bash", "?", NULL},
		{"/srv/python3.11/server", "?", NULL}, /* a directory is no program */
		{"/usr/bin/python3.11-config", "?", NULL},
		{"/usr/bin/xpython3.11", "?", NULL},
		{"", "?", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct runtime_found found = {0};
		const char *limit;

		runtime_take_path(&found, rows[i].path);
		assert_text(&found, rows[i].text);
		limit = runtime_limit(&found);
		assert_int_equal(!limit, !rows[i].limit);
		if (limit)
			assert_string_equal(limit, rows[i].limit);
	}
}

static void test_huge_numbers(void **state)
{
	struct runtime_found found = {0};

	(void)state;
	runtime_take_path(&found, "/x/python99999999999999999999.99999999999999999999");
	assert_true(!found.runtime || found.version.major >= 0);
}

/* The best of several paths, in any order. */
static void test_what_says_most(void **state)
{
	static const char *const orders[][3] = {
		{"/opt/bin/python3", "/opt/lib/python3.12/lib-dynload/_json.cpython-312-x86_64-linux-gnu.so", "/usr/sbin/apache2"},
		{"/usr/sbin/apache2", "/opt/lib/python3.12/lib-dynload/_json.cpython-312-x86_64-linux-gnu.so", "/opt/bin/python3"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct runtime_found found = {0};

		for (size_t j = 0; j < 3; j++)
			runtime_take_path(&found, orders[i][j]);
		assert_text(&found, "CPython 3.12");
	}
}

static struct image image_of(const char *maps)
{
	struct image image = {0};
	FILE *f = fmemopen((char *)maps, strlen(maps), "r");

	assert_non_null(f);
	image_take_maps(&image, f);
	fclose(f);
	return image;
}

#define UVICORN                                                                                                  \
	"00400000-0041f000 r--p 00000000 08:01 11                         /usr/bin/python3.11\n"                  \
	"0041f000-006b3000 r-xp 0001f000 08:01 11                         /usr/bin/python3.11\n"                  \
	"7f0000000000-7f0000001000 r-xp 00000000 08:01 12                 /usr/lib/python3.11/lib-dynload/"       \
	"_asyncio.cpython-311-x86_64-linux-gnu.so\n"                                                              \
	"7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]\n"
#define UVLOOP                                                                                                    \
	"7f0000100000-7f0000200000 r-xp 00000000 08:01 13                 /usr/lib/python3/dist-packages/uvloop/" \
	"loop.cpython-311-x86_64-linux-gnu.so (deleted)\n"
#define GREENLET                                                                                                  \
	"7f0000300000-7f0000400000 r-xp 00000000 08:01 14                 /venv/greenlet/_greenlet.cpython-311-x86_64-linux-gnu.so\n"
#define GEVENT                                                                                                    \
	"7f0000500000-7f0000600000 r-xp 00000000 08:01 15                 /venv/gevent/_gevent_cqueue.cpython-311-x86_64-linux-gnu.so\n"

static const char *loop_of(const char *maps, bool epoll, enum program_loop expected)
{
	struct image image = image_of(maps);
	const struct program program = {.loop = expected};

	image.waits_on_events = epoll;
	const struct event_loop *loop = image_loop(&image, &program);
	return loop ? loop->name : "none";
}

static void test_loops(void **state)
{
	(void)state;
	assert_string_equal(loop_of(UVICORN, true, LOOP_ASYNCIO), "asyncio");
	assert_string_equal(loop_of(UVICORN, true, LOOP_ANY), "asyncio");
	assert_string_equal(loop_of(UVICORN, false, LOOP_ASYNCIO), "none"); /* not started yet */
	assert_string_equal(loop_of(UVICORN, true, LOOP_NONE), "none");
	assert_string_equal(loop_of(UVICORN UVLOOP, true, LOOP_ASYNCIO), "uvloop");
	assert_string_equal(loop_of(UVICORN GREENLET GEVENT, true, LOOP_NONE), "gevent");
	assert_string_equal(loop_of(UVICORN GREENLET, true, LOOP_EVENTLET), "eventlet");
	assert_string_equal(loop_of(UVICORN GREENLET, true, LOOP_ANY), "asyncio"); /* SQLAlchemy has greenlets, too */
	assert_string_equal(loop_of("00400000-00401000 r-xp 00000000 08:01 1 /usr/bin/node\n", true, LOOP_ANY), "none");
}

static void test_maps(void **state)
{
	struct image image;

	(void)state;
	image = image_of(UVICORN);
	assert_text(&image.found, "CPython 3.11");
	image = image_of("00400000-00401000 r-xp 00000000 08:01 1 /srv/app\nc000000000-c000400000 rw-p 00000000 00:00 0 \n");
	assert_text(&image.found, "Go");
	image = image_of("00400000-00401000 r-xp 00000000 08:01 1 /srv/app\n358eea800000-358eeac00000 rw-p 00000000 00:00 0 [anon: Go: heap]\n");
	assert_text(&image.found, "Go");
	image = image_of("00400000-00401000 r-xp 00000000 08:01 1 /srv/app\n7f0000000000-7f0000001000 r--p 00000000 08:01 2 /srv/python3.11\n");
	assert_text(&image.found, "native code"); /* a file of data may have any name */
	image = image_of("nonsense\n\n-\nffff\n0-1 r-xp 0 0:0 7\n");
	assert_text(&image.found, "native code");
}

static void test_this_process(void **state)
{
	struct image image;
	pid_t gone = fork();
	int epoll;

	(void)state;
	if (!gone)
		_exit(0);
	waitpid(gone, NULL, 0);
	assert_int_equal(image_read(getpid(), &image), 0);
	assert_text(&image.found, "native code");
	assert_false(image.waits_on_events);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	assert_int_equal(image_read(getpid(), &image), 0);
	assert_true(image.waits_on_events);
	close(epoll);
	assert_true(image_read(gone, &image) < 0);
	assert_text(&image.found, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_huge_numbers),
		cmocka_unit_test(test_what_says_most),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
