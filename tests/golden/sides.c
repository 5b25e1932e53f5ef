/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sides.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/printable.h"
#include "fixtures.h"
#include "format/difference.h"
#include "profile/file.h"
#include "profile/route.h"

#define SIDE_MAX 8

static bool *stacks_below(const struct profile *p, const char *function)
{
	bool *below = xcalloc(p->n_stacks, sizeof *below);

	for (size_t i = 0; i < p->n_stacks; i++)
		below[i] = !strcmp(p->frames[p->stacks[i].frame].function, function) || (p->stacks[i].parent >= 0 && below[p->stacks[i].parent]);
	return below;
}

static void grow(struct profile *p, enum time_class class, uint64_t ns)
{
	p->time.classes_ns[class] += ns;
	p->time.wall_ns += ns;
}

void lengthen(struct profile *p, const char *function, unsigned percent)
{
	_cleanup_free_ bool *below = stacks_below(p, function);

	for (size_t i = 0; i < p->work.n_samples; i++) {
		struct sample *s = &p->work.samples[i];
		uint64_t more = s->stack >= 0 && below[s->stack] ? s->weight_ns * (percent - 100) / 100 : 0;

		s->weight_ns += more;
		p->work.threads[s->thread].cpu_ns += more;
		grow(p, s->kernel ? TIME_cpu_kernel : TIME_cpu_user, more);
	}
	for (size_t i = 0; i < p->work.n_waits; i++) {
		struct wait *w = &p->work.waits[i];
		uint64_t more = w->object && !strcmp(w->object, function) ? w->duration_ns * (percent - 100) / 100 : 0;

		w->duration_ns += more;
		p->work.threads[w->thread].wait_ns += more;
		grow(p, w->cause, more);
	}
}

/* ---- the sides ------------------------------------------------------------------------------------------------------ */

struct request_of_side {
	const char *fixture;
	struct {
		const char *function;
		unsigned percent;
	} longer[3];            /* up to the first NULL */
};

static const struct named_side {
	const char *name;
	struct request_of_side requests[SIDE_MAX]; /* up to the first NULL */
} sides[] = {
	{"orders", {{"orders", {{NULL, 0}}}}},
	{"slower", {{"orders", {{"encode_decimal", 150}, {"127.0.0.1:5432", 200}}}}},
	{"jitter", {{"orders", {{"unicode_format", 103}}}}},
	{"five", {{"orders", {{NULL, 0}}}, {"orders", {{"serialize", 102}}}, {"orders", {{"serialize", 103}, {"127.0.0.1:5432", 110}}},
		  {"orders", {{"serialize", 104}}}, {"orders", {{"serialize", 105}, {"127.0.0.1:5432", 106}}}}},
	{"six", {{"orders", {{"serialize", 101}}}, {"orders", {{"serialize", 104}}}, {"orders", {{"serialize", 103}, {"127.0.0.1:5432", 108}}},
		 {"orders", {{"127.0.0.1:5432", 103}}}, {"orders", {{"serialize", 105}}}, {"orders", {{"serialize", 102}}}}},
	{"six-slower", {{"orders", {{"encode_decimal", 150}}}, {"orders", {{"encode_decimal", 155}}},
			{"orders", {{"encode_decimal", 152}, {"127.0.0.1:5432", 108}}}, {"orders", {{"encode_decimal", 158}}},
			{"orders", {{"encode_decimal", 149}, {"127.0.0.1:5432", 104}}}, {"orders", {{"encode_decimal", 160}}}}},
	{"mixed", {{"orders", {{NULL, 0}}}, {"shop", {{NULL, 0}}}, {"ready", {{NULL, 0}}}}},
	{"mixed-slower", {{"coroutines", {{NULL, 0}}}, {"shop", {{"10.0.3.17:5432", 130}}}, {"orders", {{"serialize", 140}}}}},
	{"upload", {{"upload", {{NULL, 0}}}}},
	{"coroutines", {{"coroutines", {{NULL, 0}}}}},
	{"loop", {{"loop", {{NULL, 0}}}}},
	{"hostile", {{"hostile", {{NULL, 0}}}}},
	{"hostile-slower", {{"hostile", {{"</script><img src=x onerror=alert(1)>", 200}, {"unix:@<svg/onload=alert(1)>", 300}}}}},
	{"ready", {{"ready", {{NULL, 0}}}}},
};

static const char *const cases[][2] = {
	{"orders", "slower"}, {"slower", "orders"}, {"orders", "jitter"}, {"orders", "orders"}, {"six", "six-slower"}, {"five", "six"},
	{"orders", "six"}, {"mixed", "mixed-slower"}, {"coroutines", "loop"}, {"hostile", "hostile-slower"}, {"ready", "ready"},
	{"upload", "upload"},
};

struct made {
	const struct profile *list[SIDE_MAX];
	char *routes[SIDE_MAX];
	size_t n;
};

static char *printable_route(const struct profile *p)
{
	_cleanup_free_ char *raw = profile_route(p);

	return printable(raw, strlen(raw), 0);
}

static int make(const char *name, struct made *ret)
{
	*ret = (struct made){0};
	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		if (strcmp(sides[i].name, name))
			continue;
		for (const struct request_of_side *r = sides[i].requests; ret->n < SIDE_MAX && r->fixture; r++) {
			struct profile *p = fixture_make(r->fixture);

			for (size_t k = 0; k < ARRAY_LEN(r->longer) && r->longer[k].function; k++)
				lengthen(p, r->longer[k].function, r->longer[k].percent);
			snprintf(p->request.id, sizeof p->request.id, "%02zx%04zx", i, ret->n);
			ret->routes[ret->n] = printable_route(p);
			ret->list[ret->n++] = p;
		}
		return 0;
	}
	fprintf(stderr, "render: no side %s\n", name);
	return -1;
}

static void release(struct made *m)
{
	for (size_t i = 0; i < m->n; i++) {
		profile_free((struct profile *)m->list[i]);
		free(m->routes[i]);
	}
}

/* The requests of a route: the caller frees them. */
static const struct profile **of_route(const struct made *m, const char *route, size_t *ret_n)
{
	const struct profile **list = xcalloc(m->n, sizeof *list);

	*ret_n = 0;
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->routes[i], route))
			list[(*ret_n)++] = m->list[i];
	return list;
}

/* As the command does it: one route each whatever it is, else those that are in both. */
static void compare(const struct difference_format *format, const struct made *a, const char *name_a, const struct made *b, const char *name_b)
{
	struct difference *list[SIDE_MAX];
	const struct profile **kept[2 * SIDE_MAX];
	struct differences all = {.list = list};
	size_t n_kept = 0;

	for (size_t i = 0; i < a->n; i++) {
		struct side side_a = {.name = name_a}, side_b = {.name = name_b};
		const char *other = !strcmp(name_a, "coroutines") ? b->routes[0] : a->routes[i];
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first &= strcmp(a->routes[k], a->routes[i]) != 0;
		side_a.list = kept[n_kept++] = of_route(a, a->routes[i], &side_a.n);
		side_b.list = kept[n_kept++] = of_route(b, other, &side_b.n);
		if (first && side_b.n)
			list[all.n++] = difference_new(a->routes[i], &side_a, &side_b);
	}
	all.only_a = !strcmp(name_a, "mixed") ? xstrdup("GET /ready (1)") : NULL;
	format->write(&all, stdout);
	free(all.only_a);
	for (size_t i = 0; i < all.n; i++)
		difference_free(list[i]);
	while (n_kept)
		free(kept[--n_kept]);
}

static int write_request(const struct profile *p, const char *dir)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.rp", dir, p->request.id);
	_cleanup_fclose_ FILE *f = fopen(path, "w");

	return f ? profile_write(p, f) : -1;
}

int render_side(int argc, char **argv)
{
	struct made m;
	int r = argc == 4 ? make(argv[2], &m) : -1;

	if (r || mkdir(argv[3], 0700))
		return 2;
	for (size_t i = 0; i < m.n && !r; i++)
		r = write_request(m.list[i], argv[3]);
	release(&m);
	return r ? 1 : 0;
}

static int list_cases(void)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t k = 0; difference_formats[k]; k++)
			printf("%s %s %s %s\n", cases[i][0], cases[i][1], difference_formats[k]->name, difference_formats[k]->extension);
	return 0;
}

int render_difference(int argc, char **argv)
{
	const struct difference_format *format = NULL;
	struct made a, b = {0};
	int r;

	if (argc == 2)
		return list_cases();
	for (size_t i = 0; argc == 5 && difference_formats[i]; i++)
		if (!strcmp(difference_formats[i]->name, argv[4]))
			format = difference_formats[i];
	if (!format) {
		fprintf(stderr, "render: usage: render diff [A B FORMAT]\n");
		return 2;
	}
	r = make(argv[2], &a);
	if (!r)
		r = make(argv[3], &b);
	if (!r)
		compare(format, &a, argv[2], &b, argv[3]);
	release(&a);
	release(&b);
	return r ? 2 : fflush(stdout) ? 1 : 0;
}
