/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * /tmp/perf-PID.map, which the target writes (and whoever may write where it does).
 *
 * links: symbol/perf_map.c base/alloc.c
 */
#include <ctype.h>
#include <string.h>

#include "fuzz.h"
#include "symbol/perf_map.h"

static void ask(const struct perf_map *map, uint64_t address)
{
	uint64_t start = 0;
	const char *name = perf_map_find(map, address, &start);

	if (!name)
		return;
	MUST(*name);
	MUST(start <= address);
}

/* Every number in the text that could be an address, and the one beside it. */
static void ask_numbers(const struct perf_map *map, const char *text, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++) {
		const char *digit = text[i] ? strchr(digits, tolower((unsigned char)text[i])) : NULL;

		if (digit) {
			number = number << 4 | (uint64_t)(digit - digits);
			continue;
		}
		ask(map, number);
		ask(map, number - 1);
		number = 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1); /* of that size: what is read behind it is seen */
	struct perf_map *map;

	MUST(copy);
	memcpy(copy, data, size);
	map = perf_map_parse(copy, size);
	if (map) {
		ask_numbers(map, (const char *)data, size);
		ask(map, 0);
		ask(map, UINT64_MAX);
	}
	perf_map_free(map);
	free(copy);
	return 0;
}
