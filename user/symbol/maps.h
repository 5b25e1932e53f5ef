/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The memory mappings of a process, as /proc/PID/maps lists them. */
#ifndef REQPROF_MAPS_H
#define REQPROF_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/string_set.h"

struct symbol_file;

struct mapping {
	uint64_t start, end;
	uint64_t offset;        /* of `start` in the file */
	uint64_t device, inode; /* 0, 0: no file */
	const char *path;       /* in the target's mount namespace, without " (deleted)"; "[vdso]", "[heap]" …; NULL = none. A line feed in
				 * it is \012, as the kernel writes it */
	bool executable, writable;
	struct symbol_file *file; /* of executable mappings, NULL = no ELF file or not to be had; set by the symbolizer */
};

struct maps {
	struct mapping *list;   /* by address, without overlap */
	size_t n, cap;
	struct string_set paths;
};

/* Read all of it from the start of `fd`, which stays open. 0 or −errno; a line that is no mapping is −EBADMSG. */
int maps_read(struct maps *maps, int fd);
void maps_clear(struct maps *maps);

/* The mapping that holds an address, NULL = none. */
struct mapping *maps_find(const struct maps *maps, uint64_t address);

/* Does it map a file (with a path)? */
bool mapping_is_file(const struct mapping *m);

/* Is it code that the kernel put there: [vdso], [vsyscall], [uprobes]? */
bool mapping_is_kernels(const struct mapping *m);

#endif
