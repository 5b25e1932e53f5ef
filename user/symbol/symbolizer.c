/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/symbolizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "symbol/jit_names.h"
#include "symbol/kernel.h"
#include "symbol/process_maps.h"
#include "symbol/profiler_frames.h"
#include "symbol/vdso.h"

#define NAME_MAX_BYTES 4096 /* of MODULE+0x…: a path's last component is at most 255 */

struct symbolizer {
	struct process_table processes;
	struct jit_names *jit;
	int kallsyms_fd;
	struct kernel_symbols *kernel; /* NULL = not read yet */
	struct symbol_file *vdso; /* NULL = none */
};

struct symbolizer *symbolizer_new(const struct symbol_source *source, int kallsyms_fd)
{
	struct symbolizer *s = xcalloc(1, sizeof *s);
	struct elf_file *vdso = vdso_open();

	s->processes.source = source;
	s->kallsyms_fd = kallsyms_fd;
	s->vdso = vdso ? symbol_file_new(vdso, NULL) : NULL;
	return s;
}

void symbolizer_free(struct symbolizer *s)
{
	if (!s)
		return;
	process_table_clear(&s->processes);
	jit_names_clear(&s->jit);
	kernel_symbols_free(s->kernel);
	symbol_file_free(s->vdso);
	free(s);
}

void symbolizer_prepare(struct symbolizer *s)
{
	if (!s->kernel)
		s->kernel = kernel_symbols_read(s->kallsyms_fd);
}

int symbolizer_add_process(struct symbolizer *s, int pid)
{
	return process_table_read(&s->processes, pid, false);
}

int symbolizer_renew_process(struct symbolizer *s, int pid)
{
	return process_table_read(&s->processes, pid, true);
}

void symbolizer_forget_process(struct symbolizer *s, int pid)
{
	process_table_forget(&s->processes, pid);
	jit_names_forget(&s->jit, pid);
}

const struct maps *symbolizer_maps(const struct symbolizer *s, int pid)
{
	return process_table_maps(&s->processes, pid);
}

/* ---- a stack, outermost frame first --------------------------------------------------- */

struct growing {
	struct symbolizer *s;
	int pid;
	uint64_t t;
	void (*frame)(void *ctx, const struct symbol_frame *frame);
	void *ctx;
	uint32_t at;            /* of the address that is looked up */
};

static void push(struct growing *g, struct symbol_frame frame)
{
	frame.at = g->at;
	g->frame(g->ctx, &frame);
}

/* "MODULE+0xOFFSET", or the offset alone. */
static void push_unnamed(struct growing *g, struct symbol_frame frame, const char *what, uint64_t offset)
{
	const char *slash = what ? strrchr(what, '/') : NULL;
	char name[NAME_MAX_BYTES];

	if (!what)
		what = "";
	else if (slash && slash[1])
		what = slash + 1;
	snprintf(name, sizeof name, "%.2000s%s0x%llx", what, *what ? "+" : "", (unsigned long long)offset);
	frame.function = name;
	frame.unnamed = true;
	push(g, frame);
}

/* ---- user frames ------------------------------------------------------------------------------------------------- */

/* Where an address is in its file, as its symbols count it. False: the file does not say. */
static bool address_in_file(const struct mapping *m, const struct symbol_file *file, uint64_t address, uint64_t *ret)
{
	uint64_t offset = address - m->start + m->offset;
	const struct segment *segment = elf_file_segment(symbol_file_elf(file), offset, m->executable);

	if (!segment)
		return false;
	*ret = offset - segment->offset + segment->address;
	return true;
}

static void push_places(struct growing *g, const struct mapping *m, struct places places)
{
	for (size_t i = places.n; i-- > 0;) {
		const struct place *place = &places.list[i];
		struct symbol_frame frame = {.function = place->function, .file = place->file, .line = place->line, .module = m->path,
				      .kind = SYMBOL_NATIVE, .inlined = place->inlined};

		if (frame.function)
			push(g, frame);
		else
			push_unnamed(g, frame, m->path, place->start);
	}
}

/* Memory where programs put code that they make. A memory file is what some map it twice by. */
static bool is_generated(const struct mapping *m)
{
	return m->executable && !m->file && !mapping_is_kernels(m) && (!mapping_is_file(m) || !strncmp(m->path, "/memfd:", 7));
}

static bool push_generated(struct growing *g, const struct mapping *m, uint64_t address)
{
	const struct asked asked = {.source = g->s->processes.source, .pid = g->pid};
	struct symbol_frame frame = {.kind = SYMBOL_JIT};

	if (is_generated(m))
		frame.function = jit_name(&g->s->jit, &asked, address);
	if (frame.function)
		push(g, frame);
	return frame.function;
}

/* A file that is no ELF file, or that cannot be had any more; memory without a file, where programs put code that they make. */
static void push_without_symbols(struct growing *g, const struct mapping *m, uint64_t address)
{
	struct symbol_frame frame = {.kind = SYMBOL_NATIVE};

	if (mapping_is_file(m)) {
		frame.module = m->path;
		push_unnamed(g, frame, m->path, address - m->start + m->offset);
	} else if (mapping_is_kernels(m)) {
		frame.module = m->path;
		push_unnamed(g, frame, m->path, address - m->start);
	} else {
		frame.kind = m->executable ? SYMBOL_JIT : SYMBOL_NATIVE;
		push_unnamed(g, frame, m->path ? m->path : "[anon]", address - m->start);
	}
}

static struct symbol_file *file_of(const struct symbolizer *s, const struct mapping *m)
{
	return m->path && !m->inode && !strcmp(m->path, "[vdso]") ? s->vdso : m->file;
}

static void push_user(struct growing *g, uint64_t address)
{
	const struct mapping *m = process_table_find(&g->s->processes, g->pid, address, g->t);
	const struct asked asked = {.source = g->s->processes.source, .pid = g->pid, .start = m ? m->start : 0, .end = m ? m->end : 0};
	struct symbol_file *file = m ? file_of(g->s, m) : NULL;
	uint64_t in_file;

	if (!m)
		push_unnamed(g, (struct symbol_frame){.kind = SYMBOL_NATIVE}, NULL, address);
	else if (file && address_in_file(m, file, address, &in_file))
		push_places(g, m, symbol_file_find(file, file == g->s->vdso ? NULL : &asked, in_file));
	else if (!push_generated(g, m, address))
		push_without_symbols(g, m, address);
}

/* The code that a signal handler returns to: mov $15, %eax or %rax; syscall (rt_sigreturn). The kernel puts its address there, so it is
 * not behind a call. */
static bool is_signal_return(struct growing *g, uint64_t address)
{
	static const uint8_t codes[][9] = {{0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05}, {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05}};
	static const size_t lengths[] = {9, 7};
	const struct mapping *m = process_table_find(&g->s->processes, g->pid, address, g->t);

	for (size_t i = 0; m && m->file && i < ARRAY_LEN(codes); i++) {
		const uint8_t *bytes = elf_file_bytes(symbol_file_elf(m->file), address - m->start + m->offset, lengths[i]);

		if (bytes && !memcmp(bytes, codes[i], lengths[i]))
			return true;
	}
	return false;
}

/* Return addresses are looked up one byte before, in the call: what follows it may be another line or function. */
static void push_users(struct growing *g, const struct symbol_stack *stack)
{
	const uint64_t *addresses = stack->addresses + stack->n_kernel;

	for (size_t i = stack->n_user; i-- > 0;) {
		bool exact = i ? is_signal_return(g, addresses[i]) : stack->user_exact;

		g->at = stack->n_kernel + i;
		push_user(g, addresses[i] - (!exact && addresses[i]));
	}
}

/* ---- kernel frames ----------------------------------------------------------------------------------------------- */

static const char *push_kernel(struct growing *g, uint64_t address)
{
	struct kernel_symbol symbol = kernel_symbols_find(g->s->kernel, address);
	struct symbol_frame frame = {.function = symbol.name, .module = symbol.module, .kind = SYMBOL_KERNEL};

	if (symbol.name)
		push(g, frame);
	else
		push_unnamed(g, frame, symbol.module, address);
	return symbol.name;
}

static bool is_interrupted(const struct symbolizer *s, uint64_t inner)
{
	const char *function = kernel_symbols_find(s->kernel, inner - 1).name;

	return function && is_interrupt_entry(function);
}

static void push_kernels(struct growing *g, const uint64_t *addresses, size_t n)
{
	size_t left_out = n ? profiler_frames(g->s->kernel, addresses, n) : 0;

	for (size_t i = n; i-- > left_out;) {
		bool exact = !i || is_interrupted(g->s, addresses[i - 1]);

		g->at = i;
		push_kernel(g, addresses[i] - !exact);
	}
}

void symbolizer_stack(struct symbolizer *s, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame), void *ctx)
{
	struct growing g = {.s = s, .pid = stack->pid, .t = stack->t, .frame = frame, .ctx = ctx};

	push_users(&g, stack);
	if (stack->n_kernel)
		symbolizer_prepare(s);
	push_kernels(&g, stack->addresses, stack->n_kernel);
}

/* ---- variables --------------------------------------------------------------------------------------------------- */

/* The file of a mapping that holds no code: opened already for the one that does. */
static struct symbol_file *file_beside(const struct maps *maps, const struct mapping *m)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct mapping *other = &maps->list[i];

		if (other->file && other->inode == m->inode && other->device == m->device && !strcmp(other->path, m->path))
			return other->file;
	}
	return NULL;
}

/* Variables that start out as zero lie in anonymous memory right behind the file's last page. */
static const struct mapping *mapping_of_data(const struct maps *maps, const struct mapping *m)
{
	if (!mapping_is_file(m) && m > maps->list && m[-1].end == m->start)
		m--;
	return mapping_is_file(m) ? m : NULL;
}

char *symbolizer_data_name(struct symbolizer *s, int pid, uint64_t address)
{
	const struct asked asked = {.source = s->processes.source, .pid = pid};
	const struct mapping *found = process_table_find(&s->processes, pid, address, UINT64_MAX), *m;
	const struct maps *maps = process_table_maps(&s->processes, pid);
	struct symbol_file *file;
	const struct segment *segment;
	uint64_t in_file;

	m = found ? mapping_of_data(maps, found) : NULL;
	file = m ? file_beside(maps, m) : NULL;
	segment = file ? elf_file_segment(symbol_file_elf(file), m->offset, m->executable) : NULL;
	if (!segment)
		return NULL;
	in_file = address - m->start + m->offset - segment->offset + segment->address;
	if (in_file < segment->address || in_file - segment->address >= segment->memory_size)
		return NULL;
	return symbol_file_data_name(file, &asked, in_file);
}

/* ---- code ------------------------------------------------------------------------------------------------------------- */

static void describe_code(const struct symbolizer *s, const struct mapping *m, struct symbol_code *ret)
{
	struct symbol_file *file = file_of(s, m);
	uint64_t in_file;

	*ret = (struct symbol_code){
		.start = m->start, .end = m->end, .executable = m->executable, .path = m->path, .is_file = mapping_is_file(m),
	};
	if (!file || !address_in_file(m, file, m->start, &in_file))
		return;
	ret->elf = symbol_file_elf(file);
	ret->file = symbol_file_id(file);
	ret->id = symbol_file_serial(file);
	ret->bias = m->start - in_file;
}

void symbolizer_code(struct symbolizer *s, int pid, void (*code)(void *ctx, const struct symbol_code *code), void *ctx)
{
	const struct maps *maps = process_table_maps(&s->processes, pid);
	struct symbol_code c;

	for (size_t i = 0; maps && i < maps->n; i++) {
		if (!maps->list[i].executable && mapping_is_file(&maps->list[i]))
			continue;
		describe_code(s, &maps->list[i], &c);
		code(ctx, &c);
	}
}

/* ---- executables ------------------------------------------------------------------------------------------------- */

void symbolizer_executables(struct symbolizer *s, int pid, void (*executable)(void *ctx, const char *path, const char *build_id, uint64_t id),
			    void *ctx)
{
	const struct maps *maps = process_table_maps(&s->processes, pid);
	char hex[2 * BUILD_ID_MAX + 1];

	for (size_t i = 0; maps && i < maps->n; i++) {
		const struct elf_file *elf = maps->list[i].file ? symbol_file_elf(maps->list[i].file) : NULL;

		if (!elf)
			continue;
		for (size_t k = 0; k < elf->build_id_len; k++)
			snprintf(hex + 2 * k, 3, "%02x", elf->build_id[k]);
		executable(ctx, maps->list[i].path, elf->build_id_len ? hex : NULL, symbol_file_serial(maps->list[i].file));
	}
}
