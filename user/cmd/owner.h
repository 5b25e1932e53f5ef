/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose files a recording makes and who the worker is: the user who called sudo, pkexec or doas; root if nobody did. */
#ifndef REQPROF_OWNER_H
#define REQPROF_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

struct owner {
	uid_t uid;
	gid_t gid;
	char name[64];          /* for messages */
	char home[256];         /* empty = unknown */
};

/* From the environment that sudo (SUDO_UID, SUDO_GID), pkexec (PKEXEC_UID) and doas (DOAS_USER) leave, when root runs us; else ourselves.
 * 0, or −EINVAL: what they left names no user (printed). */
int owner_find(struct owner *ret);

/* Act on files as the owner without supplementary groups, and as oneself again. 0 or −errno. Nothing happens if we are the owner. */
int owner_assume(const struct owner *o);
int owner_resign(const struct owner *o);

/* Become the owner for good, without any capability and with none to regain. with_groups: with the supplementary groups of a login.
 * 0 or −errno. */
int owner_become(const struct owner *o, bool with_groups);

#endif
