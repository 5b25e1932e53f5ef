/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `reqprof list`: the reports of a directory. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/printable.h"
#include "cmd/command.h"
#include "cmd/find.h"

#define NS_PER_MS 1e6

static const char doc[] =
	"List the reports in DIR, the newest first.\v"
	"Without DIR: ./reqprof-reports, or if that does not exist the current directory.\n"
	"\n"
	"Examples:\n"
	"  reqprof list\n"
	"  reqprof list | head";

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	const char **path = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (*path) {
		log_error("unexpected argument %s: one directory at a time", arg);
		return EINVAL;
	}
	*path = arg;
	return 0;
}

static void print_header(void)
{
	printf("%-6s  %-19s  %6s  %11s  %10s  %10s  %s\n", "ID", "TIME", "STATUS", "DURATION ms", "CPU ms", "WAIT ms", "REQUEST");
}

static void print_row(const struct catalog_entry *e, const struct profile *p)
{
	const struct request *r = &p->request;
	const uint64_t *classes = p->time.classes_ns, wall = p->time.wall_ns;
	uint64_t cpu = classes[TIME_cpu_user] + classes[TIME_cpu_kernel] + classes[TIME_interrupt];
	const char *target = r->target ? r->target : "";
	_cleanup_free_ char *shown = printable(target, strlen(target), 0);
	const char *t = e->name;

	printf("%-6s  %.4s-%.2s-%.2s %.2s:%.2s:%.2s  ", r->id, t, t + 4, t + 6, t + 9, t + 11, t + 13);
	if (r->status > 0)
		printf("%6d", r->status);
	else
		printf("%6s", r->status ? "?" : "cut");
	printf("  %11.1f  %10.1f  %10.1f  ", wall / NS_PER_MS, cpu / NS_PER_MS, (wall - cpu) / NS_PER_MS);
	printf("%s %s\n", r->method ? r->method : "?", shown);
}

/* 0, or −1 if some could not be read (printed). */
static int print_entries(int dir, const char *path, const struct catalog_entry *entries, size_t n)
{
	int result = 0;

	for (size_t i = 0; i < n && !ferror(stdout); i++) {
		const char *why;
		struct profile *p;

		if (!entries[i].has_profile)
			continue;
		p = find_entry(dir, &entries[i], &why);
		if (p)
			print_row(&entries[i], p);
		else
			result = log_error("cannot read %s/%s" PROFILE_EXTENSION ": %s", path, entries[i].name, why);
		profile_free(p);
	}
	return result;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {.parser = parse_option, .args_doc = "[DIR]", .doc = doc};
	_cleanup_free_ struct catalog_entry *entries = NULL;
	_cleanup_close_ int dir = -1;
	const char *path = NULL;
	ssize_t n;

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &path))
		return EXIT_USAGE;
	if (path) {
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		n = dir < 0 ? -errno : 0;
	} else {
		n = dir = find_directory(&path);
	}
	if (n >= 0)
		n = catalog_read(dir, &entries);
	if (n < 0) {
		log_error("cannot read %s: %s", path, strerror(-n));
		return EXIT_FAILED;
	}
	if (!n) {
		log_info("no reports in %s", path);
		return EXIT_FINE;
	}
	print_header();
	return print_entries(dir, path, entries, n) < 0 ? EXIT_FAILED : EXIT_FINE;
}

const struct command command_list = {
	.name = "list",
	.help = "list the reports of a directory",
	.run = run,
};
