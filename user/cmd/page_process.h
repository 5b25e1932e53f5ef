/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Serving reports: what `serve` does itself, and what a recording has done by a process of its own. It is the owner of the reports, without any
 * privilege, and has nothing of the recording: the directory tells it of new reports, so that no client can disturb one.
 */
#ifndef REQPROF_PAGE_PROCESS_H
#define REQPROF_PAGE_PROCESS_H

#include <stdio.h>

#include "cmd/listen.h"
#include "cmd/owner.h"
#include "page/server.h"

/* Open the socket and make the token. `option` as of listen_open(). 0, or −1 (printed). */
int page_prepare(struct server_options *ret, struct listen_address *at, const char *option);

/* The lines that say where the reports can be seen and how to get there over ssh; to be made before privileges are given up, and said after.
 * What is to be thought of beyond this machine is warned of at once. The caller frees them. */
char *page_announcement(const struct server_options *options, const struct listen_address *at, const struct owner *owner, const char *option);

struct page_process {
	pid_t pid;              /* 0 = none */
	int alive;              /* whoever has this open wants it to go on; −1 = none */
};

/* Start it for the directory. 0, or −1 (printed). */
int page_start(struct page_process *ret, const struct server_options *options, int dir, const struct owner *owner);

/* End it, once nobody else has `alive` any more. Nothing happens if there is none. */
void page_stop(struct page_process *page);

#endif
