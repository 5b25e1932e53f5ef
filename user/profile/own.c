/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/own.h"

#include <string.h>

#include "base/cleanup.h"

/* Of Python's standard library or of a package that was installed. */
static bool is_installed(const char *path)
{
	static const char *const installed[] = {"/site-packages/", "/dist-packages/", "/lib/python3", "<frozen"};

	for (size_t i = 0; i < ARRAY_LEN(installed); i++)
		if (strstr(path, installed[i]))
			return true;
	return false;
}

/* A shared library, an extension module that was installed, or the interpreter. */
static bool is_library(const char *module)
{
	const char *slash = strrchr(module, '/'), *base = slash ? slash + 1 : module;

	if (*base == '[' || !strncmp(base, "ld-", 3) || (!strncmp(base, "lib", 3) && strstr(base, ".so")))
		return true;
	return is_installed(module) || (!strncmp(base, "python", 6) && strspn(base + 6, "0123456789.") == strlen(base + 6));
}

bool frame_is_own(const struct frame *frame)
{
	if (frame->kind == FRAME_native)
		return frame->module && !is_library(frame->module);
	return frame->kind != FRAME_kernel && !(frame->kind == FRAME_python && frame->file && is_installed(frame->file));
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
