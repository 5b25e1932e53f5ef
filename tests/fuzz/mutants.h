/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Damaged copies of a file, always the same ones: cut short, and a byte changed. Of an ELF file the bytes of its structure come first. */
#ifndef REQPROF_MUTANTS_H
#define REQPROF_MUTANTS_H

#include <stddef.h>
#include <stdint.h>

struct mutants {
	const uint8_t *data;
	size_t size;
	size_t n;               /* how many there are; number 0 is the file as it is */
	size_t cuts;            /* numbers 1 .. cuts: cut short */
	uint32_t *places;       /* then CHANGES for each of these bytes */
	size_t n_places, cap_places;
};

/* Those of a file, which stays the caller's, at most `max`. */
void mutants_of(struct mutants *m, const uint8_t *data, size_t size, size_t max);
void mutants_free(struct mutants *m);

/* Number i in a buffer of exactly its size, which the caller frees. */
uint8_t *mutant(const struct mutants *m, size_t i, size_t *ret_size);

#endif
