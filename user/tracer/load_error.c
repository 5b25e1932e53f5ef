/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/load_error.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

/* tools/lib/bpf/libbpf.c, bpf_object_load_prog() */
#define PROGRAM "libbpf: prog '"
#define LOG_BEGINS "-- BEGIN PROG LOAD LOG --\n"
#define LOG_ENDS "-- END PROG LOAD LOG --"
/* kernel/bpf/verifier.c, print_verification_stats() */
#define STATISTICS "processed "

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char refused[256];

/* The end of the last line that is not one of statistics, in text[0, n). */
static const char *reason_end(const char *text, const char *end)
{
	const char *line = end;

	while (line > text && line[-1] == '\n')
		line = --end;
	while (line > text && line[-1] != '\n')
		line--;
	return line > text && !strncmp(line, STATISTICS, strlen(STATISTICS)) ? line - 1 : end;
}

static void keep(const char *message)
{
	const char *name = message + strlen(PROGRAM), *name_end = strchr(name, '\''), *log = strstr(message, LOG_BEGINS), *line, *end;

	if (!name_end || !log)
		return;
	log += strlen(LOG_BEGINS);
	end = strstr(log, LOG_ENDS);
	end = reason_end(log, end ?: log + strlen(log));
	for (line = end; line > log && line[-1] != '\n'; line--)
		;
	pthread_mutex_lock(&lock);
	if (!*refused)
		snprintf(refused, sizeof refused, "%.*s: %.*s", (int)(name_end - name), name, (int)(end - line), line);
	pthread_mutex_unlock(&lock);
}

int load_error_print(enum libbpf_print_level level, const char *format, va_list args)
{
	_cleanup_free_ char *message = NULL;
	int n;

	if (level == LIBBPF_DEBUG)
		return 0;
	n = vasprintf(&message, format, args);
	if (n < 0) {
		message = NULL;
		return 0;
	}
	if (!strncmp(message, PROGRAM, strlen(PROGRAM)))
		keep(message);
	return log_level() < LOG_VERBOSE ? 0 : fputs(message, stderr);
}

const char *load_error(void)
{
	return refused;
}
