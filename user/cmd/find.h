/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports as the user names them, and their profiles. */
#ifndef REQPROF_FIND_H
#define REQPROF_FIND_H

#include "page/catalog.h"
#include "profile/profile.h"

/* Read the profile FILE.rp; or, from reqprof-reports (else the current directory), that of an ID, or the newest ("last").
 * NULL: the error is printed. */
struct profile *find_profile(const char *name);

/* The profile of a catalog's entry; NULL and *ret_why (a static string). */
struct profile *find_entry(int dir, const struct catalog_entry *entry, const char **ret_why);

/* Where the reports are when nobody says it: an open directory and its name, or −errno. */
int find_directory(const char **ret_path);

#endif
