/* SPDX-License-Identifier: GPL-2.0-only
 *
 * model/fit: fits of lines whose parameters are known, and which runs are part of the fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "model/fit.h"

static struct bench *bench;

static int begin(void **state)
{
	(void)state;
	bench = bench_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static struct bench_row *new_row(void)
{
	struct bench_row *row = bench_row_new();

	g_ptr_array_add(bench->rows, row);
	return row;
}

static struct bench_run *add_run(struct bench_row *row, uint64_t tasks, unsigned repeat)
{
	struct bench_run *run = bench_run_new();

	run->tasks = tasks;
	run->repeat = repeat;
	g_ptr_array_add(row->runs, run);
	return run;
}

/* `anon` bytes of anonymous memory, `anon` / 8 of kernel stacks, nothing else. */
static void add_weighing(struct bench_run *run, enum bench_state state, double anon)
{
	struct bench_weighing *w = &run->at[state];

	w->taken = w->settled = true;
	for (int k = 0; k < TARE_KINDS; k++)
		w->part[k] = 0;
	w->part[TARE_ANON] = (int64_t)llround(anon);
	w->part[TARE_KSTACK] = (int64_t)llround(anon / 8);
	bench_sum(w);
}

static struct bench_run *steady_run(struct bench_row *row, uint64_t tasks, double anon)
{
	struct bench_run *run = add_run(row, tasks, 1);

	add_weighing(run, BENCH_STEADY, anon);
	return run;
}

static void assert_near(double a, double b, double within)
{
	if (!(fabs(a - b) <= within))
		fail_msg("%.17g is not %.17g within %g", a, b, within);
}

static void exact_line_is_found(void **state)
{
	struct bench_row *row = new_row();
	struct row_fit fit;
	const struct fit *f = &fit.part[BENCH_WEIGHT];

	(void)state;
	for (uint64_t n = 1; n <= 1000000; n *= 10)
		steady_run(row, n, 800000 + 160.0 * (double)n);
	fit_row(row, &fit);
	assert_int_equal(fit.state, BENCH_STEADY);
	assert_int_equal(fit.runs, 7);
	assert_int_equal(fit.unsettled, 0);
	assert_int_equal(fit.most, 1000000);
	assert_true(f->valid && f->interval && f->linear);
	assert_near(f->tare, 900000, 1e-3);
	assert_near(f->slope, 180, 1e-6);
	assert_near(f->lo, 180, 1e-3);
	assert_near(f->hi, 180, 1e-3);
	assert_near(f->tare_lo, 900000, 1);
	assert_near(f->worst, 0, 1e-9);
	assert_near(fit.part[TARE_KSTACK].slope, 20, 1e-6);
	assert_near(fit.part[TARE_FILE].slope, 0, 1e-9);
}

/* Weights of 10^12 bytes do not hide tasks of a few bytes. */
static void huge_weights_keep_precision(void **state)
{
	struct bench_row *row = new_row();
	struct row_fit fit;
	const struct fit *f = &fit.part[TARE_ANON];

	(void)state;
	steady_run(row, 1, 8e12 + 16);
	steady_run(row, 1000000, 8e12 + 16e6);
	steady_run(row, 10000000, 8e12 + 16e7);
	steady_run(row, 100000000, 8e12 + 16e8);
	fit_row(row, &fit);
	assert_true(f->valid && f->linear);
	assert_near(f->tare, 8e12, 1);
	assert_near(f->slope, 16, 1e-6);
	g_ptr_array_set_size(row->runs, 0);

	steady_run(row, 1, 1e12);
	steady_run(row, 1000000, 1e18);
	fit_row(row, &fit);
	assert_near(f->slope, 1e12, 1e4);
}

/* Scatter that is the same in each run of this test. */
static double scatter(GRand *rand)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += g_rand_double(rand) - 0.5;
	return sum * 0.02;
}

static void assert_scattered(struct bench_row *row, GRand *rand)
{
	for (uint64_t n = 1; n <= 1000000; n *= 100)
		for (unsigned r = 0; r < 3; r++) {
			double size = 1e6 + 500.0 * (double)n;
			struct bench_run *run = steady_run(row, n, size * (1 + scatter(rand)));
			struct bench_weighing *w = &run->at[BENCH_STEADY];

			w->part[TARE_FILE] = (int64_t)(4e5 * (1 + scatter(rand)));
			w->part[TARE_KMEM] = (int64_t)(size * 0.3 * (1 + scatter(rand)));
			bench_sum(w);
		}
}

static void fits_of_kinds_add_up(void **state)
{
	struct bench_row *row = new_row();
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	struct row_fit fit;
	struct fit sum;
	double tare = 0, slope = 0;

	(void)state;
	assert_scattered(row, rand);
	fit_row(row, &fit);
	for (int k = 0; k < TARE_KINDS; k++) {
		tare += fit.part[k].tare;
		slope += fit.part[k].slope;
	}
	assert_near(slope, fit.part[BENCH_WEIGHT].slope, 1e-6);
	assert_near(tare, fit.part[BENCH_WEIGHT].tare, 1e-3);
	assert_near(fit.part[BENCH_USER].slope + fit.part[BENCH_KERNEL].slope, slope, 1e-6);
	assert_true(fit_sum(row, 1u << BENCH_USER | 1u << BENCH_KERNEL, &sum));
	assert_near(sum.hi, fit.part[BENCH_WEIGHT].hi, 1e-6);
	assert_near(sum.lo, fit.part[BENCH_WEIGHT].lo, 1e-6);
}

/* 90, 112 and 126 bytes with 1, 2 and 3 tasks: exact fractions from the formulas with weights
 * 1/90², 1/112² and 1/126², and t(0.975; 1) = tan(0.475 π). */
static void fit_equals_the_exact_fractions(void **state)
{
	struct bench_row *row = new_row();
	struct bench_weighing *w;
	struct row_fit fit;
	const struct fit *f = &fit.part[BENCH_WEIGHT];

	(void)state;
	steady_run(row, 1, 80);
	w = &steady_run(row, 2, 96)->at[BENCH_STEADY];
	w->part[TARE_SHMEM] = 4;
	bench_sum(w);
	steady_run(row, 3, 112);
	fit_row(row, &fit);
	assert_near(f->slope, 18.419462725213, 1e-9);
	assert_near(f->tare, 72.454417952314, 1e-9);
	assert_near(f->hi - f->slope, 28.404619467365, 1e-9);
	assert_near(f->tare - f->tare_lo, 55.310634298807, 1e-9);
}

/* The interval is the larger one of two that each hold the true slope in about 95 of 100 tries. */
static void interval_covers_the_true_slope(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	unsigned slopes = 0, tares = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct bench_row *row = new_row();
		struct row_fit fit;
		const struct fit *f = &fit.part[BENCH_USER];

		assert_scattered(row, rand);
		fit_row(row, &fit);
		assert_true(f->interval && f->lo <= f->slope && f->slope <= f->hi);
		slopes += f->lo <= 500 && 500 <= f->hi;
		tares += f->tare_lo <= 1.4e6 && 1.4e6 <= f->tare_hi;
	}
	assert_in_range(slopes, 950, 1000);
	assert_in_range(tares, 950, 1000);
}

static void few_runs_have_no_interval(void **state)
{
	struct bench_row *row = new_row();
	struct row_fit fit;
	const struct fit *f = &fit.part[BENCH_WEIGHT];

	(void)state;
	fit_row(row, &fit); /* none */
	assert_false(f->valid);
	assert_int_equal(fit.runs, 0);
	assert_int_equal(fit.most, 0);
	assert_true(isnan(fit.ready_s) && isnan(fit.cpu_s));

	steady_run(row, 1000, 8000);
	steady_run(row, 1000, 8800);
	steady_run(row, 1000, 8400);
	fit_row(row, &fit); /* one N */
	assert_int_equal(fit.runs, 3);
	assert_int_equal(fit.most, 1000);
	assert_false(f->valid || f->interval);

	g_ptr_array_set_size(row->runs, 1);
	steady_run(row, 2000, 16000);
	fit_row(row, &fit); /* two points */
	assert_true(f->valid && f->linear);
	assert_false(f->interval);
	assert_near(f->slope, 9, 1e-9);
	assert_near(f->tare, 0, 1e-6);
}

static void runs_without_tasks_and_with_one(void **state)
{
	struct bench_row *row = new_row();
	struct row_fit fit;

	(void)state;
	steady_run(row, 0, 80000);
	fit_row(row, &fit);
	assert_int_equal(fit.most, 0);
	assert_int_equal(fit.runs, 1);
	steady_run(row, 1, 80800);
	fit_row(row, &fit);
	assert_int_equal(fit.most, 1);
	assert_near(fit.part[TARE_ANON].tare, 80000, 1e-6);
	assert_near(fit.part[TARE_ANON].slope, 800, 1e-6);
}

/* One unknown kind makes its sums unknown; the other kinds stay known. */
static void unknown_kind_makes_its_sums_unknown(void **state)
{
	struct bench_row *row = new_row();
	struct bench_weighing *w;
	struct row_fit fit;
	struct fit sum;

	(void)state;
	steady_run(row, 1, 8080);
	steady_run(row, 100, 16000);
	w = &steady_run(row, 1000, 88000)->at[BENCH_STEADY];
	w->part[TARE_KMEM] = BENCH_UNKNOWN;
	bench_sum(w);
	fit_row(row, &fit);
	assert_false(fit.part[TARE_KMEM].valid || fit.part[BENCH_KERNEL].valid);
	assert_false(fit.part[BENCH_WEIGHT].valid || fit.part[BENCH_CHARGED].valid);
	assert_near(fit.part[BENCH_KERNEL].slope, 0, 0);
	assert_near(fit.part[BENCH_USER].slope, 80, 1e-6);
	assert_near(fit.part[TARE_KSTACK].slope, 10, 1e-6);
	assert_true(fit_sum(row, 1u << TARE_ANON | 1u << TARE_KSTACK, &sum));
	assert_near(sum.slope, 90, 1e-6);
	assert_false(fit_sum(row, 1u << TARE_ANON | 1u << TARE_KMEM, &sum));
	assert_false(fit_sum(row, 0, &sum));
	assert_true(isnan(fit_mean(row, BENCH_STEADY, TARE_KMEM, 1000, NULL)));
	assert_near(fit_mean(row, BENCH_STEADY, TARE_KMEM, 100, NULL), 0, 0);
}

static void nonlinear_growth_is_noticed(void **state)
{
	struct bench_row *row = new_row();
	struct row_fit fit;
	const struct fit *f = &fit.part[BENCH_WEIGHT];

	(void)state;
	steady_run(row, 1, 1e6);
	steady_run(row, 10000, 1e6 + 1e6);
	steady_run(row, 100000, 1e6 + 25e6); /* 2.5 times the slope */
	steady_run(row, 1000000, 1e6 + 100e6);
	fit_row(row, &fit);
	assert_true(f->valid && !f->linear);
	assert_true(f->worst > FIT_OFF);
	assert_int_equal(f->worst_tasks, 100000);
	assert_true(fit.bent);
	/* Off by more than a twentieth (7.9 %), and by less (4.3 %). */
	g_ptr_array_set_size(row->runs, 0);
	steady_run(row, 1, 1e6);
	steady_run(row, 100000, 1.15 * 11e6);
	steady_run(row, 1000000, 101e6);
	fit_row(row, &fit);
	assert_true(fit.bent);
	assert_int_equal(f->worst_tasks, 100000);
	g_ptr_array_set_size(row->runs, 0);
	steady_run(row, 1, 1e6);
	steady_run(row, 100000, 1.08 * 11e6);
	steady_run(row, 1000000, 101e6);
	fit_row(row, &fit);
	assert_false(fit.bent);
}

/* The line goes through the means of two N: 9,450 and 90,900 bytes, each the mean of two runs. */
static void repeats_tell_the_interval_of_two_n(void **state)
{
	struct bench_row *row = new_row();
	struct row_fit fit;
	const struct fit *f = &fit.part[BENCH_WEIGHT];

	(void)state;
	steady_run(row, 1, 8000);
	steady_run(row, 1, 8800);
	steady_run(row, 1000, 80000);
	steady_run(row, 1000, 81600);
	fit_row(row, &fit);
	assert_true(f->interval && f->linear);
	assert_near(f->slope, (90900 - 9450) / 999., 1e-9);
	assert_near(f->hi - f->slope, 6.2329035, 1e-4);
	assert_near(f->tare - f->tare_lo, 5723.419, 0.1);
}

/* Weights are anon and an eighth of it; see add_weighing(). */
static void bytes_per_task_at_one_n(void **state)
{
	const unsigned weight = 1u << BENCH_WEIGHT, parts = 1u << TARE_ANON | 1u << TARE_KSTACK;
	struct bench_row *row = new_row();
	g_autoptr(GArray) all = NULL;
	struct bench_run *run;
	struct fit_at at;

	(void)state;
	assert_false(fit_at(row, weight, 10).known);
	steady_run(row, 1000, 80000); /* not in the order of N */
	steady_run(row, 1, 8000);
	steady_run(row, 1, 8800);
	all = fit_tasks(row);
	assert_int_equal(all->len, 2);
	assert_int_equal(g_array_index(all, uint64_t, 0), 1);
	assert_int_equal(g_array_index(all, uint64_t, 1), 1000);
	at = fit_at(row, weight, 1000);
	assert_true(at.known && !at.interval); /* one run with 1,000 */
	assert_near(at.tare, 9450, 1e-9);
	assert_near(at.bytes, (90000 - 9450) / 999., 1e-9);
	steady_run(row, 1000, 81600);
	at = fit_at(row, parts, 1000);
	assert_true(at.interval);
	assert_near(at.bytes, (90900 - 9450) / 999., 1e-9);
	/* A mean of two values is off by half of their distance, 900 and 1,800; t(1) is 12.7062. */
	assert_near(at.tare_half, 12.7062 * 450, 0.1);
	assert_near(at.half, 12.7062 * sqrt(450. * 450 + 900. * 900) / 999, 1e-3);
	assert_false(fit_at(row, weight, 1).known);   /* the fewest themselves */
	assert_false(fit_at(row, weight, 500).known); /* no such run */
	run = steady_run(row, 1000, 1);
	run->at[BENCH_STEADY].part[TARE_KSTACK] = BENCH_UNKNOWN;
	assert_false(fit_at(row, parts, 1000).known);
	assert_true(fit_at(row, 1u << TARE_ANON, 1000).known);
}

/* Failed runs and runs with --after are not part of any fit. */
static void failed_runs_are_excluded(void **state)
{
	struct bench_row *row = new_row();
	struct bench_run *run;
	struct row_fit fit;
	unsigned n;

	(void)state;
	steady_run(row, 1, 8080);
	steady_run(row, 1000, 88000);
	run = steady_run(row, 100000, 1);
	run->outcome = BENCH_STOPPED;
	run = steady_run(row, 200000, 1);
	run->outcome = BENCH_FAILED;
	run = steady_run(row, 1000, 999999);
	run->after = true;
	add_weighing(run, BENCH_AFTER, 5000);
	add_run(row, 500000, 1); /* ended well, but never weighed */
	fit_row(row, &fit);
	assert_int_equal(fit.runs, 2);
	assert_int_equal(fit.most, 1000);
	assert_near(fit.part[TARE_ANON].slope, 80, 1e-6);
	assert_near(fit_mean(row, BENCH_STEADY, TARE_ANON, 1000, &n), 88000, 0);
	assert_int_equal(n, 1);
	assert_near(fit_mean(row, BENCH_AFTER, TARE_ANON, 1000, &n), 5000, 0);
	assert_int_equal(n, 1);
	assert_true(isnan(fit_mean(row, BENCH_STEADY, TARE_ANON, 100000, &n)));
	assert_int_equal(n, 0);
}

/* A program that never prints `ready` is fitted at its peak; times are medians. */
static void programs_without_ready_are_fitted_at_the_peak(void **state)
{
	static const double ready[] = { 3, NAN, 1, 8 };
	struct bench_row *row = new_row();
	struct row_fit fit;

	(void)state;
	add_weighing(add_run(row, 1, 1), BENCH_PEAK, 8080);
	for (unsigned i = 0; i < 4; i++) {
		struct bench_run *run = add_run(row, 1000, i + 1);

		add_weighing(run, BENCH_PEAK, 88000);
		run->ready_s = ready[i];
		run->cpu_s = i;
	}
	fit_row(row, &fit);
	assert_int_equal(fit.state, BENCH_PEAK);
	assert_int_equal(fit.unsettled, 0);
	assert_near(fit.part[TARE_ANON].slope, 80, 1e-6);
	assert_near(fit.ready_s, 3, 0);
	assert_near(fit.cpu_s, 1.5, 0);
	/* A run that prints `ready`: only such runs count. */
	add_weighing(row->runs->pdata[0], BENCH_STEADY, 8000);
	((struct bench_run *)row->runs->pdata[0])->at[BENCH_STEADY].settled = false;
	fit_row(row, &fit);
	assert_int_equal(fit.state, BENCH_STEADY);
	assert_int_equal(fit.runs, 1);
	assert_int_equal(fit.unsettled, 1);
	assert_false(fit.part[TARE_ANON].valid);
}

static bool keeps_peak(const char *root, double anon)
{
	struct bench_row *row = new_row();
	struct bench_run *run = add_run(row, 1, 1);

	row->root = g_strdup(root);
	add_weighing(run, BENCH_PEAK, anon);
	bench_check_peak(row, run);
	return run->at[BENCH_PEAK].taken;
}

/* The script that enters the newer root has about 10 MiB. */
static void small_peaks_in_the_newer_root_are_not_known(void **state)
{
	(void)state;
	assert_false(keeps_peak("sid", 12 << 20));
	assert_true(keeps_peak("sid", 16 << 20));
	assert_true(keeps_peak("bookworm", 1 << 20));
	assert_true(keeps_peak(NULL, 1 << 20)); /* the user's own command */
}

/* All weights are 0: no division by 0. */
static void weights_of_0_are_fitted(void **state)
{
	struct bench_row *row = new_row();
	struct row_fit fit;
	const struct fit *f = &fit.part[BENCH_WEIGHT];

	(void)state;
	for (uint64_t n = 0; n < 4; n++)
		steady_run(row, n, 0);
	fit_row(row, &fit);
	assert_true(f->valid && f->linear && f->interval);
	assert_near(f->slope, 0, 0);
	assert_near(f->hi, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_line_is_found),
		cmocka_unit_test(huge_weights_keep_precision),
		cmocka_unit_test(fits_of_kinds_add_up),
		cmocka_unit_test(fit_equals_the_exact_fractions),
		cmocka_unit_test(interval_covers_the_true_slope),
		cmocka_unit_test(few_runs_have_no_interval),
		cmocka_unit_test(runs_without_tasks_and_with_one),
		cmocka_unit_test(unknown_kind_makes_its_sums_unknown),
		cmocka_unit_test(repeats_tell_the_interval_of_two_n),
		cmocka_unit_test(nonlinear_growth_is_noticed),
		cmocka_unit_test(bytes_per_task_at_one_n),
		cmocka_unit_test(failed_runs_are_excluded),
		cmocka_unit_test(programs_without_ready_are_fitted_at_the_peak),
		cmocka_unit_test(small_peaks_in_the_newer_root_are_not_known),
		cmocka_unit_test(weights_of_0_are_fitted),
	};

	return cmocka_run_group_tests_name("fit", tests, begin, end);
}
