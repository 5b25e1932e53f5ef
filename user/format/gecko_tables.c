/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/gecko_tables.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/names.h"

#define NO_NUMBER (-1)
#define RESOURCE_LIBRARY 1
#define BUILD_ID_DIGITS 32      /* of a build-id, that Breakpad's id has */

/* ---- categories -------------------------------------------------------------------------------------------------- */

/* Colours are the viewer's names; one category must be grey. */
static const struct {
	const char *name, *color;
} kinds[N_FRAME_KINDS] = {
	[FRAME_kernel] = {"kernel code", "orange"}, [FRAME_native] = {"native code", "blue"}, [FRAME_python] = {"Python", "yellow"},
	[FRAME_go] = {"Go", "lightblue"}, [FRAME_jit] = {"generated code", "green"},
};

static const char *const wait_colors[N_TIME_CLASSES] = {
	[TIME_run_queue] = "red", [TIME_throttled] = "red", [TIME_stopped] = "darkgrey", [TIME_gil] = "purple", [TIME_lock] = "purple",
	[TIME_disk] = "brown", [TIME_network] = "magenta", [TIME_sleep] = "transparent", [TIME_page_fault] = "lightred",
	[TIME_child] = "darkgrey", [TIME_ipc] = "magenta", [TIME_other_wait] = "transparent", [TIME_loop_busy] = "red",
	[TIME_suspended] = "transparent", [TIME_unknown] = "darkgrey",
};

static void put_category(struct json *j, const char *name, const char *color)
{
	json_object(j);
	json_key_string(j, "name", name);
	json_key_string(j, "color", color);
	json_key(j, "subcategories");
	json_array(j);
	json_string(j, "Other");
	json_array_end(j);
	json_object_end(j);
}

void gecko_put_categories(struct json *j)
{
	json_key(j, "categories");
	json_array(j);
	put_category(j, "Other", "grey");
	for (int i = 0; i < N_FRAME_KINDS; i++)
		put_category(j, kinds[i].name, kinds[i].color);
	for (int i = TIME_run_queue; i < N_TIME_CLASSES; i++)
		put_category(j, time_class_labels[i], wait_colors[i]);
	json_array_end(j);
}

int gecko_category(enum time_class class)
{
	return class < TIME_run_queue ? GECKO_OTHER : GECKO_WAITS + (int)class - TIME_run_queue;
}

/* ---- executables ------------------------------------------------------------------------------------------------- */

/* Breakpad's id of an ELF file: its build-id's first 16 bytes as a GUID, whose first three fields are numbers, and an age. */
static char *breakpad_id(const char *build_id)
{
	static const uint8_t order[BUILD_ID_DIGITS / 2] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	char *id;

	if (!build_id || strlen(build_id) < BUILD_ID_DIGITS)
		return xstrdup("");
	id = xcalloc(BUILD_ID_DIGITS + 2, 1);
	for (size_t i = 0; i < BUILD_ID_DIGITS; i++)
		id[i] = toupper((unsigned char)build_id[2 * order[i / 2] + i % 2]);
	id[BUILD_ID_DIGITS] = '0';
	return id;
}

static void put_lib(struct json *j, const struct executable *e)
{
	_cleanup_free_ char *name = name_module(e->path ? e->path : "?");
	_cleanup_free_ char *id = breakpad_id(e->build_id);

	json_line(j);
	json_object(j);
	json_key_string(j, "arch", "x86_64");
	json_key_string(j, "name", name);
	json_key_string(j, "path", e->path ? e->path : "");
	json_key_string(j, "debugName", name);
	json_key_string(j, "debugPath", e->path ? e->path : "");
	json_key_string(j, "breakpadId", id);
	json_key_string(j, "codeId", e->build_id);
	json_object_end(j);
}

void gecko_put_libs(struct json *j, const struct profile *p)
{
	json_key(j, "libs");
	json_array(j);
	for (size_t i = 0; i < p->about.n_executables; i++)
		put_lib(j, &p->about.executables[i]);
	json_array_end(j);
}

static int32_t lib_of(const struct profile *p, const char *module)
{
	for (size_t i = 0; i < p->about.n_executables; i++)
		if (p->about.executables[i].path && !strcmp(p->about.executables[i].path, module))
			return i;
	return NO_NUMBER;
}

/* ---- filling ----------------------------------------------------------------------------------------------------- */

static int32_t *none(size_t n)
{
	int32_t *list = xcalloc(n, sizeof *list);

	for (size_t i = 0; i < n; i++)
		list[i] = NO_NUMBER;
	return list;
}

void gecko_tables_init(struct gecko_tables *t, const struct profile *p, const int32_t *merged)
{
	*t = (struct gecko_tables){.p = p, .merged = merged, .function_of = none(p->n_frames), .stack_of = none(p->n_stacks)};
}

void gecko_tables_free(struct gecko_tables *t)
{
	numbering_free(&t->strings);
	numbering_free(&t->leaf_functions.keys);
	numbering_free(&t->leaf_stacks.keys);
	free(t->leaf_functions.list);
	free(t->leaf_stacks.list);
	numbering_free(&t->resources);
	free(t->function_of);
	free(t->stack_of);
	free(t->functions);
	free(t->frames);
	free(t->stacks);
}

uint32_t gecko_text(struct gecko_tables *t, const char *text)
{
	return numbering_text(&t->strings, text);
}

static uint32_t take_text(struct gecko_tables *t, char *text)
{
	uint32_t number = gecko_text(t, text);

	free(text);
	return number;
}

static int32_t add_function(struct gecko_tables *t, const struct gecko_function *function)
{
	GROW(t->functions, t->n_functions, t->cap_functions);
	t->functions[t->n_functions] = *function;
	return t->n_functions++;
}

static int32_t function_of(struct gecko_tables *t, int32_t index)
{
	const struct frame *f = &t->p->frames[index];
	struct gecko_function function = {.file = NO_NUMBER, .resource = NO_NUMBER};

	if (t->function_of[index] >= 0)
		return t->function_of[index];
	function.name = take_text(t, name_text(f->function, 0));
	if (f->file && *f->file)
		function.file = take_text(t, name_text(f->file, 0));
	if (f->module && *f->module)
		function.resource = numbering_text(&t->resources, f->module);
	return t->function_of[index] = add_function(t, &function);
}

static int32_t add_stack(struct gecko_tables *t, int32_t prefix, const struct gecko_frame *frame)
{
	GROW(t->frames, t->n_frames, t->cap_frames);
	t->frames[t->n_frames] = *frame;
	GROW(t->stacks, t->n_stacks, t->cap_stacks);
	t->stacks[t->n_stacks] = (struct gecko_stack){prefix, t->n_frames++, frame->category};
	return t->n_stacks++;
}

/* A stack and those that it lies on, the outermost first. */
static int32_t stack_of(struct gecko_tables *t, int32_t stack)
{
	_cleanup_free_ int32_t *path = NULL;
	size_t n = 0, cap = 0;
	int32_t prefix;

	while (stack >= 0 && t->stack_of[stack] < 0) {
		GROW(path, n, cap);
		path[n++] = stack;
		stack = t->p->stacks[stack].parent;
	}
	prefix = stack < 0 ? NO_NUMBER : t->stack_of[stack];
	while (n--) {
		int32_t index = t->p->stacks[path[n]].frame;
		const struct frame *f = &t->p->frames[index];
		int32_t above = prefix < 0 ? 0 : t->frames[t->stacks[prefix].frame].depth;
		struct gecko_frame frame = {
			.function = function_of(t, t->merged[index]), .category = GECKO_KINDS + (int)f->kind, .line = f->line,
			.depth = f->inlined && prefix >= 0 ? above + 1 : 0,
		};

		prefix = t->stack_of[path[n]] = add_stack(t, prefix, &frame);
	}
	return prefix;
}

/* By a wait's key: what was made for it. */
static int32_t *slot(struct gecko_leaves *leaves, const struct wait_key *key)
{
	uint32_t number;

	if (numbering_add(&leaves->keys, key, sizeof *key, &number)) {
		GROW(leaves->list, leaves->n, leaves->cap);
		leaves->list[leaves->n++] = NO_NUMBER;
	}
	return &leaves->list[number];
}

static int32_t leaf_function(struct gecko_tables *t, const struct lane_span *span)
{
	struct wait_key key = wait_key(-1, span->class, span->object);
	int32_t *known = slot(&t->leaf_functions, &key);
	struct gecko_function function = {.file = NO_NUMBER, .resource = NO_NUMBER};

	if (*known < 0) {
		function.name = take_text(t, lane_leaf(span));
		*known = add_function(t, &function);
	}
	return *known;
}

int32_t gecko_stack(struct gecko_tables *t, const struct lane_span *span)
{
	struct wait_key key = wait_key(span->stack, span->class, span->object);
	int32_t prefix = stack_of(t, span->stack), *known;

	if (span->class < TIME_run_queue && span->stack >= 0)
		return prefix;
	known = slot(&t->leaf_stacks, &key);
	if (*known < 0) {
		int32_t function = leaf_function(t, span);

		*known = add_stack(t, prefix, &(struct gecko_frame){.function = function, .category = gecko_category(span->class)});
	}
	return *known;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void put_index(struct json *j, int32_t index)
{
	if (index < 0)
		json_null(j);
	else
		json_int(j, index);
}

static void put_line(struct json *j, uint32_t line)
{
	put_index(j, line ? (int32_t)line : NO_NUMBER);
}

static void put_null(struct json *j, int32_t unused)
{
	(void)unused;
	json_null(j);
}

static void put_false(struct json *j, int32_t unused)
{
	(void)unused;
	json_bool(j, false);
}

static void put_number(struct json *j, int32_t number)
{
	json_int(j, number);
}

#define COLUMN(name, n, value, put)                 \
	do {                                        \
		json_key(j, name);                  \
		json_array(j);                      \
		for (size_t i = 0; i < (n); i++)    \
			put(j, value);              \
		json_array_end(j);                  \
	} while (0)

static void begin_table(struct json *j, const char *name, size_t n)
{
	json_line(j);
	json_key(j, name);
	json_object(j);
	json_key_uint(j, "length", n);
}

static void put_stacks(struct json *j, const struct gecko_tables *t)
{
	begin_table(j, "stackTable", t->n_stacks);
	COLUMN("prefix", t->n_stacks, t->stacks[i].prefix, put_index);
	COLUMN("frame", t->n_stacks, t->stacks[i].frame, put_number);
	COLUMN("category", t->n_stacks, t->stacks[i].category, put_number);
	COLUMN("subcategory", t->n_stacks, 0, put_number);
	json_object_end(j);
}

static void put_frames(struct json *j, const struct gecko_tables *t)
{
	begin_table(j, "frameTable", t->n_frames);
	COLUMN("address", t->n_frames, NO_NUMBER, put_number);
	COLUMN("inlineDepth", t->n_frames, t->frames[i].depth, put_number);
	COLUMN("category", t->n_frames, t->frames[i].category, put_number);
	COLUMN("subcategory", t->n_frames, 0, put_number);
	COLUMN("func", t->n_frames, t->frames[i].function, put_number);
	COLUMN("nativeSymbol", t->n_frames, 0, put_null);
	COLUMN("innerWindowID", t->n_frames, 0, put_null);
	COLUMN("implementation", t->n_frames, 0, put_null);
	COLUMN("line", t->n_frames, t->frames[i].line, put_line);
	COLUMN("column", t->n_frames, 0, put_null);
	json_object_end(j);
}

static void put_functions(struct json *j, const struct gecko_tables *t)
{
	begin_table(j, "funcTable", t->n_functions);
	COLUMN("name", t->n_functions, t->functions[i].name, put_number);
	COLUMN("isJS", t->n_functions, 0, put_false);
	COLUMN("relevantForJS", t->n_functions, 0, put_false);
	COLUMN("resource", t->n_functions, t->functions[i].resource, put_number);
	COLUMN("fileName", t->n_functions, t->functions[i].file, put_index);
	COLUMN("lineNumber", t->n_functions, 0, put_null);
	COLUMN("columnNumber", t->n_functions, 0, put_null);
	json_object_end(j);
}

/* Their names are texts of the thread, too. */
static void put_resources(struct json *j, struct gecko_tables *t)
{
	const struct numbered *e = NULL;

	begin_table(j, "resourceTable", t->resources.n);
	json_key(j, "lib");
	json_array(j);
	while ((e = numbering_next(&t->resources, e)))
		put_index(j, lib_of(t->p, numbering_key(e)));
	json_array_end(j);
	json_key(j, "name");
	json_array(j);
	while ((e = numbering_next(&t->resources, e)))
		json_uint(j, take_text(t, name_module(numbering_key(e))));
	json_array_end(j);
	COLUMN("host", t->resources.n, 0, put_null);
	COLUMN("type", t->resources.n, RESOURCE_LIBRARY, put_number);
	json_object_end(j);
}

static void put_strings(struct json *j, const struct gecko_tables *t)
{
	const struct numbered *e = NULL;

	json_line(j);
	json_key(j, "stringArray");
	json_array(j);
	while ((e = numbering_next(&t->strings, e)))
		json_string(j, numbering_key(e));
	json_array_end(j);
}

void gecko_put_tables(struct json *j, struct gecko_tables *t)
{
	static const char *const symbol_columns[] = {"libIndex", "address", "name", "functionSize"};

	put_stacks(j, t);
	put_frames(j, t);
	put_functions(j, t);
	put_resources(j, t);
	begin_table(j, "nativeSymbols", 0);
	for (size_t i = 0; i < ARRAY_LEN(symbol_columns); i++) {
		json_key(j, symbol_columns[i]);
		json_array(j);
		json_array_end(j);
	}
	json_object_end(j);
	put_strings(j, t);
}
