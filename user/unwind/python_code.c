/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/python_code.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "symbol/python_line.h"
#include "symbol/python_package.h"
#include "symbol/python_string.h"
#include "unwind/python_copy.h"

#define BYTES_MAX (64U << 20)   /* of all that is kept; beyond, what was read first goes */
#define OBJECT_MAX 512          /* bytes of a code object that are looked at */

struct key {
	uint64_t code;
	uint32_t pid, check;
};

struct code {
	UT_hash_handle hh;
	struct key key;
	char *function, *file, *package;
	uint8_t *lines;
	size_t n_lines;
	uint32_t first_line;
	uint16_t version;
};

struct python_codes {
	struct code *list;      /* in the order that they were read */
	size_t bytes;
};

static struct key key_of(int pid, const struct rp_python_frame *frame)
{
	return (struct key){.code = frame->code, .pid = pid, .check = frame->check};
}

struct python_codes *python_codes_new(void)
{
	return xcalloc(1, sizeof(struct python_codes));
}

static size_t size_of(const struct code *c)
{
	return sizeof *c + strlen(c->function) + strlen(c->file) + c->n_lines;
}

static void free_code(struct code *c)
{
	free(c->function);
	free(c->file);
	free(c->package);
	free(c->lines);
	free(c);
}

static void drop(struct python_codes *codes, struct code *c)
{
	codes->bytes -= size_of(c);
	HASH_DEL(codes->list, c);
	free_code(c);
}

void python_codes_free(struct python_codes *codes)
{
	if (!codes)
		return;
	while (codes->list)
		drop(codes, codes->list);
	free(codes);
}

void python_codes_forget(struct python_codes *codes, int pid)
{
	struct code *c, *next;

	HASH_ITER(hh, codes->list, c, next)
		if (c->key.pid == (uint32_t)pid)
			drop(codes, c);
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

struct reading {
	const struct memory *memory;
	int pid;
	const struct rp_python *python;
	const struct rp_python_frame *frame;
};

/* The fields of a code object that are of use. */
struct fields {
	uint64_t file_name, function, line_table;
	uint32_t first_line;
};

static bool get(const uint8_t *object, size_t size, uint32_t offset, void *ret, size_t n)
{
	if (offset > size || n > size - offset)
		return false;
	memcpy(ret, object + offset, n);
	return true;
}

/* As much of it as has the fields: a byte more may be in another page. */
static size_t size_to_read(const struct rp_python *p)
{
	const uint32_t ends[] = {
		p->code_file_name + 8, rp_python_function_name(p) + 8, p->code_line_table + 8, p->code_first_line + 4,
		rp_python_code_more[RP_PYTHON_CODE_MORE - 1] + 8,
	};
	size_t size = 0;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		size = ends[i] > size ? ends[i] : size;
	return size;
}

static bool get_identity(const struct rp_python *p, const uint8_t *object, size_t n, struct rp_python_identity *ret)
{
	bool good = get(object, n, p->code_file_name, &ret->file_name, 8) && get(object, n, rp_python_function_name(p), &ret->function, 8) &&
		    get(object, n, p->code_line_table, &ret->line_table, 8) && get(object, n, p->code_first_line, &ret->first_line, 4);

	for (size_t i = 0; i < RP_PYTHON_CODE_MORE; i++)
		good = good && get(object, n, rp_python_code_more[i], &ret->more[i], 8);
	return good;
}

/* The object's fields, if it is the one that the frame ran. */
static int read_fields(const struct reading *r, struct fields *ret)
{
	struct rp_python_identity id;
	uint8_t object[OBJECT_MAX];
	size_t n = size_to_read(r->python);
	int e = n > sizeof object ? -EINVAL : memory_read(r->memory, r->pid, r->frame->code, object, n);

	if (e)
		return e;
	if (!get_identity(r->python, object, n, &id))
		return -EINVAL;
	*ret = (struct fields){.file_name = id.file_name, .function = id.function, .line_table = id.line_table, .first_line = id.first_line};
	return rp_python_check(&id) == r->frame->check ? 0 : -ESTALE;
}

static int read_string(const struct reading *r, uint64_t address, char **ret)
{
	char text[PYTHON_STRING_MAX + 1];
	int e = python_string_read(r->memory, r->pid, r->python->version, address, text);

	if (!e)
		*ret = xstrdup(text);
	return e;
}

static int read_parts(const struct reading *r, const struct fields *f, struct code *c)
{
	int e = read_string(r, f->function, &c->function);

	if (!e)
		e = read_string(r, f->file_name, &c->file);
	if (!e)
		e = python_bytes_read(r->memory, r->pid, f->line_table, &c->lines, &c->n_lines);
	return e;
}

/* What was read is the object's only if that still is there then. */
static int read_object(const struct reading *r, struct code *c)
{
	struct fields f, again;
	int e = read_fields(r, &f);

	if (e)
		return e;
	e = read_parts(r, &f, c);
	c->first_line = f.first_line;
	return read_fields(r, &again) == -ESTALE ? -ESTALE : e;
}

/* From a copy; of what it lacks the same is true. */
static int read_copied(const struct reading *r, const struct rp_python_code *code, const uint8_t *bytes, struct code *c)
{
	const struct fields f = {
		.function = code->parts[RP_CODE_FUNCTION], .file_name = code->parts[RP_CODE_FILE], .line_table = code->parts[RP_CODE_LINES],
	};
	struct python_copy copy = {.code = code, .bytes = bytes, .process = r->memory};
	const struct memory memory = python_copy_memory(&copy);
	const struct reading copied = {.memory = &memory, .pid = r->pid, .python = r->python, .frame = r->frame};
	struct fields now;
	int e = read_parts(&copied, &f, c);

	c->first_line = code->first_line;
	return e || !copy.incomplete ? e : read_fields(r, &now);
}

static void add(struct python_codes *codes, struct code *c)
{
	codes->bytes += size_of(c);
	while (codes->list && codes->bytes > BYTES_MAX)
		drop(codes, codes->list);
	HASH_ADD(hh, codes->list, key, sizeof c->key, c);
}

/* The code object of a frame is read, or was (e): keep it, or free what there is of it. */
static int keep(struct python_codes *codes, const struct reading *r, struct code *c, int e)
{
	if (e) {
		free_code(c);
		return e;
	}
	c->key = key_of(r->pid, r->frame);
	c->version = r->python->version;
	c->package = python_package(c->file);
	add(codes, c);
	return 0;
}

static void describe(const struct code *c, uint32_t instr, struct python_code_place *ret)
{
	bool before = RP_PYTHON_INSTR(instr) == RP_PYTHON_NO_INSTR;

	*ret = (struct python_code_place){
		.function = c->function, .file = c->file, .package = c->package, .first_line = c->first_line,
		.line = python_line(c->version, c->lines, c->n_lines, c->first_line, before ? PYTHON_LINE_BEFORE : RP_PYTHON_INSTR(instr)),
	};
}

static struct code *find(const struct python_codes *codes, int pid, const struct rp_python_frame *frame)
{
	const struct key key = key_of(pid, frame);
	struct code *c;

	HASH_FIND(hh, codes->list, &key, sizeof key, c);
	return c;
}

int python_code_find(struct python_codes *codes, const struct memory *memory, int pid, const struct rp_python *python,
		     const struct rp_python_frame *frame, struct python_code_place *ret)
{
	const struct reading r = {.memory = memory, .pid = pid, .python = python, .frame = frame};
	struct code *c = find(codes, pid, frame);
	int e = 0;

	if (!c) {
		c = xcalloc(1, sizeof *c);
		e = keep(codes, &r, c, read_object(&r, c));
	}
	if (e)
		*ret = (struct python_code_place){.function = e == -ESTALE ? "<code gone>" : "<code not readable>"};
	else
		describe(c, frame->instr, ret);
	return e;
}

int python_code_take(struct python_codes *codes, const struct memory *memory, int pid, const struct rp_python *python,
		     const struct rp_python_code *code, const uint8_t *bytes)
{
	const struct reading r = {.memory = memory, .pid = pid, .python = python, .frame = &code->frame};
	struct code *c;

	if (find(codes, pid, &code->frame))
		return 0;
	c = xcalloc(1, sizeof *c);
	return keep(codes, &r, c, read_copied(&r, code, bytes, c));
}
