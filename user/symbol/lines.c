/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/lines.h"

#include <dwarf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "symbol/ranges.h"
#include "symbol/string_set.h"

#define DEPTH_MAX 32
#define DIES_MAX 4000000 /* of one unit that are looked at */
#define RANGES_MAX 1000000 /* of the file's units, of a unit's functions */

struct unit {
	Dwarf_Die die;          /* has the lines */
	Dwarf_Die tree;         /* has the functions: the same, or that of the .dwo file */
	struct ranges functions; /* value: offset of the DIE */
	bool indexed;
	size_t dies;            /* looked at so far */
};

struct lines {
	Dwarf *dwarf;
	struct unit *units;
	size_t n_units, cap_units;
	struct ranges by_address; /* value: index of the unit */
	struct string_set paths; /* that were put together */
};

/* ---- children: never backwards, whatever DW_AT_sibling says ------------------------------------------------------ */

static bool next_sibling(struct unit *u, Dwarf_Die *die)
{
	Dwarf_Off before = dwarf_dieoffset(die);
	Dwarf_Die next;

	if (++u->dies > DIES_MAX || dwarf_siblingof(die, &next) || dwarf_dieoffset(&next) <= before)
		return false;
	*die = next;
	return true;
}

static bool first_child(struct unit *u, Dwarf_Die *die, Dwarf_Die *ret)
{
	return ++u->dies <= DIES_MAX && !dwarf_child(die, ret);
}

/* ---- the index --------------------------------------------------------------------------------------------------- */

/* What the linker has thrown away stands at address 0. */
static void add_ranges(struct ranges *ranges, Dwarf_Die *die, uint64_t value)
{
	Dwarf_Addr base, begin, end;
	ptrdiff_t at = 0;

	while (ranges->n < RANGES_MAX && (at = dwarf_ranges(die, at, &base, &begin, &end)) > 0)
		if (begin)
			ranges_add(ranges, begin, end, value);
}

/* Functions inside of functions are left to the symbol table. */
static void add_functions(struct unit *u, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || !first_child(u, parent, &die))
		return;
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			add_ranges(&u->functions, &die, dwarf_dieoffset(&die));
			break;
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
			add_functions(u, &die, depth + 1);
			break;
		}
	} while (next_sibling(u, &die));
}

/* With -gsplit-dwarf the functions are in a .dwo file, which libdw finds by the path that the compiler left, and believes if its id is right. */
static Dwarf_Die tree_of(Dwarf_Die *die)
{
	Dwarf_Die split;
	uint8_t type;

	if (!dwarf_cu_info(die->cu, NULL, &type, NULL, &split, NULL, NULL, NULL) && type == DW_UT_skeleton && dwarf_tag(&split) != DW_TAG_invalid)
		return split;
	return *die;
}

static void index_unit(struct unit *u)
{
	u->tree = tree_of(&u->die);
	add_functions(u, &u->tree, 0);
	ranges_sort(&u->functions);
	u->indexed = true;
	u->dies = 0;
}

/* .debug_aranges is not used: compilers may leave it out. */
static void index_units(struct lines *lines)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;

	while (lines->n_units < RANGES_MAX && !dwarf_get_units(lines->dwarf, cu, &cu, NULL, &type, &die, NULL)) {
		if (type != DW_UT_compile && type != DW_UT_partial && type != DW_UT_skeleton)
			continue;
		GROW(lines->units, lines->n_units, lines->cap_units);
		lines->units[lines->n_units] = (struct unit){.die = die};
		add_ranges(&lines->by_address, &die, lines->n_units++);
	}
	ranges_sort(&lines->by_address);
}

struct lines *lines_open(Elf *elf, Dwarf *alt)
{
	Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	struct lines *lines;

	if (!dwarf)
		return NULL;
	if (alt)
		dwarf_setalt(dwarf, alt);
	lines = xcalloc(1, sizeof *lines);
	lines->dwarf = dwarf;
	index_units(lines);
	return lines;
}

Dwarf *lines_dwarf(struct lines *lines)
{
	return lines->dwarf;
}

void lines_close(struct lines *lines)
{
	if (!lines)
		return;
	for (size_t i = 0; i < lines->n_units; i++)
		ranges_clear(&lines->units[i].functions);
	free(lines->units);
	ranges_clear(&lines->by_address);
	string_set_clear(&lines->paths);
	dwarf_end(lines->dwarf);
	free(lines);
}

/* ---- one address ------------------------------------------------------------------------------------------------- */

static const char *function_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attr) || dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr))
		return dwarf_formstring(&attr);
	return dwarf_attr_integrate(die, DW_AT_name, &attr) ? dwarf_formstring(&attr) : NULL;
}

static uint32_t number(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attr) || dwarf_formudata(&attr, &value) || value > INT32_MAX)
		return 0;
	return value;
}

static void line_of_address(struct unit *u, uint64_t address, struct source_place *place)
{
	Dwarf_Line *line = dwarf_getsrc_die(&u->die, address);
	int number_of_line;

	if (!line)
		return;
	place->file = dwarf_linesrc(line, NULL, NULL);
	if (!dwarf_lineno(line, &number_of_line) && number_of_line > 0)
		place->line = number_of_line;
}

static void line_of_call(struct unit *u, Dwarf_Die *inlined, struct source_place *place)
{
	uint32_t file = number(inlined, DW_AT_call_file);
	Dwarf_Files *files;
	size_t n;

	place->line = number(inlined, DW_AT_call_line);
	if (!dwarf_getsrcfiles(&u->tree, &files, &n) && file < n)
		place->file = dwarf_filesrc(files, file, NULL, NULL);
}

/* The child of a function, block or inlined function that holds the address. */
static bool descend(struct unit *u, Dwarf_Die *die, uint64_t address)
{
	Dwarf_Die child;

	if (!first_child(u, die, &child))
		return false;
	do {
		int tag = dwarf_tag(&child);

		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) && dwarf_haspc(&child, address) == 1) {
			*die = child;
			return true;
		}
	} while (next_sibling(u, &child));
	return false;
}

/* The function at the address and what is inlined there, outermost first. */
static size_t find_scopes(struct unit *u, uint64_t address, Dwarf_Die scopes[INLINED_MAX])
{
	uint64_t offset;
	Dwarf_Die die;
	size_t n = 0;

	u->dies = 0;
	if (!ranges_find(&u->functions, address, &offset) || !dwarf_offdie(dwarf_cu_getdwarf(u->tree.cu), offset, &die))
		return 0;
	scopes[n++] = die;
	for (int depth = 0; depth < 2 * DEPTH_MAX && n < INLINED_MAX && descend(u, &die, address); depth++)
		if (dwarf_tag(&die) == DW_TAG_inlined_subroutine)
			scopes[n++] = die;
	return n;
}

/* A relative path is so from where the compiler ran: whoever looks for the file is somewhere else. */
static const char *whole_path(struct lines *lines, struct unit *u, const char *file)
{
	_cleanup_free_ char *path = NULL;
	const char *directory = NULL;
	Dwarf_Attribute attr;

	if (file && *file != '/' && dwarf_attr(&u->die, DW_AT_comp_dir, &attr))
		directory = dwarf_formstring(&attr);
	if (!directory || *directory != '/' || strlen(directory) + strlen(file) >= PATH_MAX)
		return file;
	path = xasprintf("%s/%s", directory, file);
	return string_set_keep(&lines->paths, path);
}

size_t lines_find(struct lines *lines, uint64_t address, struct source_place places[INLINED_MAX])
{
	Dwarf_Die scopes[INLINED_MAX];
	uint64_t index;
	struct unit *u;
	size_t n;

	memset(places, 0, INLINED_MAX * sizeof *places);
	if (!ranges_find(&lines->by_address, address, &index))
		return 0;
	u = &lines->units[index];
	if (!u->indexed)
		index_unit(u);
	line_of_address(u, address, &places[0]);
	places[0].file = whole_path(lines, u, places[0].file);
	n = find_scopes(u, address, scopes);
	for (size_t i = 0; i < n; i++) {
		Dwarf_Die *scope = &scopes[n - 1 - i];

		places[i].function = function_name(scope);
		places[i].inlined = i + 1 < n;
		if (!places[i].inlined)
			continue;
		line_of_call(u, scope, &places[i + 1]);
		places[i + 1].file = whole_path(lines, u, places[i + 1].file);
	}
	return n ? n : 1;
}
