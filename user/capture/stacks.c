/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

_Static_assert(sizeof(struct python_frame) == sizeof(struct rp_python_frame), "python_frame");
_Static_assert(offsetof(struct python_frame, instr) == offsetof(struct rp_python_frame, instr), "python_frame");
_Static_assert(offsetof(struct python_frame, check) == offsetof(struct rp_python_frame, check), "python_frame");

/* Coroutines come as they await each other; a stack begins with the innermost. */
static void turn_over(struct python_frame *frames, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct python_frame f = frames[i];

		frames[i] = frames[n - 1 - i];
		frames[n - 1 - i] = f;
	}
}

struct raw_stack *stack_add(struct raw_stack **stacks, const struct rp_stack *e)
{
	size_t n = e->n_kernel + e->n_user, bytes = n * sizeof(uint64_t) + e->n_python * sizeof(struct python_frame);
	struct raw_stack *s;

	if (stack_find(*stacks, e->id)) /* sent again: the kernel side remembers only the latest ones */
		return NULL;
	s = xcalloc(1, sizeof *s + bytes);
	s->id = e->id;
	s->pid = e->h.pid;
	s->t = e->h.t;
	s->index = STACK_NOT_NAMED;
	s->flags = e->h.flags;
	s->n_kernel = e->n_kernel;
	s->n_user = e->n_user;
	s->n_python = e->n_python;
	s->python = (struct python_frame *)(s->addresses + n);
	memcpy(s->addresses, e + 1, bytes);
	if (s->flags & RP_STACK_AWAITS)
		turn_over(s->python, s->n_python);
	HASH_ADD(hh, *stacks, id, sizeof s->id, s);
	return s;
}

struct raw_stack *stack_find(struct raw_stack *stacks, uint64_t id)
{
	struct raw_stack *s;

	HASH_FIND(hh, stacks, &id, sizeof id, s);
	return s;
}

void stacks_free(struct raw_stack **stacks)
{
	struct raw_stack *s, *next;

	HASH_ITER(hh, *stacks, s, next) {
		HASH_DEL(*stacks, s);
		free(s);
	}
}

/* Did the thread stand at its innermost user address? In the kernel it is the one behind the system call, and the timer cannot tell. */
static bool is_user_exact(const struct raw_stack *s)
{
	return !s->n_kernel && !(s->flags & RP_STACK_NO_KERNEL);
}

void stack_name(struct raw_stack *s, struct namer *namer, struct profile *p, int maps_pid, struct name_faults *faults)
{
	const struct symbol_stack stack = {
		.pid = maps_pid, .t = s->t, .addresses = s->addresses, .n_kernel = s->n_kernel, .n_user = maps_pid ? s->n_user : 0,
		.user_exact = is_user_exact(s), .python = s->python, .n_python = maps_pid ? s->n_python : 0,
	};

	uint64_t inexact = faults->inexact;

	if (s->index != STACK_NOT_NAMED)
		return;
	faults->unknown += s->n_user - stack.n_user + s->n_python - stack.n_python;
	s->index = names_stack(namer, p, &stack, faults);
	s->inexact = s->n_kernel + s->n_user && faults->inexact > inexact;
}
