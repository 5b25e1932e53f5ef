/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handler/types.h"

#include <dwarf.h>
#include <string.h>

#define DIES_MAX 4000000        /* looked at for one function */
#define MEMBERS_MAX 4096        /* of one type */
#define NESTING_MAX 16
#define POINTER_SIZE 8

/* ---- the function ----------------------------------------------------------------------------------------------------- */

static bool begins_at(Dwarf_Die *die, uint64_t address)
{
	Dwarf_Addr entry;

	return dwarf_tag(die) == DW_TAG_subprogram && !dwarf_entrypc(die, &entry) && entry == address;
}

/* Never backwards, whatever DW_AT_sibling says. */
static bool next(Dwarf_Die *die, size_t *left)
{
	Dwarf_Off before = dwarf_dieoffset(die);
	Dwarf_Die sibling;

	if (!*left || !--*left || dwarf_siblingof(die, &sibling) || dwarf_dieoffset(&sibling) <= before)
		return false;
	*die = sibling;
	return true;
}

static bool has_functions(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_class_type || tag == DW_TAG_structure_type;
}

static bool find_below(Dwarf_Die *parent, uint64_t address, unsigned int depth, size_t *left, Dwarf_Die *ret)
{
	Dwarf_Die die;

	if (depth > NESTING_MAX || dwarf_child(parent, &die))
		return false;
	do {
		if (begins_at(&die, address)) {
			*ret = die;
			return true;
		}
		if (has_functions(dwarf_tag(&die)) && find_below(&die, address, depth + 1, left, ret))
			return true;
	} while (next(&die, left));
	return false;
}

bool types_function(Dwarf *dwarf, uint64_t address, Dwarf_Die *ret)
{
	size_t left = DIES_MAX;
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL)) {
		ptrdiff_t at = 0;
		Dwarf_Addr base, begin, end;
		bool has_ranges = false, here = false;

		while ((at = dwarf_ranges(&unit, at, &base, &begin, &end)) > 0 && !here) {
			has_ranges = true;
			here = begin <= address && address < end;
		}
		if ((here || !has_ranges) && find_below(&unit, address, 0, &left, ret))
			return true;
	}
	return false;
}

/* ---- types ------------------------------------------------------------------------------------------------------------- */

static bool type_of(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) && dwarf_formref_die(&attribute, ret);
}

bool types_bare(Dwarf_Die *type, Dwarf_Die *ret)
{
	return !dwarf_peel_type(type, ret) && dwarf_tag(ret) != DW_TAG_invalid;
}

bool types_is_pointer(Dwarf_Die *type)
{
	Dwarf_Die bare;
	int tag = types_bare(type, &bare) ? dwarf_tag(&bare) : DW_TAG_invalid;

	return tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type;
}

bool types_pointed(Dwarf_Die *type, Dwarf_Die *ret)
{
	Dwarf_Die bare, pointed;

	return types_is_pointer(type) && types_bare(type, &bare) && type_of(&bare, &pointed) && types_bare(&pointed, ret);
}

static bool is_struct(Dwarf_Die *type)
{
	int tag = dwarf_tag(type);

	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

/* A declaration only: the definition is in another unit, of the same name. */
static bool define(Dwarf_Die *type, Dwarf_Die *ret)
{
	Dwarf *dwarf = dwarf_cu_getdwarf(type->cu);
	const char *name = dwarf_diename(type);
	size_t left = DIES_MAX;
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit, die;

	*ret = *type;
	if (!is_struct(type) || !dwarf_hasattr(type, DW_AT_declaration) || !name)
		return true;
	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL)) {
		if (dwarf_child(&unit, &die))
			continue;
		do {
			const char *other = is_struct(&die) && !dwarf_hasattr(&die, DW_AT_declaration) ? dwarf_diename(&die) : NULL;

			if (other && !strcmp(other, name)) {
				*ret = die;
				return true;
			}
		} while (next(&die, &left));
	}
	return false;
}

static bool place_of(Dwarf_Die *member, int64_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	*ret = 0;
	if (!dwarf_attr_integrate(member, DW_AT_data_member_location, &attribute))
		return true;
	if (dwarf_formudata(&attribute, &value) || value > INT32_MAX)
		return false;
	*ret = value;
	return true;
}

static bool member_below(Dwarf_Die *type, const char *name, unsigned int depth, Dwarf_Die *ret_type, int64_t *ret_offset)
{
	size_t left = MEMBERS_MAX;
	Dwarf_Die bare, defined, die;

	if (depth > NESTING_MAX || !types_bare(type, &bare) || !is_struct(&bare) || !define(&bare, &defined) || dwarf_child(&defined, &die))
		return false;
	do {
		int tag = dwarf_tag(&die);
		const char *its = dwarf_diename(&die);
		Dwarf_Die its_type;
		int64_t at;

		if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) || !type_of(&die, &its_type) || !place_of(&die, &at))
			continue;
		if (its && tag == DW_TAG_member && !strcmp(its, name)) {
			*ret_type = its_type;
			*ret_offset = at;
			return true;
		}
		if ((!its || tag == DW_TAG_inheritance) && member_below(&its_type, name, depth + 1, ret_type, ret_offset)) {
			*ret_offset += at;
			return true;
		}
	} while (next(&die, &left));
	return false;
}

bool types_member(Dwarf_Die *type, const char *name, Dwarf_Die *ret_type, int64_t *ret_offset)
{
	return member_below(type, name, 0, ret_type, ret_offset);
}

uint64_t types_size(Dwarf_Die *type)
{
	Dwarf_Die bare, defined;
	Dwarf_Word size;

	if (!types_bare(type, &bare) || !define(&bare, &defined))
		return 0;
	if (types_is_pointer(&defined))
		return POINTER_SIZE;
	return dwarf_aggregate_size(&defined, &size) ? 0 : size;
}

bool types_element(Dwarf_Die *type, Dwarf_Die *ret, uint64_t *ret_size)
{
	Dwarf_Die bare, element;

	if (!types_bare(type, &bare) || dwarf_tag(&bare) != DW_TAG_array_type || !type_of(&bare, &element) || !types_bare(&element, ret))
		return false;
	*ret_size = types_size(ret);
	return *ret_size;
}

bool types_is_number(Dwarf_Die *type)
{
	Dwarf_Die bare;

	if (!types_bare(type, &bare))
		return false;
	return dwarf_tag(&bare) == DW_TAG_base_type || dwarf_tag(&bare) == DW_TAG_enumeration_type;
}

bool types_is_character(Dwarf_Die *type)
{
	Dwarf_Die bare;

	return types_bare(type, &bare) && dwarf_tag(&bare) == DW_TAG_base_type && types_size(&bare) == 1;
}

/* ---- arguments ------------------------------------------------------------------------------------------------------------ */

static bool is_floating(Dwarf_Die *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Word encoding;
	Dwarf_Die bare;

	if (!types_bare(type, &bare) || dwarf_tag(&bare) != DW_TAG_base_type)
		return false;
	return dwarf_attr(&bare, DW_AT_encoding, &attribute) && !dwarf_formudata(&attribute, &encoding) && encoding == DW_ATE_float;
}

/* Integer registers that an argument of a type takes (System V ABI, 3.2.3; structs with floating members are not looked into). */
static unsigned int registers_of(Dwarf_Die *type)
{
	uint64_t size = types_size(type);

	if (is_floating(type) || size > 2 * POINTER_SIZE)
		return 0;
	return size > POINTER_SIZE ? 2 : size ? 1 : 0;
}

/* A large result is written to where the first argument points. */
static unsigned int hidden_argument(Dwarf_Die *function)
{
	Dwarf_Die type;

	return type_of(function, &type) && types_size(&type) > 2 * POINTER_SIZE;
}

bool types_argument(Dwarf_Die *function, unsigned int number, Dwarf_Die *ret_type, unsigned int *ret_part)
{
	Dwarf_Die die, origin, *list = function;
	unsigned int at = 1 + hidden_argument(function);
	Dwarf_Attribute attribute;
	size_t left = MEMBERS_MAX;

	if (dwarf_child(list, &die)) {
		if (!dwarf_attr(function, DW_AT_abstract_origin, &attribute) || !dwarf_formref_die(&attribute, &origin) || dwarf_child(&origin, &die))
			return false;
	}
	do {
		unsigned int n;

		if (dwarf_tag(&die) != DW_TAG_formal_parameter || !type_of(&die, ret_type))
			continue;
		n = registers_of(ret_type);
		if (number >= at && number < at + n) {
			*ret_part = number - at;
			return true;
		}
		at += n;
	} while (next(&die, &left));
	return false;
}

/* ---- strings --------------------------------------------------------------------------------------------------------------- */

static bool begins_with(const char *s, const char *start)
{
	return s && !strncmp(s, start, strlen(start));
}

/* libstdc++: _M_dataplus._M_p, _M_string_length. */
static bool is_std_string(Dwarf_Die *type)
{
	return begins_with(dwarf_diename(type), "basic_string<char") || begins_with(dwarf_diename(type), "basic_string_view<char");
}

struct pair {
	int64_t data, length;
	uint64_t length_size;
	unsigned int pointers, numbers, others;
};

static void look_at_member(struct pair *p, Dwarf_Die *type, int64_t at)
{
	Dwarf_Die pointed;

	if (types_pointed(type, &pointed)) {
		p->data = at;
		p->pointers += types_is_character(&pointed) || dwarf_tag(&pointed) == DW_TAG_invalid;
		p->others += !types_is_character(&pointed);
	} else if (types_is_number(type) && types_size(type) >= 4) {
		p->length = at;
		p->length_size = types_size(type);
		p->numbers++;
	} else {
		p->others++;
	}
}

static bool is_pair(Dwarf_Die *type, struct pair *ret)
{
	size_t left = MEMBERS_MAX;
	Dwarf_Die die, its_type;
	int64_t at;

	*ret = (struct pair){0};
	if (dwarf_child(type, &die))
		return false;
	do {
		if (dwarf_tag(&die) == DW_TAG_member && type_of(&die, &its_type) && place_of(&die, &at))
			look_at_member(ret, &its_type, at);
	} while (next(&die, &left));
	return ret->pointers == 1 && ret->numbers == 1 && !ret->others;
}

/* Rust: a String is a Vec, in which the pointer is wrapped several times, by version in different ways. */
static bool rust_string(Dwarf_Die *type, struct pair *ret)
{
	static const char *const wraps[] = {"buf", "inner", "ptr", "pointer", "pointer", "pointer"};
	Dwarf_Die vec, at_hand, next_one, pointed;
	int64_t at, sum;

	if (!types_member(type, "vec", &vec, &sum) || !types_member(&vec, "len", &next_one, &at))
		return false;
	ret->length = sum + at;
	ret->length_size = types_size(&next_one);
	at_hand = vec;
	for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++) {
		if (types_member(&at_hand, wraps[i], &next_one, &at)) {
			sum += at;
			at_hand = next_one;
		}
		if (types_pointed(&at_hand, &pointed)) {
			ret->data = sum;
			return true;
		}
	}
	return false;
}

bool types_string(Dwarf_Die *type, int64_t *ret_data, int64_t *ret_length, uint64_t *ret_length_size)
{
	Dwarf_Die bare, defined, unused;
	struct pair p;
	int64_t at;

	if (!types_bare(type, &bare) || !is_struct(&bare) || !define(&bare, &defined))
		return false;
	if (is_std_string(&defined) && types_member(&defined, "_M_string_length", &unused, &at)) {
		p = (struct pair){.data = 0, .length = at, .length_size = types_size(&unused)};
		if (types_member(&defined, "_M_dataplus", &unused, &at))
			p.data = at;
	} else if (is_std_string(&defined) && types_member(&defined, "_M_len", &unused, &at)) { /* string_view */
		p = (struct pair){.length = at, .length_size = types_size(&unused)};
		if (types_member(&defined, "_M_str", &unused, &at))
			p.data = at;
	} else if (!is_pair(&defined, &p) && !rust_string(&defined, &p)) {
		return false;
	}
	*ret_data = p.data;
	*ret_length = p.length;
	*ret_length_size = p.length_size;
	return true;
}
