/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/namer_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/utf8.h"

#define FILE_SIZE_MAX (4U << 20)
#define LINE_BYTES_MAX 512
#define RANGES_MAX 10000
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define CUT "\xe2\x80\xa6"         /* … */
/* When a process began is known to a tick of 10 ms; what changed while it was still starting, it has read as it is. */
#define BEGAN_SLACK_NS 100000000ULL
#define NS_PER_S 1000000000ULL

/* ---- the question ------------------------------------------------------------------------------------------------ */

struct source_answer {
	int result;
	bool newer;
	uint32_t n;
	struct wire_reader lines;
};

/* Lines are handed on after all of them were looked at. */
static void read_answer(struct wire_reader *payload, void *ctx)
{
	struct source_answer *a = ctx;

	a->result = -(int)wire_get_u32(payload);
	a->newer = wire_get_u32(payload);
	a->n = wire_get_u32(payload);
	a->lines = *payload;
	for (uint32_t i = 0; i < a->n && !payload->bad; i++) {
		wire_get_u32(payload);
		payload->bad |= !wire_get_string(payload);
	}
}

int namer_source(struct namer *n, int pid, const char *file, const struct line_range *ranges, size_t n_ranges,
		 void (*line)(void *ctx, uint32_t number, const char *text), void *ctx, bool *ret_newer)
{
	struct wire *question = namer_question(n, NAMER_SOURCE);
	struct source_answer answer = {0};

	wire_put_u32(question, pid);
	wire_put_string(question, file);
	wire_put_u32(question, n_ranges);
	for (size_t i = 0; i < n_ranges; i++) {
		wire_put_u32(question, ranges[i].first);
		wire_put_u32(question, ranges[i].last);
	}
	if (!namer_ask(n, NAMER_SOURCE, read_answer, &answer))
		return -EIO;
	*ret_newer = answer.newer;
	while (answer.n--) {
		uint32_t number = wire_get_u32(&answer.lines);

		line(ctx, number, wire_get_string(&answer.lines));
	}
	return answer.result;
}

/* ---- in the process that finds names ----------------------------------------------------------------------------- */

/* Controls could change what a terminal or an editor shows; so could the marks that turn the direction of writing. */
static bool is_plain(uint32_t code)
{
	return code == '\t' || (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code != 0x200e && code != 0x200f && (code < 0x2028 || code > 0x202e) &&
	       (code < 0x2066 || code > 0x2069));
}

/* The n bytes of a line as text; the caller frees it. */
static char *line_text(const char *bytes, size_t n)
{
	char *text = xcalloc(LINE_BYTES_MAX + sizeof REPLACEMENT + sizeof CUT, 1);
	size_t length = 0, at = 0;

	if (n && bytes[n - 1] == '\r')
		n--;
	while (at < n && length < LINE_BYTES_MAX) {
		uint32_t code = 0;
		size_t size = utf8_decode(bytes + at, n - at, &code);
		bool good = size && is_plain(code);

		memcpy(text + length, good ? bytes + at : REPLACEMENT, good ? size : strlen(REPLACEMENT));
		length += good ? size : strlen(REPLACEMENT);
		at += size ? size : 1;
	}
	if (at < n)
		memcpy(text + length, CUT, strlen(CUT));
	return text;
}

/* Lines from `bytes` to `end` that are in the ranges. */
static void put_lines(struct wire *a, const char *bytes, const char *end, const struct line_range *ranges, size_t n_ranges)
{
	size_t at = wire_at(a), range = 0;
	uint32_t n = 0;

	wire_put_u32(a, 0);
	for (uint32_t number = 1; bytes < end && range < n_ranges && a->n < WIRE_MESSAGE_MAX / 2; number++) {
		const char *newline = memchr(bytes, '\n', end - bytes), *stop = newline ? newline : end;

		if (number >= ranges[range].first) {
			_cleanup_free_ char *text = line_text(bytes, stop - bytes);

			wire_put_u32(a, number);
			wire_put_string(a, text);
			n++;
		}
		range += number >= ranges[range].last;
		bytes = newline ? newline + 1 : end;
	}
	wire_set_u32(a, at, n);
}

static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = pread(fd, bytes + n, size - n, n);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (!got)
			break;
		n += got > 0 ? got : 0;
	}
	return n;
}

static void put_result(struct wire *a, int result, bool newer)
{
	wire_put_u32(a, -result);
	wire_put_u32(a, newer);
}

static void put_failure(struct wire *a, int error)
{
	put_result(a, error, false);
	wire_put_u32(a, 0);
}

static void read_file(const struct file_watch *watch, const char *path, int fd, uint64_t began_ns, const struct line_range *ranges, size_t n_ranges,
		      struct wire *a)
{
	_cleanup_free_ char *bytes = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) || st.st_size > FILE_SIZE_MAX) {
		put_failure(a, -EFBIG);
		return;
	}
	if (!watch->begin(watch->ctx, &(struct file_id){.device = st.st_dev, .inode = st.st_ino, .size = st.st_size, .path = path})) {
		put_failure(a, -EIO);
		return;
	}
	bytes = xcalloc(st.st_size, 1);
	n = read_all(fd, bytes, st.st_size);
	watch->end(watch->ctx);
	if (n < 0) {
		put_failure(a, n);
		return;
	}
	put_result(a, 0, began_ns && st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec > began_ns + BEGAN_SLACK_NS);
	put_lines(a, bytes, bytes + n, ranges, n_ranges);
}

void namer_source_answer(struct asker *asker, const struct file_watch *watch, struct wire_reader *question, struct wire *answer)
{
	int pid = wire_get_u32(question);
	const char *path = wire_get_string(question);
	uint32_t n = wire_get_u32(question);
	_cleanup_free_ struct line_range *ranges = NULL;
	_cleanup_close_ int fd = -1;
	uint64_t began_ns = 0;

	if (!path || n > RANGES_MAX) {
		put_failure(answer, -EINVAL);
		return;
	}
	ranges = xcalloc(n, sizeof *ranges);
	for (uint32_t i = 0; i < n; i++) {
		ranges[i].first = wire_get_u32(question);
		ranges[i].last = wire_get_u32(question);
	}
	fd = asker_source_file(asker, pid, path, &began_ns);
	if (fd < 0)
		put_failure(answer, fd);
	else
		read_file(watch, path, fd, began_ns, ranges, n, answer);
}
