/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who may see what: the checks of a request, each before anything else is done with it. Pure, but for the token's making. */
#ifndef REQPROF_ACCESS_H
#define REQPROF_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#define ACCESS_TOKEN_LEN 32     /* hex digits: 128 bits */

/* A new token from the kernel's random numbers. 0 or −errno. */
int access_token(char ret[ACCESS_TOKEN_LEN + 1]);

/* What stands behind "/TOKEN/" in the path of a request, not decoded; NULL: there is no or another token. How much of a wrong one is right
 * cannot be told by the time that this takes. */
const char *access_path(const char *path, const char *token);

/* Whether a request whose header says this host may be meant for us: an address, localhost or `name` (the machine's own; NULL = none), with
 * any port or none. Another name is a page of somebody who lets his name mean our address, to read what we serve. */
bool access_host(const char *host, const char *name);

/* How the file of a report is served. */
struct access_file {
	const char *type;       /* Content-Type */
	bool page;              /* runs script, in a sandbox */
	bool download;
};

/* false: no name of a report's file, and never served. */
bool access_file(const char *name, struct access_file *ret);

#endif
