/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A temporary directory for reports, the current one of every test, and reports that are written below it. As root the owner is "nobody" (what
 * sudo does), else ourselves. Included by one file of a test: it defines how profiles are written and read.
 */
#ifndef REQPROF_OUTPUT_PLACE_H
#define REQPROF_OUTPUT_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "cmd/output.h"
#include "fake_formats.h"
#include "profile/file.h"

#define NOBODY 65534

static char place[] = "/tmp/reqprof-test-XXXXXX"; /* the current directory of every test */
static struct owner owner;

int profile_write(const struct profile *p, FILE *f)
{
	fputs(p->request.id, f);
	return 0;
}

/* "ID TARGET" of a file that profile_write() has not written. */
struct profile *profile_read(FILE *f, const char **ret_why)
{
	char id[7] = "", target[100] = "";
	struct profile *p;

	*ret_why = "fake";
	if (fscanf(f, "%6s %99s", id, target) != 2)
		return NULL;
	p = profile_new();
	memcpy(p->request.id, id, 7);
	p->request.method = profile_string(p, "GET");
	p->request.target = profile_string(p, target);
	p->time.wall_ns = 2500000;
	p->time.classes_ns[TIME_sleep] = 2500000;
	return p;
}

static const struct format *const html[] = {&format_html};

static inline struct output *open_output(const char *path, bool single, const struct format *const *list, size_t n)
{
	struct output_options options = {.path = path, .single = single, .formats = list, .n_formats = n};
	struct output *o = NULL;

	assert_int_equal(output_open(&options, &owner, &o), 0);
	return o;
}

static inline struct profile report(const char *id, const char *target)
{
	struct profile p = {
		.request = {.method = "GET", .target = target, .status = 200, .start_ns = 1795431667114999999LL, .utc_offset_s = 3600},
		.time = {.wall_ns = 183400000},
	};

	memcpy(p.request.id, id, 7);
	return p;
}

static inline void write_ok(struct output *o, const char *id, const char *replaces, const char *expected)
{
	struct profile p = report(id, "/orders?id=…");
	char *path = NULL;

	assert_int_equal(output_write(o, &p, replaces, &path), 0);
	assert_string_equal(path, expected);
	free(path);
}

static inline char *content(const char *path)
{
	static char text[1 << 20];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	return text;
}

#define BASE "20261123T120107.114-GET-orders-200-183ms-"

static inline int remove_place(void **state)
{
	char *command = xasprintf("chmod -R u+rwx %s; rm -rf %s", place, place);

	(void)state;
	assert_int_equal(system(command), 0);
	free(command);
	return 0;
}

static inline int make_place(void **state)
{
	(void)state;
	owner = (struct owner){.uid = geteuid() ? geteuid() : NOBODY, .gid = geteuid() ? getegid() : NOBODY, .name = "somebody"};
	umask(022);
	if (!mkdtemp(place) || chdir(place))
		return -1;
	return geteuid() ? 0 : chown(place, owner.uid, owner.gid);
}

#endif
