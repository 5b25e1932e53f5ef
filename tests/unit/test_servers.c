/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which processes are one server, who of them serves, and the lines that say so.
 * links: tracer/servers.c tracer/start_line.c tracer/image.c tracer/programs.c tracer/runtimes.c tracer/listeners.c base/alloc.c
 * links: base/log.c base/printable.c base/process.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tracer/start_line.h"

#define MAX 8
#define SPAWNED "python3|-c|from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5)"
#define TRACKER "python3|-c|from multiprocessing.resource_tracker import main;main(4)"

/* Process ids are 1, 2, …; 0 ends a list. */
struct scene {
	struct {
		pid_t parent;
		const char *args;       /* "|" between them */
		const char *listens;    /* "INODE:PORT …" */
	} processes[MAX];
	const char *lines[MAX];         /* of servers, of an executable python3.11 */
	const char *members[MAX];
};

static void take_process(struct servers *s, pid_t pid, pid_t parent, const char *args)
{
	struct member *m = &s->members[s->n_members++];
	size_t n = strlen(args) + 1;
	char *text = xstrdup(args);

	for (char *c = text; *c; c++)
		if (*c == '|')
			*c = '\0';
	m->pid = pid;
	m->parent = parent;
	program_parse(text, n, "comm", &m->program);
	free(text);
}

static size_t take_sockets(struct listener *list, pid_t pid, const char *sockets)
{
	unsigned inode, port;
	size_t n = 0;
	int len;

	for (; sockets && sscanf(sockets, "%u:%u %n", &inode, &port, &len) == 2; sockets += len) {
		list[n] = (struct listener){.pid = pid, .port = port, .inode = inode};
		snprintf(list[n].address, sizeof list[n].address, "127.0.0.1:%u", port);
		n++;
	}
	return n;
}

static void assert_scene(const struct scene *scene)
{
	struct servers s = {.members = xcalloc(MAX, sizeof *s.members)};
	struct listener listeners[MAX * 4];
	struct image image = {0};
	size_t n = 0;

	for (pid_t pid = 1; pid <= MAX && scene->processes[pid - 1].args; pid++) {
		take_process(&s, pid, scene->processes[pid - 1].parent, scene->processes[pid - 1].args);
		n += take_sockets(&listeners[n], pid, scene->processes[pid - 1].listens);
	}
	servers_group(&s, listeners, n);
	runtime_take_path(&image.found, "/usr/bin/python3.11");
	for (size_t i = 0; i < s.n; i++) {
		char *line = start_line(&s, &s.list[i], &image);

		assert_non_null(scene->lines[i]);
		assert_string_equal(line, scene->lines[i]);
		free(line);
	}
	assert_null(scene->lines[s.n]);
	for (size_t i = 0; i < s.n_members && scene->members[0]; i++) {
		char *line = member_line(&s, &s.members[i]);

		assert_string_equal(line, scene->members[i]);
		free(line);
	}
	servers_clear(&s);
}

static void test_one(void **state)
{
	(void)state;
	assert_scene(&(struct scene){
		.processes = {{0, "python3|-m|uvicorn|app:app", "7:8000"}},
		.lines = {"1 uvicorn: CPython 3.11, 1 worker, listens on 127.0.0.1:8000"},
		.members = {"1 uvicorn"},
	});
	assert_scene(&(struct scene){
		.processes = {{0, "python3|app.py", NULL}},
		.lines = {"1 app.py: CPython 3.11, listens nowhere"},
		.members = {"1 app.py"},
	});
	assert_scene(&(struct scene){
		.processes = {{0, "python3|app.py", "7:8000 8:8001 9:8000"}},
		.lines = {"1 app.py: CPython 3.11, 1 worker, listens on 127.0.0.1:8000, 127.0.0.1:8001"},
	});
}

static void test_uvicorn(void **state)
{
	(void)state;
	assert_scene(&(struct scene){
		.processes = {{0, "python3|-m|uvicorn|app:app|--workers|2", "7:8000"}, {1, TRACKER, NULL}, {1, SPAWNED, "7:8000"}, {1, SPAWNED, "7:8000"}},
		.lines = {"1 uvicorn: CPython 3.11, 2 workers, listens on 127.0.0.1:8000"},
		.members = {"1 uvicorn's master", "2 multiprocessing's resource tracker, child of 1", "3 worker of 1", "4 worker of 1"},
	});
	assert_scene(&(struct scene){
		.processes = {{0, "python3|-m|uvicorn|app:app|--reload", "7:8000"}, {1, TRACKER, NULL}, {1, SPAWNED, "7:8000"}},
		.lines = {"1 uvicorn: CPython 3.11, 1 worker, listens on 127.0.0.1:8000"},
		.members = {"1 uvicorn's reloader", "2 multiprocessing's resource tracker, child of 1", "3 worker of 1"},
	});
	/* Between two children, and one whose child is gone. */
	assert_scene(&(struct scene){
		.processes = {{0, "python3|-m|uvicorn|app:app|--reload", "7:8000"}},
		.lines = {"1 uvicorn: CPython 3.11, no worker yet, listens on 127.0.0.1:8000"},
		.members = {"1 uvicorn's reloader"},
	});
	/* A pool of processes that the application has forked: they hold the socket, but do not serve. */
	assert_scene(&(struct scene){
		.processes = {{0, "python3|-m|uvicorn|app:app", "7:8000"}, {1, "python3|-m|uvicorn|app:app", "7:8000"}},
		.lines = {"1 uvicorn: CPython 3.11, 1 worker, listens on 127.0.0.1:8000"},
		.members = {"1 uvicorn", "2 uvicorn, child of 1"},
	});
	/* uvicorn.run(…, workers=2) in a script */
	assert_scene(&(struct scene){
		.processes = {{0, "python3|main.py", "7:8000"}, {1, SPAWNED, "7:8000"}, {1, SPAWNED, "7:8000"}},
		.lines = {"1 main.py: CPython 3.11, 2 workers, listens on 127.0.0.1:8000"},
		.members = {"1 main.py's master", "2 worker of 1", "3 worker of 1"},
	});
}

static void test_gunicorn(void **state)
{
	(void)state;
	assert_scene(&(struct scene){
		.processes = {{0, "gunicorn: master [app:app]", "7:8000"}, {1, "gunicorn: worker [app:app]", "7:8000"},
			      {1, "gunicorn: worker [app:app]", "7:8000"}, {2, "git|fetch", "7:8000"}, {3, "sh|-c|x", NULL}},
		.lines = {"1 gunicorn: CPython 3.11, 2 workers, listens on 127.0.0.1:8000"},
		.members = {"1 gunicorn's master", "2 worker of 1", "3 worker of 1", "4 git, child of 2", "5 sh, child of 3"},
	});
	assert_scene(&(struct scene){
		.processes = {{0, "gunicorn: master [app:app]", "7:8000"}},
		.lines = {"1 gunicorn: CPython 3.11, no worker yet, listens on 127.0.0.1:8000"},
	});
}

/* Nothing is known of how it serves. */
static void test_unknown(void **state)
{
	(void)state;
	assert_scene(&(struct scene){
		.processes = {{0, "./server", "7:8000"}, {1, "./server", "7:8000"}, {2, "./server", "7:8000"}},
		.lines = {"1 server: CPython 3.11, 3 processes, listens on 127.0.0.1:8000"},
		.members = {"1 server", "2 worker of 1", "3 worker of 1"},
	});
	/* SO_REUSEPORT: a socket each. */
	assert_scene(&(struct scene){
		.processes = {{0, "./server", "7:8000"}, {1, "./server", "8:8000"}},
		.lines = {"1 server: CPython 3.11, 2 processes, listens on 127.0.0.1:8000"},
	});
}

static void test_node_cluster(void **state)
{
	(void)state;
	assert_scene(&(struct scene){
		.processes = {{0, "node|server.js", "7:8000"}, {1, "/usr/bin/node|/srv/server.js", NULL}, {1, "/usr/bin/node|/srv/server.js", NULL},
			      {1, "/usr/bin/node|/srv/job.js", NULL}},
		.lines = {"1 server.js: CPython 3.11, 2 workers, listens on 127.0.0.1:8000"},
		.members = {"1 server.js's master", "2 worker of 1", "3 worker of 1", "4 job.js, child of 1"},
	});
}

static void test_launchers(void **state)
{
	(void)state;
	assert_scene(&(struct scene){
		.processes = {{0, "sh|-c|x", NULL}, {1, "python3|-m|http.server", "7:8000"}, {1, "sleep|9", NULL}, {1, TRACKER, NULL}},
		.lines = {"2 http.server: CPython 3.11, 1 worker, listens on 127.0.0.1:8000"},
		.members = {"1 sh, has started 2", "2 http.server", "3 sleep, child of 1", "4 multiprocessing's resource tracker, child of 1"},
	});
	assert_scene(&(struct scene){
		.processes = {{0, "python3|manage.py|runserver", NULL}, {1, "python3|manage.py|runserver", "7:8000"}},
		.lines = {"2 django runserver: CPython 3.11, 1 worker, listens on 127.0.0.1:8000"},
		.members = {"1 django runserver, reloader of 2", "2 django runserver"},
	});
	/* Two servers, one of which has started the other. */
	assert_scene(&(struct scene){
		.processes = {{0, "python3|app.py", "7:8000"}, {1, "python3|-m|http.server", "8:9000"}},
		.lines = {"1 app.py: CPython 3.11, 1 worker, listens on 127.0.0.1:8000",
			  "2 http.server: CPython 3.11, 1 worker, listens on 127.0.0.1:9000"},
		.members = {"1 app.py", "2 http.server"},
	});
}

/* A parent that was reused, or what the processes say of each other while they change. */
static void test_circle(void **state)
{
	(void)state;
	assert_scene(&(struct scene){
		.processes = {{2, "a", "7:1"}, {1, "b", "7:1"}, {3, "c", NULL}},
		.lines = {"2 b: CPython 3.11, 2 processes, listens on 127.0.0.1:1", "3 c: CPython 3.11, listens nowhere"},
	});
}

static void test_limits(void **state)
{
	static const struct {
		const char *path, *args, *line;
	} rows[] = {
		{"/usr/sbin/nginx", "nginx: master process nginx", "1 nginx: 1 worker, listens on 127.0.0.1:80"},
		{"/usr/bin/pypy3.9", "pypy3|app.py", "1 app.py: PyPy 3.9, 1 worker, listens on 127.0.0.1:80; PyPy 3.9: native stacks only"},
		{"/opt/libpython3.13t.so.1", "python3|app.py",
		 "1 app.py: CPython 3.13t, 1 worker, listens on 127.0.0.1:80; CPython 3.13t: free-threaded, native stacks only"},
		{"", "app", "1 app: ?, 1 worker, listens on 127.0.0.1:80"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct servers s = {.members = xcalloc(1, sizeof *s.members)};
		struct listener listener = {.pid = 1, .inode = 7, .port = 80, .address = "127.0.0.1:80"};
		struct image image = {0};
		char *line;

		take_process(&s, 1, 0, rows[i].args);
		servers_group(&s, &listener, 1);
		runtime_take_path(&image.found, rows[i].path);
		line = start_line(&s, &s.list[0], &image);
		assert_string_equal(line, rows[i].line);
		free(line);
		servers_clear(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_uvicorn),
		cmocka_unit_test(test_gunicorn),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_node_cluster),
		cmocka_unit_test(test_launchers),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
