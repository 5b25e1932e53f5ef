/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "capture/names.h"

void stack_add(struct raw_stack **stacks, const struct rp_stack *e)
{
	size_t bytes = (e->n_kernel + e->n_user) * sizeof(uint64_t);
	struct raw_stack *s;

	if (stack_find(*stacks, e->id)) /* sent again: the kernel side remembers only the latest ones */
		return;
	s = xcalloc(1, sizeof *s + bytes);
	s->id = e->id;
	s->pid = e->h.pid;
	s->t = e->h.t;
	s->index = STACK_NOT_NAMED;
	s->flags = e->h.flags;
	s->n_kernel = e->n_kernel;
	s->n_user = e->n_user;
	memcpy(s->addresses, e + 1, bytes);
	HASH_ADD(hh, *stacks, id, sizeof s->id, s);
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

void stack_name(struct raw_stack *s, struct namer *namer, struct profile *p, int maps_pid, uint64_t *unknown)
{
	const struct symbol_stack stack = {
		.pid = maps_pid, .t = s->t, .addresses = s->addresses, .n_kernel = s->n_kernel, .n_user = maps_pid ? s->n_user : 0,
		.user_exact = is_user_exact(s),
	};

	if (s->index != STACK_NOT_NAMED)
		return;
	*unknown += s->n_user - stack.n_user;
	s->index = names_stack(namer, p, &stack, unknown);
}
