/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How much a recording may hold; the same for writer and reader. The writer makes a larger report
 * smaller (recording_room.c; writer_text() and writer_size() in recording_writer.c), and the file
 * says so. The reader refuses a larger file. Tests use smaller limits.
 */
#ifndef TARE_RECORDING_LIMITS_H
#define TARE_RECORDING_LIMITS_H

#include <stdint.h>

struct recording_limits {
	uint64_t rows;    /* of one table; numbers of rows are below it */
	uint32_t slots;   /* of time, in the table of ticks */
	uint64_t texts;   /* bytes of all texts, and one more for each text */
	uint32_t text;    /* bytes of one text */
	int64_t number;   /* absolute value of any size or time: a double holds it exactly */
	int64_t sum;      /* sum of the absolute sizes of a table: no sum of sizes overflows */
	uint64_t written; /* bytes of all stacks written out as text: profile_written() */
};

/* `number` is 2^53, `sum` 2^60. The longest text is an argument: the kernel's limit is 32 pages. */
#define RECORDING_LIMITS                                                                 \
	{                                                                                \
		.rows = 1 << 22, .slots = 512, .texts = 128 << 20, .text = 128 << 10,    \
		.number = INT64_C(1) << 53, .sum = INT64_C(1) << 60, .written = 1 << 30, \
	}

extern const struct recording_limits recording_limits;

/* How many tables have a text that may not be NULL. When no bytes are left for texts, such a
 * text is written as "", for which there is always room. */
#define RECORDING_TEXT_TABLES 10

#endif
