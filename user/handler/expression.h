/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a handler's arguments keep something, as a user writes it:
 *
 *   path    = value { "->" NAME | "." NAME | "[" NUMBER "]" | ("+" | "-") NUMBER }
 *   value   = "arg1" … "arg6" | "ret" | "*" value | "*" "(" path ")" | "(" path ")"
 *   text    = path [ ":" path ]          pointer and length
 *
 * as in C: arg1->uri, *(arg1+0x40), arg1->line.data:arg1->line.len.
 */
#ifndef REQPROF_HANDLER_EXPRESSION_H
#define REQPROF_HANDLER_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPRESSION_STEPS_MAX 16
#define EXPRESSION_NAME_MAX 64

enum expression_step_kind {
	STEP_LOAD,              /* what the pointer at hand points to */
	STEP_ADD,               /* so many bytes further */
	STEP_ARROW, STEP_DOT,   /* a member */
	STEP_INDEX,
};

struct expression_step {
	enum expression_step_kind kind;
	int64_t number;
	char name[EXPRESSION_NAME_MAX];
};

/* A path. base 0: none. */
struct expression {
	uint8_t base;           /* the contract's RP_BASE_* */
	uint8_t n;
	struct expression_step steps[EXPRESSION_STEPS_MAX];
};

struct expression_text {
	struct expression data, length;
};

/* The whole string must be one. 0, or −EINVAL and *ret_why, the caller's. */
int handler_expression_parse(const char *s, struct expression *ret, char **ret_why);
int handler_expression_parse_text(const char *s, struct expression_text *ret, char **ret_why);

/* The same of the catalog, which may also begin with "global", the address of the server's variable, and "node", the node of its list. */
int handler_expression_parse_known(const char *s, struct expression *ret, char **ret_why);
int handler_expression_parse_known_text(const char *s, struct expression_text *ret, char **ret_why);

#endif
