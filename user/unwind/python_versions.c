/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/python_versions.h"

#include <string.h>

#include "base/cleanup.h"

#define NONE RP_PYTHON_NONE

/* In all versions. */
#define COMMON \
	.size = sizeof(struct rp_python), .gil_holder = 8, .gil_locked = 16, .gil_size = 208, .thread_next = 8, .thread_interpreter = 16

#define OLD_STRINGS .string_ascii = 48, .string_compact = 72    /* to 3.11 */
#define STRINGS .string_ascii = 40, .string_compact = 56

/* Frames and code objects of 3.8 to 3.10. */
#define HEAP_FRAMES \
	.interpreters = 32, .interpreter_next = 0, .interpreter_threads = 8, .interpreter_gil = NONE, \
	.thread_frame = 24, .thread_id = 176, .thread_native_id = NONE, .thread_context = 240, .cframe_frame = NONE, .cframe_previous = NONE, \
	.frame_code = 32, .frame_previous = 24, .frame_owner = NONE, .frame_is_entry = NONE, .frame_value_stack = 64, \
	.code_flags = 36, .code_first_line = 40, .code_file_name = 104, .code_name = 112, .code_qualified_name = NONE, .code_line_table = 120, \
	.code_instructions = NONE, .generator_frame = 16, .generator_state = NONE, OLD_STRINGS

/* From 3.11 on. */
#define INTERPRETER_FRAMES \
	.frame_instr = 56, .frame_generator = NONE, .frame_stack_top = 64, .frame_value_stack = NONE, \
	.code_flags = 48, .code_file_name = 112, .code_name = 120, .code_qualified_name = 128, .code_line_table = 136

static const struct rp_python versions[] = {
	{
		COMMON, HEAP_FRAMES, .version = 0x0308, .flags = RP_PYTHON_INSTR_INDEX, .runtime_gil = 1152, .interpreter_free_contexts = NONE,
		.frame_instr = 104, .frame_generator = 96, .frame_locals = 360, .frame_stack_top = 72,
	}, {
		COMMON, HEAP_FRAMES, .version = 0x0309, .flags = RP_PYTHON_INSTR_INDEX, .runtime_gil = 352, .interpreter_free_contexts = NONE,
		.frame_instr = 104, .frame_generator = 96, .frame_locals = 360, .frame_stack_top = 72,
	}, {
		COMMON, HEAP_FRAMES, .version = 0x030a, .flags = RP_PYTHON_INSTR_INDEX | RP_PYTHON_INSTR_UNITS | RP_PYTHON_STACK_DEPTH,
		.runtime_gil = 352, .interpreter_free_contexts = 13296,
		.frame_instr = 96, .frame_generator = 88, .frame_locals = 352, .frame_stack_top = 80,
	}, {
		COMMON, INTERPRETER_FRAMES, .version = 0x030b, .flags = RP_PYTHON_STACK_INDEX, .interpreters = 40, .runtime_gil = 360,
		.interpreter_next = 0, .interpreter_threads = 16, .interpreter_gil = NONE, .interpreter_free_contexts = 7112,
		.thread_frame = 56, .thread_id = 152, .thread_native_id = 160, .thread_context = 224, .cframe_frame = 8, .cframe_previous = 16,
		.frame_code = 32, .frame_previous = 48, .frame_owner = 69, .frame_is_entry = 68, .frame_locals = 72,
		.code_first_line = 72, .code_instructions = 184, .generator_frame = 80, .generator_state = 75, OLD_STRINGS,
	}, {
		COMMON, INTERPRETER_FRAMES, .version = 0x030c, .flags = RP_PYTHON_STACK_INDEX, .interpreters = 40, .runtime_gil = NONE,
		.interpreter_next = 0, .interpreter_threads = 72, .interpreter_gil = 384, .interpreter_free_contexts = 273384,
		.thread_frame = 56, .thread_id = 136, .thread_native_id = 144, .thread_context = 208, .cframe_frame = 0, .cframe_previous = 8,
		.frame_code = 0, .frame_previous = 8, .frame_owner = 70, .frame_is_entry = NONE, .frame_locals = 72,
		.code_first_line = 68, .code_instructions = 192, .generator_frame = 72, .generator_state = 67, STRINGS,
	}, {
		COMMON, INTERPRETER_FRAMES, .version = 0x030d, .flags = RP_PYTHON_STACK_INDEX, .interpreters = 632, .runtime_gil = NONE,
		.interpreter_next = 7264, .interpreter_threads = 7344, .interpreter_gil = 16, .interpreter_free_contexts = 13160,
		.thread_frame = 72, .thread_id = 152, .thread_native_id = 160, .thread_context = 208, .cframe_frame = NONE, .cframe_previous = NONE,
		.frame_code = 0, .frame_previous = 8, .frame_owner = 70, .frame_is_entry = NONE, .frame_locals = 72,
		.code_first_line = 68, .code_instructions = 200, .generator_frame = 72, .generator_state = 67, STRINGS,
	}, {
		COMMON, INTERPRETER_FRAMES, .version = 0x030e, .flags = RP_PYTHON_TAGGED, .interpreters = 808, .runtime_gil = NONE,
		.interpreter_next = 7272, .interpreter_threads = 7344, .interpreter_gil = 16, .interpreter_free_contexts = 11600,
		.thread_frame = 72, .thread_id = 152, .thread_native_id = 160, .thread_context = 208, .cframe_frame = NONE, .cframe_previous = NONE,
		.frame_code = 0, .frame_previous = 8, .frame_owner = 74, .frame_is_entry = NONE, .frame_locals = 80,
		.code_first_line = 68, .code_instructions = 208, .generator_frame = 72, .generator_state = 67, STRINGS,
	}, {
		COMMON, INTERPRETER_FRAMES, .version = 0x030f, .flags = RP_PYTHON_TAGGED, .interpreters = 936, .runtime_gil = NONE,
		.interpreter_next = 7264, .interpreter_threads = 7336, .interpreter_gil = 16, .interpreter_free_contexts = 11592,
		.thread_frame = 72, .thread_id = 176, .thread_native_id = 184, .thread_context = 232, .cframe_frame = NONE, .cframe_previous = NONE,
		.frame_code = 0, .frame_previous = 8, .frame_owner = 74, .frame_is_entry = NONE, .frame_locals = 80,
		.code_first_line = 68, .code_instructions = 208, .generator_frame = 72, .generator_state = 67, STRINGS,
	},
};

bool python_version_find(uint16_t version, struct rp_python *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		if (versions[i].version != version)
			continue;
		*ret = versions[i];
		return true;
	}
	return false;
}

/* ---- _Py_DebugOffsets (CPython: Include/internal/pycore_runtime.h, pycore_debug_offsets.h) --------------------------------- */

#define COOKIE "xdebugpy"
#define AT_VERSION 8
#define AT_FREE_THREADED 16

enum { LAYOUT_3_13, LAYOUT_3_14, LAYOUT_3_15, LAYOUTS };

/* Where each version has the offset that goes into a field; 0 = nowhere. */
static const struct {
	uint16_t field, at[LAYOUTS];
} debug_offsets[] = {
#define FIELD(name, ...) {offsetof(struct rp_python, name), {__VA_ARGS__}}
	FIELD(interpreters, 40, 40, 40),
	FIELD(interpreter_next, 64, 64, 64),
	FIELD(interpreter_threads, 72, 72, 72),
	FIELD(interpreter_gil, 112, 120, 120),
	FIELD(thread_next, 168, 192, 192),
	FIELD(thread_interpreter, 176, 200, 200),
	FIELD(thread_frame, 184, 208, 208),
	FIELD(thread_id, 192, 216, 240),
	FIELD(thread_native_id, 200, 224, 248),
	FIELD(frame_previous, 232, 256, 320),
	FIELD(frame_code, 240, 264, 328),
	FIELD(frame_instr, 248, 272, 336),
	FIELD(frame_locals, 256, 280, 344),
	FIELD(frame_owner, 264, 288, 352),
	FIELD(frame_stack_top, 0, 296, 360),
	FIELD(code_file_name, 280, 320, 384),
	FIELD(code_name, 288, 328, 392),
	FIELD(code_qualified_name, 296, 336, 400),
	FIELD(code_line_table, 304, 344, 408),
	FIELD(code_first_line, 312, 352, 416),
	FIELD(code_instructions, 344, 384, 448),
	FIELD(generator_frame, 0, 680, 808),
	FIELD(generator_state, 0, 688, 816),
#undef FIELD
};

/* The GIL is a part of the interpreter's state, and its fields are counted from there. */
static const struct {
	uint16_t gil, locked, holder;
} gil_offsets[LAYOUTS] = {{120, 136, 144}, {128, 144, 152}, {128, 144, 152}};

bool python_version_has_debug_offsets(uint16_t version)
{
	return version >= 0x030d;
}

static uint64_t word_at(const uint8_t *bytes, size_t n, size_t at)
{
	uint64_t word = UINT64_MAX;

	if (at + sizeof word <= n)
		memcpy(&word, bytes + at, sizeof word);
	return word;
}

bool python_debug_offsets_head(const uint8_t *bytes, size_t n, struct python_debug_offsets *ret)
{
	if (n < AT_FREE_THREADED + 8 || memcmp(bytes, COOKIE, 8))
		return false;
	*ret = (struct python_debug_offsets){.version = word_at(bytes, n, AT_VERSION), .free_threaded = word_at(bytes, n, AT_FREE_THREADED)};
	return true;
}

static bool take_gil(const uint8_t *bytes, size_t n, unsigned int layout, struct rp_python *offsets)
{
	uint64_t gil = word_at(bytes, n, gil_offsets[layout].gil);
	uint64_t locked = word_at(bytes, n, gil_offsets[layout].locked) - gil, holder = word_at(bytes, n, gil_offsets[layout].holder) - gil;

	if (locked >= offsets->gil_size || holder >= offsets->gil_size)
		return false;
	offsets->gil_locked = locked;
	offsets->gil_holder = holder;
	return true;
}

bool python_debug_offsets_take(const uint8_t *bytes, size_t n, struct rp_python *offsets)
{
	unsigned int layout = offsets->version - 0x030d;

	if (layout >= LAYOUTS)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(debug_offsets); i++) {
		size_t at = debug_offsets[i].at[layout];
		uint64_t offset = at ? word_at(bytes, n, at) : 0;
		uint32_t value = offset;

		if (offset >= PYTHON_OFFSET_MAX)
			return false;
		if (at)
			memcpy((uint8_t *)offsets + debug_offsets[i].field, &value, sizeof value);
	}
	return take_gil(bytes, n, layout, offsets);
}
