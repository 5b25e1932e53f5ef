/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A command of the program: one file of cmd/ and one row of commands[] (main.c) each. */
#ifndef REQPROF_COMMAND_H
#define REQPROF_COMMAND_H

/* Exit statuses: the whole program has only these. */
#define EXIT_FINE 0
#define EXIT_FAILED 1           /* at run time: not root, no such process, not writable … */
#define EXIT_USAGE 2            /* wrong command line */

struct command {
	const char *name;
	const char *help;       /* one line of --help */
	int (*run)(int argc, char **argv); /* argv[0] is what messages call it ("reqprof list"); returns the exit status */
};

extern const struct command *const commands[]; /* NULL-terminated; the first is what runs without a command */

extern const struct command command_record, command_report, command_list, command_serve, command_diff, command_check, command_doctor;

#endif
