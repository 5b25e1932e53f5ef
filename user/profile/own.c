/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/own.h"

#include <string.h>

#include "base/cleanup.h"

static bool is_library(const char *module)
{
	const char *slash = strrchr(module, '/'), *base = slash ? slash + 1 : module;

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
