/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/questions.h"

#include <unistd.h>

#include "tracer/hello.h"
#include "tracer/introduce.h"

bool questions_is_announced(const struct questions *q, pid_t pid)
{
	for (size_t i = 0; i < q->n_announced; i++)
		if (q->announced[i] == pid)
			return true;
	return false;
}

static bool may_ask_about(void *ctx, pid_t pid)
{
	const struct questions *q = ctx;

	return questions_is_announced(q, pid) || (q->session && session_follows(q->session, pid));
}

void questions_answer(struct questions *q)
{
	const struct answers answers = {
		.tables = q->tables, .interpreters = q->interpreters, .handlers = q->handlers, .may = may_ask_about, .ctx = q,
		.sources = q->sources,
	};
	int fds[MSG_FDS_MAX], n_fds;
	struct msg msg;

	if (msg_receive(q->sock, &msg, fds, &n_fds) != 1)
		return;
	switch (msg.type) {
	case MSG_TEXTS:
		q->waits -= q->waits && !msg.value;
		/* fall through */
	case MSG_ASK_MAPS:
	case MSG_ASK_FILE:
	case MSG_ASK_DEBUG:
	case MSG_ASK_LINK:
	case MSG_ASK_PERF_MAP:
	case MSG_ASK_MEMORY:
	case MSG_ASK_SOURCE:
	case MSG_ROWS:
	case MSG_PYTHON:
	case MSG_HANDLER:
		answer(&answers, q->sock, &msg, n_fds ? fds[0] : -1);
		break;
	}
	/* It has turned up, runs another program or has loaded more. After the answer: it may soon be gone. */
	if (msg.type == MSG_ASK_MAPS && may_ask_about(q, msg.pid))
		introduce(q->worker, msg.pid);
	if (msg.type == MSG_PYTHON && !n_fds && *msg.name)
		hello_native_only(msg.pid, msg.name, q->refused);
	while (n_fds)
		close(fds[--n_fds]);
}
