/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a process that talks to strangers may still do of what its user may, where the kernel has Landlock (5.13; 6.7 for the network). */
#ifndef REQPROF_LANDLOCK_H
#define REQPROF_LANDLOCK_H

/* From now on only read what is in the directory, and neither connect to anybody nor listen anew. Descriptors that are open stay as they are.
 * 0 or −errno: nothing is restricted (−ENOSYS, −EOPNOTSUPP: this kernel cannot). no_new_privs must be set. */
int landlock_read_only(int dir);

#endif
