/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connections of the server, to end those that take too long: the library's own time limit starts anew with every byte. */
#ifndef REQPROF_CLIENTS_H
#define REQPROF_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

struct client {
	struct client *next, **self;
	int fd;
	uint64_t since_ns;      /* what it does now began */
	bool answered;          /* a request is complete, and its response is on the way */
	bool endless;           /* which has no end */
};

struct clients {
	struct client *first;
};

struct client *client_new(struct clients *all, int fd, uint64_t now_ns);
void client_free(struct client *c);

void client_begin(struct client *c, bool endless, uint64_t now_ns); /* a response */
void client_end(struct client *c, uint64_t now_ns);                 /* of it: the next request may come */

/* Shut the connections of those that send a request, or take a response, for too long. */
void clients_sweep(struct clients *all, uint64_t now_ns);

#endif
