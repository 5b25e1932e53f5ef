/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line as it may be shown. */
#ifndef REQPROF_COMMAND_LINE_H
#define REQPROF_COMMAND_LINE_H

#include <stddef.h>

/* The arguments in one line, quoted for a shell where needed; what begins at one of `secrets` (pointers into argv's strings) is "…" to its
 * end. argv[0] is taken as it is. The caller frees it. */
char *command_line(int argc, char *const *argv, char *const *secrets, size_t n_secrets);

/* Overwrite the secrets in argv itself, which ps shows to everybody. */
void command_line_hide(char *const *secrets, size_t n_secrets);

#endif
