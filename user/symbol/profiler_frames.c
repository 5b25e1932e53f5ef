/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/profiler_frames.h"

#include <string.h>

#include "base/cleanup.h"

#define LOOKED_AT 16 /* innermost frames among which the probe is sought */

/*
 * A stack taken in a tracepoint, innermost first:    and by a timer:
 *
 *     bpf_prog_…_on_switch [bpf]                         bpf_prog_…_on_tick [bpf]
 *     bpf_trace_run4                                     bpf_overflow_handler
 *     __traceiter_sched_switch                           __perf_event_overflow
 *     __schedule                                         perf_swevent_hrtimer
 *     schedule                                           __hrtimer_run_queues … asm_sysvec_apic_timer_interrupt
 *     schedule_timeout       ← shown from here           vfs_read               ← shown from here
 *
 * (A perf event's program usually gets the interrupted function first already; then nothing is left out.) `probes` run the programs, whose
 * module is "bpf": both, and what is inside of them, is left out. `around` are what runs the probes: left out as far as they follow without
 * a gap. A tick in schedule() or in a timer interrupt's own work has no probe and keeps its frames.
 */
static const char *const probes[] = {
	"bpf_trampoline_", "bpf_trace_run", "__bpf_trace_", "trace_call_bpf", "__traceiter_", "call_trace_sock_",
	"bpf_timer_cb", "bpf_overflow_handler", "__perf_event_overflow", "perf_event_overflow", "perf_swevent_",
};

static const char *const around[] = {
	"__schedule", "schedule", "schedule_preempt_disabled", "preempt_schedule", "preempt_schedule_common", "preempt_schedule_irq",
	"__hrtimer_run_queues", "hrtimer_interrupt", "local_apic_timer_interrupt", "__sysvec_apic_timer_interrupt",
	"sysvec_apic_timer_interrupt", "asm_sysvec_apic_timer_interrupt",
};

bool is_interrupt_entry(const char *function)
{
	return !strncmp(function, "asm_", 4);
}

static bool is_probe(struct kernel_symbol s)
{
	if (!s.name)
		return false;
	if (!strcmp(s.module, "bpf"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(probes); i++)
		if (!strncmp(s.name, probes[i], strlen(probes[i])))
			return true;
	return false;
}

/* The compiler's suffixes (.constprop.0, .isra.0 …) do not count. */
static bool is_around(struct kernel_symbol s)
{
	for (size_t i = 0; s.name && i < ARRAY_LEN(around); i++)
		if (strlen(around[i]) == strcspn(s.name, ".") && !strncmp(s.name, around[i], strlen(around[i])))
			return true;
	return false;
}

size_t profiler_frames(const struct kernel_symbols *k, const uint64_t *addresses, size_t n)
{
	size_t left_out = 0;

	for (size_t i = 0; i < n && i < LOOKED_AT; i++) {
		struct kernel_symbol s = kernel_symbols_find(k, addresses[i] - 1);

		if (is_probe(s))
			left_out = i + 1;
		if (s.name && is_interrupt_entry(s.name))
			break;
	}
	while (left_out && left_out < n && is_around(kernel_symbols_find(k, addresses[left_out] - 1)))
		left_out++;
	return left_out;
}
