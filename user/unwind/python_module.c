/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/python_module.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "symbol/elf_symbols.h"
#include "unwind/python_versions.h"

#define EVAL "_PyEval_EvalFrameDefault"
#define PROBE_BYTES 64
#define TEXT_MAX (64U << 20)    /* bytes of constants that are searched for the version */
#define EVAL_BYTES_MAX (4U << 20)

struct growing {
	struct python_module *module;
	uint64_t version, copy_context;
};

/* ---- symbols -------------------------------------------------------------------------------------------------------------- */

static void add_eval(struct python_module *m, uint64_t start, uint64_t size)
{
	for (size_t i = 0; i < m->n_eval; i++)
		if (m->eval[i].start == start)
			return;
	if (m->n_eval < PYTHON_EVALS_MAX && size <= EVAL_BYTES_MAX)
		m->eval[m->n_eval++] = (struct code_range){start, start + size};
}

static bool is_part_of(const char *name, const char *function)
{
	size_t n = strlen(function);

	return !strncmp(name, function, n) && (!name[n] || name[n] == '.');
}

static void look_at_function(struct growing *g, const struct elf_symbol *s)
{
	if (is_part_of(s->name, EVAL))
		add_eval(g->module, s->address, s->size);
	else if (!strcmp(s->name, "PyContext_CopyCurrent"))
		g->copy_context = s->address;
	else if (!strcmp(s->name, "PyContext_New"))
		g->module->new_context = s->address;
	else if (!strcmp(s->name, "PyContext_Copy"))
		g->module->copy_of_context = s->address;
	else if (!strcmp(s->name, "_Py_NegativeRefcount"))
		g->module->debug = true;
}

static void look_at_symbol(void *ctx, const struct elf_symbol *s)
{
	struct growing *g = ctx;

	if (s->function)
		look_at_function(g, s);
	else if (!strcmp(s->name, "_PyRuntime"))
		g->module->runtime = s->address;
	else if (!strcmp(s->name, "PyCode_Type"))
		g->module->code_type = s->address;
	else if (!strcmp(s->name, "PyContext_Type"))
		g->module->context_type = s->address;
	else if (!strcmp(s->name, "PyCoro_Type"))
		g->module->coroutine_type = s->address;
	else if (!strcmp(s->name, "Py_Version"))
		g->version = s->address;
}

/* ---- version -------------------------------------------------------------------------------------------------------------- */

/* "3.11…" */
static uint32_t parse_version(const char *s, size_t n)
{
	unsigned int minor = 0;
	size_t i;

	if (n < 3 || s[0] != '3' || s[1] != '.' || !isdigit((unsigned char)s[2]))
		return 0;
	for (i = 2; i < n && i < 5 && isdigit((unsigned char)s[i]); i++)
		minor = minor * 10 + (s[i] - '0');
	return minor < 256 ? 3U << 24 | minor << 16 : 0;
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Behind "python", "libpython"; NULL = the file is not called so. */
static const char *behind_python(const char *path)
{
	const char *name = name_of(path);

	name += 3 * !strncmp(name, "lib", 3);
	return strncmp(name, "python", 6) ? NULL : name + 6;
}

/* Where it looks for its library: "lib/python3.N". */
static uint32_t version_in_constants(const struct elf_file *elf)
{
	static const char key[] = "lib/python3.";

	for (size_t i = 0; i < elf->n_segments; i++) {
		const struct segment *s = &elf->segments[i];
		size_t size = s->file_size < TEXT_MAX ? s->file_size : TEXT_MAX;
		const char *bytes = s->executable ? NULL : (const char *)elf_file_bytes(elf, s->offset, size);
		const char *found = bytes ? memmem(bytes, size, key, strlen(key)) : NULL;

		if (found)
			return parse_version(found + strlen(key) - 2, bytes + size - (found + strlen(key) - 2));
	}
	return 0;
}

static uint32_t find_version(const struct elf_file *elf, const char *path, uint64_t symbol)
{
	const uint8_t *constant = symbol ? elf_bytes_at(elf, symbol, 8) : NULL;
	const char *name = behind_python(path);
	uint32_t version = 0;

	if (constant)
		memcpy(&version, constant, sizeof version);
	if (!version && name)
		version = parse_version(name, strlen(name));
	return version ? version : version_in_constants(elf);
}

/* ---- code ----------------------------------------------------------------------------------------------------------------- */

/* Symbols written by hand may have none. */
static void give_sizes(struct python_module *m, const struct fde_list *fdes)
{
	for (size_t i = 0; i < m->n_eval; i++) {
		const struct fde *fde = m->eval[i].end == m->eval[i].start ? code_function(fdes, m->eval[i].start) : NULL;

		if (fde && fde->end - fde->start <= EVAL_BYTES_MAX)
			m->eval[i].end = fde->end;
	}
}

static void look_at_code(const struct elf_file *elf, const struct growing *g, struct python_module *m)
{
	const uint8_t *code = g->copy_context ? elf_bytes_at(elf, g->copy_context, PROBE_BYTES) : NULL;
	struct rp_python offsets;
	struct fde_list fdes;

	fde_list_read(elf, &fdes);
	give_sizes(m, &fdes);
	code_add_cold_parts(elf, &fdes, m->eval, &m->n_eval, PYTHON_EVALS_MAX);
	if (code)
		m->copy_context = g->copy_context + code_probe_offset(code, PROBE_BYTES);
	m->inside = code && code_moves_stack(code, m->copy_context - g->copy_context);
	if (code && python_version_find(m->version >> 16, &offsets) && offsets.interpreter_free_contexts != RP_PYTHON_NONE)
		m->free_contexts = code_mentions(elf, &fdes, g->copy_context, offsets.interpreter_free_contexts);
	fde_list_free(&fdes);
}

static bool is_other(const char *path)
{
	const char *name = name_of(path);

	return !strncmp(name, "pypy", 4) || !strncmp(name, "libpypy", 7);
}

void python_module_read(const struct elf_file *elf, const char *path, struct python_module *ret)
{
	struct growing g = {.module = ret};
	uint64_t size;

	*ret = (struct python_module){.kind = is_other(path) ? PYTHON_MODULE_OTHER : PYTHON_MODULE_NONE};
	if (ret->kind == PYTHON_MODULE_NONE && elf_has_name(elf, "_PyRuntime"))
		elf_symbols_each(elf, look_at_symbol, &g);
	if (!ret->runtime)
		elf_section_find(elf, ".PyRuntime", &ret->runtime, &size);
	if (ret->runtime) {
		ret->kind = PYTHON_MODULE_CPYTHON;
		ret->version = find_version(elf, path, g.version);
		look_at_code(elf, &g, ret);
	} else {
		bool stub = ret->kind == PYTHON_MODULE_NONE && behind_python(path) && elf_needs(elf, "libpython");

		*ret = (struct python_module){.kind = stub ? PYTHON_MODULE_STUB : ret->kind};
	}
}
