/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Part of the contract (reqprof.h): functions of a server that handle requests, and where their arguments keep what a request is.
 */
#ifndef REQPROF_HANDLER_H
#define REQPROF_HANDLER_H

#define RP_MAX_HANDLERS 64      /* functions that are entered, in all followed processes; equal ones count once */
#define RP_PATH_MAX 6
#define RP_TURN_PATHS 2
#define RP_REPLIES 2

/* A value: that of a register, then for each offset but the last the 8 bytes at value + offset; the last is only added. */
struct rp_handler_path {
	__u8 base;              /* RP_BASE_* */
	__u8 n;                 /* offsets: 0 = the register itself */
	__u8 size;              /* 0: that is it; 1, 2, 4, 8: the unsigned number of so many bytes that is there */
	__u8 pad;
	__s32 offset[RP_PATH_MAX];
};
_Static_assert(sizeof(struct rp_handler_path) == 28, "rp_handler_path");

#define RP_BASE_NONE 0
#define RP_BASE_ARGUMENT 1      /* 1 … 6: an integer argument of the System V ABI, as it was at the function's entry */
#define RP_BASE_RESULT 7        /* rax at its return */
#define RP_BASE_GOROUTINE 7     /* of functions of Go: the goroutine that calls; their arguments are in other registers (Go's ABIInternal) */
#define RP_BASE_CODE 8          /* the instruction that is probed at the entry: variables of the same file are at a fixed distance from it */
#define RP_BASE_NODE 9          /* the node of a list that was searched (rp_handler.list) */
#define RP_BASES 10

/* Bytes: at `data`, so many as `length` says, or (RP_BASE_NONE) up to a NUL byte. data.base RP_BASE_NONE: unknown. */
struct rp_handler_text {
	struct rp_handler_path data, length;
};
_Static_assert(sizeof(struct rp_handler_text) == 56, "rp_handler_text");

/* A list of nodes, in which the one is wanted that has `key` at an offset. */
struct rp_handler_list {
	struct rp_handler_path first;   /* RP_BASE_NONE: there is none to be searched */
	__s32 next, key_offset;
	__u32 pad;
	__u64 key;
};
_Static_assert(sizeof(struct rp_handler_list) == 48, "rp_handler_list");

/* Where the status is when one of several kinds of object answers: in the one that points back to its request. */
struct rp_handler_reply {
	struct rp_handler_path request; /* that it answers; RP_BASE_NONE: there is none of this kind */
	struct rp_handler_path status;  /* 0: the handler has set none, so that the server answers 200 … */
	struct rp_handler_path open;    /* … unless this is 0: the handler has taken the connection. RP_BASE_NONE: it cannot */
};
_Static_assert(sizeof(struct rp_handler_reply) == 84, "rp_handler_reply");

/* Names of methods that a server numbers. */
#define RP_METHODS 9
#define RP_METHOD_NAME 8

/* flags of a handler */
#define RP_HANDLER_ENDS 1       /* a request lasts until another function is called for it: `id` and `end_id` tell which one it is */
#define RP_HANDLER_TURNS 2      /* its thread serves many: between two calls of functions that are its turns it works for others */
#define RP_HANDLER_LINE 4       /* `url` is the whole request line */
#define RP_HANDLER_ALL 8        /* without URL: every call is a request to be recorded */
#define RP_HANDLER_GO 32        /* written in Go: a thread turns to a goroutine, and from it */
#define RP_HANDLER_REST 16      /* only for connections that do not speak plain HTTP/1 */
#define RP_HANDLER_AGAIN 64     /* it may be entered more than once for a request */
#define RP_HANDLER_ALONE 128    /* with RP_HANDLER_ENDS: until then its thread works for no other request */
#define RP_HANDLER_INSIDE 256   /* with RP_HANDLER_TURNS: a turn goes on when it returns */
#define RP_HANDLER_NUMBER 512   /* method.data leads to a number, of which `methods` has the name */
#define RP_HANDLER_TRIAL 2048   /* of the tracer itself, to see what a call costs: it is no request */
#define RP_HANDLER_CHECK 1024   /* where things are is known from a version: what is there has to look like them */

struct rp_handler {
	__u32 flags;
	struct rp_handler_path query;   /* a number that is 0 where the target has no query, RP_BASE_NONE: unknown. Of most calls only this is read */
	struct rp_handler_text url, method;
	struct rp_handler_path status;  /* RP_BASE_NONE: unknown */
	struct rp_handler_path id;      /* of a request, among the arguments of the handler … */
	struct rp_handler_path end_id;  /* … and of the function that ends it */
	struct rp_handler_path socket;  /* the descriptor of its connection, RP_BASE_NONE: unknown */
	struct rp_handler_path turn[RP_TURN_PATHS]; /* where a function that is a turn may have the request at hand: … */
	struct rp_handler_list list;
	char methods[RP_METHODS][RP_METHOD_NAME]; /* padded with zeroes */
	__u32 signature;        /* … it is there if it begins so. 0: what the path leads to is what `id` is */
	__s32 turn_id;          /* from there to what `id` is */
	struct rp_handler_path replied; /* the request that a reply points back to */
	struct rp_handler_reply replies[RP_REPLIES]; /* instead of `status`; all begin with the same value */
};
_Static_assert(sizeof(struct rp_handler) == 4 + 28 + 2 * 56 + 4 * 28 + 2 * 28 + 48 + 72 + 8 + 28 + 2 * 84 + 4, "rp_handler");

/* ---- `handler_verdicts`, by handler: is its URL what comes over plain connections? 0 = not known yet ----------------------- */

#define RP_VERDICT_AGREES 1
#define RP_VERDICT_DIFFERS 2

/* ---- values of the map `followed_tasks`, by process ----------------------------------------------------------------- */

#define RP_FOLLOWED 1
#define RP_FOLLOWED_CALLS 3     /* its requests are calls of a handler: its sockets are not looked at */
#define RP_FOLLOWED_GONE 2

/* ---- forks: ring buffer `forks`, while there are handlers; each process needs probes of its own -------------------------- */

struct rp_fork {
	__u32 parent, child;    /* processes */
};
_Static_assert(sizeof(struct rp_fork) == 8, "rp_fork");

#endif
