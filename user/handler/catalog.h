/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Servers whose handlers are known: one row each. To add one, add a row. */
#ifndef REQPROF_CATALOG_H
#define REQPROF_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

/* Where a range of versions keeps what a request is; expressions (expression.h), NULL = unknown. What they lead to is checked for each request. */
struct known_layout {
	uint32_t from;          /* first version, major << 16 | minor << 8 | patch */
	const char *url, *method, *status;
	const char *methods;    /* `method` is a number: their names, one behind the other, from 0; NULL = it is a text */
};

/* A list that has to be searched. */
struct known_list {
	const char *first;      /* its first node */
	int32_t next;           /* offset of the pointer to the next one */
	uint64_t key;           /* the node that begins so is looked for: `node` in the expressions of the layout */
};

struct known_server {
	const char *name;
	const char *const *files; /* names of its executables; a * stands for anything */
	const char *version;    /* what stands before the version in its constants, NULL = layouts[0] holds for all */
	const struct known_layout *layouts; /* by version; the last one has no url */
	enum { OWN_NONE, OWN_NGINX, OWN_GO } own_layout; /* its executable says where that is: nginx.h, go_types.h */
	bool go;                /* written in Go, for which the rest below is known: its end is its return, goroutines tell requests apart */
	bool line;              /* url is the whole request line */
	const char *begin;      /* the function that is entered for each request … */
	const char *ends[3];    /* … and those that are called at its end, as far as there are; the first call counts; none = its return */
	const char *old_end;    /* the one that versions have which have none of them */
	const char *id, *end_id; /* with `ends`: what tells requests apart, among the arguments of either; NULL = a process has one at a time */
	const char *socket;     /* the descriptor of the connection, NULL = unknown */
	const char *global;     /* a variable of the executable: `global` in the expressions of the layout */
	const struct known_list *list;
	bool again;             /* `begin` may be entered more than once for a request */
	bool alone;             /* with `ends`: until then its thread works for no other request */
	/* A server whose threads serve many requests each: */
	bool inside;            /* a turn goes on when `begin` returns */
	const char *turn_end;   /* functions that call this one are turns; NULL = it is none */
	const char *turns[2];   /* where such a function may have the request … */
	uint32_t signature;     /* … which begins so */
	int32_t turn_id;        /* what tells requests apart, from there */
};

extern const struct known_server known_servers[]; /* the last one has no name */

/* Names of the executables of all of them, NULL-terminated; the caller frees the list. */
const char **known_server_files(void);

/* NULL: there is none of this name. */
const struct known_server *known_server(const char *name);

/* The layout of a version: the last one that is not younger; NULL: it is older than all. 0 = not known: the first. */
const struct known_layout *known_layout(const struct known_server *server, uint32_t version);

#endif
