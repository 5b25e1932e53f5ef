/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/breakpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "reqprof.h"

#define BREAKPOINT 0xcc         /* int3: what the kernel writes (arch/x86/include/asm/uprobes.h, UPROBE_SWBP_INSN) */
#define LOCK_TRIES 1000         /* another process holds the lock for the time of one write, */
#define SPINS 2000              /* another arming thread ours: to sleep meanwhile would let the server go on */

struct breakpoint {
	struct breakpoint_place place; /* pid 0 = free */
	bool stays;             /* it cannot be taken out */
};

struct breakpoints {
	pthread_mutex_t lock;   /* of what follows, and of the bytes */
	bool enabled;
	uint32_t *states;
	const uint32_t *live;
	struct breakpoint list[RP_PROBES_MAX]; /* from 1 on */
};

struct breakpoints *breakpoints_new(uint32_t *states, const uint32_t *live)
{
	struct breakpoints *bs = xcalloc(1, sizeof *bs);
	pthread_mutexattr_t attr;

	bs->states = states;
	bs->live = live;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT); /* the arming threads wait for an ordinary one */
	pthread_mutex_init(&bs->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return bs;
}

/* ---- one byte ------------------------------------------------------------------------------------------------------------- */

static bool read_byte(const struct breakpoint_place *p, uint8_t *ret)
{
	return pread(p->memory, ret, 1, p->address) == 1;
}

static bool write_byte(const struct breakpoint_place *p, uint8_t byte)
{
	return pwrite(p->memory, &byte, 1, p->address) == 1;
}

static bool lock_memory(const struct breakpoint_place *p, int how)
{
	for (int i = 0; i < LOCK_TRIES; i++)
		if (!flock(p->memory, how | LOCK_NB))
			return true;
		else if (errno != EWOULDBLOCK || how == LOCK_EX)
			return false;
	return false;
}

void breakpoint_look(struct breakpoint_place *place, pid_t pid, uint64_t address)
{
	char path[32];

	*place = (struct breakpoint_place){.pid = pid, .address = address, .instruction = BREAKPOINT};
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	place->memory = open(path, O_RDWR | O_CLOEXEC);
	place->writable = place->memory >= 0;
	if (place->memory < 0)
		place->memory = open(path, O_RDONLY | O_CLOEXEC);
	if (place->memory >= 0 && lock_memory(place, LOCK_SH))
		read_byte(place, &place->instruction);
}

void breakpoint_leave(struct breakpoint_place *place)
{
	if (place->memory >= 0)
		close(place->memory);
	place->memory = -1;
}

/* Nothing else must have come in its place. */
static bool is_there(const struct breakpoint_place *p)
{
	uint8_t byte;

	return read_byte(p, &byte) && (byte == p->instruction || byte == BREAKPOINT);
}

/* ---- in and out ----------------------------------------------------------------------------------------------------------- */

static void set_state(struct breakpoints *bs, uint32_t number, uint32_t state)
{
	__atomic_store_n(&bs->states[number], state, __ATOMIC_SEQ_CST);
}

/* A request that begins raises `live` before it looks at the state. */
static bool announce_out(struct breakpoints *bs, uint32_t number)
{
	set_state(bs, number, RP_PROBE_OUT);
	if (!__atomic_load_n(bs->live, __ATOMIC_SEQ_CST))
		return true;
	set_state(bs, number, RP_PROBE_IN);
	return false;
}

/* Another process that needs it has it locked: that one takes it out. */
static void take_out(struct breakpoints *bs, uint32_t number)
{
	struct breakpoint *b = &bs->list[number];

	if (!b->place.pid || b->stays || bs->states[number] == RP_PROBE_OUT || !announce_out(bs, number))
		return;
	if (!lock_memory(&b->place, LOCK_EX))
		return;
	if (write_byte(&b->place, b->place.instruction)) {
		flock(b->place.memory, LOCK_UN);
		return;
	}
	log_debug("process %d: the breakpoint of a probe cannot be taken out", b->place.pid);
	lock_memory(&b->place, LOCK_SH);
	b->stays = true;
	set_state(bs, number, RP_PROBE_IN);
}

void breakpoints_take_out(struct breakpoints *bs)
{
	pthread_mutex_lock(&bs->lock);
	for (uint32_t i = 1; bs->enabled && i < RP_PROBES_MAX; i++)
		take_out(bs, i);
	pthread_mutex_unlock(&bs->lock);
}

/* Of an arming thread. */
static void lock_soon(struct breakpoints *bs)
{
	for (int i = 0; i < SPINS; i++) {
		if (!pthread_mutex_trylock(&bs->lock))
			return;
		__builtin_ia32_pause();
	}
	pthread_mutex_lock(&bs->lock);
}

/* Is a breakpoint there that nobody has put in who agrees by the lock? The kernel has, for a uprobe of another program, which would be blind
 * without it. Ours must be out. The lock may be lost. */
static bool is_foreign(const struct breakpoint_place *p)
{
	uint8_t byte;

	return lock_memory(p, LOCK_EX) && read_byte(p, &byte) && byte == BREAKPOINT;
}

static void put_in(struct breakpoints *bs, uint32_t number)
{
	struct breakpoint *b = &bs->list[number];
	bool foreign;

	if (!b->place.pid || b->stays || bs->states[number] != RP_PROBE_OUT)
		return;
	foreign = is_foreign(&b->place);
	if (!lock_memory(&b->place, LOCK_SH) || !is_there(&b->place) || !write_byte(&b->place, BREAKPOINT))
		return;
	set_state(bs, number, RP_PROBE_IN);
	b->stays = foreign;
	if (foreign)
		log_debug("process %d: the breakpoint of a probe stays in it: another program has attached one there", b->place.pid);
}

void breakpoint_put_in(struct breakpoints *bs, uint32_t number)
{
	lock_soon(bs);
	put_in(bs, number % RP_PROBES_MAX);
	pthread_mutex_unlock(&bs->lock);
}

void breakpoints_enable(struct breakpoints *bs)
{
	pthread_mutex_lock(&bs->lock);
	bs->enabled = true;
	pthread_mutex_unlock(&bs->lock);
	breakpoints_take_out(bs);
}

/* ---- which ---------------------------------------------------------------------------------------------------------------- */

static const char *why_it_stays(const struct breakpoint_place *p)
{
	uint8_t now;

	if (p->memory < 0 || !p->writable)
		return "its memory cannot be written";
	if (p->instruction == BREAKPOINT)
		return "another program has one there";
	return read_byte(p, &now) && now == BREAKPOINT ? NULL : "it is not where it was expected";
}

static uint32_t find_free(const struct breakpoints *bs)
{
	for (uint32_t i = 1; i < RP_PROBES_MAX; i++)
		if (!bs->list[i].place.pid)
			return i;
	return 0;
}

/* One that stays has its place here, too: it keeps the memory locked, so that nobody else takes it out. */
uint32_t breakpoint_add(struct breakpoints *bs, struct breakpoint_place *place, const char **ret_why)
{
	uint32_t number;

	*ret_why = why_it_stays(place);
	pthread_mutex_lock(&bs->lock);
	number = find_free(bs);
	if (number) {
		bs->list[number] = (struct breakpoint){.place = *place, .stays = *ret_why};
		set_state(bs, number, RP_PROBE_IN);
		if (bs->enabled)
			take_out(bs, number);
	} else if (place->memory >= 0) {
		close(place->memory);
	}
	pthread_mutex_unlock(&bs->lock);
	if (!number)
		*ret_why = "too many processes have one";
	return number;
}

/* Ours must not be left to another who records the process: it would look like that of a third program. */
static void leave(struct breakpoints *bs, uint32_t number)
{
	struct breakpoint *b = &bs->list[number];

	if (bs->enabled && !b->stays && bs->states[number] == RP_PROBE_IN && lock_memory(&b->place, LOCK_EX) && is_there(&b->place))
		write_byte(&b->place, b->place.instruction);
	breakpoint_leave(&b->place);
	*b = (struct breakpoint){0};
	set_state(bs, number, RP_PROBE_IN);
}

/* Without the uprobe a breakpoint would end the process: nobody may put it in any more. */
void breakpoints_remove(struct breakpoints *bs, pid_t pid)
{
	pthread_mutex_lock(&bs->lock);
	for (uint32_t i = 1; i < RP_PROBES_MAX; i++)
		if (bs->list[i].place.pid && (!pid || bs->list[i].place.pid == pid))
			leave(bs, i);
	pthread_mutex_unlock(&bs->lock);
}

void breakpoints_free(struct breakpoints *bs)
{
	if (!bs)
		return;
	breakpoints_remove(bs, 0);
	pthread_mutex_destroy(&bs->lock);
	free(bs);
}
