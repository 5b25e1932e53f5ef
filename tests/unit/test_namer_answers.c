/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names from a process of its own: what the namer answers when all is well.
 *
 * links: capture/namer.c capture/namer_process.c capture/namer_child.c capture/namer_wire.c capture/blame.c capture/ask.c capture/events.c
 * links: capture/namer_source.c base/sealed.c
 * links: base/alloc.c base/descriptors.c base/log.c base/printable.c base/protocol.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "capture/namer.h"
#include "namer_fixture.h"

static void take_whole_frame(void *ctx, const struct symbol_frame *f)
{
	struct symbol_frame *last = ctx;

	assert_string_equal(f->file, "f.c");
	assert_int_equal(f->line, 7);
	*last = *f;
	last->function = last->file = last->module = NULL;
}

static void take_path(void *ctx, const char *path, const char *build_id, uint64_t rows)
{
	struct fixture *f = ctx;
	size_t n = strlen(f->frames);

	snprintf(f->frames + n, sizeof f->frames - n, " %s %s %llu", path, build_id ? build_id : "none", (unsigned long long)rows);
}

static void answers(void **state)
{
	struct fixture *f = *state;
	struct namer *n = start(f);
	struct symbol_frame last;
	const uint64_t addresses[] = {1, 2};
	_cleanup_free_ char *name = NULL;

	assert_int_equal(namer_add_process(n, 42), 0);
	assert_int_equal(namer_add_process(n, GONE_PID), -ESRCH);
	assert_int_equal(namer_renew_process(n, GONE_PID), -ESRCH);
	assert_string_equal(stack(f, 1, 2, 3), "f3 f2 f1");
	namer_stack(n, &(struct symbol_stack){.pid = 42, .addresses = addresses, .n_kernel = 1, .n_user = 1, .user_exact = true}, take_whole_frame, &last);
	assert_true(last.inlined && last.kind == SYMBOL_KERNEL);
	name = namer_data_name(n, 42, 5);
	assert_string_equal(name, "five");
	assert_null(namer_data_name(n, 42, 6));
	f->frames[0] = 0;
	namer_executables(n, 42, take_path, f);
	assert_string_equal(f->frames, " /bin/app abcd 1000 /lib/good.so none 0");
	namer_code(n, 42, 7);
	f->frames[0] = 0;
	namer_executables(n, 42, take_path, f);
	assert_string_equal(f->frames, " /bin/app abcd 1007 /lib/good.so none 0");
	f->frames[0] = 0;
	namer_executables(n, 1, take_path, f);
	assert_string_equal(f->frames, "");
	namer_forget_process(n, 42);
	assert_string_equal(stack(f, 1, 0, 0), "unknown:f1");
	assert_int_equal(lines_said(f), 0);
}

static void python_frames(void **state)
{
	static const struct python_frame frames[] = {{0x10, 0x80000002, 3}, {0x20, 4, 3}};
	const uint64_t address = 1;
	const struct symbol_stack with = {.pid = 42, .addresses = &address, .n_user = 1, .python = frames, .n_python = 2};
	struct fixture *f = *state;
	struct namer *n = start(f);
	struct stack_faults faults;

	namer_add_process(n, 42);
	faults = namer_stack(n, &with, take_frame, f);
	assert_string_equal(f->frames, "py20:4 py10:80000002 f1");
	assert_true(faults.unread == 2 && faults.inexact == 1);
	namer_python(n, 42, &frames[0]);
	namer_python(n, 42, &frames[1]);
	namer_python(n, 42, &frames[0]); /* which it was told already */
	faults = namer_stack(n, &with, take_frame, f);
	assert_true(faults.unread == 1 && faults.inexact == 1);
	f->frames[0] = 0;
	faults = namer_stack(n, &(struct symbol_stack){.pid = 42, .python = &frames[1], .n_python = 1}, take_frame, f);
	assert_string_equal(f->frames, "py20:4");
	assert_true(faults.unread == 0 && faults.inexact == 0);
	assert_int_equal(lines_said(f), 0);
}

static void python_code_that_was_copied(void **state)
{
	static const struct python_frame frames[] = {{0x10, 2, 3}, {0x20, 4, 3}};
	struct {
		struct rp_python_code code;
		char bytes[8];
	} copy = {
		.code.h = {.type = RP_EV_CODE, .len = sizeof copy.code + 5, .pid = 42}, .code.frame = {.code = 0x10, .check = 3},
		.code.len = {[RP_CODE_FUNCTION] = 2, [RP_CODE_LINES] = 3}, .bytes = "fnxyz",
	};
	struct fixture *f = *state;
	struct namer *n = start(f);

	namer_add_process(n, 42);
	namer_python_code(n, &copy.code);
	namer_python(n, 42, &frames[0]); /* is the same one */
	assert_int_equal(namer_stack(n, &(struct symbol_stack){.pid = 42, .python = frames, .n_python = 1}, take_frame, f).unread, 0);
	namer_python(n, 42, &frames[1]);
	namer_python_code(n, &copy.code); /* it has it */
	assert_int_equal(namer_stack(n, &(struct symbol_stack){.pid = 42, .python = &frames[1], .n_python = 1}, take_frame, f).unread, 0);
	assert_int_equal(lines_said(f), 0);
}

static void empty_stack(void **state)
{
	struct fixture *f = *state;

	start(f);
	namer_stack(f->namer, &(struct symbol_stack){.pid = 42}, take_frame, f);
	assert_string_equal(f->frames, "");
}

/* As many addresses as an event can bring. */
static void long_stack(void **state)
{
	struct fixture *f = *state;
	uint64_t *addresses = xcalloc(2 * 65535, sizeof *addresses);

	start(f);
	namer_stack(f->namer, &(struct symbol_stack){.pid = 42, .addresses = addresses, .n_kernel = 65535, .n_user = 65535}, take_frame, f);
	assert_int_equal(strlen(f->frames), sizeof f->frames - 1);
	assert_int_equal(lines_said(f), 0);
	free(addresses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers), TEST(python_frames), TEST(python_code_that_was_copied), TEST(empty_stack), TEST(long_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
