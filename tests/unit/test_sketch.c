/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sketches compared with all values, sorted: exact where they say so, otherwise within 1/32.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "model/sketch.h"

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t median(int64_t *values, unsigned n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[(n - 1) / 2] + (values[n / 2] - values[(n - 1) / 2]) / 2;
}

static void empty_and_single_value(void **state)
{
	struct sketch *s = sketch_new();

	(void)state;
	sketch_free(NULL);
	assert_int_equal(sketch_median(s), 0);
	sketch_add(s, 123456789);
	assert_int_equal(sketch_median(s), 123456789); /* between the smallest and the largest */
	sketch_add(s, -5);
	assert_int_equal(s->min, 0);
	sketch_free(s);
}

/* Small values, such as pages of small processes, are exact. */
static void small_values_are_exact(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	struct sketch *s = sketch_new();
	int64_t values[501] = { 0 };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
		values[i] = g_rand_int_range(rand, 0, 2 * SKETCH_STEPS);
		sketch_add(s, values[i]);
	}
	assert_int_equal(sketch_median(s), median(values, G_N_ELEMENTS(values)));
	assert_int_equal(s->count, G_N_ELEMENTS(values));
	sketch_free(s);
}

/* Any values, added at once or in parts that are merged. */
static void large_values_are_within_the_error(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(2);
	int64_t values[3000] = { 0 };

	(void)state;
	for (int run = 0; run < 300; run++) {
		unsigned n = g_rand_int_range(rand, 1, G_N_ELEMENTS(values));
		int bits = g_rand_int_range(rand, 1, 62);
		struct sketch *all = sketch_new(), *part[3];
		int64_t right, off;

		for (int i = 0; i < 3; i++)
			part[i] = sketch_new();
		for (unsigned i = 0; i < n; i++) {
			uint64_t any = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);

			values[i] = (int64_t)(any >> (64 - g_rand_int_range(rand, 1, bits + 1)));
			sketch_add(all, values[i]);
			sketch_add(part[i % 3], values[i]);
		}
		for (int i = 0; i < 3; i++) {
			if (i)
				sketch_merge(part[0], part[i]);
		}
		right = median(values, n);
		off = llabs(sketch_median(all) - right);
		assert_true(off <= right / SKETCH_STEPS + 1);
		assert_int_equal(all->min, values[0]);
		assert_int_equal(all->max, values[n - 1]);
		assert_int_equal(part[0]->count, n);
		assert_int_equal(part[0]->min, all->min);
		assert_int_equal(part[0]->max, all->max);
		assert_int_equal(sketch_median(part[0]), sketch_median(all));
		for (int i = 0; i < 3; i++)
			sketch_free(part[i]);
		sketch_free(all);
	}
}

/* Any number of values: there are as many buckets as sizes. */
static void number_of_buckets_is_bounded(void **state)
{
	struct sketch *s = sketch_new();

	(void)state;
	for (int64_t i = 0; i < 1000000; i++)
		sketch_add(s, i * i);
	assert_in_range(s->buckets->len, 100, 40 * SKETCH_STEPS);
	assert_int_equal(s->max, 999999LL * 999999);
	sketch_add(s, INT64_MAX);
	assert_int_equal(s->max, INT64_MAX);
	assert_in_range(sketch_median(s), 249000000000 / 33 * 32, 251000000000);
	sketch_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_and_single_value),
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(large_values_are_within_the_error),
		cmocka_unit_test(number_of_buckets_is_bounded),
	};

	return cmocka_run_group_tests_name("sketch", tests, NULL, NULL);
}
