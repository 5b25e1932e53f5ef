/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a futex is: the function that waits on it tells the kind of lock, the data symbol that holds it its name. */
#ifndef REQPROF_LOCKS_H
#define REQPROF_LOCKS_H

#include "profile/profile.h"
#include "capture/namer.h"

/* "pthread mutex", "semaphore" … from the innermost user frames of the stack; "futex" if they do not tell. */
const char *lock_kind(const struct profile *p, int32_t stack);

/* Locks that have been named already; NULL = none. */
struct lock_name;
void lock_names_free(struct lock_name **names);

/* "pthread mutex 0x55d0c0ffee00 app_lock"; the string belongs to the profile. */
const char *lock_object(struct lock_name **names, struct namer *namer, struct profile *p, int pid, uint64_t address, int32_t stack);

#endif
