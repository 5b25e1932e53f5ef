/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/help.h"

#include <argp.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cmd/command.h"

void help_format(void)
{
	setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
}

/* argp frees what is not the text that it gave. */
char *help_commands(int key, const char *text, void *input)
{
	char *result;

	(void)input;
	if (key != ARGP_KEY_HELP_PRE_DOC)
		return (char *)text;
	result = xasprintf("%s\n\nCommands:\n", text);
	for (size_t i = 0; commands[i]; i++) {
		_cleanup_free_ char *shorter = result;

		result = xasprintf("%s  %-8s %s\n", shorter, commands[i]->name, commands[i]->help);
	}
	return result;
}
