/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines of a file, from the question to the answer: what the process that reads it makes of any bytes.
 *
 * links: capture/namer_source.c capture/namer_wire.c base/alloc.c
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "capture/namer_source.h"

#define NS_PER_S 1000000000ULL

/* ---- what stands between, without processes ---------------------------------------------------------------------- */

static const char *file_bytes;
static size_t file_size;
static uint64_t process_began_ns;
static bool leave_alone, spoil;
static int begun;
static struct wire question, reply;

int asker_source_file(struct asker *a, int pid, const char *path, uint64_t *ret_began_ns)
{
	int fd;

	(void)a;
	assert_int_equal(pid, 7);
	if (strcmp(path, "/app.py"))
		return -ENOENT;
	fd = memfd_create("app", MFD_CLOEXEC);
	assert_int_equal(write(fd, file_bytes, file_size), file_size);
	*ret_began_ns = process_began_ns;
	return fd;
}

static bool watch_begin(void *ctx, const struct file_id *file)
{
	(void)ctx;
	assert_string_equal(file->path, "/app.py");
	begun += !leave_alone;
	return !leave_alone;
}

static void watch_end(void *ctx)
{
	(void)ctx;
	begun--;
}

struct wire *namer_question(struct namer *n, enum namer_type type)
{
	(void)n;
	wire_begin(&question, type);
	return &question;
}

bool namer_ask(struct namer *n, enum namer_type type, void (*read)(struct wire_reader *payload, void *ctx), void *ctx)
{
	const struct file_watch watch = {.begin = watch_begin, .end = watch_end};
	struct wire_reader payload;

	(void)n;
	wire_end(&question);
	payload = (struct wire_reader){.at = question.bytes + sizeof(struct wire_head), .end = question.bytes + question.n};
	wire_begin(&reply, type);
	namer_source_answer(NULL, &watch, &payload, &reply);
	wire_end(&reply);
	assert_true(wire_complete(&payload));
	payload = (struct wire_reader){.at = reply.bytes + sizeof(struct wire_head), .end = reply.bytes + reply.n - (spoil ? 3 : 0)};
	read(&payload, ctx);
	return wire_complete(&payload);
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static char *got;       /* "1:text|2:text|" */

static void take(void *ctx, uint32_t number, const char *text)
{
	char *shorter = got;

	(void)ctx;
	got = xasprintf("%s%u:%s|", shorter, number, text);
	free(shorter);
}

static int ask(const char *path, const struct line_range *ranges, size_t n, bool *ret_newer)
{
	free(got);
	got = xstrdup("");
	begun = 0;
	*ret_newer = false;
	return namer_source(NULL, 7, path, ranges, n, take, NULL, ret_newer);
}

static void assert_lines(const char *bytes, size_t size, uint32_t first, uint32_t last, const char *expected)
{
	bool newer;

	file_bytes = bytes;
	file_size = size;
	assert_int_equal(ask("/app.py", &(struct line_range){first, last}, 1, &newer), 0);
	assert_string_equal(got, expected);
	assert_int_equal(begun, 0);
}

#define ASSERT_LINES(bytes, first, last, expected) assert_lines(bytes, sizeof(bytes) - 1, first, last, expected)

static void lines_of_ranges(void **state)
{
	const struct line_range ranges[] = {{2, 3}, {5, 5}, {7, 100}};
	bool newer;

	(void)state;
	ASSERT_LINES("a\nb\nc\n", 1, 3, "1:a|2:b|3:c|");
	ASSERT_LINES("a\nb\nc", 2, 9, "2:b|3:c|");
	ASSERT_LINES("a\n\nc\n", 2, 2, "2:|");
	ASSERT_LINES("a\n", 2, 9, "");
	ASSERT_LINES("", 1, 9, "");
	file_bytes = "1\n2\n3\n4\n5\n6\n7\n8\n";
	file_size = strlen(file_bytes);
	assert_int_equal(ask("/app.py", ranges, 3, &newer), 0);
	assert_string_equal(got, "2:2|3:3|5:5|7:7|8:8|");
}

static void any_bytes_are_text(void **state)
{
	(void)state;
	ASSERT_LINES("x\ty\r\n", 1, 1, "1:x\ty|");
	ASSERT_LINES("caf\xe9\n", 1, 1, "1:caf\xef\xbf\xbd|");
	ASSERT_LINES("caf\xc3\xa9 \xf0\x9f\x90\x8d\n", 1, 1, "1:caf\xc3\xa9 \xf0\x9f\x90\x8d|");
	ASSERT_LINES("a\0b\x1b[31m\x7f\n", 1, 1, "1:a\xef\xbf\xbd" "b\xef\xbf\xbd[31m\xef\xbf\xbd|");
	ASSERT_LINES("\xe2\x80\xae" "evil\xe2\x81\xa6\n", 1, 1, "1:\xef\xbf\xbd" "evil\xef\xbf\xbd|");
}

static void lengthy_lines_are_cut(void **state)
{
	static char lengthy[3000];
	bool newer;

	(void)state;
	memset(lengthy, 'x', sizeof lengthy);
	file_bytes = lengthy;
	file_size = sizeof lengthy;
	assert_int_equal(ask("/app.py", &(struct line_range){1, 1}, 1, &newer), 0);
	assert_int_equal(strlen(got), strlen("1:") + 512 + strlen("\xe2\x80\xa6|"));
	assert_string_equal(got + strlen(got) - 4, "\xe2\x80\xa6|");
}

static void what_cannot_be_read(void **state)
{
	static char large[(4 << 20) + 1];
	bool newer;

	(void)state;
	assert_int_equal(ask("/gone.py", &(struct line_range){1, 1}, 1, &newer), -ENOENT);
	file_bytes = large;
	file_size = sizeof large;
	assert_int_equal(ask("/app.py", &(struct line_range){1, 1}, 1, &newer), -EFBIG);
	file_size = 1;
	leave_alone = true;
	assert_int_equal(ask("/app.py", &(struct line_range){1, 1}, 1, &newer), -EIO);
	leave_alone = false;
	spoil = true;
	assert_int_equal(ask("/app.py", &(struct line_range){1, 1}, 1, &newer), -EIO);
	assert_string_equal(got, "");
	spoil = false;
}

static void newer_than_the_process(void **state)
{
	struct timespec now;
	bool newer;

	(void)state;
	file_bytes = "a\n";
	file_size = 2;
	clock_gettime(CLOCK_REALTIME, &now);
	process_began_ns = (now.tv_sec - 10) * NS_PER_S;
	ask("/app.py", &(struct line_range){1, 1}, 1, &newer);
	assert_true(newer);
	process_began_ns += 20 * NS_PER_S;
	ask("/app.py", &(struct line_range){1, 1}, 1, &newer);
	assert_false(newer);
	process_began_ns = 0; /* unknown */
	ask("/app.py", &(struct line_range){1, 1}, 1, &newer);
	assert_false(newer);
}

static int clean_up(void **state)
{
	(void)state;
	free(got);
	wire_free(&question);
	wire_free(&reply);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_ranges),
		cmocka_unit_test(any_bytes_are_text),
		cmocka_unit_test(lengthy_lines_are_cut),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(newer_than_the_process),
	};

	return cmocka_run_group_tests_name("namer_source", tests, NULL, clean_up);
}
