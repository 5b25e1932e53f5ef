/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Status and errors, to stderr, one line a call, flushed. Library code returns errors; commands and the processes of a recording print
 * them, once: what failed, on what, why, what to do.
 */
#ifndef REQPROF_LOG_H
#define REQPROF_LOG_H

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };

void log_set_level(enum log_level level); /* -q, default, -v */
enum log_level log_level(void);

/* "reqprof: …"; always printed. Returns −1 so that `return log_error(…)` is one line. */
int log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));  /* "reqprof: warning: …", always */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));  /* as is, not with -q */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2))); /* as is, with -v only */

/* A live line under the log on a terminal: cleared before any other line and drawn again after it. NULL removes it.
 * Without a terminal on stderr, or with -q, nothing. */
void log_status(const char *line);

/* Call before and after printing to stdout while a live line may stand on the terminal. */
void log_status_hide(void);
void log_status_show(void);

#endif
