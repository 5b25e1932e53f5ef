/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stacks of addresses become stacks of frames: this process's own functions, libraries, the vDSO, the kernel, code that no file has, files
 * that go, come and are replaced.
 *
 * links: symbol/symbolizer.c symbol/jit_names.c symbol/perf_map.c symbol/process_maps.c symbol/maps.c symbol/files.c symbol/symbol_file.c
 */
/* links: symbol/asked.c symbol/symbols.c symbol/lines.c symbol/ranges.c symbol/elf.c symbol/mapped.c symbol/debug_file.c */
/* links: symbol/debuginfod.c symbol/demangle.c symbol/string_set.c symbol/vdso.c */
/* links: symbol/function_start.c symbol/kernel.c symbol/profiler_frames.c capture/names.c profile/profile.c profile/check.c base/alloc.c */
#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "elf_fixture.h"
#include "capture/names.h"

/* ---- a source of files: /proc of a process that may be looked at by its own user --------------------------------- */

static const char *maps_text;   /* not NULL: mappings of every process */
static const char *file_name;   /* fixture that every mapping shows, with maps_text */
static int kept_fd;             /* what a deleted file shows */
static bool gone;
static int maps_opened, files_opened;

static int open_maps(void *ctx, int pid)
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
static int open_shown(int pid, uint64_t start, uint64_t end)
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

static int open_file(void *ctx, int pid, uint64_t start, uint64_t end)
{
	int fd;

	assert_ptr_equal(ctx, &gone);
	files_opened++;
	if (gone)
		return -ESRCH;
	fd = maps_text ? fixture_open(file_name) : open_shown(pid, start, end);
	return fd < 0 ? -ENOENT : fd;
}

static int open_debug(void *ctx, int pid, const uint8_t *build_id, size_t len)
{
	(void)pid;
	(void)build_id;
	(void)len;
	assert_ptr_equal(ctx, &gone);
	return -ENOENT;
}

static const char *perf_map; /* text of this process'; NULL = there is none */

static int open_perf_map(void *ctx, int pid)
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

static bool begin_file(void *ctx, const struct file_id *file)
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

static void end_file(void *ctx)
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

static int make_fixtures(void **state)
{
	(void)state;
	return fixture_begin() || fixture_run(code, "cc -O2 -g -fPIC -shared -nostdlib -Wl,--build-id=sha1 -x c input -o code.so") ||
	       fixture_run(code, "cc -O2 -fPIC -shared -nostdlib -Wl,--build-id=none -x c input -o plain.so") ||
	       fixture_run(NULL, "cp code.so later.so && cp code.so deleted.so");
}

static int remove_fixtures(void **state)
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
	struct symbolizer *s;
	struct namer namer;     /* the same */
	struct profile *p;
	struct name_faults faults;
	void *library;          /* code.so in this process */
};

static int begin(void **state)
{
	_cleanup_free_ char *path = fixture_path("code.so");
	struct world *w = xcalloc(1, sizeof *w);
	int fd = memfd_create("kallsyms", MFD_CLOEXEC);

	maps_text = NULL;
	gone = false;
	watched.refused = NULL;
	if (write(fd, kallsyms, strlen(kallsyms)) < 0)
		return -1;
	w->s = w->namer.symbols = symbolizer_new(&source, fd);
	close(fd);
	w->p = profile_new();
	w->library = dlopen(path, RTLD_NOW);
	*state = w;
	return w->library ? 0 : -1;
}

static int end(void **state)
{
	struct world *w = *state;

	symbolizer_free(w->s);
	profile_free(w->p);
	dlclose(w->library);
	free(w);
	return 0;
}

static uint64_t symbol(struct world *w, const char *name)
{
	return (uintptr_t)dlsym(w->library, name);
}

static int32_t stack_of(struct world *w, int pid, const uint64_t *addresses, size_t n_kernel, size_t n_user, bool user_exact)
{
	const struct symbol_stack stack = {
		.pid = pid, .t = UINT64_MAX, .addresses = addresses, .n_kernel = n_kernel, .n_user = n_user, .user_exact = user_exact,
	};

	return names_stack(&w->namer, w->p, &stack, &w->faults);
}

/* The stack of one user address where the thread stands. */
static int32_t one(struct world *w, uint64_t address)
{
	return stack_of(w, getpid(), &address, 0, 1, true);
}

/* The frame `depth` calls above a stack's innermost one. */
static const struct frame *frame_at(const struct world *w, int32_t stack, int depth)
{
	for (; depth > 0; depth--) {
		assert_true(stack >= 0);
		stack = w->p->stacks[stack].parent;
	}
	assert_true(stack >= 0);
	return &w->p->frames[w->p->stacks[stack].frame];
}

static int depth_of(const struct world *w, int32_t stack)
{
	int n = 0;

	for (; stack >= 0; stack = w->p->stacks[stack].parent)
		n++;
	return n;
}

static const char *base_name(const char *path)
{
	return path ? strrchr(path, '/') + 1 : "";
}

/* ---- user frames ------------------------------------------------------------------------------------------------- */

static __attribute__((noinline)) int own_function(int x)
{
	return x * 3 + 1;
}

static void own_functions_have_names_and_lines(void **state)
{
	struct world *w = *state;
	const struct frame *f;

	assert_int_equal(own_function(1), 4);
	assert_int_equal(symbolizer_add_process(w->s, getpid()), 0);
	f = frame_at(w, one(w, (uintptr_t)own_function), 0);
	assert_string_equal(f->function, "own_function");
	assert_string_equal(base_name(f->file), "test_symbolizer.c");
	assert_in_range(f->line, 200, __LINE__);
	assert_string_equal(base_name(f->module), "test_symbolizer");
	assert_int_equal(f->kind, FRAME_native);
	assert_false(f->inlined);
	assert_int_equal(w->faults.unknown, 0);
}

static void libraries_have_names(void **state)
{
	struct world *w = *state;
	const struct frame *f = frame_at(w, one(w, (uintptr_t)gnu_get_libc_version), 0);

	assert_string_equal(f->function, "gnu_get_libc_version");
	assert_string_equal(base_name(f->module), "libc.so.6");
	assert_int_equal(w->faults.unknown, 0);
}

static void the_vdso_has_names(void **state)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
	struct world *w = *state;
	const struct frame *f;

	assert_non_null(vdso);
	f = frame_at(w, one(w, (uintptr_t)dlsym(vdso, "__vdso_clock_gettime")), 0);
	assert_non_null(strstr(f->function, "clock_gettime"));
	assert_string_equal(f->module, "[vdso]");
	assert_int_equal(w->faults.unknown, 0);
	dlclose(vdso);
}

static void inlined_functions_are_expanded(void **state)
{
	struct world *w = *state;
	int32_t stack = one(w, symbol(w, "outer"));

	assert_int_equal(depth_of(w, stack), 2);
	assert_string_equal(frame_at(w, stack, 0)->function, "inner");
	assert_int_equal(frame_at(w, stack, 0)->line, 106);
	assert_true(frame_at(w, stack, 0)->inlined);
	assert_string_equal(frame_at(w, stack, 1)->function, "outer");
	assert_int_equal(frame_at(w, stack, 1)->line, 111);
	assert_string_equal(base_name(frame_at(w, stack, 1)->file), "code.c");
	assert_int_equal(*frame_at(w, stack, 1)->file, '/'); /* though it was compiled by a relative path */
	assert_false(frame_at(w, stack, 1)->inlined);
}

/* A call may be the last instruction of its function, and `second` begins where it returns to. */
static void return_addresses_belong_to_the_call(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {symbol(w, "second"), symbol(w, "second"), symbol(w, "outer") + 1};
	int32_t exact = stack_of(w, getpid(), addresses, 0, 3, true);
	int32_t after_call = stack_of(w, getpid(), addresses, 0, 3, false);

	assert_int_equal(depth_of(w, exact), 4);
	assert_string_equal(frame_at(w, exact, 0)->function, "second");
	assert_string_equal(frame_at(w, exact, 1)->function, "first");
	assert_string_equal(frame_at(w, exact, 3)->function, "outer");
	assert_string_equal(frame_at(w, after_call, 0)->function, "first");
	assert_int_equal(w->p->stacks[exact].parent, w->p->stacks[after_call].parent);
}

static void the_signal_return_is_no_return_address(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {symbol(w, "first"), symbol(w, "sigreturn"), symbol(w, "second")};
	int32_t stack = stack_of(w, getpid(), addresses, 0, 3, true);

	assert_string_equal(frame_at(w, stack, 1)->function, "sigreturn");
	assert_string_equal(frame_at(w, stack, 2)->function, "first");
}

static void a_gap_between_symbols_is_an_offset(void **state)
{
	struct world *w = *state;
	const struct frame *f;

	maps_text = "7f0000000000-7f0000100000 r-xp 00000000 fe:00 77 /srv/my app/plain.so\n";
	file_name = "plain.so";
	f = frame_at(w, one(w, 0x7f0000000100), 0); /* in the headers */
	assert_string_equal(f->function, "plain.so+0x100");
	assert_string_equal(f->module, "/srv/my app/plain.so");
	assert_null(f->file);
	assert_int_equal(w->faults.unknown, 0);
}

static void memory_without_a_file_has_no_module(void **state)
{
	void *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *jit = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct world *w = *state;
	const struct frame *f;

	f = frame_at(w, one(w, (uintptr_t)jit + 0x20), 0);
	assert_non_null(strstr(f->function, "[anon]+0x"));
	assert_null(f->module);
	assert_int_equal(f->kind, FRAME_jit);
	f = frame_at(w, one(w, (uintptr_t)data + 0x20), 0);
	assert_null(f->module);
	assert_int_equal(f->kind, FRAME_native);
	f = frame_at(w, one(w, 0x123), 0);
	assert_string_equal(f->function, "0x123");
	assert_null(f->module);
	assert_int_equal(w->faults.unknown, 2); /* generated code has no module to know */
	munmap(data, 4096);
	munmap(jit, 4096);
}

static void generated_code_has_the_names_that_its_program_gives(void **state)
{
	void *jit = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	_cleanup_free_ char *text = xasprintf("%lx 10 function one\n", (unsigned long)jit + 0x20);
	struct world *w = *state;
	const struct frame *f;

	perf_map = text;
	f = frame_at(w, one(w, (uintptr_t)jit + 0x2f), 0);
	assert_string_equal(f->function, "function one");
	assert_null(f->module);
	assert_int_equal(f->kind, FRAME_jit);
	f = frame_at(w, one(w, (uintptr_t)jit + 0x30), 0);
	assert_non_null(strstr(f->function, "[anon]+0x"));
	f = frame_at(w, one(w, symbol(w, "first")), 0);
	assert_string_equal(f->function, "first");
	perf_map = NULL;
	munmap(jit, 4096);
}

/* ---- mappings and files that change ------------------------------------------------------------------------------ */

static void libraries_loaded_later_are_found(void **state)
{
	_cleanup_free_ char *path = fixture_path("later.so");
	struct world *w = *state;
	void *later;
	int before;

	assert_int_equal(symbolizer_add_process(w->s, getpid()), 0);
	later = dlopen(path, RTLD_NOW);
	assert_string_equal(frame_at(w, one(w, (uintptr_t)dlsym(later, "second")), 0)->function, "second");
	one(w, 0x123);
	before = maps_opened;
	for (uint64_t i = 0; i < 100; i++)
		one(w, 0x1000 + i); /* stray addresses do not read the mappings again and again */
	assert_in_range(maps_opened, before, before + 50);
	dlclose(later);
}

static void a_deleted_file_has_names(void **state)
{
	_cleanup_free_ char *path = fixture_path("deleted.so");
	void *library = dlopen(path, RTLD_NOW);
	struct world *w = *state;
	const struct frame *f;

	kept_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink(path), 0);
	f = frame_at(w, one(w, (uintptr_t)dlsym(library, "first")), 0);
	assert_string_equal(f->function, "first");
	assert_string_equal(f->module, path);
	dlclose(library);
	close(kept_fd);
}

static void a_process_that_is_gone_keeps_its_names(void **state)
{
	struct world *w = *state;
	int pid = fork();
	uint64_t address = symbol(w, "second");
	int32_t stack;

	if (!pid)
		_exit(pause());
	assert_int_equal(symbolizer_add_process(w->s, pid), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	stack = stack_of(w, pid, &address, 0, 1, true);
	assert_string_equal(frame_at(w, stack, 0)->function, "second");
	assert_int_equal(symbolizer_add_process(w->s, pid), -ENOENT);
	stack = stack_of(w, pid, &address, 0, 1, true);
	assert_string_equal(frame_at(w, stack, 0)->function, "second");
	assert_int_equal(w->faults.unknown, 0);
	assert_int_equal(symbolizer_renew_process(w->s, pid), -ENOENT); /* exec, then exit: nothing is known of what it ran */
	stack = stack_of(w, pid, &address, 0, 1, true);
	assert_null(frame_at(w, stack, 0)->module);
	assert_int_equal(w->faults.unknown, 1);
	symbolizer_forget_process(w->s, pid);
	symbolizer_forget_process(w->s, pid);
}

static void a_process_that_was_never_there_has_addresses(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {0x401000, 0x402000};
	int32_t stack;

	gone = true;
	assert_int_equal(symbolizer_add_process(w->s, 4242), -ESRCH);
	stack = stack_of(w, 4242, addresses, 0, 2, true);
	assert_string_equal(frame_at(w, stack, 0)->function, "0x401000");
	assert_string_equal(frame_at(w, stack, 1)->function, "0x401fff");
	assert_int_equal(w->faults.unknown, 2);
	assert_int_equal(stack_of(w, 4242, addresses, 0, 0, true), -1);
}

/* What a second process maps is not opened again; another inode is, to see that it is a copy. */
static void files_are_shared(void **state)
{
	struct world *w = *state;

	maps_text = "7f0000010000-7f0000011000 r-xp 00010000 fe:00 77 /app/server\n"
		    "7f0000020000-7f0000021000 r-xp 00010000 fe:00 78 /other/copy\n";
	file_name = "code.so";
	files_opened = 0;
	assert_int_equal(symbolizer_add_process(w->s, 1), 0);
	assert_int_equal(files_opened, 2);
	assert_int_equal(symbolizer_add_process(w->s, 2), 0);
	assert_int_equal(files_opened, 3); /* the copy, to see that it is one */
	symbolizer_forget_process(w->s, 1);
	symbolizer_forget_process(w->s, 2);
	assert_int_equal(symbolizer_add_process(w->s, 3), 0);
	assert_int_equal(files_opened, 4); /* nobody uses them now, and they are still there */
}

static char *many_mappings(int first, int n)
{
	char *text = xcalloc(n, 100), *at = text;

	for (int i = 0; i < n; i++)
		at += sprintf(at, "%lx-%lx r-xp 00001000 fe:00 %d /lib/%d.so\n", 0x7f0000010000 + i * 0x10000L,
			      0x7f0000011000 + i * 0x10000L, first + i, first + i);
	return text;
}

static int named(struct world *w, int pid, int n)
{
	int names = 0;

	for (int i = 0; i < n; i++) {
		uint64_t address = 0x7f0000010000 + i * 0x10000L;
		int32_t stack = stack_of(w, pid, &address, 0, 1, true);

		names += !strchr(frame_at(w, stack, 0)->function, '+');
	}
	return names;
}

static void at_most_so_many_files_are_kept(void **state)
{
	_cleanup_free_ char *many = many_mappings(1, SYMBOL_FILES_MAX + 10), *others = many_mappings(10001, 5);
	struct world *w = *state;

	maps_text = many;
	file_name = "plain.so";
	assert_int_equal(symbolizer_add_process(w->s, 1), 0);
	assert_int_equal(named(w, 1, SYMBOL_FILES_MAX + 10), SYMBOL_FILES_MAX);
	maps_text = others;
	assert_int_equal(symbolizer_add_process(w->s, 2), 0);
	assert_int_equal(named(w, 2, 5), 0);
	symbolizer_forget_process(w->s, 1);
	symbolizer_forget_process(w->s, 2);
	assert_int_equal(symbolizer_add_process(w->s, 2), 0);
	assert_int_equal(named(w, 2, 5), 5);
	assert_int_equal(w->faults.unknown, 0);
}

/* ---- kernel frames ----------------------------------------------------------------------------------------------- */

static void kernel_frames_stand_on_user_frames(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {0xffffffff81003010, 0xffffffffc0100010, 0xffffffff81002000, 0xffffffff89000000, symbol(w, "first") + 4};
	int32_t stack = stack_of(w, getpid(), addresses, 4, 1, false);

	assert_int_equal(depth_of(w, stack), 5);
	assert_string_equal(frame_at(w, stack, 0)->function, "schedule_timeout");
	assert_string_equal(frame_at(w, stack, 0)->module, "kernel");
	assert_int_equal(frame_at(w, stack, 0)->kind, FRAME_kernel);
	assert_string_equal(frame_at(w, stack, 1)->function, "nft_do_chain");
	assert_string_equal(frame_at(w, stack, 1)->module, "nf_tables");
	assert_string_equal(frame_at(w, stack, 2)->function, "do_syscall_64"); /* returns to the very end of it */
	assert_string_equal(frame_at(w, stack, 3)->function, "kernel+0xffffffff88ffffff");
	assert_string_equal(frame_at(w, stack, 3)->module, "kernel");
	assert_string_equal(frame_at(w, stack, 4)->function, "first");
	assert_int_equal(w->faults.unknown, 0);
}

static void the_profiler_is_not_shown(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {0xffffffffc0200074, 0xffffffff810060fc, 0xffffffff81005618, 0xffffffff81004023, 0xffffffff810030c1};
	int32_t stack = stack_of(w, getpid(), addresses, 5, 0, false);

	assert_int_equal(depth_of(w, stack), 1);
	assert_string_equal(frame_at(w, stack, 0)->function, "schedule_timeout");
	assert_int_equal(stack_of(w, getpid(), addresses, 4, 0, false), -1);
}

/* An exception strikes at an address, it does not return to it. */
static void interrupted_functions_are_exact(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {0xffffffff81008000, 0xffffffff81007010, 0xffffffff81009000, 0xffffffff81002010};
	int32_t stack = stack_of(w, getpid(), addresses, 4, 0, false);

	assert_string_equal(frame_at(w, stack, 0)->function, "exc_page_fault");
	assert_string_equal(frame_at(w, stack, 1)->function, "asm_exc_page_fault");
	assert_string_equal(frame_at(w, stack, 2)->function, "copy_from_user");
	assert_string_equal(frame_at(w, stack, 3)->function, "ksys_read");
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static int a_lock;

static void variables_are_named(void **state)
{
	struct world *w = *state;
	const struct {
		uint64_t address;
		const char *name;
	} expected[] = {
		{(uintptr_t)&a_lock, "a_lock"},
		{symbol(w, "zeros"), "zeros"},
		{symbol(w, "zeros") + 299999, "zeros+0x493df"}, /* in the anonymous mapping behind the file's */
		{symbol(w, "values"), "values"},
		{symbol(w, "values") + 8, "values+0x8"},
		{symbol(w, "outer"), ""},
		{(uintptr_t)&w, ""},
		{0x10, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		_cleanup_free_ char *name = symbolizer_data_name(w->s, getpid(), expected[i].address);

		assert_string_equal(name ? name : "", expected[i].name);
	}
}

static void executables_are_listed_once(void **state)
{
	struct world *w = *state;
	int found = 0;

	names_executables(&w->namer, w->p, getpid());
	assert_int_equal(w->p->about.n_executables, 0); /* nothing was read */
	assert_int_equal(symbolizer_add_process(w->s, getpid()), 0);
	for (int twice = 0; twice < 2; twice++)
		names_executables(&w->namer, w->p, getpid());
	for (size_t i = 0; i < w->p->about.n_executables; i++) {
		const struct executable *e = &w->p->about.executables[i];

		assert_non_null(e->path);
		if (strcmp(base_name(e->path), "code.so"))
			continue;
		found++;
		assert_int_equal(strlen(e->build_id), 40);
		assert_int_equal(strspn(e->build_id, "0123456789abcdef"), 40);
	}
	assert_int_equal(found, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

static void the_file_that_is_read_is_known(void **state)
{
	struct world *w = *state;
	_cleanup_free_ char *path = fixture_path("code.so");
	struct stat st;
	int begun;

	assert_int_equal(symbolizer_add_process(w->s, getpid()), 0);
	one(w, (uintptr_t)gnu_get_libc_version);
	begun = watched.begun;
	one(w, symbol(w, "first"));
	assert_int_equal(watched.begun, begun + 1);
	assert_string_equal(base_name(watched.last), "code.so");
	assert_int_equal(stat(path, &st), 0);
	assert_true(watched.inode == st.st_ino);
	assert_true(watched.size == (uint64_t)st.st_size);
	one(w, symbol(w, "first")); /* remembered: nothing is read */
	assert_int_equal(watched.begun, begun + 1);
	free(symbolizer_data_name(w->s, getpid(), symbol(w, "values")));
	assert_int_equal(watched.begun, begun + 2);
	assert_string_equal(base_name(watched.last), "code.so");
}

static void a_file_that_is_left_alone_costs_its_own_names(void **state)
{
	struct world *w = *state;
	const struct frame *f;

	watched.refused = "/code.so";
	assert_int_equal(symbolizer_add_process(w->s, getpid()), 0);
	f = frame_at(w, one(w, symbol(w, "first")), 0);
	assert_string_equal(f->function, "code.so+0x1000");
	assert_string_equal(base_name(f->module), "code.so");
	assert_null(symbolizer_data_name(w->s, getpid(), symbol(w, "values")));
	f = frame_at(w, one(w, (uintptr_t)gnu_get_libc_version), 0);
	assert_string_equal(f->function, "gnu_get_libc_version");
	assert_int_equal(w->faults.unknown, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(own_functions_have_names_and_lines),
		TEST(libraries_have_names),
		TEST(the_vdso_has_names),
		TEST(inlined_functions_are_expanded),
		TEST(return_addresses_belong_to_the_call),
		TEST(the_signal_return_is_no_return_address),
		TEST(a_gap_between_symbols_is_an_offset),
		TEST(memory_without_a_file_has_no_module),
		TEST(generated_code_has_the_names_that_its_program_gives),
		TEST(libraries_loaded_later_are_found),
		TEST(a_deleted_file_has_names),
		TEST(a_process_that_is_gone_keeps_its_names),
		TEST(a_process_that_was_never_there_has_addresses),
		TEST(files_are_shared),
		TEST(at_most_so_many_files_are_kept),
		TEST(kernel_frames_stand_on_user_frames),
		TEST(the_profiler_is_not_shown),
		TEST(interrupted_functions_are_exact),
		TEST(variables_are_named),
		TEST(executables_are_listed_once),
		TEST(the_file_that_is_read_is_known),
		TEST(a_file_that_is_left_alone_costs_its_own_names),
	};

	return cmocka_run_group_tests(tests, make_fixtures, remove_fixtures);
}
