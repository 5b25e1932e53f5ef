/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Expressions as the paths that the BPF programs follow (reqprof_handler.h). */
#ifndef REQPROF_COMPILE_H
#define REQPROF_COMPILE_H

#include <elfutils/libdw.h>
#include <linux/types.h>

#include "handler/expression.h"
#include "reqprof.h"

/* `function`: what DWARF says of it, NULL = nothing: then expressions may only load and add. 0, or −EINVAL and *ret_why, the caller's. */
int compile_number(const struct expression *e, Dwarf_Die *function, struct rp_handler_path *ret, char **ret_why);

/* A pointer to characters, an array of them, or a string of a type that knows its length. */
int compile_text(const struct expression_text *e, Dwarf_Die *function, struct rp_handler_text *ret, char **ret_why);

#endif
