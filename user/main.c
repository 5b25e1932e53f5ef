/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* reqprof: one report of one HTTP request. Finds the command; the commands are in cmd/. */
#include <argp.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/help.h"

const char *argp_program_version = "reqprof " REQPROF_VERSION;

const struct command *const commands[] = {
	&command_record,
	&command_report,
	&command_list,
	&command_serve,
	&command_diff,
	&command_check,
	&command_doctor,
	NULL,
};

/* Of what is freed, glibc gives back what was larger than this; of itself it raises that to the largest that was freed, and keeps the types of the
 * kernel that libbpf has read for good. */
#define GIVEN_BACK (128 << 10)

static int run(const struct command *command, int argc, char **argv)
{
	argv[0] = xasprintf("reqprof %s", command->name);
	return command->run(argc, argv);
}

int main(int argc, char **argv)
{
	mallopt(M_MMAP_THRESHOLD, GIVEN_BACK);
	setvbuf(stdout, NULL, _IOLBF, 0);
	help_format();
	if (argc < 2 || argv[1][0] == '-') {
		argv[0] = "reqprof";
		return commands[0]->run(argc, argv);
	}
	for (const struct command *const *c = commands; *c; c++)
		if (!strcmp((*c)->name, argv[1]))
			return run(*c, argc - 1, argv + 1);
	if (strspn(argv[1], "0123456789") == strlen(argv[1]))
		log_error("unknown command %s: did you mean --pid %s?", argv[1], argv[1]);
	else
		log_error("unknown command %s; the commands are in reqprof --help", argv[1]);
	return EXIT_USAGE;
}
