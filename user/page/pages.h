/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the server has to show: the directory's reports as they are now, and the responses that are made of them. */
#ifndef REQPROF_PAGES_H
#define REQPROF_PAGES_H

#include <microhttpd.h>

#include "page/feed.h"
#include "page/rows.h"

struct pages {
	int dir;                /* not owned */
	struct rows rows;
	struct feed feed;
	struct MHD_Response *list; /* as of now; NULL = to be made */
	bool filling;           /* reports that were there at the start are still being read: nobody is told of each */
	bool shown;             /* the list was, meanwhile */
	char newest[NAME_SIZE]; /* at the start */
};

/* Look into the directory for the first time. 0 or −errno. */
int pages_open(struct pages *p, int dir);
void pages_close(struct pages *p);

/* Look again, and tell the feed. */
void pages_refresh(struct pages *p);

/* Read some of the profiles that nothing is known of yet. false: there are none left. */
bool pages_fill(struct pages *p);

/* Responses; the caller destroys each but the list. */
struct MHD_Response *pages_list(struct pages *p);
struct MHD_Response *pages_newest(struct pages *p);
struct MHD_Response *pages_file(const struct pages *p, const char *name);  /* NULL: there is no such report */
struct MHD_Response *pages_message(const char *text);                       /* a line of text */

/* The headers of every response, and the policy of this one. */
void pages_headers(struct MHD_Response *r, const char *type, const char *policy);

#endif
