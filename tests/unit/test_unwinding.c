/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is handed over of a process' code, and when: with a symbolizer that says what the test wants, and a sink that keeps it.
 * links: unwind/unwinding.c base/sealed.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/protocol.h"
#include "base/sealed.h"
#include "symbol/elf.h"
#include "unwind/cfi.h"
#include "unwind/unwinding.h"

#define PID 42

static struct elf_file small = {.mapped.size = 1000}, large = {.mapped.size = 100 << 20}, bare = {.mapped.size = 10};
static const struct file_id file = {.path = "/lib/x.so"};

static struct symbol_code code[8];
static size_t n_code;
static bool gone;
static int looked;

int symbolizer_add_process(struct symbolizer *s, int pid)
{
	(void)s;
	(void)pid;
	looked++;
	return gone ? -ESRCH : 0;
}

void symbolizer_code(struct symbolizer *s, int pid, void (*take)(void *ctx, const struct symbol_code *code), void *ctx)
{
	(void)s;
	(void)pid;
	for (size_t i = 0; i < n_code; i++)
		take(ctx, &code[i]);
}

int cfi_rows(const struct elf_file *elf, struct cfi_rows *ret)
{
	*ret = (struct cfi_rows){.base = 0x1000};
	if (elf == &bare)
		return -ENODATA;
	ret->rows = xcalloc(2, sizeof *ret->rows);
	ret->rows[1].pc = 16;
	ret->n = ret->cap = 2;
	return 0;
}

void cfi_rows_free(struct cfi_rows *rows)
{
	free(rows->rows);
}

/* ---- what was handed over --------------------------------------------------------------------------------------------- */

static int rows_taken, texts_taken, rows_answer, texts_answer;
static bool texts_more, texts_none;
static uint64_t last_executable;
static struct msg_text texts[8];
static size_t n_texts;

static int take_rows(void *ctx, uint64_t executable, int fd)
{
	struct sealed memory;

	(void)ctx;
	assert_int_equal(sealed_map(&memory, fd), 0);
	assert_int_equal(memory.size, sizeof(struct msg_rows) + 2 * sizeof(struct rp_row));
	assert_int_equal(((const struct msg_rows *)memory.data)->base, 0x1000);
	sealed_unmap(&memory);
	rows_taken++;
	last_executable = executable;
	return rows_answer;
}

static int take_texts(void *ctx, int pid, int fd, bool more)
{
	struct sealed memory;
	int answer = texts_answer;

	(void)ctx;
	assert_int_equal(pid, PID);
	texts_none = fd < 0;
	texts_more = more;
	if (fd < 0)
		return 0;
	assert_int_equal(sealed_map(&memory, fd), 0);
	n_texts = memory.size / sizeof *texts;
	memcpy(texts, memory.data, memory.size);
	sealed_unmap(&memory);
	texts_taken++;
	texts_answer = 0;
	return answer;
}

static struct unwinding *begin(void)
{
	const struct unwinding_sink sink = {.rows = take_rows, .texts = take_texts};

	rows_taken = texts_taken = rows_answer = texts_answer = 0;
	n_code = n_texts = 0;
	gone = texts_none = false;
	return unwinding_new(NULL, &sink, NULL);
}

static void map_file(uint64_t start, const struct elf_file *elf, uint64_t id)
{
	code[n_code++] = (struct symbol_code){.start = start, .end = start + 0x1000, .executable = true, .path = file.path, .is_file = true,
					      .elf = elf, .file = &file, .id = id, .bias = start - 0x1000};
}

static void map_memory(uint64_t start, uint64_t end, bool executable)
{
	code[n_code++] = (struct symbol_code){.start = start, .end = end, .executable = executable};
}

/* ---- tests -------------------------------------------------------------------------------------------------------------- */

static void a_list_of_all_kinds(void **state)
{
	struct unwinding *u = begin();

	(void)state;
	map_file(0x10000, &small, 1);
	map_file(0x20000, &small, 1);
	map_file(0x30000, &bare, 2);
	map_file(0x40000, NULL, 0);
	map_memory(0x50000, 0x51000, true);
	map_memory(0x51000, 0x52000, true);
	map_memory(0x60000, 0x61000, false);
	code[n_code++] = (struct symbol_code){.start = 0x70000, .end = 0x71000, .executable = true, .path = "[uprobes]"};
	assert_int_equal(unwinding_update(u, PID), 1);
	assert_int_equal(rows_taken, 1);
	assert_int_equal(n_texts, 5);
	assert_int_equal(texts[0].executable, last_executable);
	assert_int_equal(texts[0].bias, 0xf000);
	assert_int_equal(texts[1].executable, last_executable);
	assert_int_equal(texts[2].executable, MSG_TEXT_FRAME_POINTERS);
	assert_int_equal(texts[3].executable, MSG_TEXT_NOT_LOADED);
	assert_int_equal(texts[4].executable, MSG_TEXT_FRAME_POINTERS);
	assert_int_equal(texts[4].end, 0x52000);
	assert_int_equal(unwinding_rows(u, 1), 2);
	assert_int_equal(unwinding_rows(u, 2), 0);
	assert_int_equal(unwinding_update(u, PID), 0); /* as it was */
	assert_int_equal(texts_taken, 1);
	unwinding_free(u);
}

/* What is large comes when the others can be walked already. */
static void large_ones_come_last(void **state)
{
	struct unwinding *u = begin();

	(void)state;
	map_file(0x10000, &large, 1);
	map_file(0x20000, &small, 2);
	assert_int_equal(unwinding_update(u, PID), 1);
	assert_int_equal(texts_taken, 2);
	assert_int_equal(rows_taken, 2);
	assert_false(texts_more);
	assert_int_equal(texts[0].executable, last_executable);
	unwinding_free(u);
}

static void what_was_evicted_is_made_anew(void **state)
{
	struct unwinding *u = begin();

	(void)state;
	map_file(0x10000, &small, 1);
	texts_answer = -ESTALE;
	assert_int_equal(unwinding_update(u, PID), 1);
	assert_int_equal(rows_taken, 2);
	assert_int_equal(texts_taken, 2);
	unwinding_free(u);
}

static void no_room(void **state)
{
	struct unwinding *u = begin();

	(void)state;
	map_file(0x10000, &small, 1);
	rows_answer = -ENOSPC;
	assert_int_equal(unwinding_update(u, PID), 1);
	assert_int_equal(texts[0].executable, MSG_TEXT_NOT_LOADED);
	assert_int_equal(unwinding_counts(u).refused, 1);
	unwinding_free(u);
}

static void a_process_that_is_gone(void **state)
{
	struct unwinding *u = begin();

	(void)state;
	map_file(0x10000, &small, 1);
	gone = true;
	assert_int_equal(unwinding_update(u, PID), -ESRCH);
	assert_true(texts_none);
	assert_int_equal(texts_taken, 0);
	unwinding_free(u);
}

/* Code that is writable instead of executable when it is looked at is code all the same, if it was before. */
static void code_that_is_being_changed(void **state)
{
	struct unwinding *u = begin();

	(void)state;
	map_memory(0x50000, 0x58000, true);
	assert_int_equal(unwinding_update(u, PID), 1);
	n_code = 0;
	map_memory(0x50000, 0x52000, true);
	map_memory(0x52000, 0x54000, false);
	map_memory(0x54000, 0x60000, true);
	map_memory(0x70000, 0x80000, false);
	assert_int_equal(unwinding_update(u, PID), 1);
	assert_int_equal(n_texts, 1);
	assert_int_equal(texts[0].start, 0x50000);
	assert_int_equal(texts[0].end, 0x60000);
	unwinding_free(u);
}

/* An address that is listed needs no look; one that is in nothing is looked for again, at first, and then ever more rarely. A new mapping
 * is told once, so it is looked at. */
static void questions_are_bounded(void **state)
{
	struct unwinding *u = begin();

	(void)state;
	map_file(0x10000, &small, 1);
	assert_int_equal(unwinding_ask(u, PID, 0), 1);
	assert_int_equal(texts_taken, 1);
	map_file(0x20000, &small, 2);
	assert_int_equal(unwinding_ask(u, PID, 0x10008), 0);
	assert_int_equal(texts_taken, 1);
	usleep(5000);
	assert_int_equal(unwinding_ask(u, PID, 0x20008), 1);
	assert_int_equal(texts_taken, 2);
	usleep(5000);
	looked = 0;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(unwinding_ask(u, PID, 0x99999), 0);
	assert_in_range(looked, 1, 1000);
	assert_int_equal(texts_taken, 2);
	map_file(0x30000, &small, 3);
	assert_int_equal(unwinding_ask(u, PID, 0), 1);
	assert_int_equal(texts_taken, 3);
	unwinding_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_all_kinds),
		cmocka_unit_test(large_ones_come_last),
		cmocka_unit_test(what_was_evicted_is_made_anew),
		cmocka_unit_test(no_room),
		cmocka_unit_test(a_process_that_is_gone),
		cmocka_unit_test(code_that_is_being_changed),
		cmocka_unit_test(questions_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
