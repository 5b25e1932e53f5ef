/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the worker and the process that finds names say to each other: messages on a stream, each a head and its payload. Numbers are the
 * machine's own; a string is its length (or WIRE_NONE) and its bytes with a NUL byte at their end. A reader never leaves its message.
 *
 *   question         payload                                       answer (of the same type)
 *   NAMER_ADD        u32 pid                                       u32 0 or errno
 *   NAMER_RENEW      u32 pid                                       u32 0 or errno
 *   NAMER_FORGET     u32 pid                                       none
 *   NAMER_STACK      u32 pid, u64 t, u32 n_kernel, n_user, user_exact, n_python, addresses: u64 …, Python frames: u64 code, u32 instr, check …
 *                                                                  u32 n, frames, the outermost first; u32 unread, inexact (pythons.h)
 *   NAMER_DATA       u32 pid, u64 address                          string
 *   NAMER_EXECUTABLES u32 pid                                      u32 n, then path and build-id of each: strings, u64 rows
 *   NAMER_CODE       u32 pid (0 = all), u64 address (0 = any)      none
 *   NAMER_PYTHON     u32 pid, u64 code, u32 check                  none
 *   NAMER_PYTHON_CODE an event of the kernel side: RP_EV_CODE     none
 *   NAMER_SOURCE     u32 pid, file: string, u32 n, ranges of lines: u32 first, last …
 *                                                                  u32 0 or errno, u32 newer, u32 n, lines: u32 number, string …
 *
 * A new type is a line here and in namer_child.c's table, and a function in namer.c. Questions are dealt with in the order they come.
 */
#ifndef REQPROF_NAMER_WIRE_H
#define REQPROF_NAMER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/symbolizer.h"

#define WIRE_MESSAGE_MAX (16U << 20)
#define WIRE_STRING_MAX 4096    /* longer strings are cut */
#define WIRE_CUT_MAX 64         /* strings behind the first WIRE_MESSAGE_MAX / 2 bytes: so that a whole stack has its place */
#define WIRE_NONE UINT32_MAX    /* a string that is NULL */

enum namer_type { NAMER_ADD = 1, NAMER_RENEW, NAMER_FORGET, NAMER_STACK, NAMER_DATA, NAMER_EXECUTABLES, NAMER_CODE, NAMER_PYTHON,
		  NAMER_PYTHON_CODE, NAMER_SOURCE, N_NAMER_TYPES };

struct wire_head {
	uint32_t type;
	uint32_t size;          /* of the payload */
};

/* ---- a message that is being made ---- */

struct wire {
	uint8_t *bytes;
	size_t n, cap;
};

void wire_begin(struct wire *w, enum namer_type type); /* empties it */
void wire_reserve(struct wire *w, size_t n);           /* room for n bytes more */
void wire_put_u32(struct wire *w, uint32_t value);
void wire_put_u64(struct wire *w, uint64_t value);
void wire_put_string(struct wire *w, const char *s);   /* NULL is fine */
void wire_put_bytes(struct wire *w, const void *bytes, size_t n); /* as they are */
void wire_put_frame(struct wire *w, const struct symbol_frame *frame);
size_t wire_at(const struct wire *w);                  /* where the next value will be */
void wire_set_u32(struct wire *w, size_t at, uint32_t value);
void wire_end(struct wire *w);                         /* w->n bytes are the message */
void wire_free(struct wire *w);

/* ---- a payload that is being read ---- */

struct wire_reader {
	const uint8_t *at, *end;
	bool bad;               /* something was not there, or not what it should be; all that is read after is 0 or NULL */
};

uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);
const char *wire_get_string(struct wire_reader *r);    /* NULL, or inside the payload */
void wire_get_frame(struct wire_reader *r, struct symbol_frame *ret); /* its strings are inside the payload */

/* Was all of it read, and good? */
bool wire_complete(const struct wire_reader *r);

#endif
