/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names for addresses. Runs without privileges, on hostile input: files of the target come as descriptors from `symbol_source`.
 * Mappings are read once per process and again when an address is in none of them. ELF files are kept and shared, by device and inode or by
 * build-id and size; beyond SYMBOL_FILES_MAX the least recently used one that no process maps is dropped, and if there is none, files stay
 * unread: their addresses are module+0x…
 */
#ifndef REQPROF_SYMBOLIZER_H
#define REQPROF_SYMBOLIZER_H

#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

#define SYMBOL_FILES_MAX 512

/* Where the target's files come from; every call returns a new descriptor that the caller owns, or −errno. */
struct symbol_source {
	void *ctx;
	int (*open_maps)(void *ctx, int pid);                                        /* /proc/PID/maps */
	int (*open_file)(void *ctx, int pid, uint64_t start, uint64_t end);          /* the file mapped at [start, end) */
	int (*open_debug)(void *ctx, int pid, const uint8_t *build_id, size_t len);  /* its separate debug file */
};

struct symbolizer;

/* kallsyms_fd: /proc/kallsyms, opened by who may see the addresses; −1 = none. Read now, not closed. The source must outlive it. */
struct symbolizer *symbolizer_new(const struct symbol_source *source, int kallsyms_fd);
void symbolizer_free(struct symbolizer *s);

/* Read the mappings of a process now, while it is there (its exit ends the chance). 0 or −errno. */
int symbolizer_add_process(struct symbolizer *s, int pid);
/* Its mappings are void: exec. Read them again. */
int symbolizer_renew_process(struct symbolizer *s, int pid);
void symbolizer_forget_process(struct symbolizer *s, int pid);

/* Intern the stack of addresses (innermost first: n_kernel kernel ones, then n_user ones of `pid`) in the profile, outermost frame as root,
 * inlined functions expanded. All but the innermost user address and the code that a signal handler returns to are return addresses
 * (looked up at pc − 1). Kernel frames of the profiler itself and of the tracepoint (above __schedule …) are left out. Every frame has a
 * name; each one without a module adds 1 to *unknown. Returns the stack's index, −1 if no frame is left.
 * user_exact: the innermost user address is where the thread stood (tick in user mode), not one after a system call. */
int32_t symbolizer_stack(struct symbolizer *s, struct profile *p, int pid, const uint64_t *addresses, size_t n_kernel, size_t n_user,
			 int user_exact, uint64_t *unknown);

/* Name of a data symbol that contains the address (for locks): "app_lock" or "app_lock+0x10", NULL = none. The caller frees it. */
char *symbolizer_data_name(struct symbolizer *s, int pid, uint64_t address);

/* The executables seen so far in the process: path and build-id into p->about.executables. */
void symbolizer_executables(struct symbolizer *s, struct profile *p, int pid);

#endif
