/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tables that a thread of a Firefox Profiler file refers to: of all the profile's frames and stacks only those that the thread needs. */
#ifndef REQPROF_GECKO_TABLES_H
#define REQPROF_GECKO_TABLES_H

#include "base/json.h"
#include "format/lanes.h"
#include "format/numbering.h"

/* Categories of the file: of a frame by its kind, of a wait by its class. 0 is the one of everything else. */
enum gecko_category { GECKO_OTHER, GECKO_KINDS, GECKO_WAITS = GECKO_KINDS + N_FRAME_KINDS };

void gecko_put_categories(struct json *j);
int gecko_category(enum time_class class); /* of a wait */

/* "libs": the profile's executables. */
void gecko_put_libs(struct json *j, const struct profile *p);

struct gecko_function {
	int32_t name, file, resource; /* −1 = none */
};

struct gecko_frame {
	int32_t function, category, depth; /* depth: how far it is inlined */
	uint32_t line;
};

struct gecko_stack {
	int32_t prefix, frame, category;
};

struct gecko_leaves {
	struct numbering keys;  /* struct wait_key */
	int32_t *list;          /* by a key's number: its function or stack, −1 = not made yet */
	size_t n, cap;
};

struct gecko_tables {
	const struct profile *p;
	const int32_t *merged;  /* of frames_merge() */
	struct numbering strings, resources;
	struct gecko_leaves leaf_functions, leaf_stacks;
	int32_t *function_of, *stack_of; /* by the profile's index: in the tables below, −1 = not there */
	struct gecko_function *functions;
	size_t n_functions, cap_functions;
	struct gecko_frame *frames;
	size_t n_frames, cap_frames;
	struct gecko_stack *stacks;
	size_t n_stacks, cap_stacks;
};

void gecko_tables_init(struct gecko_tables *t, const struct profile *p, const int32_t *merged);
void gecko_tables_free(struct gecko_tables *t);

int32_t gecko_stack(struct gecko_tables *t, const struct lane_span *span); /* of the time, a wait's own frame included; −1 = none */
uint32_t gecko_text(struct gecko_tables *t, const char *text);

/* Keys of the thread that is being written: all tables. Last: nothing may be added any more. */
void gecko_put_tables(struct json *j, struct gecko_tables *t);

#endif
