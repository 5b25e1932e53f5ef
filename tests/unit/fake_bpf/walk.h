/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The BPF side's walk, compiled for the host, on the stack of this very process. */
#ifndef REQPROF_FAKE_WALK_H
#define REQPROF_FAKE_WALK_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

struct fake_registers {
	uint64_t ip, sp, bp;
};

/* The tables: one chunk, and where in it the table of code is. */
extern uint64_t *fake_chunk;
extern uint32_t fake_texts, fake_n_texts;

/* Return addresses that a uretprobe has replaced: the trampoline's address, and for each the place on the stack and what was there. */
#define FAKE_RETURNS 8
extern uint64_t fake_trampoline;
extern struct fake_return {
	uint64_t slot, address;
} fake_returns[FAKE_RETURNS];

/* Walk; at most `max` addresses, innermost first. Returns their number; *ret_reason is RP_STACK_*. */
size_t fake_walk(const struct fake_registers *r, uint64_t *addresses, size_t max, uint32_t *ret_reason);

#endif
