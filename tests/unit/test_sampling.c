/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where samples are taken: as many as there are periods of growth, each byte with
 * the same chance.
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

static uint64_t grow(struct sampler *s, uint32_t period, uint64_t bytes)
{
	s->left -= (int64_t)bytes;
	return s->left > 0 ? 0 : sampling_passed(s, period, random32());
}

static void one_a_period(void **state)
{
	static const uint32_t periods[] = { PAGE, 3 * PAGE, 65536, 1 << 20 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sampler s;
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

static void each_page(void **state)
{
	struct sampler s;

	(void)state;
	sampling_begin(&s, PAGE, random32());
	for (int k = 0; k < 1000; k++)
		assert_int_equal(grow(&s, PAGE, PAGE), 1);
	assert_int_equal(grow(&s, PAGE, 512 * PAGE), 512);
	assert_int_equal(grow(&s, PAGE, PAGE), 1);
}

/* A program that grows by a rhythm of just the period: both of its lines get their share. */
static void no_resonance(void **state)
{
	struct sampler s;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_a_period),
		cmocka_unit_test(each_page),
		cmocka_unit_test(no_resonance),
	};

	return cmocka_run_group_tests_name("sampling", tests, NULL, NULL);
}
