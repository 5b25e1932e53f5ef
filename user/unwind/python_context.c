/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/python_context.h"

#include <string.h>

#include "base/cleanup.h"
#include "unwind/code_scan.h"
#include "unwind/python_method.h"

#define PROBE_BYTES 16
#define METHODS_MAX 16
/* Include/cpython/object.h: PyTypeObject, the same in all versions. */
#define TYPE_METHODS 232
#define TYPE_NEW 312

struct target {
	const struct maps *maps;
	const struct memory *memory;
	int pid;
};

static uint64_t pointer_at(const struct target *t, uint64_t address)
{
	uint64_t pointer;

	return memory_read(t->memory, t->pid, address, &pointer, sizeof pointer) ? 0 : pointer;
}

static bool is_called(const struct target *t, uint64_t name, const char *text)
{
	char bytes[8];
	size_t n = strlen(text) + 1;

	return n <= sizeof bytes && !memory_read(t->memory, t->pid, name, bytes, n) && !memcmp(bytes, text, n);
}

static uint64_t method_of(const struct target *t, uint64_t type, const char *name)
{
	uint64_t at = pointer_at(t, type + TYPE_METHODS);
	struct python_method m;

	for (size_t i = 0; at && i < METHODS_MAX; i++) {
		if (memory_read(t->memory, t->pid, at + i * sizeof m, &m, sizeof m) || !m.name)
			return 0;
		if (is_called(t, m.name, name))
			return m.function;
	}
	return 0;
}

static bool is_among(const uint64_t *list, size_t n, uint64_t x)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == x)
			return true;
	return false;
}

/* Where a probe goes into a function, as an offset in the file; 0 = that is not in the mapping where PyContext_CopyCurrent is. */
static uint64_t place(const struct target *t, uint64_t function, const struct code_range *mapping)
{
	const struct mapping *m = function ? maps_find(t->maps, function) : NULL;
	uint8_t code[PROBE_BYTES];

	if (!m || m->start != mapping->start || memory_read(t->memory, t->pid, function, code, sizeof code))
		return 0;
	return function - m->start + m->offset + code_entry_offset(code, sizeof code);
}

void python_contexts_find(const struct maps *maps, const struct memory *memory, int pid, const struct python_module *module, uint64_t bias,
			  struct python_runtime *runtime)
{
	const struct target t = {.maps = maps, .memory = memory, .pid = pid};
	uint64_t type = module->context_type ? module->context_type + bias : 0;
	const uint64_t functions[PYTHON_FRESH_CONTEXTS] = {
		type ? pointer_at(&t, type + TYPE_NEW) : 0,
		type ? method_of(&t, type, "copy") : 0,
		module->new_context ? module->new_context + bias : 0,
		module->copy_of_context ? module->copy_of_context + bias : 0,
	};
	size_t n = 0;

	memset(runtime->fresh_contexts, 0, sizeof runtime->fresh_contexts);
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		uint64_t offset = place(&t, functions[i], &runtime->copy_context_mapping);

		if (offset && !is_among(runtime->fresh_contexts, n, offset))
			runtime->fresh_contexts[n++] = offset;
	}
}
