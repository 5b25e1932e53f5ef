/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What makes memory an interpreter: offsets that lead somewhere; what it says of them itself; places for probes.
 * links: unwind/python_verify.c unwind/python_versions.c unwind/code_scan.c unwind/fde_list.c unwind/frame_row.c unwind/cfa_program.c
 * links: symbol/python_string.c symbol/elf_symbols.c symbol/elf.c symbol/mapped.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "fake_memory.h"
#include "unwind/code_scan.h"
#include "unwind/python_verify.h"
#include "unwind/python_versions.h"

#define RUNTIME (FAKE_START + 0x1000)
#define INTERPRETER (FAKE_START + 0x4000)
#define THREAD (FAKE_START + 0x8000)
#define CFRAME (FAKE_START + 0x9000)
#define FRAME (FAKE_START + 0xa000)
#define CODE (FAKE_START + 0xb000)
#define CODE_TYPE (FAKE_START + 0xc000)
#define FILE_NAME (FAKE_START + 0xd000)

static struct fake_memory *fake;
static struct memory memory;
static struct rp_python python;

static int teardown(void **state)
{
	(void)state;
	free(fake);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	fake = xcalloc(1, sizeof *fake);
	memory = fake_memory(fake);
	return 0;
}

/* One thread that runs one frame. */
static void put_interpreter(uint16_t version)
{
	uint64_t thread_frame = FRAME;

	assert_true(python_version_find(version, &python));
	python.runtime = RUNTIME;
	fake_put_u64(fake, RUNTIME + python.interpreters, INTERPRETER);
	fake_put_u64(fake, INTERPRETER + python.interpreter_threads, THREAD);
	fake_put_u64(fake, THREAD + python.thread_interpreter, INTERPRETER);
	if (python.cframe_frame != RP_PYTHON_NONE) {
		fake_put_u64(fake, CFRAME + python.cframe_frame, FRAME);
		thread_frame = CFRAME;
	}
	fake_put_u64(fake, THREAD + python.thread_frame, thread_frame);
	fake_put_u64(fake, FRAME + python.frame_code, CODE | !!(python.flags & RP_PYTHON_TAGGED));
	fake_put_u64(fake, CODE + 8, CODE_TYPE);
	fake_put_u64(fake, CODE + python.code_file_name, FILE_NAME);
	fake_put_ascii(fake, FILE_NAME, version, "app.py");
}

static int verify(uint64_t code_type)
{
	return python_verify(&memory, FAKE_PID, &python, code_type);
}

static void interpreters(void **state)
{
	(void)state;
	for (uint16_t version = 0x0308; version <= 0x030f; version++) {
		memset(fake->bytes, 0, sizeof fake->bytes);
		put_interpreter(version);
		assert_int_equal(verify(CODE_TYPE), 0);
		assert_int_equal(verify(0), 0);
		assert_int_equal(verify(CODE_TYPE + 8), -EBADMSG);
		fake_put_u64(fake, FILE_NAME + 32, 0);
		assert_int_equal(verify(0), -EBADMSG);
		fake_put_u64(fake, THREAD + python.thread_interpreter, RUNTIME);
		assert_int_equal(verify(CODE_TYPE), -EBADMSG);
	}
}

static void interpreters_that_start(void **state)
{
	(void)state;
	put_interpreter(0x030b);
	fake_put_u64(fake, INTERPRETER + python.interpreter_threads, 0);
	assert_int_equal(verify(CODE_TYPE), -EAGAIN);
	fake_put_u64(fake, RUNTIME + python.interpreters, 0);
	assert_int_equal(verify(CODE_TYPE), -EAGAIN);
	fake_put_u64(fake, RUNTIME + python.interpreters, 0x1000);
	assert_int_equal(verify(CODE_TYPE), -EFAULT);
}

/* The newest comes first; one that nobody is in has no thread. */
static void several_interpreters(void **state)
{
	const uint64_t newest = INTERPRETER + 0x2000;

	(void)state;
	put_interpreter(0x030d);
	fake_put_u64(fake, RUNTIME + python.interpreters, newest);
	fake_put_u64(fake, newest + python.interpreter_next, INTERPRETER);
	assert_int_equal(verify(CODE_TYPE), 0);
	assert_int_equal(verify(CODE_TYPE + 8), -EBADMSG);
	fake_put_u64(fake, INTERPRETER + python.interpreter_threads, 0);
	assert_int_equal(verify(CODE_TYPE), -EAGAIN);
	fake_put_u64(fake, INTERPRETER + python.interpreter_next, newest); /* for ever */
	assert_int_equal(verify(CODE_TYPE), -EAGAIN);
}

static void threads_without_frames(void **state)
{
	(void)state;
	put_interpreter(0x030d);
	fake_put_u64(fake, THREAD + python.thread_frame, 0);
	assert_int_equal(verify(CODE_TYPE), 0);
	fake_put_u64(fake, THREAD + python.thread_next, THREAD); /* for ever */
	assert_int_equal(verify(CODE_TYPE), 0);
	fake_put_u64(fake, THREAD + python.thread_frame, FRAME);
	fake_put_u64(fake, FRAME + python.frame_previous, FRAME);
	assert_int_equal(verify(CODE_TYPE + 8), -EBADMSG);
}

/* The marks of the interpreter's in between have no code. */
static void frames_below_marks(void **state)
{
	(void)state;
	put_interpreter(0x030d);
	fake_put_u64(fake, FRAME + 0x100 + python.frame_code, FILE_NAME);
	fake_put_u64(fake, FRAME + 0x100 + python.frame_previous, FRAME);
	fake_put_u64(fake, THREAD + python.thread_frame, FRAME + 0x100);
	assert_int_equal(verify(CODE_TYPE), 0);
}

static void versions(void **state)
{
	(void)state;
	assert_false(python_version_find(0x0307, &python));
	assert_false(python_version_find(0x0310, &python));
	for (uint16_t version = 0x0308; version <= 0x030f; version++) {
		assert_true(python_version_find(version, &python));
		assert_int_equal(python.version, version);
		assert_int_equal(python.size, sizeof python);
		assert_int_equal(python_version_has_debug_offsets(version), version >= 0x030d);
	}
}

/* ---- _Py_DebugOffsets ------------------------------------------------------------------------------------------------------- */

static uint8_t offsets[PYTHON_DEBUG_OFFSETS_MAX];

static void put_offset(size_t at, uint64_t offset)
{
	memcpy(offsets + at, &offset, sizeof offset);
}

static void debug_offsets(void **state)
{
	struct python_debug_offsets head;

	(void)state;
	memset(offsets, 0, sizeof offsets);
	assert_false(python_debug_offsets_head(offsets, sizeof offsets, &head));
	memcpy(offsets, "xdebugpy", 8);
	put_offset(8, 0x030d05f0);
	put_offset(16, 1);
	assert_true(python_debug_offsets_head(offsets, sizeof offsets, &head));
	assert_int_equal(head.version, 0x030d05f0);
	assert_true(head.free_threaded);
	assert_false(python_debug_offsets_head(offsets, 16, &head));
	assert_true(python_version_find(0x030d, &python));
	put_offset(40, 700);
	put_offset(184, 80);
	put_offset(120, 5000);
	put_offset(136, 5016);
	put_offset(144, 5024);
	assert_true(python_debug_offsets_take(offsets, sizeof offsets, &python));
	assert_int_equal(python.interpreters, 700);
	assert_int_equal(python.thread_frame, 80);
	assert_int_equal(python.gil_locked, 16);
	assert_int_equal(python.gil_holder, 24);
	assert_int_equal(python.thread_context, 208); /* which they do not say */
}

static void debug_offsets_that_are_nonsense(void **state)
{
	(void)state;
	debug_offsets(state);
	put_offset(184, PYTHON_OFFSET_MAX);
	assert_false(python_debug_offsets_take(offsets, sizeof offsets, &python));
	put_offset(184, 80);
	put_offset(136, 4999);
	assert_false(python_debug_offsets_take(offsets, sizeof offsets, &python));
	assert_true(python_version_find(0x030e, &python));
	assert_false(python_debug_offsets_take(offsets, 300, &python)); /* cut off */
}

/* ---- places for probes -------------------------------------------------------------------------------------------------------- */

#define OFFSET(...) code_probe_offset((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void probes(void **state)
{
	(void)state;
	assert_int_equal(OFFSET(0x41, 0x54, 0x55, 0x53), 0);                                    /* push %r12 */
	assert_int_equal(OFFSET(0xf3, 0x0f, 0x1e, 0xfa, 0x53, 0x90), 4);                        /* endbr64; push %rbx */
	assert_int_equal(OFFSET(0xf3, 0x0f, 0x1e, 0xfa, 0x64, 0x48, 0x8b, 0x14, 0x25, 0xe8, 0xff, 0xff, 0xff, /* mov %fs:-24,%rdx */
				0x48, 0x8b, 0x82, 0xd0, 0, 0, 0,                                /* mov 208(%rdx),%rax */
				0x48, 0x85, 0xc0, 0x74, 9), 23);                                /* test %rax,%rax; je */
	assert_int_equal(OFFSET(0x48, 0x83, 0xec, 0x18, 0xe8, 0, 0, 0, 0), 4);                  /* sub $24,%rsp; call */
	assert_int_equal(OFFSET(0x48, 0x8b, 0x44, 0x24, 8, 0x8d, 0x45, 0xf8, 0x0f, 0x84, 0, 0, 0, 0), 8); /* mov 8(%rsp),%rax; lea -8(%rbp),%eax */
	assert_int_equal(OFFSET(0x48, 0x8b, 0x05, 1, 2, 3, 4, 0x55, 0x90), 7);                  /* mov 0x4030201(%rip),%rax */
	assert_int_equal(OFFSET(0x48, 0x89, 0xf8, 0xc3, 0x55, 0x90), 0);                        /* mov %rdi,%rax; ret */
	assert_int_equal(OFFSET(0x48, 0x8b), 0);
	assert_int_equal(OFFSET(0x64), 0);
}

#define ENTRY(...) code_entry_offset((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void probes_of_entries(void **state)
{
	(void)state;
	assert_int_equal(ENTRY(0xf3, 0x0f, 0x1e, 0xfa, 0x53, 0x90), 4);                         /* endbr64; push %rbx */
	assert_int_equal(ENTRY(0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x83, 0xec, 0x18, 0xe8, 0, 0, 0, 0), 0); /* by then the stack has moved */
	assert_int_equal(ENTRY(0x48, 0x83, 0xec, 0x18, 0xe8, 0, 0, 0, 0), 0);
	assert_int_equal(ENTRY(0xf3, 0x0f, 0x1e, 0xfa), 0);
	assert_int_equal(ENTRY(0xf3, 0x0f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(interpreters, setup, teardown),
		cmocka_unit_test_setup_teardown(interpreters_that_start, setup, teardown),
		cmocka_unit_test_setup_teardown(several_interpreters, setup, teardown),
		cmocka_unit_test_setup_teardown(threads_without_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_below_marks, setup, teardown),
		cmocka_unit_test(versions),
		cmocka_unit_test(debug_offsets),
		cmocka_unit_test(debug_offsets_that_are_nonsense),
		cmocka_unit_test(probes),
		cmocka_unit_test(probes_of_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
