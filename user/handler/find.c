/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handler/find.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "handler/compile.h"
#include "handler/looking.h"
#include "handler/place.h"
#include "handler/types.h"

#define MAIN_MAPPINGS 8         /* of the executable are among the first ones */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- which files ---------------------------------------------------------------------------------------------------------- */

static bool is_file_called(const char *path, const char *name)
{
	size_t n = strlen(path), m = strlen(name);

	return n >= m && !strcmp(path + n - m, name) && (n == m || *name == '/' || path[n - m - 1] == '/');
}

static bool is_wanted(const struct handler_spec *spec, const char *path)
{
	if (!spec->known)
		return !spec->binary || is_file_called(path, spec->binary);
	for (const char *const *file = spec->known->files; *file; file++)
		if (!fnmatch(*file, base_name(path), 0))
			return true;
	return false;
}

static bool was_looked_at(const struct maps *maps, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (maps->list[k].executable && maps->list[k].file == maps->list[i].file)
			return true;
	return false;
}

/* ---- handlers that a user names -------------------------------------------------------------------------------------------------- */

static int say_expression(const struct finding *f, const char *what, char *why)
{
	_cleanup_free_ char *said = why;

	return look_refuse((struct finding *)f, xasprintf("%s: %s: %s", f->spec->symbol, what, said));
}

static int compile(const struct looking *l, Dwarf_Die *function)
{
	const struct handler_spec *spec = l->f->spec;
	struct rp_handler *h = &l->f->found->handler;
	char *why = NULL;

	h->flags = (spec->url.data.base ? 0 : RP_HANDLER_ALL) | (spec->end ? RP_HANDLER_ENDS : 0);
	h->id.base = h->end_id.base = spec->end ? RP_BASE_ARGUMENT : RP_BASE_NONE;
	if (spec->url.data.base && compile_text(&spec->url, function, &h->url, &why))
		return say_expression(l->f, "url", why);
	if (spec->method.data.base && compile_text(&spec->method, function, &h->method, &why))
		return say_expression(l->f, "method", why);
	if (spec->status.base == RP_BASE_RESULT && look_is_go(l))
		return look_refuse(l->f, xasprintf("%s: status: of functions written in Go ret is not known", spec->symbol));
	if (spec->status.base && compile_number(&spec->status, function, &h->status, &why))
		return say_expression(l->f, "status", why);
	return 0;
}

static int look_at_named(const struct looking *l, uint64_t address)
{
	Dwarf *dwarf = symbol_file_dwarf(l->mapping->file, &l->asked);
	Dwarf_Die function;
	bool known;
	int r;

	if (!asked_begin(&l->asked, symbol_file_id(l->mapping->file)))
		return look_refuse(l->f, xasprintf("%s cannot be read", l->mapping->path));
	known = dwarf && types_function(dwarf, address, &function);
	r = compile(l, known ? &function : NULL);
	asked_end(&l->asked);
	return r;
}

/* ---- a file ------------------------------------------------------------------------------------------------------------------------ */

/* Exceptions of C++ and panics of Rust look for who catches them among the callers, by return addresses; a replaced one ends the process. */
static bool has_exceptions(const struct looking *l)
{
	const struct maps *maps = l->f->maps;
	uint64_t address, size;

	if (elf_section_find(l->elf, ".gcc_except_table", &address, &size))
		return true;
	for (size_t i = 0; i < maps->n; i++) {
		const struct mapping *m = &maps->list[i];

		if (m->file && m->executable && m->path && (strstr(m->path, "libstdc++") || strstr(m->path, "libc++")))
			return true;
		if (m->file && m->executable && i < MAIN_MAPPINGS && elf_section_find(symbol_file_elf(m->file), ".gcc_except_table", &address, &size))
			return true;
	}
	return false;
}

static int add_returns(const struct looking *l, const char *symbol, uint64_t address)
{
	uint64_t returns[MSG_PLACES_MAX];
	struct fde_list fdes = {0};
	size_t n;

	if (!has_exceptions(l))
		return look_add_place(l, PLACE_RETURN, symbol, address);
	fde_list_read(l->elf, &fdes);
	n = place_returns(l->elf, &fdes, address, returns, MSG_PLACES_MAX);
	fde_list_free(&fdes);
	if (!n)
		return look_refuse(l->f, xasprintf("%s: where it returns cannot be told; name another function as its end, end=SYMBOL", symbol));
	return look_add_instructions(l, PLACE_RET, symbol, returns, n);
}

static int add_end(const struct looking *l, const char *symbol)
{
	uint64_t address;
	int r = look_for_function(l, symbol, &address);

	if (!r)
		return look_refuse(l->f, xasprintf("%s: no such function in %s", symbol, l->mapping->path));
	return r < 0 ? r : look_add_place(l, PLACE_END, symbol, address);
}

/* Those that this version of it has. */
static int add_known_ends(const struct looking *l, const struct known_server *known)
{
	uint64_t address;
	size_t found = 0;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(known->ends) && known->ends[i] && r >= 0; i++) {
		r = look_for_function(l, known->ends[i], &address);
		if (r <= 0)
			continue;
		r = look_add_place(l, PLACE_END, known->ends[i], address);
		found++;
	}
	return r < 0 || found ? r : add_end(l, known->old_end ? known->old_end : known->ends[0]);
}

static int look_at_function(const struct looking *l, const char *symbol, const struct functions_found *function)
{
	uint64_t address = function->addresses[0];
	const struct handler_spec *spec = l->f->spec;
	const char *end = spec->known ? spec->known->ends[0] : spec->end;
	int r;

	r = spec->known ? look_at_known(l, spec->known, address) : look_at_named(l, address);
	if (!r && look_is_go(l))
		return end ? look_refuse(l->f, xasprintf("%s: in Go the end is always its return", end)) : look_at_go(l, symbol, function) ?: 1;
	if (!r)
		r = look_add_place(l, PLACE_ENTRY, symbol, address);
	if (!r)
		r = !end ? add_returns(l, symbol, address) : spec->known ? add_known_ends(l, spec->known) : add_end(l, end);
	return r < 0 ? r : 1;
}

static int look_at_file(struct finding *f, const struct mapping *m)
{
	struct looking l = {
		.f = f, .mapping = m, .name = base_name(m->path), .elf = symbol_file_elf(m->file),
		.asked = {.source = f->source, .pid = f->pid, .start = m->start, .end = m->end},
	};
	const char *symbol = f->spec->known ? f->spec->known->begin : f->spec->symbol;
	struct functions_found function;
	int r;

	*f->found = (struct handler_found){.start = m->start, .end = m->end};
	l.n_parts = symbol_file_parts(m->file, &l.asked, l.parts);
	if (!asked_begin(&l.asked, symbol_file_id(m->file)))
		return 0;
	r = look_for_sized(&l, symbol, &function);
	asked_end(&l.asked);
	if (r <= 0)
		return r;
	return look_at_function(&l, symbol, &function);
}

static bool is_inlined(const struct finding *f)
{
	for (size_t i = 0; i < f->maps->n; i++) {
		const struct mapping *m = &f->maps->list[i];
		struct asked asked = {.source = f->source, .pid = f->pid, .start = m->start, .end = m->end};
		Dwarf *dwarf;

		if (!m->file || !m->executable || !m->path || was_looked_at(f->maps, i) || !is_wanted(f->spec, m->path))
			continue;
		dwarf = symbol_file_dwarf(m->file, &asked);
		if (dwarf && function_is_inlined(dwarf, f->spec->symbol))
			return true;
	}
	return false;
}

static char *say_missing(const struct finding *f)
{
	const struct handler_spec *spec = f->spec;

	if (spec->known)
		return xasprintf("this is not %s, or one without the symbol %s", spec->known->name, spec->known->begin);
	if (is_inlined(f))
		return xasprintf("%s: it is inlined wherever it is called, there is nothing to probe", spec->symbol);
	return xasprintf("%s: no such function in %s", spec->symbol, spec->binary ? spec->binary : "its executable and libraries");
}

int handler_find(const struct handler_spec *spec, const struct maps *maps, const struct symbol_source *source, int pid, struct handler_found *ret,
		 char **ret_why)
{
	struct finding f = {.spec = spec, .maps = maps, .source = source, .pid = pid, .found = ret};
	int r = 0;

	for (size_t i = 0; i < maps->n && !r; i++) {
		const struct mapping *m = &maps->list[i];

		if (m->file && m->executable && m->path && is_wanted(spec, m->path) && !was_looked_at(maps, i))
			r = look_at_file(&f, m);
	}
	if (r > 0) {
		free(f.why);
		return 1;
	}
	if (ret_why)
		*ret_why = f.why ? f.why : say_missing(&f);
	else
		free(f.why);
	return r;
}
