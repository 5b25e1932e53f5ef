/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `reqprof diff`: requests against others of their route. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/printable.h"
#include "cmd/command.h"
#include "cmd/profiles.h"
#include "cmd/routes.h"
#include "cmd/write_to.h"
#include "format/difference.h"

struct options {
	const char *names[2];
	size_t n_names;
	const struct difference_format *format;
	const char *output;     /* NULL or "-" = stdout */
};

static const struct argp_option option_table[] = {
	{"format", 'f', "FORMAT", 0, "html, json or text (text)", 0},
	{"output", 'o', "FILE", 0, "Write to FILE, whose ending implies the format; - is stdout", 0},
	{0},
};

static const char doc[] =
	"What got slower or faster from A to B.\v"
	"A and B are each a .rp file, an ID, last, a directory of reports, or several of these with commas between them. Reports are compared by "
	"route, method and path; several of one route by their medians, with their spread.\n"
	"\n"
	"Examples:\n"
	"  reqprof diff 3f2a91 last\n"
	"  reqprof diff before/ after/ -o diff.html";

static int parse_format(struct options *o, const char *name)
{
	for (size_t i = 0; difference_formats[i]; i++)
		if (!strcmp(difference_formats[i]->name, name))
			o->format = difference_formats[i];
	if (o->format)
		return 0;
	log_error("--format %s: no such format of differences; there are html, json and text", name);
	return EINVAL;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f': return parse_format(o, arg);
	case 'o': o->output = arg; return 0;
	case ARGP_KEY_ARG:
		if (o->n_names == ARRAY_LEN(o->names)) {
			log_error("unexpected argument %s: two sides are compared; name several reports of a side with commas between them", arg);
			return EINVAL;
		}
		o->names[o->n_names++] = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct difference_format *format_of(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; difference_formats[i]; i++) {
		size_t n = strlen(difference_formats[i]->extension);

		if (len >= n && !strcmp(path + len - n, difference_formats[i]->extension))
			return difference_formats[i];
	}
	return NULL;
}

static int parse(struct options *o, int argc, char **argv)
{
	static const struct argp argp = {.options = option_table, .parser = parse_option, .args_doc = "A B", .doc = doc};

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, o))
		return -1;
	if (o->n_names < ARRAY_LEN(o->names))
		return log_error("compare what%s? Name two sides: FILE.rp, an ID, last or a directory each", o->n_names ? " with it" : "");
	if (!o->format && !is_stdout(o->output)) {
		o->format = format_of(o->output);
		if (!o->format)
			return log_error("--output %s: its ending names no format of differences, html, json or txt: add --format", o->output);
	}
	if (!o->format)
		o->format = difference_formats[0];
	return 0;
}

/* ---- the sides, by route ---------------------------------------------------------------------------------------------- */

struct input {
	struct profiles set;
	struct routes routes;
	char *name;             /* printable */
};

static void input_clear(struct input *in)
{
	routes_clear(&in->routes);
	profiles_clear(&in->set);
	free(in->name);
}

static int input_load(struct input *in, const char *name)
{
	in->name = printable(name, strlen(name), 0);
	if (profiles_add_list(&in->set, name) < 0)
		return -1;
	for (size_t i = 0; i < in->set.n; i++)
		if (in->set.list[i]->n_merged)
			return log_error("cannot compare %s: it is merged from %zu requests, whose spread is lost; name those", in->set.names[i],
					 in->set.list[i]->n_merged);
	if (!in->set.n)
		return log_error("cannot compare %s: it names no report", name);
	routes_of(&in->set, &in->routes);
	return 0;
}

static void add(struct differences *all, const char *name, const struct input *a, const struct route *in_a, const struct input *b,
		const struct route *in_b)
{
	struct side side_a = {a->name, in_a->list, in_a->n}, side_b = {b->name, in_b->list, in_b->n};

	all->list = xrealloc(all->list, all->n + 1, sizeof *all->list);
	all->list[all->n++] = difference_new(name, &side_a, &side_b);
}

static const struct route *find_route(const struct routes *routes, const char *name)
{
	for (size_t i = 0; i < routes->n; i++)
		if (!strcmp(routes->list[i].name, name))
			return &routes->list[i];
	return NULL;
}

/* The routes of `of` that `other` has not; NULL = none. */
static char *missing(const struct routes *of, const struct routes *other)
{
	struct routes only = {0};
	char *text = NULL;

	for (size_t i = 0; i < of->n; i++) {
		if (find_route(other, of->list[i].name))
			continue;
		GROW(only.list, only.n, only.cap);
		only.list[only.n++] = of->list[i];
	}
	if (only.n)
		text = routes_text(&only);
	free(only.list);
	return text;
}

/* One route a side: they are compared whatever they are, and it is said. Else each with its like. */
static int compare(const struct input *a, const struct input *b, struct differences *all)
{
	if (a->routes.n == 1 && b->routes.n == 1) {
		const struct route *x = &a->routes.list[0], *y = &b->routes.list[0];
		_cleanup_free_ char *name = strcmp(x->name, y->name) ? xasprintf("%s → %s", x->name, y->name) : xstrdup(x->name);

		add(all, name, a, x, b, y);
		return 0;
	}
	for (size_t i = 0; i < a->routes.n; i++) {
		const struct route *x = &a->routes.list[i], *y = find_route(&b->routes, x->name);

		if (y)
			add(all, x->name, a, x, b, y);
	}
	all->only_a = missing(&a->routes, &b->routes);
	all->only_b = missing(&b->routes, &a->routes);
	if (!all->n)
		return log_error("cannot compare: no route is in both; %s has %s, %s has %s", a->name, all->only_a, b->name, all->only_b);
	return 0;
}

static void differences_clear(struct differences *all)
{
	for (size_t i = 0; i < all->n; i++)
		difference_free(all->list[i]);
	free(all->list);
	free(all->only_a);
	free(all->only_b);
}

struct page {
	const struct difference_format *format;
	const struct differences *all;
};

static int write_page(const void *what, FILE *f)
{
	const struct page *page = what;

	return page->format->write(page->all, f);
}

static int run(int argc, char **argv)
{
	struct options o = {0};
	_cleanup_(input_clear) struct input a = {0};
	_cleanup_(input_clear) struct input b = {0};
	_cleanup_(differences_clear) struct differences all = {0};
	int r;

	if (parse(&o, argc, argv) < 0)
		return EXIT_USAGE;
	r = input_load(&a, o.names[0]);
	if (!r)
		r = input_load(&b, o.names[1]);
	if (!r)
		r = compare(&a, &b, &all);
	if (!r)
		r = write_to(o.output, write_page, &(struct page){o.format, &all});
	return r < 0 ? EXIT_FAILED : EXIT_FINE;
}

const struct command command_diff = {
	.name = "diff",
	.help = "what got slower or faster from some reports to others",
	.run = run,
};
