/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `reqprof report`: a profile in another format. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/find.h"
#include "cmd/profiles.h"
#include "cmd/routes.h"
#include "cmd/write_to.h"
#include "format/format.h"
#include "profile/file.h"
#include "profile/merge.h"
#include "profile/redact.h"

#define KEY_MERGE 0x200
#define KEY_REDACT 0x201

struct options {
	const char **names;     /* FILE.rp, ID, last; with merge also directories */
	size_t n_names, cap_names;
	const struct format *format;
	const char *output;     /* NULL or "-" = stdout */
	bool merge, redact;
};

/* The profile itself, to merge or redact it for others; reqprof record writes it anyway. */
static const struct format format_profile = {.name = "rp", .extension = PROFILE_EXTENSION, .binary = true, .write = profile_write};

static const struct argp_option option_table[] = {
	{"format", 'f', "FORMAT", 0, "html, json, text, folded, speedscope, pprof or gecko (text)", 0},
	{"output", 'o', "FILE", 0, "Write to FILE, whose ending implies the format; - is stdout", 0},
	{"merge", KEY_MERGE, NULL, 0, "Several reports of one route, or those of a directory, as one: sums, and the median's facts", 0},
	{"redact", KEY_REDACT, NULL, 0, "Without host, addresses, directories, query values, trace id and command line", 0},
	{0},
};

static const char doc[] =
	"Print the report of a recorded request, or of several as one.\v"
	"FILE is a .rp file, ID the six digits that end a report's name, last the newest report; the latter two are looked up in "
	"./reqprof-reports, or if that does not exist in the current directory.\n"
	"\n"
	"Examples:\n"
	"  reqprof report last\n"
	"  reqprof report 3f2a91 -o slow.html\n"
	"  reqprof report --merge reqprof-reports -o orders.html\n"
	"  reqprof report last --redact -o share.html";

static int parse_format(struct options *o, const char *name)
{
	_cleanup_free_ char *names = NULL;

	o->format = strcmp(name, format_profile.name) ? format_by_name(name) : &format_profile;
	if (o->format)
		return 0;
	names = format_names(" and ");
	log_error("--format %s: no such format; there are %s", name, names);
	return EINVAL;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f': return parse_format(o, arg);
	case 'o': o->output = arg; return 0;
	case KEY_MERGE: o->merge = true; return 0;
	case KEY_REDACT: o->redact = true; return 0;
	case ARGP_KEY_ARG:
		GROW(o->names, o->n_names, o->cap_names);
		o->names[o->n_names++] = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void options_clear(struct options *o)
{
	free(o->names);
}

static bool ends_in(const char *path, const char *end)
{
	size_t len = strlen(path), n = strlen(end);

	return len >= n && !strcmp(path + len - n, end);
}

/* Only a device is opened to be asked: who reads from a pipe would take its being closed for the end. */
static bool is_terminal(const char *path)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (stat(path, &st) || !S_ISCHR(st.st_mode))
		return false;
	fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return isatty(fd);
}

static int check_terminal(const struct options *o)
{
	if (!o->format->binary || !(is_stdout(o->output) ? isatty(STDOUT_FILENO) : is_terminal(o->output)))
		return 0;
	return log_error("cannot write %s to a terminal: it is binary; write it to a file with -o FILE%s, or into a pipe", o->format->name,
			 o->format->extension);
}

static int parse(struct options *o, int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "FILE.rp|ID|last\n--merge FILE.rp|ID|DIR...", .doc = doc,
	};

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, o))
		return -1;
	if (!o->n_names)
		return log_error("which report? FILE.rp, an ID or last; reqprof list shows what there is");
	if (o->n_names > 1 && !o->merge)
		return log_error("unexpected argument %s: one report at a time, or add --merge to make one of them", o->names[1]);
	if (!o->format && !is_stdout(o->output)) {
		o->format = ends_in(o->output, PROFILE_EXTENSION) ? &format_profile : format_by_extension(o->output);
		if (!o->format)
			return log_error("--output %s: its ending names no format: add --format", o->output);
	}
	if (!o->format)
		o->format = &format_text;
	return check_terminal(o);
}

struct report {
	const struct format *format;
	const struct profile *profile;
};

static int write_report(const void *what, FILE *f)
{
	const struct report *report = what;

	return report->format->write(report->profile, f);
}

/* ---- what is printed ----------------------------------------------------------------------------------------------- */

static struct profile *merge(const struct options *o)
{
	struct profiles set = {0};
	struct profile *p = NULL;
	const char *why = NULL;
	int r = 0;

	for (size_t i = 0; i < o->n_names && !r; i++)
		r = profiles_add(&set, o->names[i]);
	if (!r && routes_are_one("merge", &set)) {
		p = profile_merge((const struct profile *const *)set.list, set.n, &why);
		if (!p)
			log_error("cannot merge %zu reports: %s", set.n, why);
	}
	profiles_clear(&set);
	return p;
}

static struct profile *load(const struct options *o)
{
	struct profile *p, *redacted;

	if (!o->merge && is_directory(o->names[0])) {
		log_error("cannot read %s: it is a directory; add --merge to make one report of those in it", o->names[0]);
		return NULL;
	}
	p = o->merge ? merge(o) : find_profile(o->names[0]);
	if (!p || !o->redact)
		return p;
	redacted = profile_redact(p);
	profile_free(p);
	return redacted;
}

static int run(int argc, char **argv)
{
	_cleanup_(options_clear) struct options o = {0};
	struct profile *p;
	int r;

	if (parse(&o, argc, argv) < 0)
		return EXIT_USAGE;
	p = load(&o);
	if (!p)
		return EXIT_FAILED;
	r = write_to(o.output, write_report, &(struct report){o.format, p});
	profile_free(p);
	return r < 0 ? EXIT_FAILED : EXIT_FINE;
}

const struct command command_report = {
	.name = "report",
	.help = "print a report in another format",
	.run = run,
};
