/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages between the worker and the process that finds names: what goes in comes out, and no bytes make a reader leave its payload.
 * links: capture/namer_wire.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "capture/namer_wire.h"

static struct wire_reader payload_of(const struct wire *w)
{
	return (struct wire_reader){.at = w->bytes + sizeof(struct wire_head), .end = w->bytes + w->n};
}

static void round_trip(void **state)
{
	struct wire w = {0};
	struct wire_reader r;
	struct wire_head head;

	(void)state;
	wire_begin(&w, NAMER_DATA);
	wire_put_u32(&w, 0xfffffffe);
	wire_put_u64(&w, 0x123456789abcdef0);
	wire_put_string(&w, "naïve");
	wire_put_string(&w, NULL);
	wire_put_string(&w, "");
	wire_end(&w);
	memcpy(&head, w.bytes, sizeof head);
	assert_int_equal(head.type, NAMER_DATA);
	assert_int_equal(head.size, w.n - sizeof head);
	r = payload_of(&w);
	assert_int_equal(wire_get_u32(&r), 0xfffffffe);
	assert_true(wire_get_u64(&r) == 0x123456789abcdef0);
	assert_string_equal(wire_get_string(&r), "naïve");
	assert_false(wire_complete(&r));
	assert_null(wire_get_string(&r));
	assert_false(r.bad);
	assert_string_equal(wire_get_string(&r), "");
	assert_true(wire_complete(&r));
	assert_int_equal(wire_get_u32(&r), 0);
	assert_false(wire_complete(&r));
	wire_free(&w);
}

static void frames(void **state)
{
	static const struct symbol_frame in[] = {
		{.function = "f", .file = "a.c", .module = "/bin/app", .line = 12, .kind = SYMBOL_NATIVE, .inlined = true},
		{.function = "0x1", .kind = SYMBOL_JIT},
		{.function = "do_wait", .module = "kernel", .kind = SYMBOL_KERNEL},
	};
	struct wire w = {0};
	struct wire_reader r;

	(void)state;
	wire_begin(&w, NAMER_STACK);
	for (size_t i = 0; i < 3; i++)
		wire_put_frame(&w, &in[i]);
	r = payload_of(&w);
	for (size_t i = 0; i < 3; i++) {
		struct symbol_frame out;

		wire_get_frame(&r, &out);
		assert_string_equal(out.function, in[i].function);
		assert_int_equal(!!out.file, !!in[i].file);
		assert_int_equal(!!out.module, !!in[i].module);
		assert_int_equal(out.line, in[i].line);
		assert_int_equal(out.kind, in[i].kind);
		assert_int_equal(out.inlined, in[i].inlined);
	}
	assert_true(wire_complete(&r));
	wire_free(&w);
}

/* The longest stack with the longest names still fits. */
static void long_names(void **state)
{
	size_t max = 512 * INLINED_MAX, cut = 0;
	char *name = xcalloc(1, 100001);
	struct symbol_frame frame = {.function = name, .file = name, .module = name};
	struct wire w = {0};
	struct wire_reader r;

	(void)state;
	memset(name, 'x', 100000);
	wire_begin(&w, NAMER_STACK);
	for (size_t i = 0; i < max; i++)
		wire_put_frame(&w, &frame);
	assert_true(w.n < WIRE_MESSAGE_MAX);
	r = payload_of(&w);
	for (size_t i = 0; i < max; i++) {
		wire_get_frame(&r, &frame);
		assert_non_null(frame.function);
		assert_true(i || strlen(frame.function) == WIRE_STRING_MAX);
		cut += strlen(frame.function) == WIRE_CUT_MAX;
	}
	assert_true(cut > 0);
	assert_true(wire_complete(&r));
	wire_free(&w);
	free(name);
}

static void refuse(const void *bytes, size_t n)
{
	uint8_t *copy = xcalloc(1, n); /* exactly as long as it is: a step beyond is seen */
	struct wire_reader r = {.at = copy, .end = copy + n};

	memcpy(copy, bytes, n);
	assert_null(wire_get_string(&r));
	assert_true(r.bad);
	assert_false(wire_complete(&r));
	free(copy);
}

static void bad_strings(void **state)
{
	(void)state;
	refuse("\1\0", 2);                        /* half a length */
	refuse("\4\0\0\0abc", 7);                 /* ends too early */
	refuse("\3\0\0\0abcd", 8);                /* no NUL byte at its end */
	refuse("\3\0\0\0a\0c", 8);                /* another one in it */
	refuse("\1\20\0\0", 4);                   /* longer than any */
	refuse("\xfe\xff\xff\xff", 4);
}

static void bad_frames(void **state)
{
	static const struct symbol_frame good = {.function = "f"};
	struct symbol_frame out;
	struct wire w = {0};

	(void)state;
	for (size_t at = 0; at < 2; at++) {
		struct wire_reader r;

		wire_begin(&w, NAMER_STACK);
		wire_put_frame(&w, &good);
		wire_set_u32(&w, sizeof(struct wire_head) + 4 * at, 7); /* kind, flags */
		r = payload_of(&w);
		wire_get_frame(&r, &out);
		assert_true(r.bad);
	}
	wire_begin(&w, NAMER_STACK);
	wire_put_frame(&w, &(struct symbol_frame){0});
	struct wire_reader r = payload_of(&w);
	wire_get_frame(&r, &out);
	assert_true(r.bad);
	wire_free(&w);
}

/* Any bytes, read as anything. */
static void rubbish(void **state)
{
	(void)state;
	srandom(1);
	for (int run = 0; run < 3000; run++) {
		size_t n = random() % 80;
		uint8_t *bytes = xcalloc(1, n);
		struct wire_reader r = {.at = bytes, .end = bytes + n};
		struct symbol_frame frame;

		for (size_t i = 0; i < n; i++)
			bytes[i] = random() % 4 ? 0 : random();
		for (int k = 0; k < 10; k++) {
			wire_get_frame(&r, &frame);
			assert_true(r.bad || frame.function);
			if (!r.bad)
				assert_true(strlen(frame.function) <= n);
		}
		assert_true(r.bad);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(frames), cmocka_unit_test(long_names), cmocka_unit_test(bad_strings),
		cmocka_unit_test(bad_frames), cmocka_unit_test(rubbish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
