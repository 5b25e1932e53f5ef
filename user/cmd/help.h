/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --help as argp makes it from a command's option table, with a few changes. */
#ifndef REQPROF_HELP_H
#define REQPROF_HELP_H

/* How argp lays it out: without the note that an argument belongs to the short option too. Before any command. */
void help_format(void);

/* help_filter of struct argp for the command that runs without one: lists all commands. */
char *help_commands(int key, const char *text, void *input);

#endif
