/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/claims.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "capture/stacks.h"

struct claimed_task {
	uint32_t parent, root;
	uint32_t number;        /* what claims_number() returns */
	bool made;              /* that it was is recorded */
	bool unclaimed, guessed; /* as recorded */
	bool claimed;           /* it has written the response */
	bool right, spoiled;    /* a guess, its root: one that was made with it has; or another response */
};

static struct claimed_task *task_at(struct claims *c, uint32_t number)
{
	while (c->n <= number) {
		GROW(c->tasks, c->n, c->cap);
		c->tasks[c->n++] = (struct claimed_task){0};
	}
	return &c->tasks[number];
}

static void take_task(struct claims *c, const struct record_task *made)
{
	struct claimed_task *task = task_at(c, made->number);

	task->made = true;
	task->parent = made->parent < made->number ? made->parent : 0;
	task->root = task->parent ? c->tasks[task->parent].root : made->number;
	task->unclaimed = made->unclaimed;
	task->guessed = made->guessed;
	if (task->parent && made->t < c->begin_ns)
		task->parent = 0; /* for an earlier request */
	c->any |= made->unclaimed || made->guessed;
}

static void take_claim(struct claims *c, const struct record_task_claimed *claim)
{
	struct claimed_task *task = task_at(c, claim->task), *root = &c->tasks[task->root];

	c->any = true;
	root->spoiled |= claim->others;
	c->spoiled |= claim->others && task->claimed;
	task->claimed = !claim->others;
	root->right |= !claim->others && task->guessed;
}

/* Parents have lower numbers, if they may be another request's. */
static bool is_void(const struct claims *c, uint32_t i)
{
	const struct claimed_task *task = &c->tasks[i];

	if (task->claimed || (task->right && !task->spoiled) || (task->made && !task->unclaimed && !task->guessed))
		return false;
	return !task->parent || c->tasks[task->parent].number == CLAIMS_VOID;
}

struct claims claims_find(const struct record_log *log, uint64_t begin_ns, bool some)
{
	struct record_cursor cursor = {0};
	struct claims c = {.any = some, .begin_ns = begin_ns};
	enum record_kind kind;
	const void *record;
	uint32_t n = 0;

	while ((record = record_next(log, &cursor, &kind))) {
		if (kind == RECORD_TASK)
			take_task(&c, record);
		else if (kind == RECORD_TASK_CLAIMED)
			take_claim(&c, record);
	}
	for (size_t i = 1; i < c.n; i++)
		c.tasks[i].number = is_void(&c, i) ? CLAIMS_VOID : ++n;
	return c;
}

void claims_free(struct claims *c)
{
	free(c->tasks);
	*c = (struct claims){0};
}

uint32_t claims_number(const struct claims *c, uint32_t task)
{
	if (!c->any || !task)
		return task;
	return task < c->n ? c->tasks[task].number : CLAIMS_VOID; /* nobody knows whose one is that was lost */
}

bool claims_is_void(const struct claims *c, uint32_t task, uint64_t t)
{
	return claims_number(c, task) == CLAIMS_VOID || (c->any && t < c->begin_ns);
}

bool claims_is_older(const struct claims *c, uint32_t task)
{
	return c->any && task < c->n && c->tasks[task].unclaimed && !c->tasks[task].parent;
}

static void use(struct raw_stack *stack, const struct claims *c, uint32_t task, uint64_t t)
{
	if (stack && !claims_is_void(c, task, t))
		stack->used = true;
}

static void mark(const struct claims *c, enum record_kind kind, const void *record)
{
	const struct record_tick *tick = record;
	const struct record_wait *wait = record;
	const struct record_task *task = record;
	const struct record_task_waits *waits = record;
	const struct record_busy *busy = record;

	if (kind == RECORD_TICK)
		use(tick->stack, c, tick->task, tick->t);
	if (kind == RECORD_TASK)
		use(task->coroutine, c, task->number, UINT64_MAX);
	if (kind == RECORD_TASK_WAITS)
		use(waits->stack, c, waits->task, waits->t);
	if (kind == RECORD_BUSY)
		use(busy->stack, c, 0, busy->t);
	if (kind == RECORD_WAIT) {
		use(wait->stack, c, wait->task, wait->out_ns);
		use(wait->holder, c, wait->task, wait->out_ns);
	}
}

void claims_mark_stacks(const struct claims *c, const struct record_log *log, struct raw_stack *stacks)
{
	struct record_cursor cursor = {0};
	struct raw_stack *stack, *next;
	enum record_kind kind;
	const void *record;

	if (!c->any)
		return;
	HASH_ITER(hh, stacks, stack, next)
		stack->used = false;
	while ((record = record_next(log, &cursor, &kind)))
		mark(c, kind, record);
}
