/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/printable.h"
#include "tracer/runtimes.h"

#define ARGS_MAX 64
#define CMDLINE_MAX 4096
#define NAME_COLUMNS 40

/* ---- servers that are known ---------------------------------------------------------------------------------------------- */

enum supervision {
	SERVES,                 /* what children it has are told by the rest */
	IF_ASKED,               /* supervises for --workers N and the argument `reload` */
	SUPERVISES,
};

static const struct server_row {
	const char *name;
	enum program_workers workers;
	enum program_loop loop;
	enum supervision supervision;
	const char *reload;     /* the argument that makes it a reloader */
	const char *subcommand; /* shown with the name, which says nothing of a server; NULL = none is needed */
} server_rows[] = {
	{"uvicorn", WORKERS_SPAWNED, LOOP_ASYNCIO, IF_ASKED, "--reload", NULL},
	{"fastapi", WORKERS_SPAWNED, LOOP_ASYNCIO, IF_ASKED, "dev", NULL},
	{"hypercorn", WORKERS_FORKED, LOOP_ASYNCIO, IF_ASKED, "--reload", NULL},
	{"daphne", WORKERS_ANY, LOOP_ASYNCIO, SERVES, NULL, NULL},
	{"gunicorn", WORKERS_FORKED, LOOP_NONE, SUPERVISES, NULL, NULL},
	{"flask", WORKERS_FORKED, LOOP_NONE, SERVES, "--debug", NULL},
	{"manage.py", WORKERS_FORKED, LOOP_NONE, SERVES, NULL, "runserver"},
	{"django-admin", WORKERS_FORKED, LOOP_NONE, SERVES, NULL, "runserver"},
	{"django", WORKERS_FORKED, LOOP_NONE, SERVES, NULL, "runserver"},
	{"celery", WORKERS_ANY, LOOP_NONE, SERVES, NULL, NULL},
	{"waitress-serve", WORKERS_ANY, LOOP_NONE, SERVES, NULL, NULL},
	{"http.server", WORKERS_ANY, LOOP_NONE, SERVES, NULL, NULL},
	{"nginx", WORKERS_FORKED, LOOP_ANY, SERVES, NULL, NULL},
	{"apache2", WORKERS_FORKED, LOOP_ANY, SERVES, NULL, NULL},
	{"httpd", WORKERS_FORKED, LOOP_ANY, SERVES, NULL, NULL},
	{"php-fpm", WORKERS_FORKED, LOOP_ANY, SUPERVISES, NULL, NULL},
	{"puma", WORKERS_FORKED, LOOP_ANY, SERVES, NULL, NULL},
	{"unicorn", WORKERS_FORKED, LOOP_ANY, SUPERVISES, NULL, NULL},
};

/* Words of gunicorn's and hypercorn's options that say which loop their workers run. */
static const struct {
	const char *word;
	enum program_loop loop;
} worker_classes[] = {
	{"uvicorn", LOOP_ASYNCIO}, {"Uvicorn", LOOP_ASYNCIO}, {"aiohttp", LOOP_ASYNCIO}, {"eventlet", LOOP_EVENTLET}, {"trio", LOOP_NONE},
};

/* What multiprocessing tells the interpreters that it starts to run. */
static const struct {
	const char *code, *helper;
} started_code[] = {
	{"from multiprocessing.resource_tracker import ", "multiprocessing's resource tracker"},
	{"from multiprocessing.forkserver import ", "multiprocessing's fork server"},
	{"from multiprocessing.spawn import ", NULL},
};

/* ---- the command line ---------------------------------------------------------------------------------------------------- */

struct args {
	const char *list[ARGS_MAX];
	size_t n;
};

static void split(const char *text, size_t n, struct args *ret)
{
	ret->n = 0;
	for (size_t at = 0; at < n && ret->n < ARGS_MAX; at += strlen(text + at) + 1)
		ret->list[ret->n++] = text + at;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static bool among(const char *word, const char *const *words)
{
	for (; words && *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

/* ---- what an interpreter runs ------------------------------------------------------------------------------------------------ */

#define WORDS(...) (const char *const[]){__VA_ARGS__, NULL}

static const struct interpreter {
	const char *const *patterns;    /* of its own name */
	const char *const *valued;      /* options with a value of their own */
	const char *const *main;        /* options whose value names the program; NULL = it has none */
	const char *const *code;        /* options whose value is the program itself; NULL = it has none */
	const char *const *skipped;     /* words before the program; NULL = none */
	enum program_workers workers;
} interpreters[] = {
	{.patterns = WORDS("node", "nodejs"), .valued = WORDS("-r", "--require", "--import", "--loader", "-C", "--conditions"),
	 .code = WORDS("-e", "--eval", "-p", "--print"), .workers = WORKERS_CLUSTER},
	{.patterns = WORDS("ruby", "ruby#"), .valued = WORDS("-r", "-I", "-C"), .code = WORDS("-e")},
	{.patterns = WORDS("perl", "perl#"), .valued = WORDS("-I"), .code = WORDS("-e", "-E")},
	{.patterns = WORDS("php", "php#"), .valued = WORDS("-d", "-c", "-S", "-t", "-z"), .code = WORDS("-r")},
	{.patterns = WORDS("java"), .main = WORDS("-jar", "-m", "--module"),
	 .valued = WORDS("-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens", "--add-exports")},
	{.patterns = WORDS("dotnet"), .skipped = WORDS("exec")},
	{.patterns = WORDS("deno", "bun"), .skipped = WORDS("run")},
};

static const char *const pythons[] = {"python", "python#~", "pypy", "pypy#", NULL};

static bool is_called(const char *path, const char *const *patterns)
{
	struct runtime_version unused;

	for (; *patterns; patterns++)
		if (path_matches(*patterns, path, &unused))
			return true;
	return false;
}

/* How an argument of Python's own begins: options of one letter may be joined, the last of them may have a value. */
struct python_option {
	char letter;            /* 'm', 'c', another with value, or 0 */
	const char *value;      /* joined to it, or NULL: the next argument */
};

static struct python_option python_option(const char *arg)
{
	if (!strcmp(arg, "--check-hash-based-pycs"))
		return (struct python_option){.letter = 'X'};
	for (const char *c = arg + 1; *c && *c != '-'; c++)
		if (strchr("mcWXQ", *c))
			return (struct python_option){.letter = *c, .value = c[1] ? c + 1 : NULL};
	return (struct python_option){0};
}

static void take_code(const char *code, struct program *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(started_code); i++) {
		if (strncmp(code, started_code[i].code, strlen(started_code[i].code)))
			continue;
		ret->helper = started_code[i].helper;
		ret->spawned = !ret->helper;
		return;
	}
}

/* Index of the argument that names the program (module or script), a.n = none; *ret_main is what it says. */
static size_t python_main(const struct args *a, const char **ret_main, struct program *ret)
{
	for (size_t i = 1; i < a->n; i++) {
		struct python_option option;

		if (a->list[i][0] != '-' || !a->list[i][1])
			return *ret_main = base_of(a->list[i]), i;
		option = python_option(a->list[i]);
		if (!option.letter)
			continue;
		if (!option.value)
			option.value = ++i < a->n ? a->list[i] : "";
		if (option.letter == 'm' && *option.value)
			return *ret_main = option.value, i;
		if (option.letter == 'c')
			return take_code(option.value, ret), a->n;
	}
	return a->n;
}

static size_t interpreter_main(const struct interpreter *interpreter, const struct args *a, const char **ret_main)
{
	for (size_t i = 1; i < a->n; i++) {
		const char *arg = a->list[i];

		if (among(arg, interpreter->main) && i + 1 < a->n)
			return *ret_main = base_of(a->list[i + 1]), i + 1;
		if (among(arg, interpreter->code))
			return a->n;
		if (among(arg, interpreter->valued))
			i++;
		else if (*arg != '-' && !among(arg, interpreter->skipped))
			return *ret_main = base_of(arg), i;
	}
	return a->n;
}

static const struct interpreter *interpreter_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(interpreters); i++)
		if (is_called(path, interpreters[i].patterns))
			return &interpreters[i];
	return NULL;
}

/* ---- the whole ----------------------------------------------------------------------------------------------------------- */

static bool has_arg(const struct args *a, size_t from, const char *word)
{
	for (size_t i = from; word && i < a->n; i++)
		if (!strcmp(a->list[i], word))
			return true;
	return false;
}

static enum program_loop loop_of(const struct server_row *row, const struct args *a, size_t from)
{
	bool by_class = !strcmp(row->name, "gunicorn") || !strcmp(row->name, "hypercorn");

	for (size_t i = from; by_class && i < a->n; i++)
		for (size_t j = 0; j < ARRAY_LEN(worker_classes); j++)
			if (strstr(a->list[i], worker_classes[j].word))
				return worker_classes[j].loop;
	return row->loop;
}

/* Several workers, by the option that uvicorn and hypercorn share. */
static bool asks_for_workers(const struct args *a, size_t from)
{
	for (size_t i = from; i < a->n; i++) {
		const char *value = NULL;

		if (!strncmp(a->list[i], "--workers=", strlen("--workers=")))
			value = a->list[i] + strlen("--workers=");
		else if ((!strcmp(a->list[i], "--workers") || !strcmp(a->list[i], "-w")) && i + 1 < a->n)
			value = a->list[i + 1];
		if (value)
			return strtol(value, NULL, 10) > 1;
	}
	return false;
}

/* `from`: the first of the program's own arguments. */
static void take_server(const char *name, size_t len, const struct args *a, size_t from, struct program *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(server_rows); i++) {
		const struct server_row *row = &server_rows[i];

		if (strlen(row->name) != len || memcmp(row->name, name, len) || (row->subcommand && !has_arg(a, from, row->subcommand)))
			continue;
		ret->workers = row->workers;
		ret->loop = loop_of(row, a, from);
		ret->reloads = has_arg(a, from, row->reload);
		ret->supervises = row->supervision == SUPERVISES ||
				  (row->supervision == IF_ASKED && (ret->reloads || asks_for_workers(a, from)));
		if (row->subcommand)
			ret->name = xasprintf("django %s", row->subcommand);
		return;
	}
}

/* A process may have written a title over its arguments: "gunicorn: master [app:app]", "puma 5.6.5 (tcp://…)". */
static size_t title_word(const char *arg)
{
	size_t len = strcspn(arg, ": ");

	return *arg != '/' && len && arg[len] ? len : 0;
}

void program_parse(const char *cmdline, size_t n, const char *comm, struct program *ret)
{
	_cleanup_free_ char *text = xcalloc(n + 1, 1);
	const struct interpreter *interpreter;
	const char *name;
	struct args a;
	size_t at = 0, len;

	memcpy(text, cmdline, n);
	split(text, n, &a);
	*ret = (struct program){0};
	name = a.n && *a.list[0] ? base_of(a.list[0]) : comm;
	len = a.n ? title_word(a.list[0]) : 0;
	interpreter = a.n ? interpreter_of(a.list[0]) : NULL;
	if (len) {
		name = a.list[0];
	} else if (a.n && is_called(a.list[0], pythons)) {
		at = python_main(&a, &name, ret);
	} else if (interpreter) {
		at = interpreter_main(interpreter, &a, &name);
		ret->workers = interpreter->workers;
	}
	len = len ?: strlen(name);
	take_server(name, len, &a, at + 1, ret);
	if (!ret->name)
		ret->name = printable(name, len, NAME_COLUMNS);
}

static size_t read_text(pid_t pid, const char *name, char *text, size_t size)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	f = fopen(path, "re");
	return f ? fread(text, 1, size, f) : 0;
}

void program_read(pid_t pid, struct program *ret)
{
	char cmdline[CMDLINE_MAX], comm[32];
	size_t n = read_text(pid, "comm", comm, sizeof comm - 1);

	comm[n - (n && comm[n - 1] == '\n')] = '\0';
	n = read_text(pid, "cmdline", cmdline, sizeof cmdline);
	program_parse(cmdline, n, *comm ? comm : "?", ret);
}

void program_clear(struct program *program)
{
	free(program->name);
	program->name = NULL;
}
