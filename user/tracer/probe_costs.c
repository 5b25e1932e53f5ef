/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/probe_costs.h"

#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "tracer/own_code.h"

#define BATCHES 20              /* the fastest counts: what else happens only adds */
#define CALLS 100               /* in a batch */
#define CALLS_STEPPED 10
#define URL "/a/path/of/thirty/characters/x"

/* Measured on another machine. */
static const struct probe_costs assumed = {.entry = 1100, .end = 600, .returns = 900, .stepped = 15400, .assumed = true};

/* ---- functions ---------------------------------------------------------------------------------------------------------------- */

enum trial {TRIAL_ENTRY, TRIAL_END, TRIAL_RETURN, TRIAL_STEPPED, TRIALS};

#define FUNCTION_SIZE 16
#define RETURN_AT 2             /* its return instruction */

typedef void (*function)(const char *url);
extern const char probe_costs_functions[];

/* One for each trial. x86_64: the kernel emulates a push and steps over a return. */
__asm__(".text\n"
	".balign 16\n"
	".globl probe_costs_functions\n"
	".hidden probe_costs_functions\n"
	"probe_costs_functions:\n"
	".rept 4\n"
	"	push %rbp\n"
	"	pop %rbp\n"
	"	ret\n"
	"	.balign 16\n"
	".endr\n");
_Static_assert(TRIALS == 4, "as many functions");

static const char *function_of(enum trial trial)
{
	return probe_costs_functions + trial * FUNCTION_SIZE;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* CPU time of a call. */
static uint64_t call_ns(enum trial trial)
{
	function volatile call = (function)(uintptr_t)function_of(trial);
	unsigned int calls = trial == TRIAL_STEPPED ? CALLS_STEPPED : CALLS;
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < BATCHES; i++) {
		uint64_t begin = cpu_ns(), took;

		for (unsigned int k = 0; k < calls; k++)
			call(URL);
		took = cpu_ns() - begin;
		best = took < best ? took : best;
	}
	return best / calls;
}

/* ---- probed ------------------------------------------------------------------------------------------------------------------ */

/* What a probe adds to a call; 0 = it cannot be attached. */
static uint64_t probed_ns(struct handler_links *hl, const struct handler_programs *programs, struct links *links, enum trial trial)
{
	static const struct rp_handler handler = {.flags = RP_HANDLER_TRIAL, .url.data.base = RP_BASE_ARGUMENT};
	static const enum msg_place_kind kinds[] = {
		[TRIAL_ENTRY] = PLACE_ENTRY, [TRIAL_END] = PLACE_END, [TRIAL_RETURN] = PLACE_RETURN, [TRIAL_STEPPED] = PLACE_RET,
	};
	const char *at = function_of(trial) + (trial == TRIAL_STEPPED ? RETURN_AT : 0);
	const struct msg_place place = {.kind = kinds[trial], .offset = own_code_offset(at)};
	const struct handler_where where = {.pid = getpid(), .path = "/proc/self/exe", .places = &place, .n = 1};
	uint64_t without = call_ns(trial), with;

	if (!place.offset || handler_links_add(hl, programs, links, &where, &handler))
		return 0;
	with = call_ns(trial);
	return with > without ? with - without : 0;
}

void probe_costs_measure(struct handler_links *hl, const struct handler_programs *programs, struct probe_costs *ret)
{
	struct links links = {0};
	uint64_t ns[TRIALS];

	for (int i = 0; i < TRIALS; i++)
		ns[i] = probed_ns(hl, programs, &links, i);
	links_close_later(&links);
	*ret = assumed;
	if (!ns[TRIAL_ENTRY] || !ns[TRIAL_END] || ns[TRIAL_RETURN] <= ns[TRIAL_END] || ns[TRIAL_STEPPED] <= ns[TRIAL_END])
		return;
	*ret = (struct probe_costs){
		.entry = ns[TRIAL_ENTRY], .end = ns[TRIAL_END], .returns = ns[TRIAL_RETURN] - ns[TRIAL_END], .stepped = ns[TRIAL_STEPPED] - ns[TRIAL_END],
	};
	log_debug("probes: %llu ns at a handler's entry, %llu elsewhere, %llu more for a return, %llu more where the kernel steps",
		  (unsigned long long)ret->entry, (unsigned long long)ret->end, (unsigned long long)ret->returns, (unsigned long long)ret->stepped);
}
