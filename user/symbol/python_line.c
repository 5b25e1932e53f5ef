/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/python_line.h"

#include <stdbool.h>

#define UNIT 2 /* bytes of an instruction */

static uint32_t checked(int64_t line)
{
	return line > 0 && line <= INT32_MAX ? line : 0;
}

/* Pairs: bytes to go on (unsigned), lines to go on (signed). A line holds from where the addresses have come to. */
static uint32_t by_lnotab(const uint8_t *table, size_t n, int64_t line, uint32_t instr)
{
	uint64_t at = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		at += table[i];
		if (at > instr)
			break;
		line += (int8_t)table[i + 1];
	}
	return checked(line);
}

/* Instructions without a line count to the one before them: `line` stays.
 * Pairs: bytes that it is about (unsigned), the difference of their line from the one before (signed), −128 = they have none. */
static uint32_t by_ranges(const uint8_t *table, size_t n, int64_t line, uint32_t instr)
{
	uint64_t end = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		int8_t delta = table[i + 1];

		line += delta == -128 ? 0 : delta;
		end += table[i];
		if (instr < end)
			return checked(line);
	}
	return 0;
}

/* ---- locations: 3.11 ------------------------------------------------------------------------------------------------- */

/* An entry's first byte: bit 7 set, its kind, instructions that it is about less one. Kind 15: they have no line. */
enum kind { ONE_LINE_0 = 10, ONE_LINE_2 = 12, NO_COLUMNS = 13, LONG = 14 };

struct reader {
	const uint8_t *at, *end;
};

/* 6 bits a byte, the lowest first; bit 6: another one follows. No byte of an entry but its first has bit 7. */
static uint64_t read_varint(struct reader *r)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; r->at < r->end && *r->at < 0x80; shift += 6) {
		uint8_t byte = *r->at++;

		value |= shift < 36 ? (uint64_t)(byte & 0x3f) << shift : 0;
		if (!(byte & 0x40))
			break;
	}
	return value;
}

static int64_t read_signed(struct reader *r)
{
	uint64_t value = read_varint(r);

	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

static int64_t line_delta(struct reader *r, enum kind kind)
{
	if (kind == NO_COLUMNS || kind == LONG)
		return read_signed(r);
	return kind >= ONE_LINE_0 && kind <= ONE_LINE_2 ? (int64_t)kind - ONE_LINE_0 : 0;
}

static uint32_t by_locations(const uint8_t *table, size_t n, int64_t line, uint32_t instr)
{
	struct reader r = {table, table + n};
	uint64_t end = 0;

	while (r.at < r.end) {
		uint8_t first = *r.at++;
		enum kind kind = first >> 3 & 15;

		line += line_delta(&r, kind);
		end += ((first & 7) + 1) * UNIT;
		if (instr < end)
			return checked(line);
		while (r.at < r.end && *r.at < 0x80)
			r.at++;
	}
	return 0;
}

uint32_t python_line(uint16_t version, const uint8_t *table, size_t n, uint32_t first_line, uint32_t instr)
{
	if (instr == PYTHON_LINE_BEFORE)
		return checked(first_line);
	if (version < 0x030a)
		return by_lnotab(table, n, first_line, instr);
	return version == 0x030a ? by_ranges(table, n, first_line, instr) : by_locations(table, n, first_line, instr);
}
