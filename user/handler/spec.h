/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --handler SYMBOL[@BINARY][,url=EXPR][,method=EXPR][,status=EXPR][,end=SYMBOL], or the name of a known server (catalog.h). */
#ifndef REQPROF_HANDLER_SPEC_H
#define REQPROF_HANDLER_SPEC_H

#include "handler/catalog.h"
#include "handler/expression.h"

struct handler_spec {
	char *text;             /* as given */
	bool automatic;         /* not given: for connections that do not speak plain HTTP/1, if there are any */
	const struct known_server *known; /* NULL: what follows is given */
	char *symbol;           /* a function, or BINARY+0xOFFSET */
	char *binary;           /* end of the path of the file that has it, NULL = any */
	char *end;              /* the function that ends it, NULL = its return */
	struct expression_text url, method; /* base 0: not given */
	struct expression status;
};

/* 0, or −EINVAL and *ret_why, the caller's. */
int handler_spec_parse(const char *text, struct handler_spec *ret, char **ret_why);
/* All known servers, for connections that do not speak plain HTTP/1. The caller frees *ret and each of them. Returns their number. */
size_t handler_specs_automatic(struct handler_spec **ret);

void handler_spec_free(struct handler_spec *spec);

/* Is every call of it to be recorded, as no URL is known? */
bool handler_spec_has_url(const struct handler_spec *spec);

#endif
