/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From .eh_frame to a stack: rows, their layout, and the BPF side's walk, compiled for the host, against backtrace() of this very process.
 * links: unwind/cfi.c unwind/fde_list.c unwind/frame_row.c unwind/cfa_program.c unwind/unwinders.c unwind/fp.c
 * links: tracer/pieces.c symbol/elf.c symbol/mapped.c
 * links: symbol/maps.c symbol/string_set.c symbol/vdso.c base/alloc.c base/log.c base/printable.c bpf/unwind.bpf.c fake_bpf/walk.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "elf_fixture.h"
#include "fake_bpf/walk.h"
#include "symbol/elf.h"
#include "symbol/maps.h"
#include "symbol/vdso.h"
#include "tracer/cells.h"
#include "tracer/pieces.h"
#include "unwind/cfi.h"

#define MAX 300

/* ---- tables of this process, in one chunk ------------------------------------------------------------------------------ */

static uint32_t next_cell;

int cells_take(struct cells *c, uint32_t n, uint32_t *ret)
{
	(void)c;
	n = (n + 3) & ~3U;
	if (next_cell + n > RP_CHUNK_CELLS)
		return -ENOSPC;
	*ret = next_cell;
	next_cell += n;
	return 0;
}

void cells_give_back(struct cells *c, uint32_t at, uint32_t n)
{
	(void)c;
	(void)at;
	(void)n;
}

uint64_t *cells_at(const struct cells *c, uint32_t at)
{
	(void)c;
	return fake_chunk + at;
}

static struct rp_text texts[1024];

/* Pieces of one mapping's file that this mapping shows. */
static void add_mapping(const struct mapping *m, const struct elf_file *elf)
{
	const struct segment *segment = elf_file_segment(elf, m->offset, true);
	struct pieces pieces = {0};
	struct cfi_rows rows;
	uint64_t bias;

	assert_non_null(segment);
	bias = m->start - m->offset + segment->offset - segment->address;
	if (!cfi_rows(elf, &rows)) {
		assert_true(rows_valid(rows.rows, rows.n));
		assert_int_equal(pieces_add(&pieces, NULL, rows.base, rows.rows, rows.n), 0);
	}
	for (size_t i = 0; i < pieces.n && fake_n_texts < 1024; i++)
		texts[fake_n_texts++] = (struct rp_text){.start = pieces.list[i].start + bias, .end = pieces.list[i].end + bias,
							 .base = pieces.list[i].base + bias, .rows = pieces.list[i].rows,
							 .index = pieces.list[i].index};
	pieces_free(&pieces, NULL);
	cfi_rows_free(&rows);
}

/* libasan and its like do not fit, and are not on the stacks below. */
static bool is_wanted(const struct mapping *m)
{
	static const char *const wanted[] = {"/libc.so", "/libcmocka.so", "/test_unwind", "/frames.so"};

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (m->executable && m->path && strstr(m->path, wanted[i]))
			return true;
	return false;
}

static void make_tables(void)
{
	struct maps maps = {0};
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	next_cell = 0;
	fake_n_texts = 0;
	assert_int_equal(maps_read(&maps, fd), 0);
	close(fd);
	for (size_t i = 0; i < maps.n; i++) {
		struct mapping *m = &maps.list[i];
		struct elf_file *elf;

		if (!is_wanted(m))
			continue;
		fd = open(m->path, O_RDONLY | O_CLOEXEC);
		elf = elf_file_open(fd);
		close(fd);
		assert_non_null(elf);
		add_mapping(m, elf);
		elf_file_close(elf);
	}
	maps_clear(&maps);
	assert_int_equal(cells_take(NULL, fake_n_texts * RP_TEXT_CELLS, &fake_texts), 0);
	memcpy(fake_chunk + fake_texts, texts, fake_n_texts * sizeof *texts);
}

/* ---- the stack here, twice ----------------------------------------------------------------------------------------------- */

static size_t n_walked;
static uint64_t walked[MAX];
static uint32_t reason;
static int n_expected;
static void *expected[MAX];

/* Called from deep inside; both are taken one after the other and agree from the caller on. */
__attribute__((noinline)) static void look(void)
{
	struct fake_registers r;
	ucontext_t context;

	n_expected = backtrace(expected, MAX);
	getcontext(&context);
	r = (struct fake_registers){context.uc_mcontext.gregs[REG_RIP], context.uc_mcontext.gregs[REG_RSP], context.uc_mcontext.gregs[REG_RBP]};
	n_walked = fake_walk(&r, walked, MAX, &reason);
}

static void assert_same_stack(int at_least)
{
	assert_int_equal(reason, RP_STACK_complete);
	assert_true(n_expected >= at_least);
	assert_in_range(n_expected - (int)n_walked, 0, 1); /* the sanitizer's backtrace() is a frame itself */
	for (size_t i = 1; i < n_walked; i++)
		assert_int_equal(walked[n_walked - i], (uintptr_t)expected[n_expected - i]);
}

static void own_stack(void **state)
{
	(void)state;
	look();
	assert_same_stack(4);
}

/* Frames of all kinds without frame pointers: deep, large, realigned (their CFA is stored on the stack), of changing size. */
static const char frames[] =
	"#include <alloca.h>\n"
	"#include <string.h>\n"
	"typedef void f(void);\n"
	"#define N __attribute__((noinline))\n"
	"N int plain(f *look) { look(); return 1; }\n"
	"N int large(f *look) { volatile char a[100000]; a[5] = 1; return plain(look) + a[5]; }\n"
	"N int aligned(f *look, int n) { _Alignas(64) volatile char a[256]; memset((char *)a, n, 256); char *b = alloca(n); b[0] = n;\n"
	"	int r = large(look); return r + a[3] + b[0]; }\n"
	"N int many(f *look, int a, int b, int c, int d, int e, int g, int h, int i) { int r = aligned(look, a); return r + b * c + d * e + g * h + i; }\n"
	"N int deep(f *look, int n) { int r = n ? deep(look, n - 1) : many(look, 1, 2, 3, 4, 5, 6, 7, 8); return r + n; }\n";

static void *open_library(const char *source, const char *flags)
{
	_cleanup_free_ char *path = fixture_path("frames.so");
	_cleanup_free_ char *command = xasprintf("gcc -O2 -fomit-frame-pointer -fno-optimize-sibling-calls -shared -fPIC %s -o frames.so input", flags);
	void *library;

	assert_int_equal(fixture_run(source, command), 0);
	library = dlopen(path, RTLD_NOW);
	assert_non_null(library);
	make_tables();
	return library;
}

static void *open_frames(const char *flags)
{
	_cleanup_free_ char *all = xasprintf("-x c %s", flags);

	return open_library(frames, all);
}

static void frames_of_all_kinds(void **state)
{
	void *library = open_frames("");
	int (*deep)(void (*look)(void), int n) = (int (*)(void (*)(void), int))(uintptr_t)dlsym(library, "deep");

	(void)state;
	deep(look, 100);
	assert_same_stack(100);
	dlclose(library);
}

static void deeper_than_there_is_room(void **state)
{
	void *library = open_frames("");
	int (*deep)(void (*look)(void), int n) = (int (*)(void (*)(void), int))(uintptr_t)dlsym(library, "deep");

	(void)state;
	deep(look, 400);
	assert_int_equal(reason, RP_STACK_depth);
	assert_int_equal(n_walked, RP_MAX_USER_FRAMES);
	dlclose(library);
}

static void debug_frame_serves_where_there_is_no_eh_frame(void **state)
{
	void *library = open_frames("-fno-asynchronous-unwind-tables -fno-unwind-tables -g -Wa,--compress-debug-sections=zlib");
	int (*deep)(void (*look)(void), int n) = (int (*)(void (*)(void), int))(uintptr_t)dlsym(library, "deep");

	(void)state;
	deep(look, 20);
	assert_int_equal(reason, RP_STACK_complete);
	assert_true(n_walked > 25);
	dlclose(library);
}

static void on_signal(int signal)
{
	(void)signal;
	look();
}

static void through_a_signal_handler(void **state)
{
	(void)state;
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	assert_same_stack(6);
}

/* As the dynamic linker where a function is called for the first time: the CFA is in rbx, which what it calls saves, or does not. */
static const char with_rbx[] =
	".globl by_rbx, saves_rbx, keeps_rbx\n"
	"by_rbx:\n"
	"	.cfi_startproc\n"
	"	push %rbx\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbx, -16\n"
	"	mov %rsp, %rbx\n"
	"	.cfi_def_cfa_register %rbx\n"
	"	and $-64, %rsp\n"
	"	sub $192, %rsp\n"
	"	test %rsi, %rsi\n"
	"	je 1f\n"
	"	call *%rsi\n"
	"	jmp 2f\n"
	"1:	int3\n"
	"2:	mov %rbx, %rsp\n"
	"	.cfi_def_cfa_register %rsp\n"
	"	pop %rbx\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"saves_rbx:\n"
	"	.cfi_startproc\n"
	"	push %rbx\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbx, -16\n"
	"	call *%rdi\n"
	"	pop %rbx\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"keeps_rbx:\n"
	"	.cfi_startproc\n"
	"	sub $8, %rsp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	call *%rdi\n"
	"	add $8, %rsp\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.section .note.GNU-stack\n";

typedef void looker(void (*look)(void));

static void a_cfa_in_rbx(void **state)
{
	void *library = open_library(with_rbx, "-x assembler");
	void (*by_rbx)(void (*look)(void), looker *via) = (void (*)(void (*)(void), looker *))(uintptr_t)dlsym(library, "by_rbx");

	(void)state;
	by_rbx(look, (looker *)(uintptr_t)dlsym(library, "saves_rbx"));
	assert_same_stack(6);
	signal(SIGTRAP, on_signal);
	by_rbx(look, NULL);
	assert_same_stack(6);
	by_rbx(look, (looker *)(uintptr_t)dlsym(library, "keeps_rbx"));
	assert_int_equal(reason, RP_STACK_register);
	assert_int_equal(n_walked, 3);
	dlclose(library);
}

static int compare(const void *a, const void *b)
{
	look();
	return *(const int *)a - *(const int *)b;
}

static void through_the_library(void **state)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW); /* its own function, not the sanitizer's */
	void (*sort)(void *, size_t, size_t, int (*)(const void *, const void *)) =
		(void (*)(void *, size_t, size_t, int (*)(const void *, const void *)))(uintptr_t)dlsym(libc, "qsort");
	int numbers[] = {3, 1};

	(void)state;
	sort(numbers, 2, sizeof *numbers, compare);
	assert_same_stack(5);
	dlclose(libc);
}

/* ---- what is not there ----------------------------------------------------------------------------------------------------- */

static void unknown_code(void **state)
{
	struct fake_registers r = {.ip = 0x1000, .sp = (uintptr_t)&r, .bp = 0};

	(void)state;
	assert_int_equal(fake_walk(&r, walked, MAX, &reason), 1);
	assert_int_equal(reason, RP_STACK_unknown_text);
}

static void unreadable_stack(void **state)
{
	struct fake_registers r = {.ip = (uintptr_t)look + 1, .sp = 0x1000, .bp = 0x1000};

	(void)state;
	assert_int_equal(fake_walk(&r, walked, MAX, &reason), 1);
	assert_int_equal(reason, RP_STACK_fault);
}

/* A return address that the kernel has replaced by its trampoline's. */
static void trampolines_are_restored(void **state)
{
	uint64_t stack[8] = {0};
	struct fake_registers r = {.ip = (uintptr_t)look, .sp = (uintptr_t)stack, .bp = 0}; /* its first instruction: nothing is pushed yet */

	(void)state;
	fake_trampoline = 0x7ffff7fd0000;
	stack[0] = fake_trampoline;
	fake_returns[3] = (struct fake_return){.slot = (uintptr_t)stack, .address = (uintptr_t)on_signal + 1};
	fake_walk(&r, walked, MAX, &reason);
	assert_int_equal(walked[1], (uintptr_t)on_signal + 1);
	fake_returns[3].slot++;
	assert_int_equal(fake_walk(&r, walked, MAX, &reason), 2);
	assert_int_equal(walked[1], fake_trampoline);
	assert_int_equal(reason, RP_STACK_unknown_text);
}

static void the_kernels_own_code(void **state)
{
	struct elf_file *vdso = vdso_open();
	struct cfi_rows rows;

	(void)state;
	assert_non_null(vdso);
	assert_int_equal(cfi_rows(vdso, &rows), 0);
	assert_true(rows.n > 5);
	assert_int_equal(rows.lost, 0);
	cfi_rows_free(&rows);
	elf_file_close(vdso);
}

static int begin(void **state)
{
	(void)state;
	fake_chunk = xcalloc(RP_CHUNK_CELLS, sizeof *fake_chunk);
	if (fixture_begin())
		return -1;
	make_tables();
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(fake_chunk);
	return fixture_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_stack),
		cmocka_unit_test(through_a_signal_handler),
		cmocka_unit_test(through_the_library),
		cmocka_unit_test(frames_of_all_kinds),
		cmocka_unit_test(a_cfa_in_rbx),
		cmocka_unit_test(deeper_than_there_is_room),
		cmocka_unit_test(debug_frame_serves_where_there_is_no_eh_frame),
		cmocka_unit_test(unknown_code),
		cmocka_unit_test(unreadable_stack),
		cmocka_unit_test(trampolines_are_restored),
		cmocka_unit_test(the_kernels_own_code),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
