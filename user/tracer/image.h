/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a process runs: its runtime and event loop, as /proc/PID/exe, maps and fd tell (kernel's text; the paths in it are the target's). */
#ifndef REQPROF_IMAGE_H
#define REQPROF_IMAGE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "tracer/programs.h"
#include "tracer/runtimes.h"

struct image {
	struct runtime_found found;
	unsigned modules;       /* that bear on its event loop, of image.c */
	bool waits_on_events;   /* it has an epoll instance */
};

/* 0, or −errno: its mappings cannot be read; what its executable tells is there then. */
int image_read(pid_t pid, struct image *ret);

/* Lines of /proc/PID/maps. Pure. */
void image_take_maps(struct image *image, FILE *maps);

struct event_loop {
	const char *name;       /* "uvloop" */
	const char *limit;      /* NULL = none */
};

/* The event loop that the program runs here, NULL = none that is known. */
const struct event_loop *image_loop(const struct image *image, const struct program *program);

/* "CPython 3.11, uvloop", "?" = not known, NULL = the program is called so already (nginx). The caller frees it. */
char *image_text(const struct image *image, const struct program *program);

#endif
