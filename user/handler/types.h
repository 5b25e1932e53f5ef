/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The types of a function's arguments, and what is inside of them, from DWARF (libdw). Hostile input: every walk is bounded. */
#ifndef REQPROF_TYPES_H
#define REQPROF_TYPES_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

/* A function. False: there is no DWARF about one that begins there. */
bool types_function(Dwarf *dwarf, uint64_t address, Dwarf_Die *ret);

/* The type of what is in the integer argument register `number`, 1 to 6, at its entry; *ret_part: which 8 bytes of it. False: not known. */
bool types_argument(Dwarf_Die *function, unsigned int number, Dwarf_Die *ret_type, unsigned int *ret_part);

/* Without typedef, const, volatile … */
bool types_bare(Dwarf_Die *type, Dwarf_Die *ret);

/* What a pointer or reference points to; false: it is none. */
bool types_pointed(Dwarf_Die *type, Dwarf_Die *ret);

/* A member, those of unnamed and of base members included: its type and its place. */
bool types_member(Dwarf_Die *type, const char *name, Dwarf_Die *ret_type, int64_t *ret_offset);

/* The type of an array's elements, and their size; false: it is no array. */
bool types_element(Dwarf_Die *type, Dwarf_Die *ret, uint64_t *ret_size);

uint64_t types_size(Dwarf_Die *type);
bool types_is_character(Dwarf_Die *type);
bool types_is_number(Dwarf_Die *type);
bool types_is_pointer(Dwarf_Die *type); /* to whatever */

/* A string that knows its length: std::string, &str and String of Rust, a string of Go, or a struct of a pointer to characters and an integer. Where
 * both are in it. */
bool types_string(Dwarf_Die *type, int64_t *ret_data, int64_t *ret_length, uint64_t *ret_length_size);

#endif
