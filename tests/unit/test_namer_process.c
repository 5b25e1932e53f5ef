/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The process that finds names ends, by a file that it reads or from outside: what that costs, what is said, and that the next one knows as much.
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

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "capture/namer.h"
#include "namer_fixture.h"

#define NS_PER_MS 1000000ULL

/* ---- hostile files ----------------------------------------------------------------------------------------------- */

/* The file costs its own names, in one stack with others; the next process knows what the last one did. */
static void costs_its_own_names(struct fixture *f, enum does does, const char *what)
{
	char expected[256];

	start(f);
	assert_int_equal(namer_add_process(f->namer, 42), 0);
	snprintf(expected, sizeof expected, "f3 module+%x f1", HOSTILE + does);
	assert_string_equal(stack(f, 1, HOSTILE + does, 3), expected);
	assert_string_equal(stack(f, 1, HOSTILE + does, 3), expected);
	assert_int_equal(lines_said(f), 1);
	snprintf(expected, sizeof expected, "the process that finds names %s while it read /lib/bad-%d.so\\x1b", what, does);
	if (!strstr(f->said, expected))
		fail_msg("%s: not in %s", expected, f->said);
}

static void crash(void **state)
{
	costs_its_own_names(*state, CRASHES, "was ended by signal 11 (Segmentation fault)");
}

static void abortion(void **state)
{
	costs_its_own_names(*state, ABORTS, "was ended by signal 6 (Aborted)");
}

static void out_of_memory(void **state)
{
	costs_its_own_names(*state, HAS_NO_MEMORY, "ran out of memory");
}

static void hang(void **state)
{
	struct fixture *f = *state;

	f->options.answer_ns = 200 * NS_PER_MS;
	costs_its_own_names(f, HANGS, "hung");
}

static void rubbish(void **state)
{
	costs_its_own_names(*state, RAVES, "answered nonsense");
}

static void much_rubbish(void **state)
{
	costs_its_own_names(*state, TALKS_ON, "answered nonsense");
}

static void one_after_the_other(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *name = NULL;

	start(f);
	namer_add_process(f->namer, 42);
	assert_string_equal(stack(f, HOSTILE + CRASHES, HOSTILE + ABORTS, HOSTILE + RAVES), "module+10003 module+10001 module+10000");
	assert_int_equal(lines_said(f), 3);
	name = namer_data_name(f->namer, 42, HOSTILE + HAS_NO_MEMORY);
	assert_string_equal(name, "left alone");
	assert_int_equal(lines_said(f), 4);
}

/* Without a file to blame the question may be at fault: it is put only twice. */
static void nobody_to_blame(void **state)
{
	struct fixture *f = *state;

	start(f);
	namer_add_process(f->namer, 42);
	assert_string_equal(stack(f, 1, HOSTILE + IS_UNBLAMED, 0), "0x10006? 0x1?");
	assert_int_equal(lines_said(f), 2);
	assert_string_equal(stack(f, 1, 2, 0), "f2 f1");
}

static void given_up(void **state)
{
	struct fixture *f = *state;

	start(f);
	for (int i = 0; i < NAMER_STARTS_MAX; i++)
		stack(f, HOSTILE + IS_UNBLAMED, 0, 0);
	assert_int_equal(lines_said(f), NAMER_STARTS_MAX + 1);
	assert_non_null(strstr(f->said, "names are not looked up any more"));
	assert_string_equal(stack(f, 1, 2, 0), "0x2? 0x1?");
	assert_int_equal(namer_add_process(f->namer, 42), 0);
	assert_null(namer_data_name(f->namer, 42, 5));
	namer_forget_process(f->namer, 42);
	namer_check(f->namer);
	assert_int_equal(lines_said(f), NAMER_STARTS_MAX + 1);
}

/* ---- from outside ------------------------------------------------------------------------------------------------ */

static pid_t child(void)
{
	FILE *list = fopen("/proc/thread-self/children", "re");
	int pid = 0;

	assert_non_null(list);
	assert_int_equal(fscanf(list, "%d", &pid), 1);
	fclose(list);
	return pid;
}

static void wait_for_end(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
}

static void ended_meanwhile(void **state)
{
	struct fixture *f = *state;
	pid_t first;

	start(f);
	namer_add_process(f->namer, 42);
	first = child();
	namer_check(f->namer);
	assert_int_equal(child(), first);
	kill(first, SIGKILL);
	wait_for_end(first);
	namer_check(f->namer);
	assert_int_equal(lines_said(f), 1);
	assert_true(child() != first);
	kill(child(), SIGKILL); /* and one that nobody has looked at before the next question */
	assert_string_equal(stack(f, 1, 2, 0), "f2 f1");
	assert_int_equal(lines_said(f), 2);
}

static bool count(void *ctx)
{
	struct fixture *f = ctx;
	char byte;

	f->pumped++;
	return read(f->options.questions, &byte, 1) == 1;
}

/* What comes in is taken while an answer is waited for; a reader that is full is not called all the time. */
static void pumps(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	f->options.answer_ns = 200 * NS_PER_MS;
	f->options.questions = ends[0];
	start(f);
	namer_set_pump(f->namer, ends[0], count, f);
	assert_int_equal(write(ends[1], "12345", 5), 5);
	stack(f, HOSTILE + HANGS, 0, 0);
	assert_in_range(f->pumped, 5, 100);
	close(ends[1]);
	f->pumped = 0;
	stack(f, HOSTILE + HANGS + 0x100, 0, 0);
	assert_in_range(f->pumped, 0, 100);
	close(ends[0]);
}

static void note_pid(void *ctx)
{
	*(pid_t *)ctx = getpid();
}

static void releases(void **state)
{
	struct fixture *f = *state;
	pid_t *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(page != MAP_FAILED);
	f->options.release = note_pid;
	f->options.ctx = page;
	start(f);
	namer_add_process(f->namer, 42);
	assert_int_equal(*page, child());
	munmap(page, sizeof *page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(crash), TEST(abortion), TEST(out_of_memory), TEST(hang),
		TEST(rubbish), TEST(much_rubbish), TEST(one_after_the_other), TEST(nobody_to_blame), TEST(given_up), TEST(ended_meanwhile), TEST(pumps),
		TEST(releases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
