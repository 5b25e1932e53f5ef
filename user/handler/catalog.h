/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Servers whose handlers are known: one row each. To add one, add a row. */
#ifndef REQPROF_CATALOG_H
#define REQPROF_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

/* Where a range of versions keeps what a request is; expressions (expression.h), NULL = unknown. */
struct known_layout {
	uint32_t from;          /* first version, major << 16 | minor << 8 | patch */
	const char *url, *method, *status;
};

struct known_server {
	const char *name;
	const char *const *files; /* names of its executables; a * stands for anything */
	const char *version;    /* what stands before the version in its constants, NULL = layouts[0] holds for all */
	const struct known_layout *layouts; /* by version; the last one has no url */
	enum { OWN_NONE, OWN_NGINX } own_layout; /* its executable says where that is: nginx.h */
	bool go;                /* written in Go, for which the rest below is known: its end is its return, goroutines tell requests apart */
	bool line;              /* url is the whole request line */
	const char *begin;      /* the function that is entered for each request … */
	const char *end;        /* … and the one that is called at its end; NULL = its return */
	const char *id, *end_id; /* with `end`: what tells requests apart, among the arguments of either */
	const char *socket;     /* the descriptor of the connection, NULL = unknown */
	/* A server whose threads serve many requests each: */
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

/* The layout of a version: the last one that is not younger, or the first. */
const struct known_layout *known_layout(const struct known_server *server, uint32_t version);

#endif
