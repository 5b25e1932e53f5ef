/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handler/expression.h"

#include <ctype.h>
#include <errno.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "reqprof.h"

#define NESTING_MAX 16
#define NUMBER_MAX (1LL << 31)

struct parser {
	const char *at;
	struct expression *out;
	unsigned int depth;
	bool known;             /* of the catalog: has words of its own */
	const char *why;
};

static bool fail(struct parser *p, const char *why)
{
	if (!p->why)
		p->why = why;
	return false;
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

static bool take(struct parser *p, const char *token)
{
	skip_blanks(p);
	if (strncmp(p->at, token, strlen(token)))
		return false;
	p->at += strlen(token);
	return true;
}

static struct expression_step *add_step(struct parser *p, enum expression_step_kind kind)
{
	struct expression *e = p->out;

	if (e->n == EXPRESSION_STEPS_MAX) {
		fail(p, "is too long");
		return NULL;
	}
	e->steps[e->n] = (struct expression_step){.kind = kind};
	return &e->steps[e->n++];
}

static bool take_number(struct parser *p, enum expression_step_kind kind, int sign)
{
	struct expression_step *step;
	long long number;
	char *end;

	skip_blanks(p);
	errno = 0;
	number = isdigit((unsigned char)*p->at) ? strtoll(p->at, &end, 0) : -1;
	if (number < 0 || number >= NUMBER_MAX || errno)
		return fail(p, "needs a number there");
	p->at = end;
	step = add_step(p, kind);
	if (step)
		step->number = sign * number;
	return step;
}

static bool take_name(struct parser *p, enum expression_step_kind kind)
{
	struct expression_step *step;
	size_t n;

	skip_blanks(p);
	for (n = 0; isalnum((unsigned char)p->at[n]) || p->at[n] == '_' || p->at[n] == '$'; n++)
		;
	if (!n || n >= EXPRESSION_NAME_MAX)
		return fail(p, "needs the name of a member there");
	step = add_step(p, kind);
	if (step)
		memcpy(step->name, p->at, n);
	p->at += n;
	return step;
}

static bool take_base(struct parser *p)
{
	if (take(p, "ret")) {
		p->out->base = RP_BASE_RESULT;
		return true;
	}
	if (p->known && take(p, "global")) {
		p->out->base = RP_BASE_CODE;
		return true;
	}
	if (p->known && take(p, "node")) {
		p->out->base = RP_BASE_NODE;
		return true;
	}
	if (!take(p, "arg") || *p->at < '1' || *p->at > '6')
		return fail(p, "must begin with arg1 to arg6 or ret");
	p->out->base = RP_BASE_ARGUMENT + *p->at++ - '1';
	return true;
}

static bool parse_path(struct parser *p);

static bool parse_value(struct parser *p)
{
	bool ok;

	if (p->depth++ >= NESTING_MAX)
		return fail(p, "has too many parentheses");
	if (take(p, "*"))
		ok = parse_value(p) && add_step(p, STEP_LOAD);
	else if (take(p, "("))
		ok = parse_path(p) && (take(p, ")") || fail(p, "lacks a )"));
	else
		ok = take_base(p);
	p->depth--;
	return ok;
}

static bool parse_path(struct parser *p)
{
	if (!parse_value(p))
		return false;
	for (;;) {
		bool ok = true;

		if (take(p, "->"))
			ok = take_name(p, STEP_ARROW);
		else if (take(p, "."))
			ok = take_name(p, STEP_DOT);
		else if (take(p, "["))
			ok = take_number(p, STEP_INDEX, 1) && (take(p, "]") || fail(p, "lacks a ]"));
		else if (take(p, "+"))
			ok = take_number(p, STEP_ADD, 1);
		else if (take(p, "-"))
			ok = take_number(p, STEP_ADD, -1);
		else
			return true;
		if (!ok)
			return false;
	}
}

static int finish(struct parser *p, const char *s, char **ret_why)
{
	skip_blanks(p);
	if (!p->why && *p->at)
		p->why = "is not understood";
	if (!p->why)
		return 0;
	*ret_why = *p->at ? xasprintf("%s %s, at \"%s\"", s, p->why, p->at) : xasprintf("%s %s", s, p->why);
	return -EINVAL;
}

static int parse(struct parser p, const char *s, char **ret_why)
{
	*p.out = (struct expression){0};
	parse_path(&p);
	return finish(&p, s, ret_why);
}

static int parse_text(struct parser p, const char *s, struct expression_text *ret, char **ret_why)
{
	*ret = (struct expression_text){0};
	if (parse_path(&p) && take(&p, ":")) {
		p.out = &ret->length;
		parse_path(&p);
	}
	return finish(&p, s, ret_why);
}

int handler_expression_parse(const char *s, struct expression *ret, char **ret_why)
{
	return parse((struct parser){.at = s, .out = ret}, s, ret_why);
}

int handler_expression_parse_text(const char *s, struct expression_text *ret, char **ret_why)
{
	return parse_text((struct parser){.at = s, .out = &ret->data}, s, ret, ret_why);
}

int handler_expression_parse_known(const char *s, struct expression *ret, char **ret_why)
{
	return parse((struct parser){.at = s, .out = ret, .known = true}, s, ret_why);
}

int handler_expression_parse_known_text(const char *s, struct expression_text *ret, char **ret_why)
{
	return parse_text((struct parser){.at = s, .out = &ret->data, .known = true}, s, ret, ret_why);
}
