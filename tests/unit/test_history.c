/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The history of the black box with a made-up clock: what names held at a time, names that come and
 * go, too many names, samples whose aggregates are folded, and fixed memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <stdio.h>

#include "model/history.h"

#define NS 1000000000ULL

static const struct history_limits small = { .names = 64, .samples = 16 };

static void tick(struct history *h, uint64_t second, int64_t held)
{
	history_begin(h, second * NS);
	history_add(h, "/pod", "server", NULL, held);
	history_add(h, "/pod", "server", "worker", held / 2);
}

static void test_held(void **state)
{
	struct history *h = history_new(&small);

	(void)state;
	assert_int_equal(history_first(h), UINT64_MAX);
	assert_int_equal(history_held(h, "/pod", "server", NULL, 100 * NS), 0);
	for (uint64_t s = 100; s <= 160; s++)
		tick(h, s, (int64_t)(s - 100) * 1000);
	assert_int_equal(history_first(h), 100 * NS);
	assert_int_equal(history_held(h, "/pod", "server", NULL, 150 * NS), 50000);
	assert_int_equal(history_held(h, "/pod", "server", "worker", 150 * NS), 25000);
	/* Between two ticks, after the last, before the first. */
	assert_int_equal(history_held(h, "/pod", "server", NULL, 150 * NS + NS / 2), 50500);
	assert_int_equal(history_held(h, "/pod", "server", NULL, 999 * NS), 60000);
	assert_int_equal(history_held(h, "/pod", "server", NULL, 5 * NS), 0);
	/* Another group, no group, another name. */
	assert_int_equal(history_held(h, "/else", "server", NULL, 150 * NS), 0);
	assert_int_equal(history_held(h, NULL, "server", NULL, 150 * NS), 0);
	assert_int_equal(history_held(h, "/pod", "serve", "rworker", 150 * NS), 0);
	history_free(h);
}

static void test_same_name_is_a_sum(void **state)
{
	struct history *h = history_new(&small);

	(void)state;
	tick(h, 1, 100);
	history_add(h, "/pod", "server", NULL, 50);
	assert_int_equal(history_held(h, "/pod", "server", NULL, NS), 150);
	history_free(h);
}

/* The oldest ticks are overwritten; a name that was away held nothing meanwhile. */
static void test_wraps(void **state)
{
	struct history *h = history_new(&small);

	(void)state;
	for (uint64_t s = 1; s <= 3 * HISTORY_TICKS; s++)
		tick(h, s, (int64_t)s);
	assert_int_equal(history_first(h), (2 * HISTORY_TICKS + 1) * NS);
	assert_int_equal(history_held(h, "/pod", "server", NULL, NS), 2 * HISTORY_TICKS + 1);
	for (uint64_t s = 3 * HISTORY_TICKS + 1; s <= 3 * HISTORY_TICKS + 10; s++)
		history_begin(h, s * NS);
	assert_int_equal(history_held(h, "/pod", "server", NULL, (3 * HISTORY_TICKS + 5) * NS), 0);
	tick(h, 3 * HISTORY_TICKS + 11, 7);
	assert_int_equal(history_held(h, "/pod", "server", NULL, (3 * HISTORY_TICKS + 10) * NS), 0);
	assert_int_equal(history_held(h, "/pod", "server", NULL, (3 * HISTORY_TICKS + 11) * NS), 7);
	assert_int_equal(history_held(h, "/pod", "server", NULL, 3 * HISTORY_TICKS * NS),
			 3 * HISTORY_TICKS);
	for (uint64_t s = 0; s < 2 * HISTORY_TICKS; s++)
		history_begin(h, (4 * HISTORY_TICKS + s) * NS);
	assert_int_equal(history_held(h, "/pod", "server", NULL, 99 * HISTORY_TICKS * NS), 0);
	history_free(h);
}

static void add_many(struct history *h, unsigned from, unsigned n)
{
	char name[32];

	for (unsigned i = from; i < from + n; i++) {
		snprintf(name, sizeof(name), "name-%u", i);
		history_add(h, "/pod", name, NULL, i + 1);
	}
}

static void test_too_many_names(void **state)
{
	struct history *h = history_new(&small);
	uint64_t bytes = history_bytes(h);
	int64_t sum = 0;

	(void)state;
	history_begin(h, NS);
	add_many(h, 0, 200);
	assert_int_equal(history_left_out(h), 200 - 64);
	for (unsigned i = 0; i < 64; i++) {
		char name[32];

		snprintf(name, sizeof(name), "name-%u", i);
		sum += history_held(h, "/pod", name, NULL, NS);
	}
	assert_int_equal(sum, 64 * 65 / 2);
	/* Those that are gone for long make room. */
	for (uint64_t s = 2; s < 2 + HISTORY_TICKS; s++)
		history_begin(h, s * NS);
	add_many(h, 1000, 64);
	assert_int_equal(history_left_out(h), 200 - 64);
	assert_int_equal(history_bytes(h), bytes);
	history_free(h);
}

static void sum_of(void *ctx, uint32_t aggregate, uint64_t bytes)
{
	uint64_t *sum = ctx;

	sum[aggregate % 64] += bytes;
}

static void test_samples(void **state)
{
	struct history *h = history_new(&small);
	uint64_t sum[64] = { 0 };

	(void)state;
	history_sample(h, 1 * NS, 1, 10);
	history_sample(h, 1 * NS + 1, 1, 5); /* the same tenth */
	history_sample(h, 2 * NS, 2, 100);
	history_sample(h, 3 * NS, 1, 1000);
	history_samples(h, 0, UINT64_MAX, sum_of, sum);
	assert_int_equal(sum[1], 1015);
	assert_int_equal(sum[2], 100);
	memset(sum, 0, sizeof(sum));
	history_samples(h, 2 * NS, 2 * NS, sum_of, sum);
	assert_int_equal(sum[1], 0);
	assert_int_equal(sum[2], 100);
	/* 1 into 3, which has none; 2 into 3, which has them now; 3 into 4. */
	history_folded(h, 1, 3);
	history_folded(h, 2, 3);
	history_folded(h, 3, 4);
	history_folded(h, 9, 4); /* has no samples */
	memset(sum, 0, sizeof(sum));
	history_samples(h, 0, UINT64_MAX, sum_of, sum);
	assert_int_equal(sum[4], 1115);
	assert_int_equal(sum[1] + sum[2] + sum[3], 0);
	assert_int_equal(history_samples_first(h), 0);
	history_free(h);
}

/* Against a simple model: an array of all samples, renamed at each fold. */
static void test_samples_any(void **state)
{
	struct history *h = history_new(&small);
	struct {
		uint32_t aggregate;
		uint64_t bytes;
	} all[20000];
	unsigned n = 0;
	uint32_t next = 64;

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		uint32_t a = next - 1 - (uint32_t)g_random_int_range(0, 40);
		uint64_t now[64] = { 0 }, want[64] = { 0 };

		if (g_random_int_range(0, 3)) {
			history_sample(h, (step + 1) * NS, a, step + 1);
			all[n].aggregate = a;
			all[n++].bytes = step + 1;
		} else {
			/* A number is not used again once it was folded. */
			uint32_t oldest = next - 40, into = next - 1 - (step % 39);

			history_folded(h, oldest, into);
			for (unsigned i = 0; i < n; i++)
				if (all[i].aggregate == oldest)
					all[i].aggregate = into;
			next++;
		}
		history_samples(h, 0, UINT64_MAX, sum_of, now);
		for (unsigned i = n < 16 ? 0 : n - 16; i < n; i++)
			want[all[i].aggregate % 64] += all[i].bytes;
		assert_memory_equal(now, want, sizeof(now));
	}
	assert_true(history_samples_first(h) > 0);
	history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held),    cmocka_unit_test(test_same_name_is_a_sum),
		cmocka_unit_test(test_wraps),   cmocka_unit_test(test_too_many_names),
		cmocka_unit_test(test_samples), cmocka_unit_test(test_samples_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
