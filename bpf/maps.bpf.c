// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What several objects share: the licence, the configuration (constants for the verifier), maps, the flag. Linked first: bpftool's linker
 * (7.1) leaves the BTF offset of an extern map unset when the object that defines it comes later.
 */
#include "request.bpf.h"
#include "slice.bpf.h"
#include "context_python.bpf.h"
#include "handler.bpf.h"
#include "stack.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct rp_config cfg = {};
const volatile struct rp_marker markers[RP_MAX_MARKERS] = {};
const volatile __s64 steal_clock = 0;

__u64 counters[RP_COUNTER_ROWS * RP_COUNTER_ROW] SEC(".data.counters") = {};

struct events_map events SEC(".maps");
struct threads_map threads SEC(".maps");
struct readers_map readers SEC(".maps");
struct live_map live SEC(".maps");
struct workers_map workers SEC(".maps");
struct chunks_map chunks SEC(".maps");
struct spaces_map spaces SEC(".maps");
struct pythons_map pythons SEC(".maps");
struct contexts_map contexts SEC(".maps");
struct successors_map successors SEC(".maps");
struct task_codes_map task_codes SEC(".maps");
struct handlers_map handlers SEC(".maps");
struct open_calls_map open_calls SEC(".maps");
struct stack_pool_map stack_pool SEC(".maps");
struct sent_map sent SEC(".maps");

/* The object's first program: nobody runs it, but when it is loaded its maps are there (user/tracer/halves.h). */
SEC("?reqprof/maps")
int maps_made(void *ctx)
{
	return 0;
}

__u32 live_requests = 0;
__u64 run_queue_ahead = 0;
__u64 run_queue_clock_ns = 0;
