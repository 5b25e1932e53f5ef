/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of code that a program makes at run time: /tmp/perf-PID.map, which it writes itself (linux/tools/perf/Documentation/jit-interface.txt).
 * A line is "START SIZE NAME", the numbers hexadecimal, the name all that follows. Hostile input.
 */
#ifndef REQPROF_PERF_MAP_H
#define REQPROF_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>

#define PERF_MAP_BYTES_MAX (64U << 20)
#define PERF_MAP_ENTRIES_MAX 1000000
#define PERF_MAP_NAME_MAX 1024 /* longer names are cut */

struct perf_map;

/* Of lines that overlap the later one counts: its memory has been used again. A last line without its line feed is not complete, one that is
 * no such line is left out. Never NULL. */
struct perf_map *perf_map_parse(const char *text, size_t size);
void perf_map_free(struct perf_map *map); /* NULL is fine */

/* The name of what is at an address, which begins at *ret_start; NULL = none. It lives as long as the map. */
const char *perf_map_find(const struct perf_map *map, uint64_t address, uint64_t *ret_start);

#endif
