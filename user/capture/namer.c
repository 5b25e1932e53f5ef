/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/namer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/printable.h"
#include "capture/namer_process.h"

#define SEQ_PER_START (1U << 24) /* questions that one process may ask the tracer, before its numbers meet those of the next */
#define PATH_COLUMNS 512
#define PYTHON_SEEN 8192         /* code objects that are remembered as asked about; a power of 2 */

struct namer {
	struct namer_options options;
	struct namer_process process;
	struct namer_patience patience; /* as set by the caller; a question has a copy */
	struct blame *blame;
	struct blamed_file avoid[NAMER_STARTS_MAX];
	size_t n_avoid;
	int *pids;              /* processes that were added and not forgotten */
	size_t n_pids, cap_pids;
	unsigned int starts;
	bool given_up;
	struct wire question, answer;
	uint64_t python_seen[PYTHON_SEEN];
};

/* ---- start and end ----------------------------------------------------------------------------------------------- */

static void give_up(struct namer *n, const char *why)
{
	n->given_up = true;
	log_warn("names are not looked up any more, reports show addresses instead: %s", why);
}

static void start(struct namer *n)
{
	struct namer_child child = {
		.questions = n->options.questions, .seq = n->starts * SEQ_PER_START, .kallsyms_fd = n->options.kallsyms_fd, .blame = n->blame,
		.avoid = n->avoid, .n_avoid = n->n_avoid, .pids = n->pids, .n_pids = n->n_pids,
		.handlers = n->options.handlers, .n_handlers = n->options.n_handlers,
	};
	int e;

	if (n->given_up)
		return;
	if (n->starts++ == NAMER_STARTS_MAX) {
		give_up(n, "the process that finds them ended too often");
		return;
	}
	memset(n->python_seen, 0, sizeof n->python_seen);
	e = namer_process_start(&n->process, &child, n->options.memory_max, n->options.release, n->options.ctx);
	if (e)
		give_up(n, strerror(-e));
}

/* What became of it: "hung", "was ended by signal 11 (Segmentation fault)" … */
static char *describe(enum namer_fate fate, int status)
{
	if (fate == NAMER_HANGS)
		return xstrdup("hung");
	if (fate == NAMER_RAVES)
		return xstrdup("answered nonsense");
	if (WIFSIGNALED(status))
		return xasprintf("was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) == NAMER_EXIT_MEMORY)
		return xstrdup("ran out of memory");
	return xasprintf("ended with status %d", WEXITSTATUS(status));
}

static void say(const char *what, const struct blamed_file *file)
{
	_cleanup_free_ char *path = file ? printable(file->path, strlen(file->path), PATH_COLUMNS) : NULL;

	if (path)
		log_warn("the process that finds names %s while it read %s: functions of this file have no names from now on", what, path);
	else
		log_warn("the process that finds names %s: a new one goes on", what);
}

/* Collect it, say what it was, and go on with a new one. Returns whether there is a file to blame. */
static bool replace(struct namer *n, enum namer_fate fate)
{
	int status = namer_process_end(&n->process);
	_cleanup_free_ char *what = describe(fate, status);
	struct blamed_file *file = &n->avoid[n->n_avoid];
	bool blamed = n->n_avoid < ARRAY_LEN(n->avoid) && blame_take(n->blame, file);

	say(what, blamed ? file : NULL);
	n->n_avoid += blamed;
	start(n);
	return blamed;
}

struct namer *namer_new(const struct namer_options *options)
{
	struct namer *n = xcalloc(1, sizeof *n);

	n->options = *options;
	n->process.sock = n->patience.fd = -1;
	n->blame = blame_new();
	if (n->blame)
		start(n);
	else
		give_up(n, strerror(errno));
	return n;
}

void namer_free(struct namer *n)
{
	if (!n)
		return;
	namer_process_end(&n->process);
	blame_free(n->blame);
	wire_free(&n->question);
	wire_free(&n->answer);
	free(n->pids);
	free(n);
}

void namer_set_pump(struct namer *n, int fd, bool (*pump)(void *ctx), void *ctx)
{
	n->patience = (struct namer_patience){.fd = fd, .pump = pump, .ctx = ctx};
}

void namer_check(struct namer *n)
{
	if (namer_process_ended(&n->process))
		replace(n, NAMER_GONE);
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

/* Reads an answer into what ctx is; must read all of it. */
typedef void (*read_answer)(struct wire_reader *payload, void *ctx);

static enum namer_fate try(struct namer *n, enum namer_type type, read_answer read, void *ctx)
{
	struct namer_patience patience = n->patience;
	struct wire_reader payload;
	enum namer_fate fate;

	patience.left_ns = n->options.answer_ns;
	fate = namer_process_send(&n->process, &n->question, &patience);
	if (fate != NAMER_WELL || !read)
		return fate;
	fate = namer_process_receive(&n->process, type, &n->answer, &payload, &patience);
	if (fate != NAMER_WELL)
		return fate;
	read(&payload, ctx);
	return wire_complete(&payload) ? NAMER_WELL : NAMER_RAVES;
}

/* Ask n->question until it is answered. Without a file to blame it may be the question itself: it is asked only once more. */
static bool ask(struct namer *n, enum namer_type type, read_answer read, void *ctx)
{
	bool again = true;

	wire_end(&n->question);
	while (!n->given_up) {
		enum namer_fate fate = try(n, type, read, ctx);

		if (fate == NAMER_WELL)
			return true;
		if (!replace(n, fate)) {
			if (!again)
				return false;
			again = false;
		}
	}
	return false;
}

static void read_result(struct wire_reader *payload, void *ctx)
{
	int *result = ctx;

	*result = -(int)wire_get_u32(payload);
}

static void know(struct namer *n, int pid)
{
	for (size_t i = 0; i < n->n_pids; i++)
		if (n->pids[i] == pid)
			return;
	GROW(n->pids, n->n_pids, n->cap_pids);
	n->pids[n->n_pids++] = pid;
}

static int ask_about_process(struct namer *n, enum namer_type type, int pid)
{
	int result = 0;

	wire_begin(&n->question, type);
	wire_put_u32(&n->question, pid);
	if (ask(n, type, read_result, &result))
		return result;
	return n->given_up ? 0 : -EIO;
}

int namer_add_process(struct namer *n, int pid)
{
	know(n, pid);
	return ask_about_process(n, NAMER_ADD, pid);
}

int namer_renew_process(struct namer *n, int pid)
{
	know(n, pid);
	return ask_about_process(n, NAMER_RENEW, pid);
}

void namer_forget_process(struct namer *n, int pid)
{
	for (size_t i = 0; i < n->n_pids; i++)
		if (n->pids[i] == pid)
			n->pids[i] = n->pids[--n->n_pids];
	wire_begin(&n->question, NAMER_FORGET);
	wire_put_u32(&n->question, pid);
	ask(n, NAMER_FORGET, NULL, NULL);
}

/* ---- stacks ------------------------------------------------------------------------------------------------------ */

struct frames {
	struct wire_reader list;
	size_t max;
	struct stack_faults faults;
};

/* Frames are handed on after all of them were looked at: half an answer must not be in a report. */
static void read_frames(struct wire_reader *payload, void *ctx)
{
	struct frames *frames = ctx;
	struct symbol_frame frame;
	uint32_t n;

	frames->list = *payload;
	n = wire_get_u32(payload);
	payload->bad |= n > frames->max;
	for (uint32_t i = 0; i < n && !payload->bad; i++)
		wire_get_frame(payload, &frame);
	frames->faults.unread = wire_get_u32(payload);
	frames->faults.inexact = wire_get_u32(payload);
}

static void question_stack(struct wire *question, const struct symbol_stack *stack)
{
	wire_begin(question, NAMER_STACK);
	wire_put_u32(question, stack->pid);
	wire_put_u64(question, stack->t);
	wire_put_u32(question, stack->n_kernel);
	wire_put_u32(question, stack->n_user);
	wire_put_u32(question, stack->user_exact);
	wire_put_u32(question, stack->n_python);
	for (size_t i = 0; i < stack->n_kernel + stack->n_user; i++)
		wire_put_u64(question, stack->addresses[i]);
	for (size_t i = 0; i < stack->n_python; i++) {
		wire_put_u64(question, stack->python[i].code);
		wire_put_u32(question, stack->python[i].instr);
		wire_put_u32(question, stack->python[i].check);
	}
}

static void push_address(uint64_t address, enum symbol_kind kind, void (*frame)(void *ctx, const struct symbol_frame *frame), void *ctx)
{
	char name[32];
	struct symbol_frame f = {.function = name, .kind = kind};

	snprintf(name, sizeof name, "0x%llx", (unsigned long long)address);
	frame(ctx, &f);
}

/* Python's are outside of all others: where they belong is not known. */
static struct stack_faults push_addresses(const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame), void *ctx)
{
	for (size_t i = stack->n_python; i-- > 0;)
		push_address(stack->python[i].code, SYMBOL_PYTHON, frame, ctx);
	for (size_t i = stack->n_user; i-- > 0;)
		push_address(stack->addresses[stack->n_kernel + i], SYMBOL_NATIVE, frame, ctx);
	for (size_t i = stack->n_kernel; i-- > 0;)
		push_address(stack->addresses[i], SYMBOL_KERNEL, frame, ctx);
	return (struct stack_faults){.unread = stack->n_python, .inexact = stack->n_python > 0};
}

struct stack_faults namer_stack(struct namer *n, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame),
				void *ctx)
{
	struct frames frames = {.max = (stack->n_kernel + stack->n_user) * INLINED_MAX + stack->n_python};
	struct symbol_frame f;

	question_stack(&n->question, stack);
	if (!ask(n, NAMER_STACK, read_frames, &frames))
		return push_addresses(stack, frame, ctx);
	for (uint32_t i = wire_get_u32(&frames.list); i > 0; i--) {
		wire_get_frame(&frames.list, &f);
		frame(ctx, &f);
	}
	return frames.faults;
}

/* ---- what else has a name ---------------------------------------------------------------------------------------- */

static void read_string(struct wire_reader *payload, void *ctx)
{
	const char **ret = ctx;

	*ret = wire_get_string(payload);
}

char *namer_data_name(struct namer *n, int pid, uint64_t address)
{
	const char *name = NULL;

	wire_begin(&n->question, NAMER_DATA);
	wire_put_u32(&n->question, pid);
	wire_put_u64(&n->question, address);
	return ask(n, NAMER_DATA, read_string, &name) && name ? xstrdup(name) : NULL;
}

static void read_executables(struct wire_reader *payload, void *ctx)
{
	struct wire_reader *ret_list = ctx;
	uint32_t n;

	*ret_list = *payload;
	n = wire_get_u32(payload);
	for (uint32_t i = 0; i < n && !payload->bad; i++) {
		if (!wire_get_string(payload))
			payload->bad = true;
		wire_get_string(payload);
		wire_get_u64(payload);
	}
}

void namer_executables(struct namer *n, int pid, void (*executable)(void *ctx, const char *path, const char *build_id, uint64_t rows), void *ctx)
{
	struct wire_reader list;

	wire_begin(&n->question, NAMER_EXECUTABLES);
	wire_put_u32(&n->question, pid);
	if (!ask(n, NAMER_EXECUTABLES, read_executables, &list))
		return;
	for (uint32_t i = wire_get_u32(&list); i > 0; i--) {
		const char *path = wire_get_string(&list), *build_id = wire_get_string(&list);

		executable(ctx, path, build_id, wire_get_u64(&list));
	}
}

/* ---- unwinding tables -------------------------------------------------------------------------------------------- */

void namer_code(struct namer *n, int pid, uint64_t address)
{
	if (pid && !address)
		know(n, pid);
	wire_begin(&n->question, NAMER_CODE);
	wire_put_u32(&n->question, pid);
	wire_put_u64(&n->question, address);
	ask(n, NAMER_CODE, NULL, NULL);
}

/* ---- Python's code ----------------------------------------------------------------------------------------------- */

/* False: it was asked about before. */
static bool is_new(struct namer *n, int pid, uint64_t code, uint32_t check)
{
	uint64_t key = code * 0x9e3779b97f4a7c15ULL ^ (uint64_t)check << 32 ^ (uint64_t)pid;
	uint64_t *seen = &n->python_seen[(key * 0x9e3779b97f4a7c15ULL >> 48) % PYTHON_SEEN];

	if (*seen == key)
		return false;
	*seen = key;
	return true;
}

void namer_python(struct namer *n, int pid, const struct python_frame *frame)
{
	if (!frame->code || !is_new(n, pid, frame->code, frame->check))
		return;
	wire_begin(&n->question, NAMER_PYTHON);
	wire_put_u32(&n->question, pid);
	wire_put_u64(&n->question, frame->code);
	wire_put_u32(&n->question, frame->check);
	ask(n, NAMER_PYTHON, NULL, NULL);
}

void namer_python_code(struct namer *n, const struct rp_python_code *code)
{
	if (!is_new(n, code->h.pid, code->frame.code, code->frame.check))
		return;
	wire_begin(&n->question, NAMER_PYTHON_CODE);
	wire_put_bytes(&n->question, code, code->h.len);
	ask(n, NAMER_PYTHON_CODE, NULL, NULL);
}

struct wire *namer_question(struct namer *n, enum namer_type type)
{
	wire_begin(&n->question, type);
	return &n->question;
}

bool namer_ask(struct namer *n, enum namer_type type, read_answer read, void *ctx)
{
	return ask(n, type, read, ctx);
}
