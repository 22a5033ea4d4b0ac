/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rollups: items whose names have one pattern, as one row: worker-1 … worker-64 as worker-*.
 * Pure. It must not know what the items are, nor how a row is shown.
 */
#ifndef TARE_ROLLUP_H
#define TARE_ROLLUP_H

#include <glib.h>
#include <stdint.h>

/* Sum, least, median and largest of some values; all 0 for no values. The median of an even number
 * of values is the mean of the middle two. */
struct spread {
	int64_t sum, min, median, max;
};

/* `count` values of which only these three are known. */
struct spread_part {
	uint64_t count;
	int64_t min, median, max;
};

struct rollup {
	char *name;         /* the members' common name; where they differ, their pattern */
	GPtrArray *members; /* not owned, in the order they came */
	uint64_t count;     /* sum of the members' counts (rollup_count_fn) */
	struct spread spread;
};

/* The name with its numbers as "*": digits at its end, and digits after one of
 * - _ / # : [ anywhere. "worker-12" -> "worker-*", "cpu_3_io" ->
 * "cpu_*_io", "pool-1-thread-3" -> "pool-*-thread-*"; "x86-wait" and
 * "1234" stay. Free with g_free(). */
char *rollup_pattern(const char *name);

typedef const char *(*rollup_name_fn)(const void *item);
typedef int64_t (*rollup_value_fn)(const void *item);
/* How many things an item stands for. */
typedef uint64_t (*rollup_count_fn)(const void *item);

struct spread spread_of(const GPtrArray *items, rollup_value_fn value);
/* The spread of several parts together. min and max are exact. The median is computed as if each
 * part had its least and largest value once and its median for all others. The sum is 0. */
struct spread spread_merge(const struct spread_part *parts, unsigned n);

/* Roll up `items` by pattern. A pattern with fewer than `least` (at least 1) gives rollups of one
 * item; `count` says how many things an item stands for (NULL: one). Largest sum first, then
 * in order of appearance. An array of struct rollup *; free with g_ptr_array_unref(). */
GPtrArray *rollup_by_pattern(const GPtrArray *items, rollup_name_fn name, rollup_value_fn value,
			     rollup_count_fn count, unsigned least);

/* Sort an array of rollups as rollup_by_pattern() does. */
void rollup_sort(GPtrArray *rollups);

#endif
