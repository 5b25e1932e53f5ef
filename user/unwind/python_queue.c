/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/python_queue.h"

#include <string.h>

#include "base/cleanup.h"
#include "unwind/code_scan.h"
#include "unwind/python_method.h"

#define DATA_MAX (16U << 20)    /* bytes of a module's data that are looked through */
#define BLOCK 32768
#define FAST_WITH_KEYWORDS 0x82 /* Include/cpython/methodobject.h: METH_FASTCALL | METH_KEYWORDS */
#define PROBE_BYTES 16

struct looking {
	const struct maps *maps;
	const struct memory *memory;
	int pid;
	const struct mapping *module;   /* one of its mappings */
};

static bool is_of(const struct looking *l, const struct mapping *m)
{
	return m && m->inode == l->module->inode && m->device == l->module->device;
}

static bool begins_with(const struct looking *l, uint64_t address, const char *text, size_t n)
{
	char bytes[32];

	return is_of(l, maps_find(l->maps, address)) && !memory_read(l->memory, l->pid, address, bytes, n) && !memcmp(bytes, text, n);
}

static bool is_put(const struct looking *l, const struct python_method *m)
{
	static const char name[] = "put", doc[] = "put($self, /, item, block";
	const struct mapping *code = m->flags == FAST_WITH_KEYWORDS ? maps_find(l->maps, m->function) : NULL;

	return is_of(l, code) && code->executable && begins_with(l, m->name, name, sizeof name) && begins_with(l, m->doc, doc, sizeof doc - 1);
}

/* In one mapping: address of the function, 0 = it is not there. */
static uint64_t look_through(const struct looking *l, const struct mapping *data)
{
	uint64_t block[BLOCK / 8], end = data->end - data->start < DATA_MAX ? data->end : data->start + DATA_MAX;
	struct python_method method;

	for (uint64_t at = data->start; at + sizeof method <= end; at += BLOCK - sizeof method) {
		size_t n = end - at < BLOCK ? end - at : BLOCK;

		if (memory_read(l->memory, l->pid, at, block, n))
			return 0;
		for (size_t i = 0; i * 8 + sizeof method <= n; i++) {
			memcpy(&method, block + i, sizeof method);
			if (is_put(l, &method))
				return method.function;
		}
	}
	return 0;
}

static size_t probe_offset(const struct looking *l, uint64_t function)
{
	uint8_t code[PROBE_BYTES];

	return memory_read(l->memory, l->pid, function, code, sizeof code) ? 0 : code_entry_offset(code, sizeof code);
}

static void place(const struct looking *l, uint64_t function, struct python_runtime *r)
{
	const struct mapping *m = maps_find(l->maps, function);

	r->queue_put = function - m->start + m->offset + probe_offset(l, function);
	r->queue_put_mapping = (struct code_range){m->start, m->end};
}

static bool is_queue_module(const struct mapping *m)
{
	const char *slash = m->path ? strrchr(m->path, '/') : NULL;

	return slash && !strncmp(slash, "/_queue.", strlen("/_queue."));
}

bool python_queue_find(const struct maps *maps, const struct memory *memory, int pid, struct python_runtime *runtime)
{
	struct looking l = {.maps = maps, .memory = memory, .pid = pid, .module = maps_find(maps, runtime->copy_context_mapping.start)};
	uint64_t function = 0;
	bool built_in = l.module && l.module->inode;

	for (size_t i = 0; i < maps->n; i++)
		if (is_queue_module(&maps->list[i])) {
			l.module = &maps->list[i];
			built_in = false;
		}
	if (built_in && runtime->has_no_queue)
		return false;
	for (size_t i = 0; l.module && l.module->inode && i < maps->n && !function; i++)
		if (is_of(&l, &maps->list[i]) && maps->list[i].writable)
			function = look_through(&l, &maps->list[i]);
	if (function)
		place(&l, function, runtime);
	else
		runtime->has_no_queue |= built_in; /* its data is as it will be; that of a module may not be yet */
	return function;
}
