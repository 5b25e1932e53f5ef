/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handler/compile.h"

#include <dwarf.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "handler/types.h"

/* What is at hand while a path is followed: a value, or (object) the address of one. */
struct state {
	struct rp_handler_path path;
	int64_t last;           /* the last offset, of which the contract's is a part */
	bool object;
	bool typed;
	Dwarf_Die type;         /* of the value or of the object */
	unsigned int part;      /* a struct that came in two registers: which one this is */
	char *why;
};

static bool fail(struct state *s, char *why)
{
	s->why = why;
	return false;
}

static bool add(struct state *s, int64_t n)
{
	if (!s->path.n)
		s->path.n = 1;
	s->last += n;
	if (s->last != (int32_t)s->last)
		return fail(s, xstrdup("an offset is larger than 2 GB"));
	s->path.offset[s->path.n - 1] = s->last;
	return true;
}

/* From an object to the value in it. */
static bool load(struct state *s)
{
	if (!s->object)
		return true;
	if (s->path.n >= RP_PATH_MAX)
		return fail(s, xasprintf("more than %d pointers one behind the other", RP_PATH_MAX - 1));
	s->path.offset[s->path.n++] = 0;
	s->last = 0;
	s->object = false;
	return true;
}

/* The pointer at hand is followed. */
static bool dereference(struct state *s)
{
	Dwarf_Die pointed;

	if (!load(s) || !add(s, 0))
		return false;
	s->object = true;
	s->typed = s->typed && types_pointed(&s->type, &pointed);
	if (s->typed)
		s->type = pointed;
	return true;
}

static bool need_types(struct state *s, const char *what)
{
	if (s->typed)
		return true;
	return fail(s, xasprintf("%s: there is no debug information about it; give offsets, as in *(arg1+0x40)", what));
}

static bool member(struct state *s, const struct expression_step *step)
{
	Dwarf_Die type;
	int64_t at;

	if (!need_types(s, step->name))
		return false;
	if ((step->kind == STEP_ARROW || !s->object) && !dereference(s))
		return false;
	if (!s->typed || !types_member(&s->type, step->name, &type, &at)) {
		const char *name = s->typed ? dwarf_diename(&s->type) : NULL;

		return fail(s, xasprintf("%s has no member %s", name ? name : "what it points to", step->name));
	}
	s->type = type;
	return add(s, at);
}

static bool element(struct state *s, const struct expression_step *step)
{
	Dwarf_Die type;
	uint64_t size;

	if (!need_types(s, "[]"))
		return false;
	if (s->object && types_element(&s->type, &type, &size)) {
		s->type = type;
		return add(s, step->number * (int64_t)size);
	}
	if (!dereference(s) || !s->typed || !types_size(&s->type))
		return s->why ? false : fail(s, xstrdup("[]: neither an array nor a pointer"));
	return add(s, step->number * (int64_t)types_size(&s->type));
}

static bool follow(struct state *s, const struct expression_step *step)
{
	switch (step->kind) {
	case STEP_LOAD:
		return dereference(s);
	case STEP_ADD:
		s->typed = false; /* bytes from here on */
		return load(s) && add(s, step->number);
	case STEP_ARROW: case STEP_DOT:
		return member(s, step);
	case STEP_INDEX:
		return element(s, step);
	}
	return false;
}

static bool evaluate(const struct expression *e, Dwarf_Die *function, struct state *s)
{
	*s = (struct state){.path.base = e->base};
	if (function && e->base != RP_BASE_RESULT)
		s->typed = types_argument(function, e->base, &s->type, &s->part);
	for (size_t i = 0; i < e->n; i++)
		if (!follow(s, &e->steps[i]))
			return false;
	return true;
}

static int refuse(struct state *s, char **ret_why)
{
	*ret_why = s->why;
	return -EINVAL;
}

static uint8_t number_size(struct state *s)
{
	uint64_t size = s->typed ? types_size(&s->type) : 8;

	return size == 1 || size == 2 || size == 4 ? size : 8;
}

static void take_number(struct state *s, struct rp_handler_path *ret)
{
	*ret = s->path;
	ret->size = s->object ? number_size(s) : 0;
}

int compile_number(const struct expression *e, Dwarf_Die *function, struct rp_handler_path *ret, char **ret_why)
{
	struct state s;

	if (!evaluate(e, function, &s))
		return refuse(&s, ret_why);
	if (s.typed && !types_is_number(&s.type))
		return *ret_why = xstrdup("is no number"), -EINVAL;
	take_number(&s, ret);
	return 0;
}

/* The string is at hand, in memory or in this register and the next. */
static bool take_string(struct state *s, struct rp_handler_text *ret)
{
	struct state length;
	uint64_t size;
	int64_t data, at;

	if (!s->typed || !types_string(&s->type, &data, &at, &size))
		return false;
	if (!s->object) {
		ret->data = ret->length = s->path;
		ret->data.base += data / 8 - s->part;
		ret->length.base += at / 8 - s->part;
		return true;
	}
	length = *s;
	if (!add(&length, at) || !add(s, data) || !load(s))
		return false;
	length.path.size = size;
	ret->length = length.path;
	ret->data = s->path;
	return true;
}

static bool take_pointer(struct state *s, struct rp_handler_text *ret)
{
	Dwarf_Die type;
	uint64_t size;

	if (s->typed && s->object && types_element(&s->type, &type, &size) && types_is_character(&type)) {
		ret->data = s->path;
		return true;
	}
	if (s->typed && types_pointed(&s->type, &type) && !types_is_character(&type) && load(s) && dereference(s))
		return take_string(s, ret); /* std::string by reference */
	if (s->typed && !types_is_pointer(&s->type))
		return fail(s, xstrdup("is neither a string nor a pointer to one"));
	if (!load(s))
		return false;
	ret->data = s->path;
	return true;
}

int compile_text(const struct expression_text *e, Dwarf_Die *function, struct rp_handler_text *ret, char **ret_why)
{
	struct state s;

	*ret = (struct rp_handler_text){0};
	if (!evaluate(&e->data, function, &s))
		return refuse(&s, ret_why);
	if (e->length.base) {
		if (!load(&s))
			return refuse(&s, ret_why);
		ret->data = s.path;
		return compile_number(&e->length, function, &ret->length, ret_why);
	}
	if (take_string(&s, ret) || take_pointer(&s, ret))
		return 0;
	if (!s.why)
		s.why = xstrdup("is no string that is known");
	return refuse(&s, ret_why);
}
