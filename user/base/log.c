/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum log_level level = LOG_NORMAL;
static char *status; /* the live line that stands on the terminal */

void log_set_level(enum log_level new_level)
{
	level = new_level;
}

enum log_level log_level(void)
{
	return level;
}

void log_status_hide(void)
{
	if (status)
		fputs("\r\033[K", stderr);
}

void log_status_show(void)
{
	if (status) {
		fputs(status, stderr);
		fflush(stderr);
	}
}

static void print_line(const char *prefix, const char *format, va_list args)
{
	log_status_hide();
	fputs(prefix, stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	log_status_show();
	fflush(stderr);
}

#define PRINT_LINE(prefix, format)                 \
	do {                                       \
		va_list args;                      \
		va_start(args, format);            \
		print_line(prefix, format, args);  \
		va_end(args);                      \
	} while (0)

int log_error(const char *format, ...)
{
	PRINT_LINE("reqprof: ", format);
	return -1;
}

void log_warn(const char *format, ...)
{
	PRINT_LINE("reqprof: warning: ", format);
}

void log_info(const char *format, ...)
{
	if (level >= LOG_NORMAL)
		PRINT_LINE("", format);
}

void log_debug(const char *format, ...)
{
	if (level >= LOG_VERBOSE)
		PRINT_LINE("", format);
}

void log_status(const char *line)
{
	if (level == LOG_QUIET || !isatty(STDERR_FILENO))
		return;
	log_status_hide();
	free(status);
	status = line ? strdup(line) : NULL;
	log_status_show();
}
