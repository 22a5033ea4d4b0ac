/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/python_lines.h"

#include <stdbool.h>

#include "bpf/abi_python.h"

#define LINE_MOST (1 << 24)

struct reader {
	const uint8_t *at, *end;
};

static int in_bounds(int64_t line)
{
	return line > 0 && line <= LINE_MOST ? (int)line : 0;
}

/* co_lnotab: pairs of bytes, the increase of the address and the increase of the line. */
static int by_increments(struct reader r, int64_t line, uint32_t address)
{
	uint32_t at = 0;

	while (r.end - r.at >= 2) {
		at += r.at[0];
		if (at > address)
			return in_bounds(line);
		line += (int8_t)r.at[1];
		r.at += 2;
	}
	return in_bounds(line);
}

/* co_linetable of 3.10: pairs of bytes, the size of a piece of code in bytes and the change of
 * the line; -128: the code has no line. */
static int by_ranges(struct reader r, int64_t line, uint32_t address)
{
	uint32_t end = 0;

	while (r.end - r.at >= 2) {
		int8_t delta = (int8_t)r.at[1];

		end += r.at[0];
		line += delta == -128 ? 0 : delta;
		r.at += 2;
		if (address < end)
			return delta == -128 ? 0 : in_bounds(line);
	}
	return 0;
}

/* A variable-length number: six bits in each byte, the lowest first; bit 6 is set in all bytes
 * but the last. The lowest bit of the result is the sign. */
static int64_t read_signed(struct reader *r)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte = 0x40;

	while (byte & 0x40 && shift < 36 && r->at < r->end) {
		byte = *r->at++;
		value |= (uint64_t)(byte & 0x3f) << shift;
		shift += 6;
	}
	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

/* co_linetable from 3.11 on: entries of several bytes; only the first byte has bit 7 set. It has
 * a format and the size of the code in units. Then come line and columns; columns are skipped. */
static int by_entries(struct reader r, int64_t line, uint32_t unit)
{
	enum { FORM_ONE_LINE = 10, FORM_NO_COLUMNS = 13, FORM_LONG = 14, FORM_NONE = 15 };
	uint32_t end = 0;

	while (r.at < r.end) {
		uint8_t head = *r.at++, form = head >> 3 & 15;

		if (!(head & 0x80))
			return 0;
		if (form >= FORM_ONE_LINE && form < FORM_NO_COLUMNS)
			line += form - FORM_ONE_LINE;
		else if (form == FORM_NO_COLUMNS || form == FORM_LONG)
			line += read_signed(&r);
		end += (head & 7) + 1;
		if (unit < end)
			return form == FORM_NONE ? 0 : in_bounds(line);
		while (r.at < r.end && !(*r.at & 0x80))
			r.at++;
	}
	return 0;
}

int python_line(uint32_t form, uint32_t first, const uint8_t *table, size_t size, uint32_t unit)
{
	struct reader r = { table, table + size };

	switch (form) {
	case TARE_PYTHON_INCREMENTS:
		return by_increments(r, first, unit * 2);
	case TARE_PYTHON_RANGES:
		return by_ranges(r, first, unit * 2);
	case TARE_PYTHON_ENTRIES:
		return by_entries(r, first, unit);
	default:
		return 0;
	}
}
