/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What command lines tell of a program, honest ones and others.
 * links: tracer/programs.c tracer/runtimes.c base/alloc.c base/printable.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tracer/programs.h"

/* "a|b" stands for two arguments. */
static struct program parse(const char *args)
{
	char text[4096];
	size_t n = strlen(args) + 1;
	struct program p;

	memcpy(text, args, n);
	for (char *c = text; *c; c++)
		if (*c == '|')
			*c = '\0';
	program_parse(text, n > 1 ? n : 0, "comm", &p);
	return p;
}

static void test_names(void **state)
{
	static const char *const rows[][2] = {
		{"/usr/bin/python3|-m|uvicorn|app:app|--port|8000", "uvicorn"},
		{"/usr/bin/python3|/usr/bin/uvicorn|app:app", "uvicorn"},
		{"python|-um|uvicorn|app:app", "uvicorn"},
		{"python3.11|-X|dev|-W|ignore|-muvicorn|app:app", "uvicorn"},
		{"python3|--check-hash-based-pycs|always|app.py", "app.py"},
		{"/venv/bin/python3.11|-O|-B|/srv/app.py|--x", "app.py"},
		{"pypy3|-m|http.server|8000", "http.server"},
		{"python3|-c|print(1)", "python3"},
		{"python3", "python3"},
		{"python3|-", "-"},
		{"python3|-m", "python3"},
		{"gunicorn: master [app:app]", "gunicorn"},
		{"gunicorn: worker [app:app]", "gunicorn"},
		{"nginx: master process /usr/sbin/nginx -g daemon off;", "nginx"},
		{"puma 5.6.5 (tcp://0.0.0.0:3000) [app]", "puma"},
		{"php-fpm: pool www", "php-fpm"},
		{"/usr/bin/python3|manage.py|runserver|8000", "django runserver"},
		{"/usr/bin/python3|manage.py|migrate", "manage.py"},
		{"python|-m|django|runserver", "django runserver"},
		{"/usr/bin/python3|/usr/bin/flask|--app|x|run", "flask"},
		{"node|--inspect|/srv/server.js", "server.js"},
		{"/usr/bin/node|-r|./x.js|server.js", "server.js"},
		{"node|-e|require('http')", "node"},
		{"java|-Xmx1g|-cp|a.jar:b.jar|org.x.Main|arg", "org.x.Main"},
		{"/usr/bin/java|-jar|/opt/app.jar", "app.jar"},
		{"dotnet|/app/App.dll", "App.dll"},
		{"ruby3.1|/usr/bin/rackup", "rackup"},
		{"/srv/my app/server|-x", "server"},
		{"./server", "server"},
		{"", "comm"},
		{"|x", "comm"},
		{"/", "/"},
		{"evil\033[2Jname", "evil\\x1b[2Jname"},
		{"/x/a\nattached 1 uvicorn", "a\\x0aattached 1 uvicorn"},
		{"\xe2\x80\xaegnp.exe", "\\xe2\\x80\\xaegnp.exe"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct program p = parse(rows[i][0]);

		assert_string_equal(p.name, rows[i][1]);
		program_clear(&p);
	}
}

static void test_long(void **state)
{
	char text[4096];
	struct program p;

	(void)state;
	memset(text, 'x', sizeof text); /* without an end */
	program_parse(text, sizeof text, "comm", &p);
	assert_true(strlen(p.name) < 64);
	program_clear(&p);
	memset(text, 0, sizeof text); /* more arguments than are looked at */
	program_parse(text, sizeof text, "comm", &p);
	assert_string_equal(p.name, "comm");
	program_clear(&p);
}

static void test_multiprocessing(void **state)
{
	struct program p = parse("/usr/bin/python3|-B|-c|from multiprocessing.resource_tracker import main;main(4)");

	(void)state;
	assert_string_equal(p.helper, "multiprocessing's resource tracker");
	assert_false(p.spawned);
	program_clear(&p);
	p = parse("/usr/bin/python3|-c|from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)|--multiprocessing-fork");
	assert_null(p.helper);
	assert_true(p.spawned);
	program_clear(&p);
	p = parse("/usr/bin/python3|-c|from multiprocessing.forkserver import main; main(8, 9, ['__main__'], **{})");
	assert_string_equal(p.helper, "multiprocessing's fork server");
	program_clear(&p);
	p = parse("/usr/bin/python3|/srv/from multiprocessing.resource_tracker import main");
	assert_null(p.helper);
	program_clear(&p);
}

static void test_servers(void **state)
{
	static const struct {
		const char *args;
		struct program expected;
	} rows[] = {
		{"python3|-m|uvicorn|app:app", {.loop = LOOP_ASYNCIO, .workers = WORKERS_SPAWNED}},
		{"python3|-m|uvicorn|app:app|--workers|1", {.loop = LOOP_ASYNCIO, .workers = WORKERS_SPAWNED}},
		{"python3|-m|uvicorn|app:app|--workers=2", {.loop = LOOP_ASYNCIO, .workers = WORKERS_SPAWNED, .supervises = true}},
		{"python3|-m|uvicorn|app:app|--reload", {.loop = LOOP_ASYNCIO, .workers = WORKERS_SPAWNED, .supervises = true, .reloads = true}},
		{"python3|-m|hypercorn|app:app|-w|4", {.loop = LOOP_ASYNCIO, .workers = WORKERS_FORKED, .supervises = true}},
		{"python3|-m|hypercorn|app:app|-k|trio", {.loop = LOOP_NONE, .workers = WORKERS_FORKED}},
		{"python3|-m|gunicorn|app:app", {.loop = LOOP_NONE, .workers = WORKERS_FORKED, .supervises = true}},
		{"python3|-m|gunicorn|app:app|-k|uvicorn.workers.UvicornWorker", {.loop = LOOP_ASYNCIO, .workers = WORKERS_FORKED, .supervises = true}},
		{"python3|-m|gunicorn|app:app|-keventlet", {.loop = LOOP_EVENTLET, .workers = WORKERS_FORKED, .supervises = true}},
		{"python3|app.py|--reload|--workers|4", {.loop = LOOP_ANY, .workers = WORKERS_ANY}},
		{"node|server.js", {.workers = WORKERS_CLUSTER}},
		{"nginx: master process nginx", {.workers = WORKERS_FORKED}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct program p = parse(rows[i].args);

		assert_int_equal(p.loop, rows[i].expected.loop);
		assert_int_equal(p.workers, rows[i].expected.workers);
		assert_int_equal(p.supervises, rows[i].expected.supervises);
		assert_int_equal(p.reloads, rows[i].expected.reloads);
		program_clear(&p);
	}
}

static void test_processes(void **state)
{
	struct program p;
	pid_t gone = fork();

	(void)state;
	if (!gone)
		_exit(0);
	waitpid(gone, NULL, 0);
	program_read(getpid(), &p);
	assert_string_equal(p.name, "test_programs");
	program_clear(&p);
	program_read(gone, &p);
	assert_string_equal(p.name, "?");
	program_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_multiprocessing),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
