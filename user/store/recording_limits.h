/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a recording may hold: the writer's limits and the reader's, which are the same.
 * The writer makes what is more than that smaller by rules (recording_room.c and
 * `text` and `size` in recording_rows.c), and the file says so; the reader refuses it.
 * Tests use smaller ones.
 */
#ifndef TARE_RECORDING_LIMITS_H
#define TARE_RECORDING_LIMITS_H

#include <stdint.h>

struct recording_limits {
	uint64_t rows;    /* of one table; also what any number of a row is below */
	uint32_t slots;   /* of the time that ticks are in */
	uint64_t texts;   /* bytes of all texts, with one more for each */
	uint32_t text;    /* bytes of one text */
	int64_t number;   /* any size or time, without its sign: a double has it exactly */
	int64_t sum;      /* of all sizes of a table, without signs: no sum of theirs overflows */
	uint64_t written; /* bytes of all stacks as written out: profile_written() */
};

/* 2^53; 2^60. A text is an argument at most, which the kernel lets have 32 pages. */
#define RECORDING_LIMITS                                                                 \
	{                                                                                \
		.rows = 1 << 22, .slots = 512, .texts = 128 << 20, .text = 128 << 10,    \
		.number = INT64_C(1) << 53, .sum = INT64_C(1) << 60, .written = 1 << 30, \
	}

extern const struct recording_limits recording_limits;

/* A row of any table has a text that it can't do without; so many tables have one. When
 * the bytes of texts run out these become "", and find room all the same. */
#define RECORDING_TEXT_TABLES 9

#endif
