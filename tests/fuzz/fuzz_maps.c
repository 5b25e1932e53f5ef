/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * /proc/PID/maps: paths are the target's choice.
 *
 * links: symbol/maps.c symbol/string_set.c base/alloc.c
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "symbol/maps.h"

static void check(const struct maps *maps, size_t i)
{
	struct mapping *m = &maps->list[i];

	MUST(m->start < m->end);
	MUST(!i || maps->list[i - 1].end <= m->start);
	MUST(!m->path || *m->path);
	MUST(!mapping_is_kernels(m) || !mapping_is_file(m));
	MUST(maps_find(maps, m->start) == m && maps_find(maps, m->end - 1) == m);
	MUST(maps_find(maps, m->end) != m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct maps maps = {0};
	int fd = fuzz_file(data, size), r = maps_read(&maps, fd);

	MUST(!r || r == -EBADMSG);
	for (size_t i = 0; i < maps.n; i++)
		check(&maps, i);
	maps_clear(&maps);
	close(fd);
	return 0;
}
