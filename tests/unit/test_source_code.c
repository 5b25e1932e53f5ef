/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which lines of which files --source takes into a report. From real servers: tests/integration/source_code.t.
 *
 * links: capture/source_code.c profile/profile.c profile/own.c profile/check.c base/alloc.c base/log.c base/printable.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "capture/source_code.h"
#include "fake_namer.h"

#define LIBRARY "/usr/lib/python3/dist-packages/"

static struct profile *p;

static int begin(void **state)
{
	(void)state;
	p = profile_new();
	memcpy(p->request.id, "3f2a91", 7);
	work_add_thread(&p->work)->pid = 7;
	fake_files = 0;
	fake_line_bytes = 10;
	return 0;
}

static int end(void **state)
{
	(void)state;
	profile_free(p);
	return 0;
}

static int32_t call(int32_t parent, const char *file, uint32_t line)
{
	return profile_stack(p, parent, profile_frame(p, &(struct frame){.function = "f", .file = file, .line = line, .kind = FRAME_python}));
}

static void run(int32_t stack, uint64_t ns)
{
	*work_add_sample(&p->work) = (struct sample){.weight_ns = ns, .stack = stack, .task = -1, .bound = 1};
	p->work.threads[0].cpu_ns += ns;
	p->time.wall_ns += ns;
	p->time.classes_ns[TIME_cpu_user] += ns;
}

static void assert_piece(size_t i, const char *file, uint32_t first, size_t n)
{
	const struct source_lines *s = &p->sources[i];
	size_t lines = 1;

	assert_true(i < p->n_sources);
	assert_string_equal(s->file, file);
	assert_int_equal(s->first_line, first);
	assert_null(s->error);
	for (const char *c = s->text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, n);
	assert_int_equal(strtoul(s->text, NULL, 10), first);
}

static void lines_around_the_executed_ones(void **state)
{
	(void)state;
	run(call(call(-1, "/a.py", 100), "/a.py", 115), 5);
	run(call(-1, "/a.py", 4), 5);
	run(call(-1, "/a.py", 998), 5);
	source_code_add(NULL, p);
	assert_null(profile_check(p));
	assert_int_equal(p->n_sources, 3);
	assert_piece(0, "/a.py", 1, 14);
	assert_piece(1, "/a.py", 90, 36);
	assert_piece(2, "/a.py", 988, 13);
}

static void own_files_first_and_those_with_the_most_time(void **state)
{
	int32_t top = call(-1, LIBRARY "uvicorn/main.py", 10);

	(void)state;
	run(call(top, "/less.py", 10), 3);
	run(call(top, "/most.py", 10), 30);
	call(top, "/none.py", 10);
	source_code_add(NULL, p);
	assert_int_equal(p->n_sources, 3);
	assert_string_equal(p->sources[0].file, "/most.py");
	assert_string_equal(p->sources[1].file, "/less.py");
	assert_string_equal(p->sources[2].file, LIBRARY "uvicorn/main.py");
}

static void what_is_no_file_is_not_asked_for(void **state)
{
	(void)state;
	run(call(call(-1, "<string>", 1), NULL, 3), 5);
	run(call(-1, "/a.py", 0), 5);
	source_code_add(NULL, p);
	assert_int_equal(fake_files, 0);
	assert_int_equal(p->n_sources, 0);
	assert_true(p->about.keeps_sources);
}

static void what_cannot_be_had_and_what_has_changed(void **state)
{
	(void)state;
	run(call(-1, "/missing/a.py", 5), 9);
	run(call(-1, "/newer/a.py", 5), 5);
	run(call(-1, "/newer/a.py", 500), 4);
	source_code_add(NULL, p);
	assert_null(profile_check(p));
	assert_int_equal(p->n_sources, 3);
	assert_null(p->sources[0].text);
	assert_string_equal(p->sources[0].error, "No such file or directory");
	assert_true(p->sources[1].newer && p->sources[2].newer);
}

static void not_too_many_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * SOURCE_FILES_MAX; i++) {
		char *file = xasprintf("/%zu.py", i);

		run(call(-1, file, 5), 5 + i);
		free(file);
	}
	source_code_add(NULL, p);
	assert_int_equal(fake_files, SOURCE_FILES_MAX);
	assert_int_equal(p->n_sources, SOURCE_FILES_MAX);
}

static void not_too_much(void **state)
{
	size_t bytes = 0;

	(void)state;
	fake_line_bytes = 10000;
	for (size_t i = 0; i < 50; i++)
		run(call(-1, i % 2 ? "/a.py" : "/b.py", 1 + 20 * i), 5);
	source_code_add(NULL, p);
	for (size_t i = 0; i < p->n_sources; i++)
		bytes += strlen(p->sources[i].text) + 1;
	assert_in_range(bytes, SOURCE_BYTES_MAX * 9 / 10, SOURCE_BYTES_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_around_the_executed_ones),
		TEST(own_files_first_and_those_with_the_most_time),
		TEST(what_is_no_file_is_not_asked_for),
		TEST(what_cannot_be_had_and_what_has_changed),
		TEST(not_too_many_files),
		TEST(not_too_much),
	};

	return cmocka_run_group_tests_name("source_code", tests, NULL, NULL);
}
