/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/markers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define PATH_PREFIX "path:"
#define OPEN_VALUE "1"          /* the one value that is no secret */

static int fail(char **ret_why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(char **ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(ret_why, format, args) < 0)
		*ret_why = xstrdup("out of memory");
	va_end(args);
	return -EINVAL;
}

static bool has_prefix(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* A byte that a request target cannot hold. */
static bool has_blank(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return true;
	return false;
}

/* RFC 9110 token without lower-case letters, as the BPF side takes methods. */
static bool is_method(const char *s, size_t n)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'A' && s[i] <= 'Z') && !(s[i] >= '0' && s[i] <= '9') && !strchr(marks, s[i]))
			return false;
	return n >= 1 && n <= RP_METHOD_MAX;
}

static int parse_query(struct rp_marker *m, const char *arg, char **ret_why)
{
	const char *value = strchr(arg, '=');

	if (!value)
		return fail(ret_why, "a marker needs a value: NAME=VALUE, for example profile=1");
	if (value == arg)
		return fail(ret_why, "a marker needs a name: NAME=VALUE, for example profile=1");
	if (has_blank(arg) || strpbrk(arg, "&#"))
		return fail(ret_why, "a query parameter holds no blanks, no & and no #: this marker would never match");
	m->kind = RP_MARKER_QUERY;
	m->name_len = value - arg;
	m->len = strlen(arg);
	memcpy(m->text, arg, m->len);
	return 0;
}

static int parse_path(struct rp_marker *m, const char *arg, char **ret_why)
{
	const char *blank = strchr(arg, ' ');
	const char *glob = blank ? blank + 1 : arg;
	size_t method_len = blank ? blank - arg : 0;

	if (blank && !is_method(arg, method_len))
		return fail(ret_why, "a method is 1 to %d upper-case letters, as in 'path:POST /orders*'", RP_METHOD_MAX);
	if (*glob != '/' && *glob != '*')
		return fail(ret_why, "a path begins with / or *, as in 'path:/orders*'");
	if (has_blank(glob) || strpbrk(glob, "?#"))
		return fail(ret_why, "a path ends before ? and #, and holds no blanks: this marker would never match");
	m->kind = RP_MARKER_PATH;
	m->method_len = method_len;
	memcpy(m->method, arg, method_len);
	m->len = strlen(glob);
	memcpy(m->text, glob, m->len);
	return 0;
}

static int add_one(struct markers *m, const char *arg, char **ret_why)
{
	struct rp_marker *marker = &m->markers[m->n];
	bool is_path = has_prefix(arg, PATH_PREFIX);
	int r;

	if (m->n == RP_MAX_MARKERS)
		return fail(ret_why, "more than %d markers", RP_MAX_MARKERS);
	if (has_prefix(arg, "header:") || has_prefix(arg, "cookie:"))
		return fail(ret_why, "%.7s markers: not yet in this release", arg);
	if (strlen(arg) > RP_MARKER_MAX + (is_path ? strlen(PATH_PREFIX) : 0))
		return fail(ret_why, "a marker longer than %d bytes", RP_MARKER_MAX);
	memset(marker, 0, sizeof *marker);
	r = is_path ? parse_path(marker, arg + strlen(PATH_PREFIX), ret_why) : parse_query(marker, arg, ret_why);
	if (r < 0)
		return r;
	m->texts[m->n++] = (struct worker_marker){
		.text = xstrdup(arg),
		.is_query = !is_path,
		.secret = !is_path && strcmp(strchr(arg, '=') + 1, OPEN_VALUE) != 0,
	};
	return 0;
}

static char *strip(char *line)
{
	char *end;

	line += strspn(line, " \t");
	end = line + strlen(line);
	while (end > line && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	return line;
}

static int add_lines(struct markers *m, FILE *f, const char *path, char **ret_why)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0, before = m->n;
	ssize_t len;

	for (int number = 1; (len = getline(&line, &size, f)) >= 0; number++) {
		_cleanup_free_ char *why = NULL;
		char *text;

		if (memchr(line, '\0', len))
			return fail(ret_why, "%s:%d: not a text file", path, number);
		text = strip(line);
		if (*text && *text != '#' && add_one(m, text, &why) < 0)
			return fail(ret_why, "%s:%d: %s", path, number, why);
	}
	if (ferror(f))
		return fail(ret_why, "cannot read %s: %s", path, strerror(errno));
	return m->n > before ? 0 : fail(ret_why, "%s holds no marker", path);
}

int markers_add(struct markers *m, const char *arg, char **ret_why)
{
	_cleanup_fclose_ FILE *f = NULL;

	if (*arg != '@')
		return add_one(m, arg, ret_why);
	f = fopen(arg + 1, "re");
	if (!f)
		return fail(ret_why, "cannot open %s: %s", arg + 1, strerror(errno));
	return add_lines(m, f, arg + 1, ret_why);
}

void markers_free(struct markers *m)
{
	while (m->n)
		free((char *)m->texts[--m->n].text);
}

char *markers_secret(char *arg)
{
	char *value = strchr(arg, '=');

	if (!value || *arg == '@' || has_prefix(arg, PATH_PREFIX) || !strcmp(value + 1, OPEN_VALUE))
		return NULL;
	return value + 1;
}

char *markers_query(const struct markers *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct rp_marker *marker = &m->markers[i];

		if (marker->kind != RP_MARKER_QUERY)
			continue;
		if (m->texts[i].secret)
			return xasprintf("%.*s=…", marker->name_len, marker->text);
		return xstrdup(m->texts[i].text);
	}
	return NULL;
}
