/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program's unwinder, applied to any thread of a process: rows, tables and walk are those of the program. */
#ifndef REQPROF_PROBE_H
#define REQPROF_PROBE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "reqprof.h"

struct probe;

struct probe_stack {
	uint64_t t;             /* CLOCK_MONOTONIC ns */
	pid_t tid;
	int n;
	const char *reason;     /* "complete", or why it is not */
	enum rp_stack_reason reason_number;
	uint64_t ips[RP_MAX_USER_FRAMES]; /* innermost first */
};

/* Load the BPF programs and the tables of the process. NULL: printed. */
struct probe *probe_open(pid_t pid);
void probe_close(struct probe *p);

/* Look at the process' mappings again. 0 or −errno. */
int probe_update(struct probe *p);

/* The last stack of a thread that was taken where it left the CPU, after since_ns; waits for it up to a second. Call probe_watch() before that. 0 or
 * −ETIMEDOUT. */
void probe_watch(struct probe *p, pid_t tid);
int probe_stack(struct probe *p, pid_t tid, uint64_t since_ns, struct probe_stack *ret);

/* Sample all threads of the process with this period for a while; each stack goes to the callback. Code that is in no table is looked for meanwhile,
 * as the program does. 0 or −errno. */
int probe_sample(struct probe *p, uint64_t period_ns, uint64_t duration_ns, void (*stack)(void *ctx, const struct probe_stack *s), void *ctx);

/* Of the tick program since probe_open(): runs and their time (kernel.bpf_stats_enabled), stacks and frames taken. */
struct probe_cost {
	uint64_t runs, ns, stacks, frames;
};
struct probe_cost probe_cost(const struct probe *p);

/* "module+0x…" of an address, for messages; the string is the probe's until the next call. */
const char *probe_describe(struct probe *p, uint64_t address);

struct probe_tables {
	uint64_t executables, rows, build_ns, bytes_used, bytes_reserved;
	uint64_t ns;            /* reading mappings, making rows, pushing all */
};
struct probe_tables probe_tables(const struct probe *p);

#endif
