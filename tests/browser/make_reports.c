/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * make_reports DIR N: N reports of a shop's requests, always the same, and their index.html, as a recording leaves them. One in nine is hostile.
 * The HTML is a stub that says which it is, the profiles are whole, and the first has a JSON file, too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "page/index.h"
#include "profile/file.h"

#define START_NS 1795431667114000000LL
#define US 1000ULL

static const struct kind {
	const char *method, *target;
	int status;
	uint64_t us;            /* the shortest */
} kinds[] = {
	{"GET", "/orders?id=…&profile=1", 200, 80000},
	{"GET", "/orders?id=…&profile=1", 500, 240000},
	{"POST", "/orders?profile=1", 201, 190000},
	{"GET", "/users/17?profile=1", 200, 9000},
	{"GET", "/users/4711?profile=1", 404, 700},
	{"GET", "/static/app.js?profile=1", 200, 450},
	{"DELETE", "/cart/7c9e6679-7425-40de-944b-e07fc1f90ae7?profile=1", 204, 31000},
	{"GET", "/health?profile=1", 0, 1200000},
	{"GET", "/<script>alert(1)</script>&amp;\"'\xe2\x80\xae\n\xff/</script><!--?profile=1", 200, 15000},
};

static struct profile *make(size_t i)
{
	const struct kind *kind = &kinds[i % ARRAY_LEN(kinds)];
	struct profile *p = profile_new();
	uint64_t wall = (kind->us + kind->us * (i * 7919 % 97) / 60) * US;

	snprintf(p->request.id, sizeof p->request.id, "%06zx", i & 0xffffff);
	p->request.method = profile_string(p, kind->method);
	p->request.target = profile_string(p, kind->target);
	p->request.status = kind->status;
	p->request.start_ns = START_NS + (int64_t)i * 4100000000LL;
	p->request.end = kind->status ? p->request.end : END_CUT_OFF;
	p->time.wall_ns = wall;
	p->time.classes_ns[TIME_cpu_user] = wall / 10 * (1 + i % 7);
	p->time.classes_ns[TIME_gil] = wall / 10;
	p->time.classes_ns[TIME_network] = wall - p->time.classes_ns[TIME_cpu_user] - wall / 10;
	return p;
}

static FILE *create(int dir, const char *name, const char *extension)
{
	_cleanup_free_ char *file = xasprintf("%s%s", name, extension);
	int fd = openat(dir, file, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f) {
		perror(file);
		exit(1);
	}
	return f;
}

static void write_report(int dir, size_t i)
{
	struct profile *p = make(i);
	char name[NAME_SIZE];
	FILE *f;

	name_of_report(p, name);
	f = create(dir, name, ".html");
	fprintf(f, "<!DOCTYPE html><title>%s</title><p id=\"id\">%s", p->request.id, p->request.id);
	fclose(f);
	f = create(dir, name, PROFILE_EXTENSION);
	profile_write(p, f);
	fclose(f);
	if (!i)
		fclose(create(dir, name, ".json"));
	profile_free(p);
}

int main(int argc, char **argv)
{
	size_t n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	int dir = argc == 3 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
	const struct index_place place = {.served = false};
	struct rows rows = {0};
	FILE *f;

	if (dir < 0) {
		fprintf(stderr, "usage: make_reports DIR N\n");
		return 2;
	}
	for (size_t i = 0; i < n; i++)
		write_report(dir, i);
	rows_refresh(&rows, dir, NULL, NULL);
	rows_read_profiles(&rows, dir, n, NULL, NULL);
	f = create(dir, INDEX_FILE, "");
	index_print(f, &rows, &place);
	fclose(f);
	rows_free(&rows);
	close(dir);
	return 0;
}
