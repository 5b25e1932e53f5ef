/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files and memory of the target, asked of the tracer (base/protocol.h), one question at a time; and what is handed to it. */
#ifndef REQPROF_ASK_H
#define REQPROF_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/handlers.h"
#include "capture/pythons.h"
#include "symbol/memory.h"
#include "symbol/symbolizer.h"
#include "unwind/unwinding.h"

struct asker {
	int sock;               /* not owned; −1 = there is nobody to ask */
	uint32_t seq;           /* of the last question */
	bool gone;              /* the tracer is: nothing more can be asked */
};

/* seq: the last one that may have been used on this socket; answers up to it are somebody else's. */
void asker_init(struct asker *a, int sock, uint32_t seq);

/* The source for the symbolizer; the asker must outlive it. watch: symbolizer.h, may be NULL. */
struct symbol_source asker_source(struct asker *a, const struct file_watch *watch);

/* The memory of processes; the asker must outlive it. */
struct memory asker_memory(struct asker *a);

/* A file with source code, by its path in the process; *ret_began_ns: when that began, 0 = unknown. A new descriptor or −errno. */
int asker_source_file(struct asker *a, int pid, const char *path, uint64_t *ret_began_ns);

/* Where interpreters go; the asker must outlive it. */
struct pythons_sink asker_pythons(struct asker *a);

/* Where handlers go; the asker must outlive it. */
struct handlers_sink asker_handlers(struct asker *a);

/* Where unwinding tables go; the asker must outlive it. */
struct unwinding_sink asker_sink(struct asker *a);

#endif
