/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests as calls of a server's own functions.
 *
 *   handlers[n]           what is known of a function; a probe's cookie is n
 *   open_calls[pid, id]   a request that lasts until another function is called for it
 *
 * A call that ends with its request is in the state of its thread (struct rp_thread).
 */
#ifndef REQPROF_HANDLER_BPF_H
#define REQPROF_HANDLER_BPF_H

#include "request.bpf.h"

#define OPEN_CALLS_MAX 16384

struct handlers_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RP_MAX_HANDLERS);
	__type(key, __u32);
	__type(value, struct rp_handler);
};
extern struct handlers_map handlers SEC(".maps");

struct open_call_key {
	__u64 id;
	__u32 pid;
	__u32 pad;
};

struct open_call {
	live_ref ref;           /* 0 = not recorded */
	__u64 base;             /* what its status is found from */
	__u32 reader;
	__u32 reply;            /* 1 + index of what answers it; 0 = its status is in none */
	/* Go: */
	__u64 depth;            /* of the stack at the entry */
	__u64 arguments;        /* mixed */
	__u64 t;
};

struct open_calls_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OPEN_CALLS_MAX);
	__type(key, struct open_call_key);
	__type(value, struct open_call);
};
extern struct open_calls_map open_calls SEC(".maps");

#define NUMBER_MASK 0xffffffffULL /* of a number of 4 bytes that was read as 8 */
#define HANDLER_BASES 16        /* a power of 2 that RP_BASES fit in */
_Static_assert(RP_BASES <= HANDLER_BASES, "bases");

/* What a path may begin with. */
struct handler_values {
	__u64 regs;             /* address of the registers */
	__u64 node;             /* RP_BASE_NODE */
	__u32 go;
	__u32 pad;
};

/* X(base, register in functions of C, in those of Go) */
#define HANDLER_REGISTERS(X) \
	X(1, di, ax) X(2, si, bx) X(3, dx, cx) X(4, cx, di) X(5, r8, si) X(6, r9, r8) X(RP_BASE_RESULT, ax, r14) X(RP_BASE_CODE, ip, ip)

/* handler_line.bpf.c: the word of a struct pt_regs in which that is, + 1; 0 = in none; in functions of C, and of Go. */
extern const volatile __u8 handler_places[2][HANDLER_BASES];

static __always_inline __u64 handler_value_of(const struct handler_values *v, __u32 base)
{
	__u8 place = handler_places[v->go & 1][base & (HANDLER_BASES - 1)];
	__u64 value = 0;

	if (base == RP_BASE_NODE)
		return v->node;
	if (place)
		bpf_probe_read_kernel(&value, sizeof value, (const __u64 *)v->regs + place - 1);
	return value;
}

static __always_inline __u64 handler_base(const struct handler_values *v, const struct rp_handler_path *p)
{
	return handler_value_of(v, p->base);
}

/* Read where it is written: the verifier wants the context's fields at constant offsets. */
#define REGISTER(name) ({ __u64 value_ = regs->name; asm volatile("" : "+r"(value_)); value_; })

/* The same from the registers at hand. */
static __always_inline __u64 handler_argument(const struct rp_handler *h, struct pt_regs *regs, __u32 base)
{
	int go = h->flags & RP_HANDLER_GO;

	switch (base) {
#define X(number, in_c, in_go) \
	case number: \
		return go ? REGISTER(in_go) : REGISTER(in_c);
	HANDLER_REGISTERS(X)
#undef X
	}
	return 0;
}

static __always_inline void handler_values(struct handler_values *v, const struct rp_handler *h, struct pt_regs *regs)
{
	v->regs = number_of(regs);
	v->node = 0;
	v->go = h->flags & RP_HANDLER_GO ? 1 : 0;
	v->pad = 0;
}

/* Follow a path from `value`. Non-zero: memory could not be read. */
static __always_inline int handler_follow(const struct rp_handler_path *p, __u64 value, __u64 *ret)
{
	__u64 number = 0;
	__u32 n = p->n;

	for (__u32 i = 0; i < RP_PATH_MAX; i++) {
		if (i >= n)
			break;
		value += (__s64)p->offset[i];
		if (i + 1 < n && bpf_probe_read_user(&value, sizeof value, (void *)value))
			return -1;
	}
	switch (p->size) {
	case 0: number = value; break;
	case 1: if (bpf_probe_read_user(&number, 1, (void *)value)) return -1; break;
	case 2: if (bpf_probe_read_user(&number, 2, (void *)value)) return -1; break;
	case 4: if (bpf_probe_read_user(&number, 4, (void *)value)) return -1; break;
	default: if (bpf_probe_read_user(&number, 8, (void *)value)) return -1;
	}
	*ret = number;
	return 0;
}

/* handler_follow() from what the path begins with. */
int handler_value(const struct rp_handler_path *p, const struct handler_values *v, __u64 *ret);

/* ---- handler_line.bpf.c -------------------------------------------------------------------------------------------- */

struct http_slot;

/* 1 + the index of what answers the request, 0 = nothing that is known. */
int handler_reply(const struct rp_handler *h, const struct handler_values *v);

/* The status that it has when its handler is done, 0 = none. base: what its paths begin with. */
int handler_reply_status(const struct rp_handler *h, __u32 reply, __u64 base);

/* Make bytes[0, line_len) of the slot "METHOD target", or the line that the handler was given. Non-zero: it cannot be read, is none, or is not to be
 * believed (counted). index: of the handler. */
int handler_line(struct http_slot *s, const struct rp_handler *h, struct handler_values *v, __u32 index);

/* ---- handler_check.bpf.c ---------------------------------------------------------------------------------------------- */

/* Is the slot's target not to be believed, as it is not what came over the connection? unreadable: there is none. index: of the handler. */
int handler_doubted(struct http_slot *s, __u32 index, int unreadable);

/* Is what else the handler says to be believed? The first calls are looked at whatever they say: so a wrong place shows. index: of the handler. */
int handler_believed(__u32 index);

static __always_inline const struct rp_handler *handler_of(void *ctx)
{
	__u32 index = bpf_get_attach_cookie(ctx);

	return bpf_map_lookup_elem(&handlers, &index);
}

static __always_inline void open_call_key(struct open_call_key *key, __u64 id)
{
	key->id = id;
	key->pid = bpf_get_current_pid_tgid() >> 32;
	key->pad = 0;
}

/* ---- calls on the stack -------------------------------------------------------------------------------------------- */

#define RETURN_PUSHES 24        /* bytes that the code which a probed return runs into pushes, from where the return address stood downwards */
#define LEFT_MAX 65536          /* a stack pointer that is farther away is on another stack */

/* On top of the stack of a call stands its return address, or that of the uprobes' area, while the call lasts. */
static __always_inline int is_overwritten(struct task_struct *task, __u64 call_sp, __u64 call_return)
{
	__u64 word = 0;

	return !bpf_probe_read_user(&word, sizeof word, (void *)call_sp) && word != call_return && word != uprobe_area(task);
}

/* Has the current thread left the call, as far as its stack tells? */
static __always_inline int is_left(struct task_struct *task, __u64 call_sp, __u64 call_return)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__u64 sp = BPF_CORE_READ(regs, sp), returned = call_sp + 8;

	if (returned - sp <= RETURN_PUSHES && in_uprobe_area(task, BPF_CORE_READ(regs, ip)))
		return 0; /* just now: the program of the return comes next */
	return (sp > call_sp && sp - call_sp < LEFT_MAX) || is_overwritten(task, call_sp, call_return);
}

/* In a program of a uprobe session: is it the return, not the entry? There the thread is at the place to which it returns. (The kernel's own
 * bpf_session_is_return() takes nothing in some versions, the registers in others.) */
static __always_inline int session_returns(struct pt_regs *regs)
{
	return PT_REGS_IP(regs) != bpf_get_func_ip(regs);
}

/* ---- context_turn.bpf.c ------------------------------------------------------------------------------------------ */

/* The current thread is in a turn of the request that has just begun: it is bound. Until it turns to another one, or leaves the function whose return
 * address is at `sp`; 0: it will be told. */
int turn_begun(live_ref ref, __u64 sp, __u64 now);

/* Where a turn that begins at `sp` ends: there, or where the turn of the same thread ends that it has begun in. */
__u64 turn_around(const struct rp_handler *h, __u64 sp);

/* The current thread begins another request: it is in no turn of one. */
int turn_over(__u64 now);

/* The current thread leaves the CPU. */
int turn_check(__u64 now);

#endif
