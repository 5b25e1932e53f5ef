/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/perf_map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define OVERLAPPING_MAX 64 /* entries before an address that may have ended before it, or have been overwritten */

struct entry {
	uint64_t start, end;
	uint32_t order;         /* of the lines */
	uint32_t name;          /* offset in names */
};

struct perf_map {
	struct entry *list;     /* by start */
	size_t n, cap;
	char *names;
	size_t names_len, names_cap;
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A hexadecimal number, with or without 0x, and the blanks after it. NULL: there is none, or more than 64 bits. */
static const char *number(const char *at, const char *end, uint64_t *ret)
{
	const char *first;

	if (end - at > 2 && at[0] == '0' && (at[1] | 0x20) == 'x')
		at += 2;
	first = at;
	for (*ret = 0; at < end && digit(*at) >= 0; at++)
		*ret = *ret << 4 | (uint64_t)digit(*at);
	if (at == first || at - first > 16 || at == end || *at != ' ')
		return NULL;
	while (at < end && *at == ' ')
		at++;
	return at;
}

static uint32_t add_name(struct perf_map *map, const char *name, size_t len)
{
	size_t at = map->names_len;

	len = len < PERF_MAP_NAME_MAX ? len : PERF_MAP_NAME_MAX;
	while (map->names_cap - map->names_len < len + 1) {
		map->names_cap = map->names_cap ? 2 * map->names_cap : 4096;
		map->names = xrealloc(map->names, map->names_cap, 1);
	}
	memcpy(map->names + at, name, len);
	map->names[at + len] = 0;
	map->names_len += len + 1;
	return at;
}

static void add_line(struct perf_map *map, const char *at, const char *end)
{
	uint64_t start, size;

	at = number(at, end, &start);
	at = at ? number(at, end, &size) : NULL;
	if (!at || at == end || !*at || !size || size > UINT64_MAX - start)
		return;
	GROW(map->list, map->n, map->cap);
	map->list[map->n] = (struct entry){.start = start, .end = start + size, .order = map->n, .name = add_name(map, at, end - at)};
	map->n++;
}

static int compare(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Of those that begin at one address the last one. */
static void drop_overwritten(struct perf_map *map)
{
	size_t n = 0;

	for (size_t i = 0; i < map->n; i++) {
		if (n && map->list[n - 1].start == map->list[i].start)
			n--;
		map->list[n++] = map->list[i];
	}
	map->n = n;
}

struct perf_map *perf_map_parse(const char *text, size_t size)
{
	struct perf_map *map = xcalloc(1, sizeof *map);
	const char *end = text + (size < PERF_MAP_BYTES_MAX ? size : PERF_MAP_BYTES_MAX), *line_end;

	for (; text < end && map->n < PERF_MAP_ENTRIES_MAX && (line_end = memchr(text, '\n', end - text)); text = line_end + 1)
		add_line(map, text, line_end);
	if (map->n)
		qsort(map->list, map->n, sizeof *map->list, compare);
	drop_overwritten(map);
	return map;
}

void perf_map_free(struct perf_map *map)
{
	if (!map)
		return;
	free(map->list);
	free(map->names);
	free(map);
}

const char *perf_map_find(const struct perf_map *map, uint64_t address, uint64_t *ret_start)
{
	const struct entry *found = NULL;
	size_t low = 0, high = map->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->list[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < OVERLAPPING_MAX && i < low; i++) {
		const struct entry *e = &map->list[low - 1 - i];

		if (address < e->end && (!found || e->order > found->order))
			found = e;
	}
	if (!found)
		return NULL;
	*ret_start = found->start;
	return map->names + found->name;
}
