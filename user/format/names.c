/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/names.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/printable.h"

#define PLACE_COMPONENTS 2 /* of a path: enough to know the file again */

char *name_text(const char *s, size_t columns)
{
	return s && *s ? printable(s, strlen(s), columns) : xstrdup("?");
}

char *name_function(const struct frame *frame)
{
	return name_text(frame->function, NAME_COLUMNS);
}

/* The last components of a path. */
static const char *tail(const char *path, int components)
{
	for (const char *c = path + strlen(path); c > path; c--)
		if (c[-1] == '/' && *c && !--components)
			return c;
	return path;
}

char *name_module(const char *module)
{
	return name_text(tail(module, 1), NAME_COLUMNS);
}

char *name_place(const struct frame *frame, uint32_t line)
{
	_cleanup_free_ char *file = NULL;

	if (!frame->file || !*frame->file)
		return frame->module && *frame->module ? name_module(frame->module) : NULL;
	file = name_text(tail(frame->file, PLACE_COMPONENTS), NAME_COLUMNS);
	return line ? xasprintf("%s:%u", file, line) : TAKE_PTR(file);
}

char *name_frame(const struct frame *frame, uint32_t line)
{
	_cleanup_free_ char *function = name_function(frame);
	_cleanup_free_ char *place = name_place(frame, line);

	return place ? xasprintf("%s, %s", function, place) : TAKE_PTR(function);
}

char *name_process(const char *comm, int32_t pid)
{
	_cleanup_free_ char *name = name_text(comm, NAME_COLUMNS);

	return pid ? xasprintf("%s[%d]", name, pid) : xasprintf("interrupt %s", name);
}

static bool is_library(const char *module)
{
	const char *base = tail(module, 1);

	return *base == '[' || !strncmp(base, "ld-", 3) || (!strncmp(base, "lib", 3) && strstr(base, ".so"));
}

bool frame_is_own(const struct frame *frame)
{
	static const char *const installed[] = {"/site-packages/", "/dist-packages/", "/lib/python3", "<frozen"};

	if (frame->kind == FRAME_kernel || (frame->kind == FRAME_native && (!frame->module || is_library(frame->module))))
		return false;
	for (size_t i = 0; frame->kind == FRAME_python && frame->file && i < ARRAY_LEN(installed); i++)
		if (strstr(frame->file, installed[i]))
			return false;
	return true;
}

int32_t stack_own_frame(const struct profile *p, int32_t stack)
{
	int32_t innermost = stack < 0 ? -1 : p->stacks[stack].frame, user = -1;

	for (int32_t s = stack; s >= 0; s = p->stacks[s].parent) {
		int32_t frame = p->stacks[s].frame;

		if (frame_is_own(&p->frames[frame]))
			return frame;
		if (user < 0 && p->frames[frame].kind != FRAME_kernel)
			user = frame;
	}
	return user >= 0 ? user : innermost;
}
