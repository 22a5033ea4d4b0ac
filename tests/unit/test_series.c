/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The curve in bounded memory: it keeps its first and last point and stays evenly spaced,
 * however long it gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/report.h"
#include "model/series.h"

#define POINT(a, i) g_array_index(a, struct report_point, i)

static GArray *points_of(const struct series *s)
{
	GArray *points = g_array_new(FALSE, FALSE, sizeof(struct report_point));

	series_copy(s, points);
	return points;
}

static void add(struct series *s, uint64_t time_ns, int64_t rss, int64_t nonrss)
{
	struct report_point point = { .time_ns = time_ns, .rss = rss, .nonrss = nonrss };

	series_add(s, &point);
}

static void empty_series_has_no_point(void **state)
{
	struct series *s = series_new(10);
	g_autoptr(GArray) points = points_of(s);

	(void)state;
	assert_int_equal(points->len, 0);
	series_free(s);
	series_free(NULL);
}

static void points_too_close_are_left_out(void **state)
{
	struct series *s = series_new(100);
	g_autoptr(GArray) points = NULL;

	(void)state;
	add(s, 5, 1, 0);
	add(s, 94, 2, 0); /* too close */
	add(s, 95, 3, 0); /* a tenth of the interval early is accepted */
	add(s, 200, 4, 0);
	add(s, 210, 5, 0); /* too close, but kept as the latest point */
	points = points_of(s);
	assert_int_equal(points->len, 4);
	assert_int_equal(POINT(points, 0).rss, 1);
	assert_int_equal(POINT(points, 1).rss, 3);
	assert_int_equal(POINT(points, 2).rss, 4);
	assert_int_equal(POINT(points, 3).rss, 5);
	series_free(s);
}

/* After n points: bounded, with the first and the latest point, the others evenly spaced. */
static void thinned_series_stays_even(void **state)
{
	static const unsigned lengths[] = { 1, 2, 4095, 4096, 4097, 6144, 8192, 8193, 100000 };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
		struct series *s = series_new(1000);
		g_autoptr(GArray) points = NULL;
		unsigned n = lengths[i];
		uint64_t gap;

		for (unsigned t = 0; t < n; t++)
			add(s, 1000 * t, t, 0);
		points = points_of(s);
		assert_in_range(points->len, MIN(n, SERIES_POINTS / 2), SERIES_POINTS);
		assert_int_equal(POINT(points, 0).rss, 0);
		assert_int_equal(POINT(points, points->len - 1).rss, n - 1);
		gap = points->len > 1 ? POINT(points, 1).time_ns : 0;
		for (unsigned j = 1; j < points->len; j++) {
			const struct report_point *p = &POINT(points, j);
			uint64_t step = p->time_ns - POINT(points, j - 1).time_ns;

			assert_int_equal(p->time_ns, 1000 * p->rss);
			/* the last may come early, others by the accepted tenth */
			assert_in_range(step, j + 1 < points->len ? gap - gap / 10 : 1, gap);
		}
		series_free(s);
	}
}

/* An irregular timer: times increase, and no gap is below the interval valid at that time. */
static void irregular_timer_keeps_the_interval(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(4);
	struct series *s = series_new(1000);
	g_autoptr(GArray) points = NULL;
	uint64_t t = 77;

	(void)state;
	for (int i = 0; i < 30000; i++) {
		t += g_rand_int_range(rand, 900, 1100);
		add(s, t, i, 0);
	}
	points = points_of(s);
	assert_true(points->len <= SERIES_POINTS);
	assert_int_equal(POINT(points, points->len - 1).time_ns, t);
	for (unsigned j = 1; j + 1 < points->len; j++)
		assert_true(POINT(points, j).time_ns >= POINT(points, j - 1).time_ns + 7200);
	series_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_series_has_no_point),
		cmocka_unit_test(points_too_close_are_left_out),
		cmocka_unit_test(thinned_series_stays_even),
		cmocka_unit_test(irregular_timer_keeps_the_interval),
	};

	return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
