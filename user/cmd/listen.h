/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where reports are served: ADDR:PORT of the command line, the socket, and what to type to reach it. */
#ifndef REQPROF_LISTEN_H
#define REQPROF_LISTEN_H

#include <netinet/in.h>
#include <stdbool.h>

#define LISTEN_DEFAULT "127.0.0.1:7777"

struct listen_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addr;
	socklen_t len;
};

/* "127.0.0.1:7777", "[::1]:7777", "localhost:7777", an address or a port alone; port 0 = any that is free. 0 or −EINVAL. */
int listen_parse(const char *text, struct listen_address *ret);

/* Only this machine can connect. */
bool listen_is_loopback(const struct listen_address *a);

/* A listening, non-blocking socket; *a becomes the address that it has. `option` ("--serve=") leads to another address in messages.
 * −1: printed. */
int listen_open(struct listen_address *a, const char *option);

/* "http://127.0.0.1:7777/TOKEN/"; name: this machine's, for an address that means all of them. The caller frees it. */
char *listen_url(const struct listen_address *a, const char *token, const char *name);

/* What to run at the other end of an ssh connection, whose SSH_CONNECTION is given: "ssh -L 7777:127.0.0.1:7777 USER@HOST"; NULL: it is none,
 * or does not help. The caller frees it. */
char *listen_ssh(const struct listen_address *a, const char *connection, const char *user);

#endif
