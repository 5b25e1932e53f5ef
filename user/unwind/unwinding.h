/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF side needs in order to walk the stacks of a process: the rows of its executables, each once however many processes map it, and the
 * list of its code. Made here, where ELF files are read; handed to the process that may write them into BPF maps.
 */
#ifndef REQPROF_UNWINDING_H
#define REQPROF_UNWINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/symbolizer.h"

/* Who takes the tables. The descriptors are of sealed memory (base/protocol.h) and stay the caller's. Both return 0 or −errno. */
struct unwinding_sink {
	void *ctx;
	int (*rows)(void *ctx, uint64_t executable, int fd);    /* −ENOSPC: the budget is used up; −EEXIST: it has them */
	int (*texts)(void *ctx, int pid, int fd, bool more);    /* −ESTALE: some executable has been evicted. fd −1: there is none;
								 * more: another one will follow soon */
};

struct unwinding;

/* watch: symbolizer.h, told of the files that are read for it; may be NULL. It must outlive it, as the symbolizer. */
struct unwinding *unwinding_new(struct symbolizer *s, const struct unwinding_sink *sink, const struct file_watch *watch);
void unwinding_free(struct unwinding *u);

/* Read the mappings of a process again, and hand over what is new. Executables of more than 32 MB come last, the others can be walked meanwhile. 1,
 * 0: nothing is new, or −errno: the process is gone, or its list was not taken. */
int unwinding_update(struct unwinding *u, int pid);

/* The process has code that is not listed: look again. Where a stack that led to `address` tells so, not too often; where a new mapping (0) does,
 * always. pid 0: all that are known. 1: there is something new. */
int unwinding_ask(struct unwinding *u, int pid, uint64_t address);

void unwinding_forget(struct unwinding *u, int pid);

/* Rows of an executable (symbol_code.id) that were handed over. */
uint64_t unwinding_rows(const struct unwinding *u, uint64_t id);

struct unwinding_counts {
	size_t executables, rows; /* handed over */
	size_t refused;         /* executables for which there was no room */
	uint64_t ns;            /* spent on making rows */
};
struct unwinding_counts unwinding_counts(const struct unwinding *u);

#endif
