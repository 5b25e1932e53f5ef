/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/protocol.h"
#include "base/sealed.h"

void asker_init(struct asker *a, int sock, uint32_t seq)
{
	*a = (struct asker){.sock = sock, .seq = seq, .gone = sock < 0};
}

static void close_all(int *fds, int n)
{
	while (n)
		close(fds[--n]);
}

/* The answer to this question; a stale one, and anything else, is passed over. A peer that breaks the protocol is as good as gone. */
static bool receive(struct asker *a, uint32_t seq, struct msg *answer, int fds[MSG_FDS_MAX], int *n_fds)
{
	while (msg_receive(a->sock, answer, fds, n_fds) == 1) {
		if (answer->type == MSG_ANSWER && answer->seq == seq)
			return true;
		close_all(fds, *n_fds);
	}
	a->gone = true;
	return false;
}

/* Ask, with a descriptor if fd >= 0, and wait for the answer. Its value, or −errno; what it says of a start is in the question then. */
static int ask(struct asker *a, struct msg *question, int fd, int fds[MSG_FDS_MAX], int *n_fds)
{
	struct msg answer;
	int e;

	*n_fds = 0;
	if (a->gone)
		return -EPIPE;
	question->seq = ++a->seq;
	e = msg_send(a->sock, question, &fd, fd >= 0);
	if (e)
		return e;
	if (receive(a, question->seq, &answer, fds, n_fds)) {
		question->start = answer.start;
		return answer.value;
	}
	*n_fds = 0;
	return -EPIPE;
}

/* The descriptor that answers, or −errno. */
static int ask_for_file(struct asker *a, struct msg *question)
{
	int fds[MSG_FDS_MAX], n_fds, r = ask(a, question, -1, fds, &n_fds);

	if (!r && n_fds == 1)
		return fds[0];
	close_all(fds, n_fds);
	return r < 0 ? r : -EPROTO;
}

static int hand_over(struct asker *a, struct msg *message, int fd)
{
	int fds[MSG_FDS_MAX], n_fds, r = ask(a, message, fd, fds, &n_fds);

	close_all(fds, n_fds);
	return r;
}

static int open_maps(void *ctx, int pid)
{
	return ask_for_file(ctx, &(struct msg){.type = MSG_ASK_MAPS, .pid = pid});
}

static int open_file(void *ctx, int pid, uint64_t start, uint64_t end)
{
	return ask_for_file(ctx, &(struct msg){.type = MSG_ASK_FILE, .pid = pid, .start = start, .end = end});
}

static int open_debug(void *ctx, int pid, const uint8_t *build_id, size_t len)
{
	struct msg question = {.type = MSG_ASK_DEBUG, .pid = pid, .build_id_len = len};

	if (len > sizeof question.build_id)
		return -EINVAL;
	memcpy(question.build_id, build_id, len);
	return ask_for_file(ctx, &question);
}

static int open_debug_link(void *ctx, int pid, uint64_t start, uint64_t end, const char *name, int place)
{
	struct msg question = {.type = MSG_ASK_LINK, .pid = pid, .start = start, .end = end, .place = place};

	if (strlen(name) >= sizeof question.name)
		return -ENAMETOOLONG;
	memcpy(question.name, name, strlen(name) + 1);
	return ask_for_file(ctx, &question);
}

static int open_perf_map(void *ctx, int pid)
{
	return ask_for_file(ctx, &(struct msg){.type = MSG_ASK_PERF_MAP, .pid = pid});
}

struct symbol_source asker_source(struct asker *a, const struct file_watch *watch)
{
	return (struct symbol_source){
		.ctx = a, .open_maps = open_maps, .open_file = open_file, .open_debug = open_debug, .open_debug_link = open_debug_link,
		.open_perf_map = open_perf_map, .watch = watch,
	};
}

/* All of it, or nothing. */
static int read_memory(void *ctx, int pid, uint64_t address, void *buffer, size_t n)
{
	struct msg question = {.type = MSG_ASK_MEMORY, .pid = pid, .start = address, .end = address + n};
	_cleanup_close_ int fd = n > MSG_MEMORY_MAX ? -E2BIG : ask_for_file(ctx, &question);

	if (fd < 0)
		return fd;
	return pread(fd, buffer, n, 0) == (ssize_t)n ? 0 : -EIO;
}

struct memory asker_memory(struct asker *a)
{
	return (struct memory){.read = read_memory, .ctx = a};
}

int asker_source_file(struct asker *a, int pid, const char *path, uint64_t *ret_began_ns)
{
	_cleanup_close_ int path_fd = sealed_new(path, strlen(path) + 1, NULL, 0);
	struct msg question = {.type = MSG_ASK_SOURCE, .pid = pid};
	int fds[MSG_FDS_MAX], n_fds, r;

	if (path_fd < 0)
		return path_fd;
	r = ask(a, &question, path_fd, fds, &n_fds);
	*ret_began_ns = question.start;
	if (!r && n_fds == 1)
		return fds[0];
	close_all(fds, n_fds);
	return r < 0 ? r : -EPROTO;
}

static int hand_over_python(void *ctx, int pid, int fd, const char *text)
{
	struct msg message = {.type = MSG_PYTHON, .pid = pid};

	snprintf(message.name, sizeof message.name, "%s", text);
	return hand_over(ctx, &message, fd);
}

struct pythons_sink asker_pythons(struct asker *a)
{
	return (struct pythons_sink){.ctx = a, .python = hand_over_python};
}

static int hand_over_handler(void *ctx, int pid, size_t number, int fd, bool never)
{
	return hand_over(ctx, &(struct msg){.type = MSG_HANDLER, .pid = pid, .value = number, .start = never}, fd);
}

struct handlers_sink asker_handlers(struct asker *a)
{
	return (struct handlers_sink){.ctx = a, .handler = hand_over_handler};
}

static int hand_over_rows(void *ctx, uint64_t executable, int fd)
{
	return hand_over(ctx, &(struct msg){.type = MSG_ROWS, .start = executable}, fd);
}

static int hand_over_texts(void *ctx, int pid, int fd, bool more)
{
	return hand_over(ctx, &(struct msg){.type = MSG_TEXTS, .pid = pid, .value = more}, fd);
}

struct unwinding_sink asker_sink(struct asker *a)
{
	return (struct unwinding_sink){.ctx = a, .rows = hand_over_rows, .texts = hand_over_texts};
}
