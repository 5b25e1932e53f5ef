/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names for addresses, found by a process of its own (namer_child.h): symbol/symbolizer.h's functions, as questions to it.
 *
 * If it ends, hangs or answers nonsense, a new one goes on: told of the same processes, told to leave the file alone that the old one was
 * reading, and asked again. What was mapped by a process that has ended meanwhile is lost with the old one. Said once each, by log_warn();
 * after NAMER_STARTS_MAX of them no name is looked up any more. Not to be called by its own pump.
 */
#ifndef REQPROF_NAMER_H
#define REQPROF_NAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/namer_wire.h"
#include "capture/pythons.h"
#include "reqprof.h"
#include "symbol/symbolizer.h"

#define NAMER_STARTS_MAX 17
#define NAMER_ANSWER_NS 30000000000ULL          /* usual patience */
#define NAMER_MEMORY_MAX (4ULL << 30)           /* usual address space: the files that it maps are in it, too */

struct namer_options {
	int questions;          /* to the tracer: its questions' socket, MSG_ASK_*; −1 = none */
	int kallsyms_fd;        /* opened by who may see the addresses; −1 = none */
	uint64_t answer_ns;     /* without an answer for so long it hangs */
	uint64_t memory_max;    /* bytes of address space, 0 = no limit */
	const struct handler_spec *handlers; /* to look for; they must outlive the namer */
	size_t n_handlers;
	void (*release)(void *ctx); /* called in the new process, to give up memory that is not for it; NULL = nothing */
	void *ctx;
};

struct namer;

/* Starts the process; the descriptors are the caller's and must outlive the namer. */
struct namer *namer_new(const struct namer_options *options);
void namer_free(struct namer *n); /* NULL is fine */

/* While an answer is waited for, call pump as soon as fd is readable, and every now and then. It returns false if it can take no more. */
void namer_set_pump(struct namer *n, int fd, bool (*pump)(void *ctx), void *ctx);

/* Has the process ended while nobody asked? Then a new one is started now, while the processes that it must know are there. */
void namer_check(struct namer *n);

/* 0 also if no name can be had any more. */
int namer_add_process(struct namer *n, int pid);
int namer_renew_process(struct namer *n, int pid);
void namer_forget_process(struct namer *n, int pid);

/* Where no name can be had at all, a frame is its address, without a module. Its Python frames are among the others. */
struct stack_faults namer_stack(struct namer *n, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame),
				void *ctx);
char *namer_data_name(struct namer *n, int pid, uint64_t address);
/* rows: of unwinding information that were handed over */
void namer_executables(struct namer *n, int pid, void (*executable)(void *ctx, const char *path, const char *build_id, uint64_t rows), void *ctx);

/* The process is followed or has mapped code (address 0), or a stack led to an address in no known mapping: unwinding tables are made, without
 * waiting for them. pid 0: of all processes that are known. */
void namer_code(struct namer *n, int pid, uint64_t address);

/* A Python frame was seen that has not been lately: its code object is read soon, without waiting for it. It may be gone later. */
void namer_python(struct namer *n, int pid, const struct python_frame *frame);

/* The same with what the kernel side has read of it: as long as it was there. */
void namer_python_code(struct namer *n, const struct rp_python_code *code);

/* For further questions (namer_source.h): fill this one in, then ask it until it is answered. `read` must read all of the answer, which stays
 * until the next question. False: nobody answers. */
struct wire *namer_question(struct namer *n, enum namer_type type);
bool namer_ask(struct namer *n, enum namer_type type, void (*read)(struct wire_reader *payload, void *ctx), void *ctx);

#endif
