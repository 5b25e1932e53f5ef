/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `reqprof report`: a profile in another format. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/find.h"
#include "cmd/later.h"
#include "cmd/new_file.h"
#include "format/format.h"

struct options {
	const char *profile;    /* FILE.rp, ID or last */
	const struct format *format;
	const char *output;     /* NULL or "-" = stdout */
};

static const struct argp_option option_table[] = {
	{"format", 'f', "FORMAT", 0, "html, json, text or folded (text)", 0},
	{"output", 'o', "FILE", 0, "Write to FILE, whose ending implies the format; - is stdout", 0},
	{0},
};

static const char doc[] =
	"Print the report of a recorded request.\v"
	"FILE is a .rp file, ID the six digits that end a report's name, last the newest report; the latter two are looked up in "
	"./reqprof-reports.\n"
	"\n"
	"Examples:\n"
	"  reqprof report last\n"
	"  reqprof report 3f2a91 -o slow.html";

static int parse_format(struct options *o, const char *name)
{
	o->format = format_by_name(name);
	if (o->format)
		return 0;
	if (later_format(name))
		log_error("--format %s: not yet in this release", name);
	else
		log_error("--format %s: no such format; there are html, json, text and folded", name);
	return EINVAL;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f': return parse_format(o, arg);
	case 'o': o->output = arg; return 0;
	case ARGP_KEY_ARG:
		if (o->profile) {
			log_error("unexpected argument %s: one report at a time", arg);
			return EINVAL;
		}
		o->profile = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool is_stdout(const struct options *o)
{
	return !o->output || !strcmp(o->output, "-");
}

static int parse(struct options *o, int argc, char **argv)
{
	static const struct argp_child children[] = {{&later_report_options, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "FILE.rp|ID|last", .doc = doc, .children = children,
	};

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, o))
		return -1;
	if (!o->profile)
		return log_error("which report? FILE.rp, an ID or last; reqprof list shows what there is");
	if (!o->format && !is_stdout(o)) {
		o->format = format_by_extension(o->output);
		if (!o->format)
			return log_error("--output %s: its ending names no format: add --format", o->output);
	}
	if (!o->format)
		o->format = &format_text;
	return 0;
}

static int print(const struct format *format, const struct profile *p, FILE *f)
{
	int r = format->write(p, f);

	errno = 0;
	if (!r && (fflush(f) || ferror(f)))
		r = errno ? -errno : -EIO;
	return r;
}

/* Pipes, terminals and devices are written to, not replaced. */
static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode);
}

static int print_to_special(const struct options *o, const struct profile *p)
{
	_cleanup_fclose_ FILE *f = fopen(o->output, "we");

	return f ? print(o->format, p, f) : -errno;
}

static int print_to_file(const struct options *o, const struct profile *p)
{
	const char *slash = strrchr(o->output, '/');
	_cleanup_free_ char *path = slash ? xstrndup(o->output, slash - o->output + 1) : xstrdup(".");
	_cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct new_file file = {0};
	int r;

	r = dir < 0 ? -errno : new_file_open(&file, dir, slash ? slash + 1 : o->output);
	if (r < 0)
		return r;
	r = o->format->write(p, file.stream);
	if (!r)
		r = new_file_close(&file);
	if (r < 0) {
		new_file_discard(&file);
		return r;
	}
	return new_file_commit(&file);
}

static int write_report(const struct options *o, const struct profile *p)
{
	int r;

	if (is_stdout(o))
		r = print(o->format, p, stdout);
	else if (is_special(o->output))
		r = print_to_special(o, p);
	else
		r = print_to_file(o, p);
	if (r < 0)
		log_error("cannot write %s: %s", is_stdout(o) ? "to stdout" : o->output, strerror(-r));
	return r;
}

static int run(int argc, char **argv)
{
	struct options o = {0};
	struct profile *p;
	int r;

	if (parse(&o, argc, argv) < 0)
		return EXIT_USAGE;
	p = find_profile(o.profile);
	if (!p)
		return EXIT_FAILED;
	r = write_report(&o, p);
	profile_free(p);
	return r < 0 ? EXIT_FAILED : EXIT_FINE;
}

const struct command command_report = {
	.name = "report",
	.help = "print a report in another format",
	.run = run,
};
