/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Things of one name pattern taken together: worker-1 … worker-64 as worker-*.
 * Pure. It must not know what is grouped, nor how it is shown.
 */
#ifndef TARE_ROLLUP_H
#define TARE_ROLLUP_H

#include <glib.h>
#include <stdint.h>

/* Of no values: all 0. Of an even number the median lies between the middle two. */
struct spread {
	int64_t sum, min, median, max;
};

/* Values of which only this is known. */
struct spread_part {
	uint64_t count;
	int64_t min, median, max;
};

struct rollup {
	char *name;         /* the members' common name; where they differ, their pattern */
	GPtrArray *members; /* not owned, in the order they came */
	uint64_t count;     /* how many they stand for */
	struct spread spread;
};

/* The name with its numbers as "*": digits at its end, and digits after one of
 * - _ / # : [ anywhere. "worker-12" -> "worker-*", "cpu_3_io" ->
 * "cpu_*_io", "pool-1-thread-3" -> "pool-*-thread-*"; "x86-wait" and
 * "1234" stay. Free with g_free(). */
char *rollup_pattern(const char *name);

typedef const char *(*rollup_name_fn)(const void *item);
typedef int64_t (*rollup_value_fn)(const void *item);
/* How many an item stands for. */
typedef uint64_t (*rollup_count_fn)(const void *item);

struct spread spread_of(const GPtrArray *items, rollup_value_fn value);
/* Of parts together: min and max are right, the median is that of each part's least, median
 * and largest value, where all but two are the median. The sum is 0. */
struct spread spread_merge(const struct spread_part *parts, unsigned n);

/* `items` grouped by pattern; a pattern of fewer than `least` (at least 1; by `count`, or
 * NULL: each is one) gives rollups of one item. Largest sum first, then in the order of
 * appearance. An array of struct rollup *; free with g_ptr_array_unref(). */
GPtrArray *rollup_by_pattern(const GPtrArray *items, rollup_name_fn name, rollup_value_fn value,
			     rollup_count_fn count, unsigned least);

/* Sort an array of rollups as rollup_by_pattern() does. */
void rollup_sort(GPtrArray *rollups);

#endif
