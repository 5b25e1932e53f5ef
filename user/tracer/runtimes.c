/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/runtimes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define PYTHON_OLDEST 8         /* minor versions of CPython 3 whose frames can be read */
#define PYTHON_NEWEST 15
#define GO_HEAP 0xc000000000    /* linux/amd64: the first arena, runtime/malloc.go */
#define GO_NAME "[anon: Go:"
#define VERSION_MAX 100000

#define PATHS(...) (const char *const[]){__VA_ARGS__, NULL}

/* The first that fits counts: what is embedded before what embeds it. Names of libraries before those of programs, which may be links. */
static const struct runtime runtimes[] = {
	{"PyPy", PATHS("libpypy#-c.so*", "libpypy*.so*", "pypy#*", "*.pypy%-*.so", "pypy*"), "native stacks only", NULL},
	{"CPython", PATHS("libpython#~.so*", "python#~", "*.cpython-%~-*.so", "python", "python#-dbg"), NULL, NULL},
	{"JVM", PATHS("java-#*/lib/server/libjvm.so", "jdk-#*/lib/server/libjvm.so", "libjvm.so", "java"), NULL,
	 "names of Java methods need a perf map: -XX:+PreserveFramePointer, then jcmd PID Compiler.perfmap"},
	{".NET", PATHS("#*/libcoreclr.so", "libcoreclr.so", "dotnet"), NULL, "names of methods need DOTNET_PerfMapEnabled=1"},
	{"Node.js", PATHS("v#*/bin/node", "node-v#*/bin/node", "node", "nodejs", "libnode.so*"), NULL,
	 "names of JavaScript functions need node --perf-basic-prof"},
	{"Deno", PATHS("deno"), NULL, NULL},
	{"Bun", PATHS("bun"), "native stacks only", NULL},
	{"Ruby", PATHS("libruby-#.so*", "libruby.so.#", "ruby#", "ruby"), "native stacks only", NULL},
	{"PHP", PATHS("libphp#.so", "php-fpm#", "php#", "libphp.so", "php-fpm", "php"), "native stacks only", NULL},
	{"BEAM", PATHS("beam.smp"), NULL, "names of functions need erl +JPperf true"},
	{"nginx", PATHS("nginx"), NULL, NULL},
	{"Apache httpd", PATHS("apache2", "httpd"), NULL, NULL},
	{"Perl", PATHS("libperl.so.#", "perl#", "perl"), "native stacks only", NULL},
};

static const struct runtime runtime_go = {.name = "Go"};
static const struct runtime runtime_native = {.name = "native code"};

/* ---- patterns of paths -------------------------------------------------------------------------------------------------- */

static int take_number(const char **s)
{
	int n = 0;

	while (isdigit((unsigned char)**s) && n < VERSION_MAX)
		n = n * 10 + *(*s)++ - '0';
	return n;
}

static bool take_version(const char **s, struct runtime_version *v)
{
	if (!isdigit((unsigned char)**s))
		return false;
	v->major = take_number(s);
	v->minor = -1;
	while (**s == '.' && isdigit((unsigned char)(*s)[1])) {
		int n;

		(*s)++;
		n = take_number(s);
		if (v->minor < 0)
			v->minor = n;
	}
	return true;
}

/* 311: no runtime that writes it like this has a major version of two digits. */
static bool take_packed_version(const char **s, struct runtime_version *v)
{
	if (!isdigit((unsigned char)(*s)[0]) || !isdigit((unsigned char)(*s)[1]))
		return false;
	v->major = *(*s)++ - '0';
	v->minor = take_number(s);
	return true;
}

static void take_flags(const char **s, struct runtime_version *v)
{
	for (; **s && strchr("tdm", **s); (*s)++) {
		v->free_threaded |= **s == 't';
		v->debug |= **s == 'd';
	}
}

/* "*" does not cross a "/": the effort is bounded by the length of a component. */
static bool match(const char *p, const char *s, struct runtime_version *v)
{
	for (; *p; p++) {
		struct runtime_version before = *v;

		switch (*p) {
		case '*':
			for (; *s && *s != '/' && !match(p + 1, s, v); s++)
				*v = before;
			if (!*s || *s == '/')
				break;
			return true;
		case '#':
			if (!take_version(&s, v))
				return false;
			break;
		case '%':
			if (!take_packed_version(&s, v))
				return false;
			break;
		case '~':
			take_flags(&s, v);
			break;
		default:
			if (*s++ != *p)
				return false;
		}
	}
	return !*s;
}

static const char *last_components(const char *path, const char *pattern)
{
	const char *s = path + strlen(path);
	size_t n = 1;

	for (const char *p = pattern; *p; p++)
		n += *p == '/';
	for (; s > path; s--)
		if (s[-1] == '/' && !--n)
			return s;
	return n == 1 ? path : NULL;
}

bool path_matches(const char *pattern, const char *path, struct runtime_version *ret)
{
	struct runtime_version v = RUNTIME_VERSION_NONE;
	const char *s = last_components(path, pattern);

	if (!s || !match(pattern, s, &v))
		return false;
	*ret = v;
	return true;
}

/* ---- what a process maps ------------------------------------------------------------------------------------------------ */

static bool row_matches(const struct runtime *row, const char *path, struct runtime_version *ret)
{
	for (const char *const *p = row->paths; *p; p++)
		if (path_matches(*p, path, ret))
			return true;
	return false;
}

static void refine(struct runtime_version *known, const struct runtime_version *more)
{
	bool free_threaded = known->free_threaded || more->free_threaded, debug = known->debug || more->debug;

	if (known->major < 0 || (known->minor < 0 && more->minor >= 0))
		*known = *more;
	known->free_threaded = free_threaded;
	known->debug = debug;
}

static bool is_row(const struct runtime *r)
{
	return r >= runtimes && r < runtimes + ARRAY_LEN(runtimes);
}

void runtime_take_path(struct runtime_found *found, const char *path)
{
	const struct runtime *end = is_row(found->runtime) ? found->runtime + 1 : runtimes + ARRAY_LEN(runtimes);

	for (const struct runtime *row = runtimes; row < end; row++) {
		struct runtime_version version;

		if (!row_matches(row, path, &version))
			continue;
		if (found->runtime == row)
			refine(&found->version, &version);
		else
			*found = (struct runtime_found){.runtime = row, .version = version};
		return;
	}
}

void runtime_take_anonymous(struct runtime_found *found, uint64_t start, const char *name)
{
	if (!found->runtime && (start == GO_HEAP || !strncmp(name, GO_NAME, strlen(GO_NAME))))
		*found = (struct runtime_found){.runtime = &runtime_go, .version = RUNTIME_VERSION_NONE};
}

void runtime_take_end(struct runtime_found *found)
{
	if (!found->runtime)
		*found = (struct runtime_found){.runtime = &runtime_native, .version = RUNTIME_VERSION_NONE};
}

/* ---- in words ----------------------------------------------------------------------------------------------------------- */

char *runtime_text(const struct runtime_found *found)
{
	const struct runtime_version *v = &found->version;
	const char *flags = v->free_threaded ? v->debug ? "td" : "t" : v->debug ? "d" : "";

	if (!found->runtime)
		return xstrdup("?");
	if (v->major < 0)
		return xstrdup(found->runtime->name);
	if (v->minor < 0)
		return xasprintf("%s %d%s", found->runtime->name, v->major, flags);
	return xasprintf("%s %d.%d%s", found->runtime->name, v->major, v->minor, flags);
}

bool runtime_is_cpython(const struct runtime_found *found)
{
	return found->runtime && !strcmp(found->runtime->name, "CPython");
}

const char *runtime_limit(const struct runtime_found *found)
{
	const struct runtime_version *v = &found->version;

	if (!found->runtime || !runtime_is_cpython(found))
		return found->runtime ? found->runtime->limit : NULL;
	if (v->free_threaded)
		return "free-threaded, native stacks only";
	if (v->debug)
		return "a debug build, native stacks only";
	if (v->minor < 0)
		return v->major == 2 ? "older than 3.8, native stacks only" : NULL;
	if (v->major < 3 || (v->major == 3 && v->minor < PYTHON_OLDEST))
		return "older than 3.8, native stacks only";
	if (v->major > 3 || v->minor > PYTHON_NEWEST)
		return "newer than 3.15, native stacks only";
	return NULL;
}
