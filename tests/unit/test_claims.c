/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Claims on a total, over many random ones: the rules that a claim must never break.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "model/claims.h"

#define MOST 50

static void check(const int64_t *before, const int64_t *after, unsigned n, int64_t total,
		  int64_t left)
{
	int64_t sum = 0, claimed = 0, lowest_cut = INT64_MAX, highest = 0;

	total = MAX(total, 0);
	for (unsigned i = 0; i < n; i++) {
		int64_t claim = MAX(before[i], 0);

		assert_in_range(after[i], 0, claim);
		sum += after[i];
		claimed += claim;
		highest = MAX(highest, after[i]);
		if (after[i] < claim)
			lowest_cut = MIN(lowest_cut, after[i]);
	}
	assert_in_range(left, 0, total);
	assert_int_equal(sum, MIN(total, claimed));
	assert_int_equal(left, MAX(total - claimed, 0));
	/* A claim that was cut ends with the highest amount, within one unit. */
	if (lowest_cut != INT64_MAX)
		assert_true(highest - lowest_cut <= 1);
}

static void settle(const int64_t *before, unsigned n, int64_t total)
{
	int64_t after[MOST] = { 0 }, left;

	memcpy(after, before, n * sizeof(*before));
	left = claims_settle(after, n, total);
	check(before, after, n, total, left);
}

static void claims_below_the_total_are_kept(void **state)
{
	int64_t claims[] = { 5, 0, 7, -3 };

	(void)state;
	assert_int_equal(claims_settle(claims, 4, 20), 8);
	assert_int_equal(claims[0], 5);
	assert_int_equal(claims[2], 7);
	assert_int_equal(claims[3], 0);
	assert_int_equal(claims_settle(claims, 0, 20), 20);
	assert_int_equal(claims_settle(claims, 4, 12), 0);
	assert_int_equal(claims[2], 7);
}

/* A claim that is far too large does not take from small claims. */
static void largest_claims_are_cut_first(void **state)
{
	int64_t claims[] = { 5, 1000, 7 };

	(void)state;
	assert_int_equal(claims_settle(claims, 3, 20), 0);
	assert_int_equal(claims[0], 5);
	assert_int_equal(claims[1], 8);
	assert_int_equal(claims[2], 7);
	assert_int_equal(claims_settle(claims, 3, 17), 0);
	assert_int_equal(claims[0], 5);
	assert_int_equal(claims[1] + claims[2], 12);
}

static void claims_on_nothing_become_0(void **state)
{
	int64_t claims[] = { 5, 1000, 7 };

	(void)state;
	assert_int_equal(claims_settle(claims, 3, -4), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(claims[i], 0);
}

static void random_claims_keep_the_rules(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(20261128);

	(void)state;
	for (int round = 0; round < 20000; round++) {
		int64_t before[MOST] = { 0 };
		unsigned n = g_rand_int_range(rand, 0, MOST);
		int32_t most = 1 << g_rand_int_range(rand, 1, 30);

		for (unsigned i = 0; i < n; i++)
			before[i] = g_rand_int_range(rand, -most / 8, most);
		settle(before, n,
		       (int64_t)g_rand_int_range(rand, -most / 8, most) *
			       g_rand_int_range(rand, 1, MOST));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_below_the_total_are_kept),
		cmocka_unit_test(largest_claims_are_cut_first),
		cmocka_unit_test(claims_on_nothing_become_0),
		cmocka_unit_test(random_claims_keep_the_rules),
	};

	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
