/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/namer_child.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "capture/ask.h"
#include "capture/events.h"
#include "capture/handlers.h"
#include "capture/namer_source.h"
#include "capture/namer_wire.h"
#include "capture/pythons.h"

#define IDLE_MS 1000
#define EXECUTABLES_MAX 4096    /* in one answer: more than the symbolizer keeps open */

struct child {
	const struct namer_child *options;
	struct asker asker;
	struct file_watch watch;
	struct symbol_source source;
	struct symbolizer *symbols;
	struct unwinding *unwinding;
	struct pythons *pythons;
	struct handlers *handlers;
	uint64_t *addresses;    /* of the last stack, and its Python frames */
	struct python_frame *python;
	size_t cap_addresses, cap_python;
	bool prepared;
};

/* ---- files ------------------------------------------------------------------------------------------------------- */

static bool begin_file(void *ctx, const struct file_id *file)
{
	const struct namer_child *o = ctx;

	for (size_t i = 0; i < o->n_avoid; i++)
		if (blamed_is(&o->avoid[i], file))
			return false;
	blame_begin(o->blame, file);
	return true;
}

static void end_file(void *ctx)
{
	const struct namer_child *o = ctx;

	blame_end(o->blame);
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void add(struct child *c, struct wire_reader *q, struct wire *a)
{
	int pid = wire_get_u32(q), r = symbolizer_add_process(c->symbols, pid);

	wire_put_u32(a, -r);
	if (!r)
		pythons_update(c->pythons, pid);
}

static void renew(struct child *c, struct wire_reader *q, struct wire *a)
{
	int pid = wire_get_u32(q), r = symbolizer_renew_process(c->symbols, pid);

	wire_put_u32(a, -r);
	pythons_forget(c->pythons, pid);
	handlers_forget(c->handlers, pid);
	if (!r)
		pythons_update(c->pythons, pid);
}

static void forget(struct child *c, struct wire_reader *q, struct wire *a)
{
	int pid = wire_get_u32(q);

	(void)a;
	symbolizer_forget_process(c->symbols, pid);
	pythons_forget(c->pythons, pid);
	handlers_forget(c->handlers, pid);
}

/* A list that is being sent: how many there are is known after the last one. */
struct sending {
	struct child *child;
	struct wire *wire;
	size_t at;
	uint32_t n;
	const char *last;
};

static struct sending begin_list(struct wire *a)
{
	struct sending s = {.wire = a, .at = wire_at(a)};

	wire_put_u32(a, 0);
	return s;
}

static void end_list(const struct sending *s)
{
	wire_set_u32(s->wire, s->at, s->n);
}

static void send_frame(void *ctx, const struct symbol_frame *frame)
{
	struct sending *s = ctx;

	wire_put_frame(s->wire, frame);
	s->n++;
}

static void read_addresses(struct child *c, struct wire_reader *q, size_t n)
{
	if (n > c->cap_addresses) {
		c->addresses = xrealloc(c->addresses, n, sizeof *c->addresses);
		c->cap_addresses = n;
	}
	for (size_t i = 0; i < n; i++)
		c->addresses[i] = wire_get_u64(q);
}

static void read_python(struct child *c, struct wire_reader *q, size_t n)
{
	if (n > c->cap_python) {
		c->python = xrealloc(c->python, n, sizeof *c->python);
		c->cap_python = n;
	}
	for (size_t i = 0; i < n; i++) {
		c->python[i].code = wire_get_u64(q);
		c->python[i].instr = wire_get_u32(q);
		c->python[i].check = wire_get_u32(q);
	}
}

static void stack(struct child *c, struct wire_reader *q, struct wire *a)
{
	struct sending sending = begin_list(a);
	struct stack_faults faults;
	struct symbol_stack s;

	s.pid = wire_get_u32(q);
	s.t = wire_get_u64(q);
	s.n_kernel = wire_get_u32(q);
	s.n_user = wire_get_u32(q);
	s.user_exact = wire_get_u32(q);
	s.n_python = wire_get_u32(q);
	read_addresses(c, q, s.n_kernel + s.n_user);
	read_python(c, q, s.n_python);
	s.addresses = c->addresses;
	s.python = c->python;
	faults = pythons_stack(c->pythons, &s, send_frame, &sending);
	end_list(&sending);
	wire_put_u32(a, faults.unread);
	wire_put_u32(a, faults.inexact);
}

static void data(struct child *c, struct wire_reader *q, struct wire *a)
{
	int pid = wire_get_u32(q);
	_cleanup_free_ char *name = symbolizer_data_name(c->symbols, pid, wire_get_u64(q));

	wire_put_string(a, name);
}

/* A file is mapped in several pieces, one after the other. */
static void send_executable(void *ctx, const char *path, const char *build_id, uint64_t id)
{
	struct sending *s = ctx;

	if (s->n >= EXECUTABLES_MAX || (s->last && !strcmp(s->last, path)))
		return;
	s->last = path;
	wire_put_string(s->wire, path);
	wire_put_string(s->wire, build_id);
	wire_put_u64(s->wire, unwinding_rows(s->child->unwinding, id));
	s->n++;
}

static void executables(struct child *c, struct wire_reader *q, struct wire *a)
{
	struct sending sending = begin_list(a);

	sending.child = c;
	symbolizer_executables(c->symbols, wire_get_u32(q), send_executable, &sending);
	end_list(&sending);
}

/* An interpreter is found in moments; unwinding tables may take long, and whoever waits for them expects it to be known then. */
static void look_at_code(struct child *c, int pid, uint64_t address)
{
	if (pid && !pythons_has(c->pythons, pid)) {
		if (!symbolizer_add_process(c->symbols, pid))
			pythons_update(c->pythons, pid);
		handlers_update(c->handlers, pid);
	}
	if (!unwinding_ask(c->unwinding, pid, address) && address)
		return; /* what an interpreter has loaded is looked for where something may have been */
	pythons_update(c->pythons, pid);
	handlers_update(c->handlers, pid);
}

static void code(struct child *c, struct wire_reader *q, struct wire *a)
{
	int pid = wire_get_u32(q);

	(void)a;
	look_at_code(c, pid, wire_get_u64(q));
}

static void python(struct child *c, struct wire_reader *q, struct wire *a)
{
	int pid = wire_get_u32(q);
	uint64_t address = wire_get_u64(q);

	(void)a;
	pythons_code(c->pythons, pid, address, wire_get_u32(q));
}

static void python_code(struct child *c, struct wire_reader *q, struct wire *a)
{
	const struct rp_event *e = event_check(q->at, q->end - q->at);

	(void)a;
	if (e && e->type == RP_EV_CODE)
		pythons_take_code(c->pythons, (const void *)e);
}

static void source(struct child *c, struct wire_reader *q, struct wire *a)
{
	namer_source_answer(&c->asker, &c->watch, q, a);
}

static const struct {
	void (*handle)(struct child *c, struct wire_reader *question, struct wire *answer);
	bool answered;
} handlers[N_NAMER_TYPES] = {
	[NAMER_ADD] = {add, true},       [NAMER_RENEW] = {renew, true}, [NAMER_FORGET] = {forget, false},
	[NAMER_STACK] = {stack, true},   [NAMER_DATA] = {data, true},   [NAMER_EXECUTABLES] = {executables, true},
	[NAMER_CODE] = {code, false},    [NAMER_PYTHON] = {python, false}, [NAMER_PYTHON_CODE] = {python_code, false},
	[NAMER_SOURCE] = {source, true},
};

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static bool send_all(int sock, const struct wire *w)
{
	size_t sent = 0;

	while (sent < w->n) {
		ssize_t n = send(sock, w->bytes + sent, w->n - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		sent += n > 0 ? n : 0;
	}
	return true;
}

static bool receive_all(int sock, void *bytes, size_t size)
{
	size_t received = 0;

	while (received < size) {
		ssize_t n = recv(sock, (uint8_t *)bytes + received, size - received, 0);

		if (!n || (n < 0 && errno != EINTR))
			return false;
		received += n > 0 ? n : 0;
	}
	return true;
}

/* What names take time to find is sought when nobody has asked for a while: not while reqprof attaches, which all CPUs are needed for. */
static void prepare(struct child *c)
{
	struct pollfd question = {.fd = c->options->sock, .events = POLLIN};

	if (c->prepared || poll(&question, 1, IDLE_MS))
		return;
	symbolizer_prepare(c->symbols);
	c->prepared = true;
}

/* One question; false: nobody asks any more. */
static bool serve(struct child *c, struct wire *question, struct wire *answer)
{
	int sock = c->options->sock;
	struct wire_reader payload;
	struct wire_head head;

	prepare(c);
	if (!receive_all(sock, &head, sizeof head) || head.type >= N_NAMER_TYPES || !handlers[head.type].handle || head.size > WIRE_MESSAGE_MAX)
		return false;
	wire_reserve(question, head.size);
	if (!receive_all(sock, question->bytes, head.size))
		return false;
	payload = (struct wire_reader){.at = question->bytes, .end = question->bytes + head.size};
	wire_begin(answer, head.type);
	handlers[head.type].handle(c, &payload, answer);
	wire_end(answer);
	return !handlers[head.type].answered || send_all(sock, answer);
}

static void child_init(struct child *c, const struct namer_child *options)
{
	const struct unwinding_sink sink = asker_sink(&c->asker);
	const struct pythons_sink pythons = asker_pythons(&c->asker);
	const struct memory memory = asker_memory(&c->asker);
	const struct handlers_sink handler_sink = asker_handlers(&c->asker);

	*c = (struct child){.options = options};
	asker_init(&c->asker, options->questions, options->seq);
	c->watch = (struct file_watch){.ctx = (void *)options, .begin = begin_file, .end = end_file};
	c->source = asker_source(&c->asker, &c->watch);
	c->symbols = symbolizer_new(&c->source, options->kallsyms_fd);
	c->unwinding = unwinding_new(c->symbols, &sink, &c->watch);
	c->pythons = pythons_new(c->symbols, &memory, &pythons, &c->watch);
	c->handlers = handlers_new(options->handlers, options->n_handlers, c->symbols, &c->source, &handler_sink);
	for (size_t i = 0; i < options->n_pids; i++) /* it takes the place of another one */
		look_at_code(c, options->pids[i], 0);
}

void namer_child_run(const struct namer_child *child)
{
	struct wire question = {0}, answer = {0};
	struct child c;

	child_init(&c, child);
	while (serve(&c, &question, &answer))
		;
	handlers_free(c.handlers);
	pythons_free(c.pythons);
	unwinding_free(c.unwinding);
	symbolizer_free(c.symbols);
	free(c.addresses);
	free(c.python);
	wire_free(&question);
	wire_free(&answer);
}
