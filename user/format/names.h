/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames, threads and processes in words. Every text is printable (base/printable.h) and cut to a sane length; the caller frees it. */
#ifndef REQPROF_FORMAT_NAMES_H
#define REQPROF_FORMAT_NAMES_H

#include "profile/profile.h"

#define NAME_COLUMNS 80 /* of a function, an object, a place */

char *name_text(const char *s, size_t columns); /* any string; "?" for NULL or "" */
char *name_function(const struct frame *frame); /* "serialize" */

char *name_module(const char *module);          /* the last component of its path: "libc.so.6" */

/* Where it is: "app/views.py:41", else its module ("libpython3.11.so.1.0", "kernel"); NULL = unknown. `line` may differ from the frame's. */
char *name_place(const struct frame *frame, uint32_t line);
char *name_frame(const struct frame *frame, uint32_t line); /* both: "serialize, app/views.py:41" */
/* What an event loop did: "GET /health in health, app/main.py:12", as far as it is known; behind "waiting for the GIL, held by " where that was
 * what it did. */
char *name_loop_busy(const struct loop_busy *b);

/* What a wait is below the frames that led to it: "[network 127.0.0.1:5432]", as in folded stacks. */
char *name_wait(enum time_class class, const char *object);

char *name_thread(const struct thread *t);                   /* "AnyIO worker thread", or its comm */
char *name_process(const char *comm, int32_t pid);           /* "postgres[913]"; of an interrupt (pid 0) "interrupt NET_RX" */

#endif
