/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/python.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "symbol/symbol_file.h"
#include "unwind/python_context.h"
#include "unwind/python_verify.h"
#include "unwind/python_versions.h"

#define MODULES_MAX 4096

struct known {
	UT_hash_handle hh;
	uint64_t serial;        /* of its file */
	struct python_module module;
};

struct python_modules {
	const struct file_watch *watch;
	struct known *list;
};

/* ---- files ---------------------------------------------------------------------------------------------------------------- */

struct python_modules *python_modules_new(const struct file_watch *watch)
{
	struct python_modules *modules = xcalloc(1, sizeof *modules);

	modules->watch = watch;
	return modules;
}

static void forget_modules(struct python_modules *modules)
{
	struct known *k, *next;

	HASH_ITER(hh, modules->list, k, next) {
		HASH_DEL(modules->list, k);
		free(k);
	}
}

void python_modules_free(struct python_modules *modules)
{
	if (!modules)
		return;
	forget_modules(modules);
	free(modules);
}

/* A file that was the end of another process in this one's place is left alone. */
static void read_module(const struct python_modules *modules, const struct symbol_file *file, const char *path, struct python_module *ret)
{
	const struct file_id *id = symbol_file_id(file);
	bool watched = modules->watch && id;

	*ret = (struct python_module){0};
	if (watched && !modules->watch->begin(modules->watch->ctx, id))
		return;
	python_module_read(symbol_file_elf(file), path, ret);
	if (watched)
		modules->watch->end(modules->watch->ctx);
}

static const struct python_module *module_of(struct python_modules *modules, const struct mapping *m)
{
	uint64_t serial = symbol_file_serial(m->file);
	struct known *k;

	HASH_FIND(hh, modules->list, &serial, sizeof serial, k);
	if (k)
		return &k->module;
	if (HASH_COUNT(modules->list) >= MODULES_MAX)
		forget_modules(modules);
	k = xcalloc(1, sizeof *k);
	k->serial = serial;
	read_module(modules, m->file, m->path, &k->module);
	HASH_ADD(hh, modules->list, serial, sizeof k->serial, k);
	return &k->module;
}

/* ---- a module in the process ------------------------------------------------------------------------------------------------ */

struct finding {
	struct python_modules *modules;
	const struct maps *maps;
	const struct memory *memory;
	int pid;
};

/* Address in the process − address in the file. */
static bool bias_of(const struct mapping *m, uint64_t *ret)
{
	const struct segment *s = elf_file_segment(symbol_file_elf(m->file), m->offset, true);

	if (s)
		*ret = m->start - (m->offset - s->offset + s->address);
	return s;
}

static void add_text(struct python_runtime *r, const struct mapping *m)
{
	if (r->n_texts < PYTHON_TEXTS_MAX)
		r->texts[r->n_texts++] = (struct code_range){m->start, m->end};
}

static void find_texts(const struct finding *f, const struct symbol_file *interpreter, struct python_runtime *r)
{
	for (size_t i = 0; i < f->maps->n; i++) {
		const struct mapping *m = &f->maps->list[i];

		if (m->file && (m->file == interpreter || module_of(f->modules, m)->kind == PYTHON_MODULE_STUB))
			add_text(r, m);
	}
}

static void place_probe(const struct finding *f, uint64_t address, struct python_runtime *r)
{
	const struct mapping *m = maps_find(f->maps, address);

	if (!m || !m->file)
		return;
	r->copy_context = address - m->start + m->offset;
	r->copy_context_mapping = (struct code_range){m->start, m->end};
}

static void place_code(const struct finding *f, const struct mapping *m, const struct python_module *module, uint64_t bias, struct python_runtime *r)
{
	for (size_t i = 0; i < module->n_eval; i++)
		r->eval[r->n_eval++] = (struct code_range){module->eval[i].start + bias, module->eval[i].end + bias};
	find_texts(f, m->file, r);
	if (module->inside)
		r->offsets.flags |= RP_PYTHON_PROBE_INSIDE;
	if (module->copy_context)
		place_probe(f, module->copy_context + bias, r);
	r->module = xstrdup(m->path);
}

/* ---- its offsets ------------------------------------------------------------------------------------------------------------ */

static const char *version_name(uint32_t version, char ret[32])
{
	unsigned int micro = version >> 8 & 255;

	if (version & 0xffff)
		snprintf(ret, 32, "%u.%u.%u", version >> 24, version >> 16 & 255, micro);
	else
		snprintf(ret, 32, "%u.%u", version >> 24, version >> 16 & 255);
	return ret;
}

static int refuse(char **ret_why, uint32_t version, const char *why)
{
	char name[32];

	*ret_why = xasprintf("CPython %s %s", version_name(version, name), why);
	return -EOPNOTSUPP;
}

static int take_debug_offsets(const struct finding *f, struct python_runtime *r, char **ret_why)
{
	uint8_t bytes[PYTHON_DEBUG_OFFSETS_MAX];
	struct python_debug_offsets head;
	int e = memory_read(f->memory, f->pid, r->offsets.runtime, bytes, sizeof bytes);

	if (e)
		return e;
	if (!python_debug_offsets_head(bytes, sizeof bytes, &head))
		return refuse(ret_why, r->version, "does not say where it keeps its state");
	if (head.free_threaded)
		return refuse(ret_why, head.version, "is free-threaded: without GIL it is not known");
	if (head.version >> 16 != r->offsets.version || !python_debug_offsets_take(bytes, sizeof bytes, &r->offsets))
		return refuse(ret_why, r->version, "says nonsense about where it keeps its state");
	r->version = head.version;
	return 0;
}

static int find_offsets(const struct finding *f, const struct python_module *module, uint64_t bias, struct python_runtime *r, char **ret_why)
{
	r->version = module->version;
	if (!module->version)
		return *ret_why = xstrdup("CPython of a version that it does not tell"), -EOPNOTSUPP;
	if (!python_version_find(module->version >> 16, &r->offsets))
		return refuse(ret_why, module->version, "is not known");
	if (module->debug)
		return refuse(ret_why, module->version, "is a debug build");
	r->offsets.runtime = module->runtime + bias;
	if (module->coroutine_type)
		r->offsets.coroutine_type = module->coroutine_type + bias;
	if (module->code_type)
		r->offsets.code_type = module->code_type + bias;
	if (!module->free_contexts)
		r->offsets.interpreter_free_contexts = RP_PYTHON_NONE;
	return python_version_has_debug_offsets(r->offsets.version) ? take_debug_offsets(f, r, ret_why) : 0;
}

static int look_at(const struct finding *f, const struct mapping *m, const struct python_module *module, struct python_runtime *r, char **ret_why)
{
	uint64_t bias;
	int e;

	*r = (struct python_runtime){0};
	if (!bias_of(m, &bias))
		return -ENOEXEC;
	e = find_offsets(f, module, bias, r, ret_why);
	if (!e)
		e = python_verify(f->memory, f->pid, &r->offsets, module->code_type ? module->code_type + bias : 0);
	if (e == -EBADMSG)
		e = refuse(ret_why, module->version, "has its state where it is not expected");
	if (e)
		return e;
	place_code(f, m, module, bias, r);
	python_contexts_find(f->maps, f->memory, f->pid, module, bias, r);
	return 1;
}

int python_find(struct python_modules *modules, const struct maps *maps, const struct memory *memory, int pid, struct python_runtime *ret,
		char **ret_why)
{
	const struct finding f = {.modules = modules, .maps = maps, .memory = memory, .pid = pid};
	int r = 0;

	*ret_why = NULL;
	for (size_t i = 0; i < maps->n && r <= 0; i++) {
		const struct mapping *m = &maps->list[i];
		const struct python_module *module = m->file && m->executable && m->path ? module_of(modules, m) : NULL;

		if (!module || (module->kind != PYTHON_MODULE_CPYTHON && module->kind != PYTHON_MODULE_OTHER))
			continue;
		free(*ret_why);
		*ret_why = NULL;
		if (module->kind == PYTHON_MODULE_CPYTHON)
			r = look_at(&f, m, module, ret, ret_why);
		else
			*ret_why = xstrdup("PyPy is not known");
	}
	if (r > 0) {
		free(*ret_why);
		*ret_why = NULL;
	}
	return r;
}

char *python_runtime_name(const struct python_runtime *r)
{
	char name[32];

	return xasprintf("CPython %s", version_name(r->version, name));
}

void python_runtime_clear(struct python_runtime *r)
{
	free(r->module);
	*r = (struct python_runtime){0};
}

static bool holds(const struct code_range *ranges, size_t n, uint64_t address)
{
	for (size_t i = 0; i < n; i++)
		if (address >= ranges[i].start && address < ranges[i].end)
			return true;
	return false;
}

bool python_is_eval(const struct python_runtime *r, uint64_t address)
{
	return holds(r->eval, r->n_eval, address);
}

bool python_is_interpreter(const struct python_runtime *r, uint64_t address)
{
	return holds(r->texts, r->n_texts, address);
}
