/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "python_walk.h"

#include <stdbool.h>
#include <string.h>

#define THREADS_MAX 1000
#define FRAME_MAX 256           /* bytes of a frame that are read */

struct walk {
	const struct memory *memory;
	int pid;
	const struct rp_python *p;
};

static uint64_t word(const struct walk *w, uint64_t object, uint32_t offset)
{
	uint64_t value = 0;

	return memory_read(w->memory, w->pid, object + offset, &value, sizeof value) ? 0 : value;
}

static uint32_t number(const struct walk *w, uint64_t object, uint32_t offset)
{
	uint32_t value = 0;

	return memory_read(w->memory, w->pid, object + offset, &value, sizeof value) ? 0 : value;
}

static uint8_t byte(const struct walk *w, uint64_t object, uint32_t offset)
{
	uint8_t value = 0;

	return memory_read(w->memory, w->pid, object + offset, &value, sizeof value) ? 0 : value;
}

uint64_t python_walk_thread(const struct memory *m, int pid, const struct rp_python *p, uint64_t fs_base)
{
	const struct walk w = {m, pid, p};
	uint64_t interpreter = word(&w, p->runtime, p->interpreters);

	for (; interpreter; interpreter = word(&w, interpreter, p->interpreter_next)) {
		uint64_t thread = word(&w, interpreter, p->interpreter_threads);

		for (int i = 0; thread && i < THREADS_MAX; i++, thread = word(&w, thread, p->thread_next))
			if (word(&w, thread, p->thread_id) == fs_base)
				return thread;
	}
	return 0;
}

static bool is_marker(const struct walk *w, uint64_t frame)
{
	return w->p->frame_owner != RP_PYTHON_NONE && byte(w, frame, w->p->frame_owner) >= RP_PYTHON_OWNER_C;
}

static uint32_t instr_of(const struct walk *w, uint64_t frame, uint64_t code)
{
	int64_t at;

	if (w->p->flags & RP_PYTHON_INSTR_INDEX)
		at = (int64_t)(int32_t)number(w, frame, w->p->frame_instr) * (w->p->flags & RP_PYTHON_INSTR_UNITS ? 2 : 1);
	else
		at = word(w, frame, w->p->frame_instr) - (code + w->p->code_instructions);
	return at < 0 || at >= RP_PYTHON_NO_INSTR ? RP_PYTHON_NO_INSTR : at;
}

/* To 3.10 each frame has its own evaluation loop; 3.11 says which one has; from 3.12 on a marker stands before what another one runs. */
static bool is_entry(const struct walk *w, uint64_t frame, uint64_t previous)
{
	if (w->p->frame_owner == RP_PYTHON_NONE)
		return true;
	if (w->p->frame_is_entry != RP_PYTHON_NONE)
		return byte(w, frame, w->p->frame_is_entry);
	return !previous || is_marker(w, previous);
}

static bool is_generator(const struct walk *w, uint64_t frame)
{
	if (w->p->frame_generator != RP_PYTHON_NONE)
		return word(w, frame, w->p->frame_generator);
	return byte(w, frame, w->p->frame_owner) == 1;
}

static uint32_t check(const struct walk *w, uint64_t code)
{
	const struct rp_python *p = w->p;
	struct rp_python_identity id = {
		.file_name = word(w, code, p->code_file_name), .function = word(w, code, rp_python_function_name(p)),
		.line_table = word(w, code, p->code_line_table), .first_line = number(w, code, p->code_first_line),
	};

	for (size_t i = 0; i < RP_PYTHON_CODE_MORE; i++)
		id.more[i] = word(w, code, rp_python_code_more[i]);
	return rp_python_check(&id);
}

static struct rp_python_frame describe(const struct walk *w, uint64_t frame, uint64_t previous)
{
	const struct rp_python *p = w->p;
	uint64_t code = word(w, frame, p->frame_code) & (p->flags & RP_PYTHON_TAGGED ? ~3ULL : ~0ULL);

	return (struct rp_python_frame){
		.code = code,
		.instr = instr_of(w, frame, code) | (is_entry(w, frame, previous) ? RP_PYTHON_ENTRY : 0) |
			 (is_generator(w, frame) ? RP_PYTHON_GENERATOR : 0),
		.check = check(w, code),
	};
}

int python_walk(const struct memory *m, int pid, const struct rp_python *p, uint64_t thread, struct rp_python_frame *frames, int max)
{
	const struct walk w = {m, pid, p};
	uint64_t frame = word(&w, thread, p->thread_frame);
	int n = 0;

	if (frame && p->cframe_frame != RP_PYTHON_NONE)
		frame = word(&w, frame, p->cframe_frame);
	while (frame && n < max) {
		uint64_t previous = word(&w, frame, p->frame_previous);

		if (!is_marker(&w, frame))
			frames[n++] = describe(&w, frame, previous);
		frame = previous;
	}
	return n;
}
