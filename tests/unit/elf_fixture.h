/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ELF files made by the compiler while the tests run, in a directory that goes with them. */
#ifndef REQPROF_ELF_FIXTURE_H
#define REQPROF_ELF_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static char fixture_directory[] = "/tmp/reqprof-test-XXXXXX";

/* Path of a file in the directory; the caller frees it. */
static char *fixture_path(const char *name)
{
	return xasprintf("%s/%s", fixture_directory, name);
}

static inline int fixture_open(const char *name)
{
	_cleanup_free_ char *path = fixture_path(name);

	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Run a shell command in the directory, with `input` (may be NULL) in the file "input". 0 = it succeeded. */
static int fixture_run(const char *input, const char *command)
{
	_cleanup_free_ char *path = fixture_path("input"), *line = xasprintf("cd %s && %s", fixture_directory, command);
	FILE *f = fopen(path, "w");

	if (!f || fputs(input ? input : "", f) < 0 || fclose(f))
		return -1;
	return system(line);
}

static int fixture_begin(void)
{
	return mkdtemp(fixture_directory) ? 0 : -1;
}

static int fixture_end(void)
{
	_cleanup_free_ char *line = xasprintf("rm -rf %s", fixture_directory);

	return system(line);
}

#endif
