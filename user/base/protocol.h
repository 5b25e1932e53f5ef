/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The protocol between the processes: fixed-size messages over two SOCK_SEQPACKET pairs, descriptors by SCM_RIGHTS.
 *
 *   tracer → worker   START (with the descriptors of the event ring and of the counters), FOLLOW, PROGRAM, RUNTIME, COST, STOP, SNAPSHOT
 *   worker → tracer   READY, ENOUGH
 *
 *   names → tracer    ASK_MAPS, ASK_FILE, ASK_DEBUG, ASK_LINK, ASK_PERF_MAP, ASK_MEMORY, ASK_SOURCE, ROWS, TEXTS, PYTHON, HANDLER
 *   tracer → names    ANSWER
 *
 * The second pair belongs to the worker's child that finds names, and to the next one if that ends. It asks one thing at a time and waits for
 * the answer; the tracer answers only about processes that it follows, or that an event named. It parses nothing that it hands over, and
 * waits for nobody there: an answer that finds no room is lost.
 */
#ifndef REQPROF_PROTOCOL_H
#define REQPROF_PROTOCOL_H

#include <stdint.h>

#define MSG_BUILD_ID_MAX 32
#define MSG_NAME_MAX 128

enum msg_type {
	MSG_START = 1,  /* descriptors: event ring map, counters map; value: START_* */
	MSG_STOP,       /* recording is over (why in `value`): write what is live as cut off, print the summary, exit */
	MSG_SNAPSHOT,   /* write the live requests as they are now */
	MSG_FOLLOW,     /* `pid` is followed from now on, or has mapped code since: its stacks will be taken. 0: any may have */
	MSG_ANSWER,     /* to the question `seq`: value = 0 and (to an ASK) one descriptor, or −errno */
	MSG_READY,      /* the worker has given up its privileges and listens */
	MSG_ASK_MAPS,   /* a descriptor of /proc/PID/maps */
	MSG_ASK_FILE,   /* a descriptor of the file mapped at [start, end) in `pid` */
	MSG_ASK_DEBUG,  /* a descriptor of .build-id/…/….debug in the root directory of `pid` */
	MSG_ASK_LINK,   /* a descriptor of the debug file `name` of the file mapped at [start, end) in `pid`, found in its root directory */
	MSG_ASK_PERF_MAP, /* a descriptor of /tmp/perf-PID.map in the root directory of `pid` */
	MSG_ASK_MEMORY, /* the bytes at [start, end) of the memory of `pid`, at most MSG_MEMORY_MAX: a descriptor of a file that has them */
	MSG_ASK_SOURCE, /* with --source: a descriptor of the file whose path, as `pid` sees it, stands in sealed memory; its answer's `start`: when
			 * `pid` began, ns since the epoch */
	MSG_ROWS,       /* unwinding rows of executable `start`, in sealed memory: struct msg_rows, then struct rp_row until its end */
	MSG_TEXTS,      /* all code of `pid`, in sealed memory: struct msg_text until its end. value 0: as far as it could be made, no more will
			 * come soon; 1: rows of large executables will. No descriptor: it could not be made at all */
	MSG_PYTHON,     /* the CPython of `pid`, in sealed memory: struct msg_python, then the contract's struct rp_python; `name`: its version. No
			 * descriptor: it has none, or none any more; `name`: why its frames cannot be had, or empty */
	MSG_HANDLER,    /* handler `value` in `pid`, in sealed memory: struct msg_handler, then (no places) why it is not probed. `start` 1: it can
			 * never be, 0: the process does not have it, or none any more */
	MSG_PROGRAM,    /* `name`: what `pid` runs, "uvicorn" */
	MSG_RUNTIME,    /* `name`: what that runs on, "CPython 3.11, uvloop"; empty: the program's name says it, or it is not known */
	MSG_COST,       /* of the handler that is probed in `pid`, in ns: `start` a call of it, `end` each time that a thread turns to a request */
	MSG_ENOUGH,     /* -n reports are written: stop */
};

struct msg_rows {
	uint64_t base;          /* address in the file that the rows' pc count from, a multiple of 256 */
};

/* `executable`: one that MSG_ROWS named, or */
#define MSG_TEXT_FRAME_POINTERS 0 /* code without unwinding information */
#define MSG_TEXT_NOT_LOADED UINT64_MAX

struct msg_text {
	uint64_t start, end;    /* in the process; ascending, without overlap */
	uint64_t bias;          /* address in the process − address in the file, modulo 2^64 */
	uint64_t executable;
};

/* Where calls of a function of CPython's can be noticed. */
struct msg_function {
	uint64_t probe;         /* offset in the file mapped at [start, end) of an instruction; 0 = unknown */
	uint64_t start, end;
};

#define MSG_FRESH_CONTEXTS 4

struct msg_python {
	struct msg_function copy; /* PyContext_CopyCurrent() */
	struct msg_function put; /* SimpleQueue.put() */
	uint64_t fresh[MSG_FRESH_CONTEXTS]; /* probes as copy's, in the same mapping: of what makes contexts that are no copies of the current one */
};

/* Where a function is probed. */
enum msg_place_kind {
	PLACE_ENTRY,
	PLACE_RETURN,   /* the same, for its return */
	PLACE_RET,      /* its return instructions, where returns must not be touched */
	PLACE_END,
	PLACE_TURN,     /* a turn, from its entry to its return */
	PLACE_RUN,      /* its begin … */
	PLACE_STOP,     /* … and its end are functions of their own */
	PLACE_KINDS
};

struct msg_place {
	uint32_t kind;          /* enum msg_place_kind */
	uint32_t stepped;       /* 1: the kernel has to step over the instruction */
	uint64_t offset;        /* in the file */
};

#define MSG_PLACES_MAX 64

/* Followed by the contract's struct rp_handler. */
struct msg_handler {
	uint64_t start, end;    /* a mapping that shows the file */
	uint32_t n;             /* 0 = there is nothing to probe */
	uint32_t pad;
	struct msg_place places[MSG_PLACES_MAX];
};

#define MSG_MEMORY_MAX 65536

enum stop_reason {
	STOP_SIGNAL = 1, /* ^C, SIGTERM */
	STOP_DURATION,   /* -d is over */
	STOP_TARGET,     /* every target process is gone */
	STOP_ENOUGH,     /* answer to MSG_ENOUGH */
	STOP_FAILED,     /* the tracer failed; it has said why */
	STOP_NOW,        /* second ^C: exit at once, say how many requests are not written */
};

#define START_FIFO 1 /* the arming thread runs under SCHED_FIFO; else the timer samples first */

struct msg {
	uint32_t type;          /* enum msg_type */
	uint32_t seq;           /* number of a question, repeated in its answer */
	int32_t value;
	int32_t pid;
	uint64_t start, end;
	uint32_t build_id_len;
	uint8_t build_id[MSG_BUILD_ID_MAX];
	uint32_t place;         /* ASK_LINK: enum debug_link_place of symbol/symbolizer.h */
	char name[MSG_NAME_MAX]; /* ASK_LINK, PYTHON, PROGRAM, RUNTIME: ends with a NUL byte */
};

#define MSG_FDS_MAX 2

/* Send a message with n_fds descriptors (at most MSG_FDS_MAX; they stay open here). 0 or −errno; −EPIPE: the peer is gone. */
int msg_send(int sock, const struct msg *msg, const int *fds, int n_fds);

/* Receive one message. fds receives up to MSG_FDS_MAX descriptors that the caller owns, *ret_n_fds their number; further ones are closed.
 * A message of another size or of an unknown type is −EPROTO. Returns 1, 0 at the end of the stream, −errno. */
int msg_receive(int sock, struct msg *ret_msg, int fds[MSG_FDS_MAX], int *ret_n_fds);

#endif
