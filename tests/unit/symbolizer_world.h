/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A symbolizer, and a world for it: this process with a library made by the compiler, a kernel's symbols, and files that a test may take away.
 * Included by one file of a test: it defines the namer that capture/names.c asks.
 */
#ifndef REQPROF_SYMBOLIZER_WORLD_H
#define REQPROF_SYMBOLIZER_WORLD_H

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "elf_fixture.h"
#include "capture/names.h"

/* ---- a source of files: /proc of a process that may be looked at by its own user --------------------------------- */

static const char *maps_text;   /* not NULL: mappings of every process */
static const char *file_name;   /* fixture that every mapping shows, with maps_text */
static int kept_fd;             /* what a deleted file shows */
static bool gone;
static int maps_opened, files_opened;

static inline int open_maps(void *ctx, int pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/maps", pid);
	int fd;

	assert_ptr_equal(ctx, &gone);
	maps_opened++;
	if (gone)
		return -ESRCH;
	if (!maps_text)
		return (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 ? -errno : fd;
	fd = memfd_create("maps", MFD_CLOEXEC);
	assert_int_equal(write(fd, maps_text, strlen(maps_text)), strlen(maps_text));
	return fd;
}

/* By name, because map_files is for the privileged. */
static inline int open_shown(int pid, uint64_t start, uint64_t end)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/maps", pid), *range = xasprintf("%lx-%lx ", start, end);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[4096];

	while (f && fgets(line, sizeof line, f)) {
		char *name = strchr(line, '/');

		if (strncmp(line, range, strlen(range)) || !name)
			continue;
		name[strcspn(name, "\n")] = 0;
		return strstr(name, " (deleted)") ? dup(kept_fd) : open(name, O_RDONLY | O_CLOEXEC);
	}
	return -1;
}

static inline int open_file(void *ctx, int pid, uint64_t start, uint64_t end)
{
	int fd;

	assert_ptr_equal(ctx, &gone);
	files_opened++;
	if (gone)
		return -ESRCH;
	fd = maps_text ? fixture_open(file_name) : open_shown(pid, start, end);
	return fd < 0 ? -ENOENT : fd;
}

static inline int open_debug(void *ctx, int pid, const uint8_t *build_id, size_t len)
{
	(void)pid;
	(void)build_id;
	(void)len;
	assert_ptr_equal(ctx, &gone);
	return -ENOENT;
}

static const char *perf_map; /* text of this process'; NULL = there is none */

static inline int open_perf_map(void *ctx, int pid)
{
	int fd = perf_map && pid == getpid() ? memfd_create("map", MFD_CLOEXEC) : -1;

	assert_ptr_equal(ctx, &gone);
	if (fd < 0)
		return -ENOENT;
	assert_int_equal(write(fd, perf_map, strlen(perf_map)), strlen(perf_map));
	return fd;
}

/* Which file is being read; a nesting, or an end without a begin, fails. */
static struct {
	char now[4096], last[4096];
	uint64_t inode, size;
	int begun;
	const char *refused;    /* end of the path of the file that must be left alone */
} watched;

static inline bool begin_file(void *ctx, const struct file_id *file)
{
	size_t n = strlen(file->path), end = watched.refused ? strlen(watched.refused) : 0;

	assert_ptr_equal(ctx, &watched);
	assert_int_equal(watched.now[0], 0);
	if (watched.refused && n >= end && !strcmp(file->path + n - end, watched.refused))
		return false;
	watched.begun++;
	watched.inode = file->inode;
	watched.size = file->size;
	snprintf(watched.now, sizeof watched.now, "%s", file->path);
	snprintf(watched.last, sizeof watched.last, "%s", file->path);
	return true;
}

static inline void end_file(void *ctx)
{
	assert_ptr_equal(ctx, &watched);
	assert_int_not_equal(watched.now[0], 0);
	watched.now[0] = 0;
}

static const struct file_watch watch = {.ctx = &watched, .begin = begin_file, .end = end_file};
static const struct symbol_source source = {
	.ctx = &gone, .open_maps = open_maps, .open_file = open_file, .open_debug = open_debug, .open_perf_map = open_perf_map,
	.watch = &watch,
};

static const char kallsyms[] =
	"ffffffff81000000 T entry_SYSCALL_64_after_hwframe\n"
	"ffffffff81001000 T do_syscall_64\n"
	"ffffffff81002000 T ksys_read\n"
	"ffffffff81003000 T schedule_timeout\n"
	"ffffffff81004000 T schedule\n"
	"ffffffff81005000 t __schedule\n"
	"ffffffff81006000 T bpf_trace_run4\n"
	"ffffffff81007000 T asm_exc_page_fault\n"
	"ffffffff81008000 T exc_page_fault\n"
	"ffffffff81009000 T copy_from_user\n"
	"ffffffffc0100000 t nft_do_chain\t[nf_tables]\n"
	"ffffffffc0200000 t bpf_prog_e028_on_switch\t[bpf]\n";

/* ---- fixtures ---------------------------------------------------------------------------------------------------- */

static const char code[] =
	"#line 100 \"code.c\"\n" /* its code begins with `first`, at 0x1000 of the file */
	"extern volatile int sink;\n"
	"volatile int sink;\n"
	"char zeros[300000];\n"
	"int values[4] = {1, 2, 3, 4};\n"
	"static inline __attribute__((always_inline)) void inner(void)\n"
	"{\n"
	"	sink = 1;\n"                                                    /* 106 */
	"}\n"
	"void outer(void);\n"
	"void outer(void)\n"
	"{\n"
	"	inner();\n"                                                     /* 111 */
	"}\n"
	"__asm__(\".globl first, second, sigreturn\\n\"\n"
	"	\".type first,@function; first: .skip 16; .size first,16\\n\"\n"
	"	\".type second,@function; second: .skip 16; .size second,16\\n\"\n"
	"	\".type sigreturn,@function; sigreturn: mov $15, %rax; syscall; .size sigreturn,.-sigreturn\\n\");\n";

static inline int make_fixtures(void **state)
{
	(void)state;
	return fixture_begin() || fixture_run(code, "cc -O2 -g -fPIC -shared -nostdlib -Wl,--build-id=sha1 -x c input -o code.so") ||
	       fixture_run(code, "cc -O2 -fPIC -shared -nostdlib -Wl,--build-id=none -x c input -o plain.so") ||
	       fixture_run(NULL, "cp code.so later.so && cp code.so deleted.so");
}

static inline int remove_fixtures(void **state)
{
	(void)state;
	return fixture_end();
}

/* A namer without a process of its own: the symbolizer answers at once. */
struct namer {
	struct symbolizer *symbols;
};

struct stack_faults namer_stack(struct namer *n, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame),
				void *ctx)
{
	symbolizer_stack(n->symbols, stack, frame, ctx);
	return (struct stack_faults){0};
}

void namer_executables(struct namer *n, int pid, void (*executable)(void *ctx, const char *path, const char *build_id, uint64_t rows), void *ctx)
{
	symbolizer_executables(n->symbols, pid, executable, ctx);
}

struct world {
	int kallsyms;
	struct symbolizer *s;
	struct namer namer;     /* the same */
	struct profile *p;
	struct name_faults faults;
	void *library;          /* code.so in this process */
};

static inline int begin(void **state)
{
	_cleanup_free_ char *path = fixture_path("code.so");
	struct world *w = xcalloc(1, sizeof *w);

	w->kallsyms = memfd_create("kallsyms", MFD_CLOEXEC);
	maps_text = NULL;
	gone = false;
	watched.refused = NULL;
	if (write(w->kallsyms, kallsyms, strlen(kallsyms)) < 0)
		return -1;
	w->s = w->namer.symbols = symbolizer_new(&source, w->kallsyms);
	w->p = profile_new();
	w->library = dlopen(path, RTLD_NOW);
	*state = w;
	return w->library ? 0 : -1;
}

static inline int end(void **state)
{
	struct world *w = *state;

	symbolizer_free(w->s);
	close(w->kallsyms);
	profile_free(w->p);
	dlclose(w->library);
	free(w);
	return 0;
}

static inline uint64_t symbol(struct world *w, const char *name)
{
	return (uintptr_t)dlsym(w->library, name);
}

static inline int32_t stack_of(struct world *w, int pid, const uint64_t *addresses, size_t n_kernel, size_t n_user, bool user_exact)
{
	const struct symbol_stack stack = {
		.pid = pid, .t = UINT64_MAX, .addresses = addresses, .n_kernel = n_kernel, .n_user = n_user, .user_exact = user_exact,
	};

	return names_stack(&w->namer, w->p, &stack, &w->faults);
}

/* The stack of one user address where the thread stands. */
static inline int32_t one(struct world *w, uint64_t address)
{
	return stack_of(w, getpid(), &address, 0, 1, true);
}

/* The frame `depth` calls above a stack's innermost one. */
static inline const struct frame *frame_at(const struct world *w, int32_t stack, int depth)
{
	for (; depth > 0; depth--) {
		assert_true(stack >= 0);
		stack = w->p->stacks[stack].parent;
	}
	assert_true(stack >= 0);
	return &w->p->frames[w->p->stacks[stack].frame];
}

static inline int depth_of(const struct world *w, int32_t stack)
{
	int n = 0;

	for (; stack >= 0; stack = w->p->stacks[stack].parent)
		n++;
	return n;
}

static inline const char *base_name(const char *path)
{
	return path ? strrchr(path, '/') + 1 : "";
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
