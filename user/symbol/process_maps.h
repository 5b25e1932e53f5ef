/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The processes that are known, each with its mappings and the files behind them. */
#ifndef REQPROF_PROCESS_MAPS_H
#define REQPROF_PROCESS_MAPS_H

#include "symbol/files.h"
#include "symbol/maps.h"
#include "symbol/symbolizer.h"

struct process_maps;

struct process_table {
	const struct symbol_source *source;
	struct files files;
	struct process_maps *list;
};

/* Read its mappings, and open the files of those that hold code, while the process is there. `anew`: what was read before is void, else it
 * stays where it cannot be read again. 0 or −errno. */
int process_table_read(struct process_table *t, int pid, bool anew);
void process_table_forget(struct process_table *t, int pid);
void process_table_clear(struct process_table *t);

/* Its mappings as read last, NULL = none were. */
const struct maps *process_table_maps(const struct process_table *t, int pid);

/* The mapping that held an address at a time (CLOCK_MONOTONIC ns); reads the mappings again if none did, though not for every stray address.
 * NULL = none. What was mapped before they changed is remembered for a while; between two readings the earlier one counts. */
struct mapping *process_table_find(struct process_table *t, int pid, uint64_t address, uint64_t when);

#endif
