/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/redact.h"

#include <string.h>

#include "base/alloc.h"

#define HIDDEN "…"

struct redaction {
	const struct worker_marker *markers;
	size_t n_markers;
	bool keep_url;
	char *out;
};

static void put(struct redaction *r, const char *s, size_t n)
{
	r->out = mempcpy(r->out, s, n);
}

static void hide(struct redaction *r)
{
	put(r, HIDDEN, strlen(HIDDEN));
}

static const struct worker_marker *marker_of(const struct redaction *r, const char *parameter, size_t n)
{
	for (size_t i = 0; i < r->n_markers; i++) {
		const struct worker_marker *m = &r->markers[i];

		if (m->is_query && strlen(m->text) == n && !memcmp(m->text, parameter, n))
			return m;
	}
	return NULL;
}

/* Bytes of NAME and its "=" (or what an application may decode to one); 0 = there is no value. */
static size_t name_len(const char *parameter, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (parameter[i] == '=')
			return i + 1;
		if (i + 3 <= n && !strncasecmp(parameter + i, "%3d", 3))
			return i + 3;
	}
	return 0;
}

static void put_parameter(struct redaction *r, const char *parameter, size_t n)
{
	const struct worker_marker *marker = marker_of(r, parameter, n);
	size_t name = name_len(parameter, n);
	bool keep = marker ? !marker->secret : r->keep_url;

	if (keep || !name || name == n) {
		put(r, parameter, n);
		return;
	}
	put(r, parameter, name);
	hide(r);
}

static void put_query(struct redaction *r, const char *query, const char *end)
{
	for (;;) {
		const char *stop = memchr(query, '&', end - query);

		put_parameter(r, query, (stop ? stop : end) - query);
		if (!stop)
			return;
		put(r, "&", 1);
		query = stop + 1;
	}
}

/* The part before the query. An absolute target may name a user and a password: http://USER:PASSWORD@HOST/… */
static void put_path(struct redaction *r, const char *path, const char *end)
{
	const char *authority = memmem(path, end - path, "://", 3), *stop, *at;

	if (authority && *path != '/' && !r->keep_url) {
		authority += 3;
		stop = memchr(authority, '/', end - authority);
		at = memrchr(authority, '@', (stop ? stop : end) - authority);
		if (at) {
			put(r, path, authority - path);
			hide(r);
			path = at;
		}
	}
	put(r, path, end - path);
}

static const char *find(const char *s, const char *end, char c)
{
	const char *found = memchr(s, c, end - s);

	return found ? found : end;
}

char *redact_target(const char *target, size_t n, const struct worker_marker *markers, size_t n_markers, bool keep_url)
{
	/* Every parameter, the user and the fragment may grow by one "…"; a parameter that does has two bytes at least. */
	char *result = xcalloc(n + (n / 2 + 3) * strlen(HIDDEN) + 1, 1);
	struct redaction r = {.markers = markers, .n_markers = n_markers, .keep_url = keep_url, .out = result};
	const char *end = target + n;
	const char *fragment = find(target, end, '#');
	const char *query = find(target, fragment, '?');

	put_path(&r, target, query);
	if (query < fragment) {
		put(&r, "?", 1);
		put_query(&r, query + 1, fragment);
	}
	if (fragment < end) {
		put(&r, "#", 1);
		if (keep_url)
			put(&r, fragment + 1, end - fragment - 1);
		else if (fragment + 1 < end)
			hide(&r);
	}
	*r.out = '\0';
	return result;
}

char *redact_marker(const struct worker_marker *marker)
{
	const char *value = strchr(marker->text, '=');

	if (!marker->secret || !value)
		return xstrdup(marker->text);
	return xasprintf("%.*s=" HIDDEN, (int)(value - marker->text), marker->text);
}
