/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where samples are taken: one per period of growth, and each byte has the same chance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "bpf/sampling.h"

#define PAGE 4096

static uint32_t random32(void)
{
	static uint64_t x = 88172645463325252ULL; /* xorshift64, G. Marsaglia 2003 */

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x >> 16;
}

static uint64_t grow(struct sampling_state *s, uint32_t period, uint64_t bytes)
{
	s->left -= (int64_t)bytes;
	return s->left > 0 ? 0 : sampling_passed(s, period, random32());
}

static void one_sample_per_period(void **state)
{
	static const uint32_t periods[] = { PAGE, 3 * PAGE, 65536, 1 << 20 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sampling_state s;
		uint64_t grown = 0, hits = 0;

		sampling_begin(&s, periods[i], random32());
		for (int k = 0; k < 20000; k++) {
			uint64_t bytes = PAGE * (1 + random32() % (k % 7 ? 4 : 600));

			grown += bytes;
			hits += grow(&s, periods[i], bytes);
			assert_true(s.left > 0);
			assert_true(hits >= grown / periods[i]);
			assert_true(hits <= grown / periods[i] + 1);
		}
	}
}

static void each_page_has_the_same_chance(void **state)
{
	struct sampling_state s;

	(void)state;
	sampling_begin(&s, PAGE, random32());
	for (int k = 0; k < 1000; k++)
		assert_int_equal(grow(&s, PAGE, PAGE), 1);
	assert_int_equal(grow(&s, PAGE, 512 * PAGE), 512);
	assert_int_equal(grow(&s, PAGE, PAGE), 1);
}

/* A program that grows in a rhythm of exactly the period: both of its lines get their share. */
static void no_resonance(void **state)
{
	struct sampling_state s;
	int first = 0, all = 0;

	(void)state;
	sampling_begin(&s, 16 * PAGE, random32());
	for (int k = 0; k < 40000; k++) {
		uint64_t a = grow(&s, 16 * PAGE, 4 * PAGE), b = grow(&s, 16 * PAGE, 12 * PAGE);

		first += a;
		all += a + b;
	}
	assert_int_equal(all, 40000);
	assert_in_range(first, 9600, 10400);
}

/* As the ring fills, the period doubles before anything is lost. */
static void period_doubles_as_the_ring_fills(void **state)
{
	const uint64_t ring = 8 << 20;
	uint32_t last = 0;

	(void)state;
	for (uint64_t used = 0; used < ring; used += PAGE) {
		uint32_t level = sampling_level(used, ring);

		assert_true(level == last || level == last + 1);
		assert_true(used >= ring / 4 || !level);
		assert_true(used < ring / 4 || level);
		last = level;
	}
	assert_int_equal(last, TARE_THIN_LEVELS);
	assert_int_equal(sampling_level(ring / 4 * 3, ring), TARE_THIN_LEVELS);
	assert_int_equal(sampling_level(ring / 4 * 3 - 1, ring), TARE_THIN_LEVELS - 1);
	assert_int_equal(sampling_level(PAGE, PAGE), TARE_THIN_LEVELS);
}

/* Samples taken at any level stand for the growth: in the mean, within the reported error. Each
 * seed is a run with the same growth in the same steps. */
static void thinned_without_bias(void **state)
{
	enum { SEEDS = 400 };

	(void)state;
	for (uint32_t level = 0; level <= TARE_THIN_LEVELS; level++) {
		double sum = 0, squares = 0, grown = 0, error, mean;

		for (int seed = 0; seed < SEEDS; seed++) {
			struct sampling_state s;
			double found = 0;

			grown = 0;
			sampling_begin(&s, 16 * PAGE, random32());
			for (int k = 0; k < 3000; k++) {
				uint64_t bytes = PAGE * (k % 50 ? 5 : 600), n;

				grown += (double)bytes;
				n = grow(&s, 16 * PAGE, bytes);
				n = sampling_thinned(n, level, random32()) << level;
				found += (double)n * 16 * PAGE;
			}
			sum += found;
			squares += (found - grown) * (found - grown);
		}
		mean = sum / SEEDS;
		error = grown * (16 * PAGE << level); /* squared, as in profile_error() */
		/* 4 standard errors of the mean. */
		assert_true((mean - grown) * (mean - grown) <= 16 * error / SEEDS);
		assert_true(squares / SEEDS <= error * 1.3);
	}
}

/* Without a remainder nothing is random: 2 MiB at once is 8 periods of 256 KiB. */
static void thinned_evenly(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(sampling_thinned(32, 2, random32()), 8);
		assert_in_range(sampling_thinned(33, 2, random32()), 8, 9);
		assert_int_equal(sampling_thinned(7, 0, random32()), 7);
	}
}

static void mean_period(void **state)
{
	struct tare_sampling s = { .bytes = 0 };

	(void)state;
	assert_int_equal(sampling_mean_period(&s, 65536), 65536);
	s.bytes = 1000ULL * 65536;
	assert_int_equal(sampling_mean_period(&s, 65536), 65536);
	s.thinned[0].bytes = s.bytes / 2; /* half of them at twice the period */
	assert_int_equal(sampling_mean_period(&s, 65536), 65536 * 3 / 2);
	s.thinned[0].bytes = 0;
	s.thinned[2].bytes = s.bytes; /* all of them at eight times the period */
	assert_int_equal(sampling_mean_period(&s, 65536), 65536 * 8);
	s.bytes = s.thinned[2].bytes = 1ULL << 50;
	assert_int_equal(sampling_mean_period(&s, 4096), 4096 * 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sample_per_period),
		cmocka_unit_test(each_page_has_the_same_chance),
		cmocka_unit_test(no_resonance),
		cmocka_unit_test(period_doubles_as_the_ring_fills),
		cmocka_unit_test(thinned_without_bias),
		cmocka_unit_test(thinned_evenly),
		cmocka_unit_test(mean_period),
	};

	return cmocka_run_group_tests_name("sampling", tests, NULL, NULL);
}
