/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/functions_named.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/printable.h"

#define NEAR 3 /* names that are proposed */
#define NAME_MAX_LEN 64 /* of which similarity is judged */
#define NAME_COLUMNS 80

/* Without its parameters: "media::scale(int)" is media::scale. A name that begins with a parenthesis is none. */
static size_t bare_length(const char *function)
{
	const char *open = strchr(function, '(');

	return open && open != function ? (size_t)(open - function) : strlen(function);
}

static bool ends_in(const char *function, const char *name)
{
	size_t len = bare_length(function), n = strlen(name);
	const char *at = function + len - n;

	if (n > len || memcmp(at, name, n))
		return false;
	return n == len || at[-1] == '.' || (at - function >= 2 && at[-1] == ':' && at[-2] == ':');
}

static size_t find(const struct profile *p, const char *name, bool whole, bool *ret_frames)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_frames; i++) {
		ret_frames[i] = whole ? !strcmp(p->frames[i].function, name) : ends_in(p->frames[i].function, name);
		n += ret_frames[i];
	}
	return n;
}

/* ---- similar names ------------------------------------------------------------------------------------------------- */

/* How many letters must be put in, taken out or changed; the cases of letters do not count. */
static unsigned distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
	unsigned row[NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= n_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			unsigned change = diagonal + (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0), other = row[j] < row[j - 1] ? row[j] : row[j - 1];

			diagonal = row[j];
			row[j] = change <= other ? change : other + 1;
		}
	}
	return row[n_b];
}

/* The last part of a qualified name. */
static const char *last_part(const char *function, size_t *ret_len)
{
	size_t end = bare_length(function), begin = end;

	while (begin && function[begin - 1] != '.' && function[begin - 1] != ':')
		begin--;
	*ret_len = end - begin < NAME_MAX_LEN ? end - begin : NAME_MAX_LEN;
	return function + begin;
}

/* The smaller, the nearer; UINT_MAX = not at all. */
static unsigned farness(const char *function, const char *name)
{
	size_t len, n = strlen(name) < NAME_MAX_LEN ? strlen(name) : NAME_MAX_LEN;
	const char *part = last_part(function, &len);
	unsigned d = distance(part, len, name, n);

	if (d <= 1 + n / 4)
		return d;
	return n >= 3 && strcasestr(function, name) ? NAME_MAX_LEN : UINT32_MAX;
}

struct candidate {
	const char *function;
	unsigned farness;
};

static int nearest_first(const void *va, const void *vb)
{
	const struct candidate *a = va, *b = vb;

	if (a->farness != b->farness)
		return a->farness < b->farness ? -1 : 1;
	return strcmp(a->function, b->function);
}

static char *similar(const struct profile *p, const char *name)
{
	_cleanup_free_ struct candidate *list = xcalloc(p->n_frames, sizeof *list);
	size_t n = 0, named = 0;
	char *text = xstrdup("");

	for (size_t i = 0; i < p->n_frames; i++) {
		list[n] = (struct candidate){p->frames[i].function, farness(p->frames[i].function, name)};
		n += list[n].farness < UINT32_MAX;
	}
	if (n)
		qsort(list, n, sizeof *list, nearest_first);
	for (size_t i = 0; i < n && named < NEAR; i++) {
		_cleanup_free_ char *before = text;
		_cleanup_free_ char *shown = printable(list[i].function, strlen(list[i].function), NAME_COLUMNS);

		if (i && !strcmp(list[i].function, list[i - 1].function)) {
			text = xstrdup(before);
			continue;
		}
		text = xasprintf("%s%s%s", before, named++ ? ", " : "; there is ", shown);
	}
	return text;
}

bool *stacks_of_function(const struct profile *p, const char *name, bool self, char **ret_why)
{
	_cleanup_free_ bool *frames = xcalloc(p->n_frames, sizeof *frames);
	bool *stacks;

	if (!find(p, name, true, frames) && !find(p, name, false, frames)) {
		_cleanup_free_ char *near = similar(p, name);

		*ret_why = xasprintf("no function %s in its stacks%s", name, near);
		return NULL;
	}
	stacks = xcalloc(p->n_stacks, sizeof *stacks);
	for (size_t i = 0; i < p->n_stacks; i++) {
		int32_t parent = p->stacks[i].parent;

		stacks[i] = frames[p->stacks[i].frame] || (!self && parent >= 0 && stacks[parent]);
	}
	return stacks;
}
