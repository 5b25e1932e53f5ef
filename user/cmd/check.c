/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `reqprof check`: do reports keep what they must? For CI. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/printable.h"
#include "cmd/command.h"
#include "cmd/expression.h"
#include "cmd/profiles.h"

struct options {
	const char **names;
	size_t n_names, cap_names;
	struct expression *expressions;
	size_t n_expressions, cap_expressions;
	bool quiet;
};

static const struct argp_option option_table[] = {
	{"quiet", 'q', NULL, 0, "Print only what does not hold", 0},
	{0},
};

static const char doc[] =
	"Check that reports keep what they must: exit status 0 if all do, 1 if not.\v"
	"FILE is a .rp file, an ID, last, or a directory of reports: every one of them is checked.\n"
	"EXPRESSION is MEASURE OPERATOR VALUE; operators < <= > >= ==; a time has a unit, ns, us, ms or s, or is a share of the wall time in %.\n"
	"\n"
	"Measures:\n"
	"  wall  cpu  wait  ttfb           the request; the first byte of its response\n"
	"  cpu(FUNCTION)  self(FUNCTION)   on the CPU in it and below, in itself\n"
	"  wait(CLASS)  wait(OBJECT)       how long; CLASS is network, gil, disk …\n"
	"  waits(CLASS)  waits(OBJECT)     how many; .median .max .total how long\n"
	"  network gil run_queue unknown … every class of time\n"
	"  status  bytes_out  in_flight  threads  samples  lost.samples …\n"
	"\n"
	"Examples:\n"
	"  reqprof check last 'wall<200ms' 'status==200' 'unknown<1%'\n"
	"  reqprof check reqprof-reports 'cpu(serialize)<50ms' 'waits(gil).max<5ms'";

static int add_expression(struct options *o, const char *text)
{
	_cleanup_free_ char *why = NULL;
	_cleanup_free_ char *shown = printable(text, strlen(text), 0);

	GROW(o->expressions, o->n_expressions, o->cap_expressions);
	if (expression_parse(text, &o->expressions[o->n_expressions], &why) < 0) {
		log_error("%s: %s", shown, why);
		return EINVAL;
	}
	o->n_expressions++;
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'q': o->quiet = true; return 0;
	case ARGP_KEY_ARG:
		if (strpbrk(arg, "<>=") && access(arg, F_OK))
			return add_expression(o, arg);
		GROW(o->names, o->n_names, o->cap_names);
		o->names[o->n_names++] = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int parse(struct options *o, int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "FILE.rp|ID|last|DIR... EXPRESSION...", .doc = doc,
	};

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, o))
		return -1;
	if (!o->n_names)
		return log_error("which reports? FILE.rp, an ID, last or a directory; reqprof list shows what there is");
	if (!o->n_expressions)
		return log_error("check what of %s? for example 'wall<200ms'; reqprof check --help lists what can be asked", o->names[0]);
	return 0;
}

static void options_clear(struct options *o)
{
	for (size_t i = 0; i < o->n_expressions; i++)
		expression_clear(&o->expressions[i]);
	free(o->expressions);
	free(o->names);
}

/* How many of the expressions do not hold. */
static size_t check_profile(const struct options *o, const struct profile *p, const char *name)
{
	size_t failed = 0;

	for (size_t i = 0; i < o->n_expressions; i++) {
		_cleanup_free_ char *actual = NULL;
		bool holds = expression_holds(&o->expressions[i], p, &actual);

		failed += !holds;
		if (!holds || !o->quiet)
			printf("%s  %s  %s: %s\n", holds ? "ok    " : "FAILED", name, o->expressions[i].text, actual);
	}
	return failed;
}

static int check_all(const struct options *o, const struct profiles *set)
{
	size_t failed = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct profile *p = set->list[i];

		if (p->n_merged)
			return log_error("cannot check %s: it is merged from %zu requests; name those", set->names[i], p->n_merged);
		failed += check_profile(o, p, set->names[i]);
	}
	if (failed && !o->quiet)
		printf("%zu of %zu checks failed\n", failed, set->n * o->n_expressions);
	return failed ? -1 : 0;
}

static int run(int argc, char **argv)
{
	_cleanup_(options_clear) struct options o = {0};
	_cleanup_(profiles_clear) struct profiles set = {0};
	int r = 0;

	if (parse(&o, argc, argv) < 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < o.n_names && !r; i++)
		r = profiles_add(&set, o.names[i]);
	if (!r)
		r = check_all(&o, &set);
	return r < 0 ? EXIT_FAILED : EXIT_FINE;
}

const struct command command_check = {
	.name = "check",
	.help = "check limits on the numbers of reports, for CI",
	.run = run,
};
