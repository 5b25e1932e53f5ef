/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which processes are one server: the topmost that holds a listening socket, and those below it. A child that holds the same socket (or listens on
 * the same port) belongs to it, one that listens elsewhere is a server of its own.
 */
#ifndef REQPROF_SERVERS_H
#define REQPROF_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tracer/listeners.h"
#include "tracer/programs.h"

#define NO_SERVER ((size_t)-1)
#define NO_MEMBER ((size_t)-1)

enum member_part {
	MEMBER_ROOT,            /* the server's process, which serves unless it has workers */
	MEMBER_WORKER,
	MEMBER_HELPER,          /* program.helper says what it is */
	MEMBER_CHILD,           /* of one of them */
	MEMBER_LAUNCHER,        /* listens nowhere, has started what listens */
};

struct member {
	pid_t pid, parent;
	size_t up;              /* index of its parent, NO_MEMBER = not among them */
	bool listens;
	struct program program;
	enum member_part part;
	size_t server;          /* index of its server; of a launcher: the first that it has started; NO_SERVER: beside those of its launcher */
};

struct server {
	size_t root;            /* its member */
	size_t serving;         /* a member that serves: the first worker, or the root */
	size_t workers;         /* how many serve, or may */
	bool all_may;           /* not known which of them do: all that hold the socket count, the root too */
	char *addresses;        /* "127.0.0.1:8000, unix:/run/app.sock"; NULL = it listens nowhere */
	uint16_t port;          /* one of them; 0 = none */
};

struct servers {
	struct member *members;
	size_t n_members;
	struct server *list;    /* in the order of their roots among the members */
	size_t n, cap;
};

/* Group these processes, with what is listened on. The caller calls servers_clear(). */
void servers_find(const pid_t *pids, size_t n, const struct listener *listeners, size_t n_listeners, struct servers *ret);
void servers_clear(struct servers *s);

/* The same, of members whose pid, parent and program are set. Pure. */
void servers_group(struct servers *s, const struct listener *listeners, size_t n_listeners);

#endif
