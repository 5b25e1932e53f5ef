/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/python_verify.h"

#include <stdbool.h>

#include "symbol/python_string.h"

#define INTERPRETERS_MAX 1024
#define THREADS_MAX 64
#define FRAMES_MAX 16
#define TRIES 20                /* the process runs meanwhile */
#define OBJECT_TYPE 8           /* PyObject.ob_type */

struct walk {
	const struct memory *memory;
	int pid;
	const struct rp_python *p;
	uint64_t code_type;
};

static int word(const struct walk *w, uint64_t object, uint32_t offset, uint64_t *ret)
{
	return memory_read(w->memory, w->pid, object + offset, ret, sizeof *ret);
}

static bool is_code(const struct walk *w, uint64_t code)
{
	char name[PYTHON_STRING_MAX + 1];
	uint64_t type, file_name;

	if (w->code_type)
		return !word(w, code, OBJECT_TYPE, &type) && type == w->code_type;
	return !word(w, code, w->p->code_file_name, &file_name) &&
	       !python_string_read(w->memory, w->pid, w->p->version, file_name, name) && *name;
}

/* 1: some frame of it runs code; 0: it has no frames; −EBADMSG. */
static int look_at_frames(const struct walk *w, uint64_t thread)
{
	uint64_t frame, code;
	int r = word(w, thread, w->p->thread_frame, &frame);

	if (!r && w->p->cframe_frame != RP_PYTHON_NONE)
		r = word(w, frame, w->p->cframe_frame, &frame);
	if (r || !frame)
		return r;
	for (int i = 0; i < FRAMES_MAX && frame; i++) {
		r = word(w, frame, w->p->frame_code, &code);
		if (r)
			return r;
		if (is_code(w, code & (w->p->flags & RP_PYTHON_TAGGED ? ~3ULL : ~0ULL)))
			return 1;
		r = word(w, frame, w->p->frame_previous, &frame);
		if (r)
			return r;
	}
	return -EBADMSG;
}

static int look_at_threads(const struct walk *w, uint64_t interpreter, uint64_t thread)
{
	uint64_t its;
	int r = 0;

	for (int i = 0; i < THREADS_MAX && thread && r <= 0; i++) {
		int e = word(w, thread, w->p->thread_interpreter, &its);

		if (e || its != interpreter)
			return e ? e : -EBADMSG;
		e = look_at_frames(w, thread);
		r = e ? e : r;
		e = word(w, thread, w->p->thread_next, &thread);
		if (e)
			return e;
	}
	return r;
}

/* Interpreters are listed newest first; the main one, which is last, has a thread as soon as any has. */
static int walk(const struct walk *w)
{
	uint64_t interpreter, thread;
	int r = word(w, w->p->runtime, w->p->interpreters, &interpreter), found = -EAGAIN;

	for (int i = 0; i < INTERPRETERS_MAX && !r && interpreter && found <= 0; i++) {
		r = word(w, interpreter, w->p->interpreter_threads, &thread);
		if (!r && thread)
			found = look_at_threads(w, interpreter, thread);
		if (!r)
			r = word(w, interpreter, w->p->interpreter_next, &interpreter);
	}
	return r ? r : found;
}

int python_verify(const struct memory *memory, int pid, const struct rp_python *offsets, uint64_t code_type)
{
	const struct walk w = {.memory = memory, .pid = pid, .p = offsets, .code_type = code_type};
	int r = walk(&w);

	for (int i = 1; i < TRIES && r < 0 && r != -EAGAIN && r != -ESRCH; i++)
		r = walk(&w);
	return r < 0 ? r : 0;
}
