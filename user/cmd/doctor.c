/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `reqprof doctor`: what works here, what does not, and what to do. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/pids.h"
#include "tracer/tracer.h"

#define CHECKS_MAX 64

static const struct argp_option option_table[] = {
	{"pid", 'p', "PID", 0, "Check also whether this process can be recorded", 0},
	{0},
};

static const char doc[] =
	"Say what of reqprof works on this kernel.\v"
	"Lines begin with ok, no (something is missing, recording works) or NO (nothing can be recorded; exit status 1).\n"
	"\n"
	"Example:\n"
	"  sudo reqprof doctor --pid 4242";

struct pids {
	pid_t *list;
	size_t n, cap;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct pids *pids = state->input;

	switch (key) {
	case 'p':
		if (!pids_parse(arg, &pids->list, &pids->n, &pids->cap) && pids->n == 1)
			return 0;
		log_error("--pid %s: not one process id", arg);
		return EINVAL;
	case ARGP_KEY_ARG:
		log_error("unexpected argument %s", arg);
		return EINVAL;
	}
	return ARGP_ERR_UNKNOWN;
}

static int print_checks(pid_t pid)
{
	struct check checks[CHECKS_MAX];
	size_t n = tracer_check(pid, checks, CHECKS_MAX);
	int status = EXIT_FINE;

	for (size_t i = 0; i < n; i++) {
		const struct check *c = &checks[i];
		bool fatal = !c->ok && c->fatal;

		printf("%s  %s%s%s\n", c->ok ? "ok" : fatal ? "NO" : "no", c->what, c->why[0] ? ": " : "", c->why);
		if (fatal)
			status = EXIT_FAILED;
	}
	return status;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {.options = option_table, .parser = parse_option, .doc = doc};
	struct pids pids = {0};
	int status;

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &pids))
		return EXIT_USAGE;
	if (pids_resolve(pids.list, &pids.n) < 0)
		status = EXIT_FAILED;
	else
		status = print_checks(pids.n ? pids.list[0] : 0);
	if (geteuid())
		puts("--  not root: whether the BPF programs load was not tried, and a no above may be for want of privileges: "
		     "sudo reqprof doctor");
	free(pids.list);
	return status;
}

const struct command command_doctor = {
	.name = "doctor",
	.help = "say what works on this machine, and what to do about the rest",
	.run = run,
};
