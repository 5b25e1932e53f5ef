/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Serves the reports of a directory over HTTP: the list, the newest as it lands, the files. One process without privileges and one thread: a slow
 * or hostile client costs a connection, and never a recording its time. All that is reached is below "/TOKEN/", read-only.
 */
#ifndef REQPROF_SERVER_H
#define REQPROF_SERVER_H

#include "page/access.h"

struct server_options {
	int listener;           /* a socket that listens, non-blocking */
	int dir;                /* the directory */
	int stop;               /* readable, or its other end closed: it is over */
	char token[ACCESS_TOKEN_LEN + 1];
	char name[256];         /* of this machine, if others may ask; else empty */
};

/* Serve until told to stop. 0, or −1: it could not be started (printed). */
int server_run(const struct server_options *options);

#endif
