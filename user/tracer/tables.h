/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The unwinding tables of all followed processes, in BPF memory. The rows and the lists of code come from the process that reads ELF files, as sealed
 * memory (base/protocol.h); they are checked here: whatever they hold, the worst is a wrong stack of a process whose file lied.
 *
 * Executables are shared by the processes that map them. Those that none maps any more stay until the budget is used up.
 */
#ifndef REQPROF_TABLES_H
#define REQPROF_TABLES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tables;

/* Tables may be made before the programs are loaded that use them. */
struct tables *tables_new(size_t budget_bytes);
void tables_free(struct tables *t); /* NULL is fine */

/* The BPF side sees them from now on: its maps `chunks` and `spaces`, which must stay open. 0 or −errno. */
int tables_publish(struct tables *t, int chunks_fd, int spaces_fd);

/* Take the rows of an executable, sealed (struct msg_rows and what follows); id > 0 is the sender's. 0, −EEXIST, −EINVAL (not sealed, too short, not
 * ascending), −ENOSPC: the budget is used up by executables in use. */
int tables_add_rows(struct tables *t, uint64_t id, int fd);

/* Take the list of code of a process, sealed (struct msg_text, one after the other), in place of what it had. 0, −EINVAL, −E2BIG (more than there is
 * room for), −ENOSPC, −ESTALE: it names an executable that is not there (any more). */
int tables_set_texts(struct tables *t, pid_t pid, int fd);

/* Give back what no process uses; to be called every second or so. */
void tables_collect(struct tables *t);

struct tables_size {
	size_t used, reserved;  /* bytes: in use, taken from the kernel */
	size_t executables, rows;
	size_t refused;         /* executables for which there was no room, ever */
};
struct tables_size tables_size(const struct tables *t);

#endif
