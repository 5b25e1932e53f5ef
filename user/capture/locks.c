/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/locks.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define FRAMES_LOOKED_AT 6 /* the C library's own frames around a futex call */

/* Part of a function's name, aliases with leading underscores included → what it waits for. More special ones come first. */
static const struct {
	const char *function, *kind;
} waiters[] = {
	{"pthread_cond_", "pthread cond"},
	{"pthread_rwlock_", "pthread rwlock"},
	{"pthread_barrier_", "pthread barrier"},
	{"pthread_once", "pthread once"},
	{"pthread_join", "pthread join"},
	{"pthread_timedjoin", "pthread join"},
	{"pthread_clockjoin", "pthread join"},
	{"pthread_mutex_", "pthread mutex"},
	{"lll_lock_wait", "pthread mutex"},
	{"sem_wait", "semaphore"},
	{"sem_timedwait", "semaphore"},
	{"sem_clockwait", "semaphore"},
	{"mtx_lock", "mutex"},
	{"cnd_wait", "condition"},
};

static const char *kind_of_function(const char *function)
{
	for (size_t i = 0; i < ARRAY_LEN(waiters); i++)
		if (strstr(function, waiters[i].function))
			return waiters[i].kind;
	return NULL;
}

const char *lock_kind(const struct profile *p, int32_t stack)
{
	for (int looked_at = 0; stack >= 0 && looked_at < FRAMES_LOOKED_AT; stack = p->stacks[stack].parent) {
		const struct frame *f = &p->frames[p->stacks[stack].frame];
		const char *kind;

		if (f->kind == FRAME_kernel)
			continue;
		kind = kind_of_function(f->function);
		if (kind)
			return kind;
		looked_at++;
	}
	return "futex";
}

struct lock_key {
	uint64_t address;
	int32_t pid;
	int32_t stack;
};

struct lock_name {
	UT_hash_handle hh;
	struct lock_key key;
	const char *object;
};

static const char *make_object(struct namer *namer, struct profile *p, const struct lock_key *key)
{
	_cleanup_free_ char *symbol = namer_data_name(namer, key->pid, key->address);
	_cleanup_free_ char *object = xasprintf("%s 0x%llx%s%s", lock_kind(p, key->stack), (unsigned long long)key->address,
						symbol ? " " : "", symbol ? symbol : "");

	return profile_string(p, object);
}

const char *lock_object(struct lock_name **names, struct namer *namer, struct profile *p, int pid, uint64_t address, int32_t stack)
{
	struct lock_key key = {.address = address, .pid = pid, .stack = stack};
	struct lock_name *name;

	HASH_FIND(hh, *names, &key, sizeof key, name);
	if (!name) {
		name = xcalloc(1, sizeof *name);
		name->key = key;
		name->object = make_object(namer, p, &key);
		HASH_ADD(hh, *names, key, sizeof key, name);
	}
	return name->object;
}

void lock_names_free(struct lock_name **names)
{
	struct lock_name *name, *next;

	HASH_ITER(hh, *names, name, next) {
		HASH_DEL(*names, name);
		free(name);
	}
}
