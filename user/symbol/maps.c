/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static void cut_suffix(char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	if (len > n && !strcmp(s + len - n, suffix))
		s[len - n] = 0;
}

/* The kernel hands the list out in pieces; a mapping that grew in between begins in the piece before. */
static bool cut_overlap(const struct maps *maps, struct mapping *m)
{
	uint64_t before = maps->n ? maps->list[maps->n - 1].end : 0;

	if (m->end <= before)
		return false;
	if (m->start < before) {
		m->offset += m->inode ? before - m->start : 0;
		m->start = before;
	}
	return true;
}

/* "START-END PERMS OFFSET MAJOR:MINOR INODE    PATH": the path is all that follows the blanks, spaces included (fs/proc/task_mmu.c). */
static int parse_line(struct maps *maps, char *line)
{
	struct mapping m = {0};
	unsigned int major, minor;
	char perms[5];
	int at = 0;

	line[strcspn(line, "\n")] = 0;
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 "%n", &m.start, &m.end, perms, &m.offset, &major, &minor,
		   &m.inode, &at) != 7 || strlen(perms) != 4 || m.start >= m.end)
		return -EBADMSG;
	if (!cut_overlap(maps, &m))
		return 0;
	m.device = (uint64_t)major << 32 | minor;
	m.writable = perms[1] == 'w';
	m.executable = perms[2] == 'x';
	line += at + strspn(line + at, " ");
	cut_suffix(line, " (deleted)");
	m.path = *line ? string_set_keep(&maps->paths, line) : NULL;
	GROW(maps->list, maps->n, maps->cap);
	maps->list[maps->n++] = m;
	return 0;
}

int maps_read(struct maps *maps, int fd)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int copy = dup(fd);

	f = copy < 0 ? NULL : fdopen(copy, "re");
	if (!f) {
		int e = -errno;

		if (copy >= 0)
			close(copy);
		return e;
	}
	if (fseek(f, 0, SEEK_SET))
		return -errno;
	while (getline(&line, &size, f) > 0) {
		int e = parse_line(maps, line);

		if (e)
			return e;
	}
	return ferror(f) ? -errno : 0;
}

void maps_clear(struct maps *maps)
{
	free(maps->list);
	string_set_clear(&maps->paths);
	*maps = (struct maps){0};
}

struct mapping *maps_find(const struct maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct mapping *m = &maps->list[middle];

		if (address < m->start)
			high = middle;
		else if (address >= m->end)
			low = middle + 1;
		else
			return m;
	}
	return NULL;
}

bool mapping_is_file(const struct mapping *m)
{
	return m->inode && m->path && m->path[0] != '[';
}

bool mapping_is_kernels(const struct mapping *m)
{
	return m->path && !m->inode && (!strcmp(m->path, "[vdso]") || !strcmp(m->path, "[vsyscall]") || !strcmp(m->path, "[uprobes]"));
}
