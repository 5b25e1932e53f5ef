/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file in which a handler is looked for, and what is found there: between find.c and its parts. */
#ifndef REQPROF_HANDLER_LOOKING_H
#define REQPROF_HANDLER_LOOKING_H

#include "handler/find.h"
#include "handler/functions.h"
#include "symbol/symbol_file.h"

struct finding {
	const struct handler_spec *spec;
	const struct maps *maps;
	const struct symbol_source *source;
	int pid;
	struct handler_found *found;
	char *why;
};

/* A file that is looked at. */
struct looking {
	struct finding *f;
	const struct mapping *mapping;
	const char *name;       /* of the file, without its directory */
	struct asked asked;
	const struct elf_file *elf;
	const struct elf_file *parts[SYMBOL_FILE_PARTS];
	size_t n_parts;
};

/* Sets why; takes it. −EINVAL. */
int look_refuse(struct finding *f, char *why);

/* A function by its name, or as BINARY+0xADDRESS. 1, 0 = not in this file, or −EINVAL (refused). */
int look_for_function(const struct looking *l, const char *symbol, uint64_t *ret);
int look_for_sized(const struct looking *l, const char *symbol, struct functions_found *ret);

/* Probe the function at an address, where it is cheap; `symbol` is what it is called when that cannot be. 0 or −EINVAL (refused). */
int look_add_place(const struct looking *l, enum msg_place_kind kind, const char *symbol, uint64_t address);

/* Probe these instructions. */
int look_add_instructions(const struct looking *l, enum msg_place_kind kind, const char *symbol, const uint64_t *addresses, size_t n);

/* ---- known.c: a server of the catalog; of its functions all but the begin (its address) and the end ----------------------- */

int look_at_known(const struct looking *l, const struct known_server *k, uint64_t begin);

/* ---- go.c ---------------------------------------------------------------------------------------------------------------- */

bool look_is_go(const struct looking *l);

/* Of net/http: where requests are kept, as this program says, and where their status is. What it does not say stays as it was. */
void look_at_net_http(const struct looking *l, struct rp_handler *h);
int look_at_go(const struct looking *l, const char *symbol, const struct functions_found *function);

#endif
