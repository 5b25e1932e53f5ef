/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The memory of a process with CPython: a version, an instruction, then all that there is from 0x10000 on. A code object is taken to be at its
 * begin, and _PyRuntime as well.
 *
 * links: unwind/python_code.c unwind/python_copy.c unwind/python_verify.c unwind/python_versions.c
 * links: symbol/python_string.c symbol/python_line.c symbol/python_package.c
 * links: base/alloc.c
 */
#include <linux/types.h>
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "reqprof.h"
#include "symbol/python_string.h"
#include "unwind/python_code.h"
#include "unwind/python_verify.h"
#include "unwind/python_versions.h"

#define START 0x10000
#define VERSIONS 8

struct input {
	const uint8_t *memory;
	size_t size;
};

static int read_input(void *ctx, int pid, uint64_t address, void *buffer, size_t n)
{
	const struct input *in = ctx;

	(void)pid;
	MUST(n <= MEMORY_READ_MAX);
	if (address < START || address - START > in->size || n > in->size - (address - START))
		return -EFAULT;
	memcpy(buffer, in->memory + (address - START), n);
	return 0;
}

static uint64_t word(const struct input *in, uint32_t offset, size_t n)
{
	uint64_t value = 0;

	read_input((void *)in, 0, START + offset, &value, n);
	return value;
}

static void check_text(const char *text)
{
	size_t n = text ? strlen(text) : 0;
	uint32_t code;

	MUST(n <= PYTHON_STRING_MAX);
	for (size_t at = 0, len; at < n; at += len) {
		len = utf8_decode(text + at, n - at, &code);
		MUST(len);
	}
}

static void find(const struct memory *memory, const struct rp_python *p, const struct rp_python_frame *frame)
{
	struct python_codes *codes = python_codes_new();
	struct python_code_place first, again;
	int r = python_code_find(codes, memory, 1, p, frame, &first);

	MUST(r <= 0 && first.function && first.line <= INT32_MAX);
	MUST(r != -ESTALE && r != -EINVAL);
	MUST(!r || (!first.file && !first.package && !first.line));
	check_text(first.function);
	check_text(first.file);
	MUST(python_code_find(codes, memory, 1, p, frame, &again) == r);
	MUST(again.line == first.line && !strcmp(again.function, first.function));
	python_codes_free(codes);
}

static uint32_t check(const struct input *in, const struct rp_python *p)
{
	struct rp_python_identity id = {
		.file_name = word(in, p->code_file_name, 8), .function = word(in, rp_python_function_name(p), 8),
		.line_table = word(in, p->code_line_table, 8), .first_line = word(in, p->code_first_line, 4),
	};

	for (size_t i = 0; i < RP_PYTHON_CODE_MORE; i++)
		id.more[i] = word(in, rp_python_code_more[i], 8);
	return rp_python_check(&id);
}

/* A copy, whose lengths are the input's first bytes: of what is there, or of what is not. */
static void take(const struct memory *memory, const struct rp_python *p, const struct rp_python_frame *frame, const struct input *in)
{
	struct rp_python_code code = {.h.flags = word(in, 0, 1), .frame = *frame, .first_line = word(in, p->code_first_line, 4)};
	struct python_codes *codes = python_codes_new();
	struct python_code_place place;
	size_t left = in->size;

	code.parts[RP_CODE_FUNCTION] = word(in, rp_python_function_name(p), 8);
	code.parts[RP_CODE_FILE] = word(in, p->code_file_name, 8);
	code.parts[RP_CODE_LINES] = word(in, p->code_line_table, 8);
	for (unsigned int i = 0; i < RP_CODE_PARTS; left -= code.len[i++]) {
		code.len[i] = word(in, 2 + 2 * i, 2);
		code.len[i] = code.len[i] > left ? left : code.len[i];
	}
	if (!python_code_take(codes, memory, 1, p, &code, in->memory)) {
		MUST(!python_code_find(codes, memory, 1, p, frame, &place));
		check_text(place.function);
		check_text(place.file);
	}
	python_codes_free(codes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rp_python_frame frame = {.code = START};
	struct input in = {data + 5, size - 5};
	const struct memory memory = {.read = read_input, .ctx = &in};
	struct rp_python p;

	if (size < 5)
		return 0;
	MUST(python_version_find(0x0308 + data[0] % VERSIONS, &p));
	memcpy(&frame.instr, data + 1, sizeof frame.instr);
	frame.check = check(&in, &p);
	find(&memory, &p, &frame);
	take(&memory, &p, &frame, &in);
	if (python_version_has_debug_offsets(p.version))
		python_debug_offsets_take(in.memory, in.size, &p);
	p.runtime = START;
	MUST(python_verify(&memory, 1, &p, 0) <= 0);
	return 0;
}
