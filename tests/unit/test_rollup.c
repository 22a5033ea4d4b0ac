/* SPDX-License-Identifier: GPL-2.0-only
 *
 * model/rollup: patterns of names, and the rows that are put together by them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/rollup.h"

struct item {
	const char *name;
	int64_t value;
};

static const char *item_name(const void *p)
{
	return ((const struct item *)p)->name;
}

static int64_t item_value(const void *p)
{
	return ((const struct item *)p)->value;
}

static GPtrArray *list(struct item *items, unsigned n)
{
	GPtrArray *array = g_ptr_array_new();

	for (unsigned i = 0; i < n; i++)
		g_ptr_array_add(array, &items[i]);
	return array;
}

static void assert_pattern(const char *name, const char *expected)
{
	g_autofree char *pattern = rollup_pattern(name);

	assert_string_equal(pattern, expected);
}

static void patterns_replace_numbers(void **state)
{
	(void)state;
	assert_pattern("worker-12", "worker-*");
	assert_pattern("worker12", "worker*");
	assert_pattern("pool-1-thread-3", "pool-*-thread-*");
	assert_pattern("kworker/0:1H", "kworker/*:*H");
	assert_pattern("GC Thread#7", "GC Thread#*");
	assert_pattern("rx[3]", "rx[*]");
	assert_pattern("a_1_b", "a_*_b");
	assert_pattern("9-9", "9-*");
}

static void patterns_keep_other_digits(void **state)
{
	(void)state;
	assert_pattern("x86-wait", "x86-wait");
	assert_pattern("C2 Compiler", "C2 Compiler");
	assert_pattern("1234", "1234");
	assert_pattern("", "");
	assert_pattern("-", "-");
	assert_pattern("3d", "3d");
}

static void rollups_are_sorted_by_sum(void **state)
{
	struct item items[] = { { "log", 5 },       { "worker-1", 10 }, { "main", 100 },
				{ "worker-2", 30 }, { "idle", 5 },      { "worker-3", 20 } };
	g_autoptr(GPtrArray) all = list(items, 6);
	g_autoptr(GPtrArray) rollups = rollup_by_pattern(all, item_name, item_value, NULL, 3);
	static const char *const names[] = { "main", "worker-*", "log", "idle" };
	const struct rollup *g;

	(void)state;
	assert_int_equal(rollups->len, 4);
	for (unsigned i = 0; i < 4; i++) {
		g = g_ptr_array_index(rollups, i);
		assert_string_equal(g->name, names[i]);
	}
	g = g_ptr_array_index(rollups, 1);
	assert_int_equal(g->members->len, 3);
	assert_ptr_equal(g_ptr_array_index(g->members, 0), &items[1]);
	assert_int_equal(g->spread.sum, 60);
	assert_int_equal(g->spread.min, 10);
	assert_int_equal(g->spread.median, 20);
	assert_int_equal(g->spread.max, 30);
}

static void few_of_a_pattern_stay_apart(void **state)
{
	struct item items[] = { { "worker-1", 1 }, { "worker-2", 2 } };
	g_autoptr(GPtrArray) all = list(items, 2);
	g_autoptr(GPtrArray) rollups = rollup_by_pattern(all, item_name, item_value, NULL, 3);
	const struct rollup *first = g_ptr_array_index(rollups, 0);

	(void)state;
	assert_int_equal(rollups->len, 2);
	assert_string_equal(first->name, "worker-2");
	assert_int_equal(first->members->len, 1);
}

static void one_name_is_no_pattern(void **state)
{
	struct item items[] = { { "python3", 1 }, { "python3", 2 }, { "python3", 3 } };
	g_autoptr(GPtrArray) all = list(items, 3);
	g_autoptr(GPtrArray) rollups = rollup_by_pattern(all, item_name, item_value, NULL, 3);
	const struct rollup *first = g_ptr_array_index(rollups, 0);

	(void)state;
	assert_int_equal(rollups->len, 1);
	assert_string_equal(first->name, "python3");
}

static void nothing_gives_no_rollups(void **state)
{
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	g_autoptr(GPtrArray) rollups = rollup_by_pattern(none, item_name, item_value, NULL, 1);

	(void)state;
	assert_int_equal(rollups->len, 0);
}

static void spread_of_any_number(void **state)
{
	struct item items[] = { { "a", 4 }, { "b", -2 }, { "c", 10 }, { "d", 5 } };
	g_autoptr(GPtrArray) four = list(items, 4), three = list(items, 3), none = list(items, 0);
	struct spread s = spread_of(four, item_value);

	(void)state;
	assert_int_equal(s.sum, 17);
	assert_int_equal(s.min, -2);
	assert_int_equal(s.max, 10);
	assert_int_equal(s.median, 4); /* between 4 and 5 */
	assert_int_equal(spread_of(three, item_value).median, 4);
	assert_int_equal(spread_of(none, item_value).max, 0);
}

static uint64_t item_count(const void *item)
{
	return ((const struct item *)item)->value > 50 ? 1000 : 1;
}

/* One item may stand for many. */
static void items_that_are_many(void **state)
{
	struct item items[] = { { "worker-*", 100 }, { "worker-2", 30 }, { "log", 60 } };
	g_autoptr(GPtrArray) all = list(items, 3);
	g_autoptr(GPtrArray) rollups = rollup_by_pattern(all, item_name, item_value, item_count, 3);
	const struct rollup *first = g_ptr_array_index(rollups, 0);

	(void)state;
	assert_int_equal(rollups->len, 2);
	assert_string_equal(first->name, "worker-*");
	assert_int_equal(first->count, 1001);
	assert_int_equal(((const struct rollup *)g_ptr_array_index(rollups, 1))->count, 1000);
}

static void spread_of_parts(void **state)
{
	const struct spread_part parts[] = {
		{ 1000, 5, 20, 90 }, { 1, 100, 100, 100 }, { 1, 2, 2, 2 }, { 0, -9, -9, -9 }
	};
	const struct spread_part ones[] = { { 1, 4, 4, 4 }, { 1, 10, 10, 10 } };
	const struct spread_part halves[] = { { 500, 0, 10, 20 }, { 500, 30, 40, 50 } };
	struct spread s = spread_merge(parts, 4);

	(void)state;
	assert_int_equal(s.min, 2);
	assert_int_equal(s.median, 20);
	assert_int_equal(s.max, 100);
	assert_int_equal(spread_merge(ones, 2).median, 7);
	assert_int_equal(spread_merge(halves, 2).median, 25); /* the mean of the middle two */
	assert_int_equal(spread_merge(ones, 0).max, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_replace_numbers),
		cmocka_unit_test(patterns_keep_other_digits),
		cmocka_unit_test(rollups_are_sorted_by_sum),
		cmocka_unit_test(few_of_a_pattern_stay_apart),
		cmocka_unit_test(one_name_is_no_pattern),
		cmocka_unit_test(nothing_gives_no_rollups),
		cmocka_unit_test(spread_of_any_number),
		cmocka_unit_test(items_that_are_many),
		cmocka_unit_test(spread_of_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
