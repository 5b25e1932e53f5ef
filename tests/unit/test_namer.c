/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names from a process of its own that a file can end: with a symbolizer that is as good as one, but does what the address says.
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
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "capture/handlers.h"
#include "capture/namer.h"
#include "unwind/unwinding.h"
#include "capture/namer_wire.h"

#define NS_PER_MS 1000000ULL
#define GONE_PID 13
#define HOSTILE 0x10000 /* addresses below are of /lib/good.so; from here on of /lib/bad-….so: what it does is in the last byte */

/* ---- the symbolizer, in the other process ------------------------------------------------------------------------ */

/* What reading a hostile file does. */
enum does { CRASHES, ABORTS, HANGS, RAVES, HAS_NO_MEMORY, TALKS_ON, IS_UNBLAMED };

struct symbolizer {
	const struct symbol_source *source;
	int pids[8];
	size_t n_pids;
};

struct symbolizer *symbolizer_new(const struct symbol_source *source, int kallsyms_fd)
{
	struct symbolizer *s = xcalloc(1, sizeof *s);

	(void)kallsyms_fd;
	s->source = source;
	return s;
}

void symbolizer_free(struct symbolizer *s)
{
	free(s);
}

int symbolizer_add_process(struct symbolizer *s, int pid)
{
	if (pid == GONE_PID)
		return -ESRCH;
	s->pids[s->n_pids++ % ARRAY_LEN(s->pids)] = pid;
	return 0;
}

int symbolizer_renew_process(struct symbolizer *s, int pid)
{
	return symbolizer_add_process(s, pid);
}

void symbolizer_forget_process(struct symbolizer *s, int pid)
{
	for (size_t i = 0; i < ARRAY_LEN(s->pids); i++)
		if (s->pids[i] == pid)
			s->pids[i] = 0;
}

/* To every descriptor that may be the one to the parent. */
static void say_rubbish(size_t n)
{
	static const char rubbish[1 << 16] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

	for (int fd = 3; fd < 64; fd++)
		send(fd, rubbish, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	pause();
}

static void suffer(enum does does)
{
	switch (does) {
	case CRASHES:
	case IS_UNBLAMED:
		raise(SIGSEGV);
		break;
	case ABORTS:
		raise(SIGABRT);
		break;
	case HANGS:
		pause();
		break;
	case RAVES:
		say_rubbish(9);
		break;
	case HAS_NO_MEMORY:
		_exit(1);
	case TALKS_ON:
		say_rubbish(1 << 16);
		break;
	}
}

static bool can_be_read(struct symbolizer *s, uint64_t address, char *path, size_t size)
{
	struct file_id id = {.device = 8, .inode = address, .size = 100, .path = path};
	enum does does = address & 0xff;

	if (address < HOSTILE) {
		snprintf(path, size, "/lib/good.so");
		return true;
	}
	snprintf(path, size, "/lib/bad-%llx.so\033", (unsigned long long)address - HOSTILE);
	if (does == IS_UNBLAMED)
		suffer(does);
	if (!s->source->watch->begin(s->source->watch->ctx, &id))
		return false;
	suffer(does);
	return true;
}

/* The frame says which process is known, so that a new one is seen to be told. */
void symbolizer_stack(struct symbolizer *s, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame), void *ctx)
{
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(s->pids); i++)
		known |= s->pids[i] == stack->pid;
	for (size_t i = stack->n_kernel + stack->n_user; i-- > 0;) {
		uint64_t address = stack->addresses[i];
		char name[64], path[64];
		bool readable = can_be_read(s, address, path, sizeof path);

		snprintf(name, sizeof name, "%s%s%llx%s", known ? "" : "unknown:", readable ? "f" : "module+", (unsigned long long)address,
			 stack->user_exact ? "!" : "");
		frame(ctx, &(struct symbol_frame){.function = name, .file = "f.c", .line = 7, .module = path,
						  .kind = i < stack->n_kernel ? SYMBOL_KERNEL : SYMBOL_JIT, .inlined = i == 0});
	}
}

char *symbolizer_data_name(struct symbolizer *s, int pid, uint64_t address)
{
	char path[64];

	(void)pid;
	if (can_be_read(s, address, path, sizeof path))
		return address == 5 ? xstrdup("five") : NULL;
	return xstrdup("left alone");
}

void symbolizer_executables(struct symbolizer *s, int pid, void (*executable)(void *ctx, const char *path, const char *build_id, uint64_t id),
			    void *ctx)
{
	(void)s;
	if (pid == 1)
		return;
	executable(ctx, "/bin/app", "abcd", 1);
	executable(ctx, "/bin/app", "abcd", 1);
	executable(ctx, "/lib/good.so", NULL, 2);
}

/* ---- unwinding tables -------------------------------------------------------------------------------------------- */

struct unwinding {
	struct symbolizer *symbols;
	uint64_t asked;         /* the last address */
};

struct unwinding *unwinding_new(struct symbolizer *s, const struct unwinding_sink *sink, const struct file_watch *watch)
{
	struct unwinding *u = xcalloc(1, sizeof *u);

	assert_true(sink->rows && sink->texts && watch);
	u->symbols = s;
	return u;
}

void unwinding_free(struct unwinding *u)
{
	free(u);
}

int unwinding_ask(struct unwinding *u, int pid, uint64_t address)
{
	symbolizer_add_process(u->symbols, pid);
	u->asked = address;
	return 1;
}

uint64_t unwinding_rows(const struct unwinding *u, uint64_t id)
{
	return id == 1 ? 1000 + u->asked : 0;
}

/* ---- interpreters: their frames' names are their codes; a code that was read before is not unread ------------------------- */

/* There are no handlers. */
struct handlers *handlers_new(const struct handler_spec *specs, size_t n, struct symbolizer *symbols, const struct symbol_source *source,
			      const struct handlers_sink *sink)
{
	(void)specs;
	(void)symbols;
	(void)source;
	(void)sink;
	assert_int_equal(n, 0);
	return NULL;
}

void handlers_free(struct handlers *hs)
{
	(void)hs;
}

void handlers_update(struct handlers *hs, int pid)
{
	(void)hs;
	(void)pid;
}

void handlers_forget(struct handlers *hs, int pid)
{
	(void)hs;
	(void)pid;
}

struct pythons {
	struct symbolizer *symbols;
	uint64_t read;          /* the last code object */
};

struct pythons *pythons_new(struct symbolizer *symbols, const struct memory *memory, const struct pythons_sink *sink, const struct file_watch *watch)
{
	struct pythons *ps = xcalloc(1, sizeof *ps);

	assert_true(memory->read && sink->python && watch);
	ps->symbols = symbols;
	return ps;
}

void pythons_free(struct pythons *ps)
{
	free(ps);
}

void pythons_update(struct pythons *ps, int pid)
{
	(void)ps;
	(void)pid;
}

bool pythons_has(const struct pythons *ps, int pid)
{
	(void)ps;
	(void)pid;
	return true;
}

void pythons_forget(struct pythons *ps, int pid)
{
	(void)ps;
	(void)pid;
}

void pythons_code(struct pythons *ps, int pid, uint64_t code, uint32_t check)
{
	if (pid == 42 && check == 3)
		ps->read = code;
}

/* As it should: the last byte of its parts is the last of its line table. */
void pythons_take_code(struct pythons *ps, const struct rp_python_code *code)
{
	const uint8_t *bytes = (const uint8_t *)(code + 1);

	if (code->h.pid == 42 && code->frame.check == 3 && bytes[code->len[RP_CODE_FUNCTION] + code->len[RP_CODE_LINES] - 1] == 'z')
		ps->read = code->frame.code;
}

struct stack_faults pythons_stack(struct pythons *ps, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame),
				  void *ctx)
{
	struct stack_faults faults = {.inexact = stack->n_python > 1};
	char name[64];

	for (size_t i = stack->n_python; i-- > 0;) {
		snprintf(name, sizeof name, "py%llx:%x", (unsigned long long)stack->python[i].code, stack->python[i].instr);
		frame(ctx, &(struct symbol_frame){.function = name, .module = "app", .kind = SYMBOL_PYTHON});
		faults.unread += stack->python[i].code != ps->read;
	}
	symbolizer_stack(ps->symbols, stack, frame, ctx);
	return faults;
}

/* ---- fixtures ---------------------------------------------------------------------------------------------------- */

struct fixture {
	struct namer_options options;
	struct namer *namer;
	char said[8192];        /* on stderr */
	int stderr_copy, stderr_file;
	char frames[1024];      /* of the last stack */
	int pumped;
};

static int begin(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->options = (struct namer_options){.questions = -1, .kallsyms_fd = -1, .answer_ns = NAMER_ANSWER_NS};
	f->stderr_copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	f->stderr_file = memfd_create("stderr", MFD_CLOEXEC);
	*state = f;
	return f->stderr_copy < 0 || f->stderr_file < 0 || dup2(f->stderr_file, STDERR_FILENO) < 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	namer_free(f->namer);
	dup2(f->stderr_copy, STDERR_FILENO);
	close(f->stderr_copy);
	close(f->stderr_file);
	free(f);
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD; /* nothing is left, not even a zombie */
}

static struct namer *start(struct fixture *f)
{
	f->namer = namer_new(&f->options);
	return f->namer;
}

static int lines_said(struct fixture *f)
{
	ssize_t n = pread(f->stderr_file, f->said, sizeof f->said - 1, 0);
	int lines = 0;

	f->said[n > 0 ? n : 0] = 0;
	for (const char *c = f->said; (c = strchr(c, '\n')); c++)
		lines++;
	return lines;
}

static void take_frame(void *ctx, const struct symbol_frame *frame)
{
	struct fixture *f = ctx;
	size_t n = strlen(f->frames);

	snprintf(f->frames + n, sizeof f->frames - n, "%s%s%s", n ? " " : "", frame->function, frame->module ? "" : "?");
}

/* A stack of up to three addresses, innermost first; 0 ends it. */
static const char *stack(struct fixture *f, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t addresses[] = {a, b, c};
	size_t n = 1 + !!b + (b && c);

	f->frames[0] = 0;
	namer_stack(f->namer, &(struct symbol_stack){.pid = 42, .addresses = addresses, .n_kernel = 1, .n_user = n - 1}, take_frame, f);
	return f->frames;
}

/* ---- all is well ------------------------------------------------------------------------------------------------- */

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers), TEST(python_frames), TEST(python_code_that_was_copied), TEST(empty_stack), TEST(long_stack),
		TEST(crash), TEST(abortion), TEST(out_of_memory), TEST(hang),
		TEST(rubbish), TEST(much_rubbish), TEST(one_after_the_other), TEST(nobody_to_blame), TEST(given_up), TEST(ended_meanwhile), TEST(pumps),
		TEST(releases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
