/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/names.h"

#include "base/alloc.h"

struct growing {
	struct profile *profile;
	int32_t stack;
	uint64_t *unknown;
};

static enum frame_kind kind_of(enum symbol_kind kind)
{
	switch (kind) {
	case SYMBOL_KERNEL:
		return FRAME_kernel;
	case SYMBOL_JIT:
		return FRAME_jit;
	case SYMBOL_PYTHON:
		return FRAME_python;
	case SYMBOL_NATIVE:
		break;
	}
	return FRAME_native;
}

static void add_frame(void *ctx, const struct symbol_frame *f)
{
	struct growing *g = ctx;
	struct frame frame = {
		.function = f->function, .file = f->file, .module = f->module, .line = f->line, .kind = kind_of(f->kind), .inlined = f->inlined,
	};

	if (!f->module && f->kind != SYMBOL_JIT && f->kind != SYMBOL_PYTHON)
		++*g->unknown;
	g->stack = profile_stack(g->profile, g->stack, profile_frame(g->profile, &frame));
}

int32_t names_stack(struct namer *namer, struct profile *p, const struct symbol_stack *stack, struct name_faults *faults)
{
	struct growing g = {.profile = p, .stack = -1, .unknown = &faults->unknown};
	struct stack_faults found = namer_stack(namer, stack, add_frame, &g);

	faults->unknown += found.unread;
	faults->inexact += found.inexact;
	return g.stack;
}

static void add_executable(void *ctx, const char *path, const char *build_id, uint64_t rows)
{
	struct profile *p = ctx;
	struct about *about = &p->about;
	struct executable e = {.path = profile_string(p, path), .build_id = profile_string(p, build_id), .rows = rows};

	for (size_t i = 0; i < about->n_executables; i++)
		if (about->executables[i].path == e.path)
			return;
	GROW(about->executables, about->n_executables, about->cap_executables);
	about->executables[about->n_executables++] = e;
}

void names_executables(struct namer *namer, struct profile *p, int pid)
{
	namer_executables(namer, pid, add_executable, p);
}
