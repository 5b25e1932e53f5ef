/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What runs a program: told by the paths of the files that it maps, never by what is in them. One row of a table each. Pure. */
#ifndef REQPROF_RUNTIMES_H
#define REQPROF_RUNTIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime {
	const char *name;               /* "CPython" */
	const char *const *paths;       /* patterns, the best first; NULL = told in another way */
	const char *limit;              /* what cannot be had of its stacks, NULL = nothing or it depends */
	const char *advice;             /* what to do for more, NULL = nothing */
};

/* −1 = not told. */
struct runtime_version {
	int major, minor;
	bool free_threaded, debug;      /* of CPython's ABI flags: t, d */
};

#define RUNTIME_VERSION_NONE (struct runtime_version){.major = -1, .minor = -1}

struct runtime_found {
	const struct runtime *runtime;  /* NULL = nothing known */
	struct runtime_version version;
};

/*
 * The last components of a path, as many as the pattern has: "*" is any run of bytes but "/", "#" a version (3.11), "%" one without point (311),
 * "~" the letters of CPython's ABI flags, any other byte itself. What was found of a version is put into *ret if the whole matches.
 */
bool path_matches(const char *pattern, const char *path, struct runtime_version *ret);

/* One more of the files that a process maps: keeps what says most. */
void runtime_take_path(struct runtime_found *found, const char *path);

/* One more of its mappings without file; `name`: as the kernel lists it, "" = none. Go says whose its memory is where the kernel can name it
 * (decoratemappings of 1.25), and before 1.26 its heap is where no other's is. Of a Go program without either nothing is told from outside. */
void runtime_take_anonymous(struct runtime_found *found, uint64_t start, const char *name);

/* All mappings were seen: what is nobody's is native code. */
void runtime_take_end(struct runtime_found *found);

/* "CPython 3.11"; the caller frees it. */
char *runtime_text(const struct runtime_found *found);

bool runtime_is_cpython(const struct runtime_found *found);

/* What its stacks lack ("native stacks only"), NULL = nothing that is known from here. */
const char *runtime_limit(const struct runtime_found *found);

#endif
