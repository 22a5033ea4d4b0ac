/* SPDX-License-Identifier: GPL-2.0-only
 *
 * model/fleet: what is in a figure and what is not, which recording is called an outlier, and
 * which change of two sets is more than their recordings differ.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/fleet.h"
#include "tests/golden/fixtures.c"

#define PEAK SAMPLE_TYPE_LIVE_PEAK

static struct report *service(const char *host, bool kernel)
{
	struct report *r = report_new();

	r->machine.host = g_strdup(host);
	g_ptr_array_add(r->command, g_strdup("/usr/bin/app"));
	r->kmem.level = kernel ? KMEM_EVENTS : KMEM_NONE;
	if (!kernel)
		report_add_feature(r, "kmem", "not measured", "no events here");
	r->profile = profile_new();
	r->profile->period = 65536;
	return r;
}

static void holds(struct report *r, const char *name, int64_t anon, int64_t kmem)
{
	struct report_process *p = add_process(r, 1, 0, name, name);

	p->at_peak[TARE_ANON] = anon;
	p->at_peak[TARE_KMEM] = kmem;
}

/* Live bytes at the peak of one function. */
static void grew(struct report *r, const char *function, enum tare_kind kind, int64_t bytes)
{
	struct profile_entry e = { .kind = kind };

	e.node = add_node(r->profile, NO_NODE,
			  (struct code){ function, .address = r->profile->frames->len });
	e.bytes[PEAK] = bytes;
	add_sample(r->profile, e, "page fault", "heap");
}

static void add(struct fleet *f, const char *path, struct report *r)
{
	fleet_add(f, path, r);
	report_free(r);
}

static const struct fleet_row *row(const struct fleet *f, enum fleet_sort sort, const char *name)
{
	for (unsigned i = 0; i < f->rows[sort]->len; i++) {
		const struct fleet_row *r = f->rows[sort]->pdata[i];

		if (!strcmp(r->name, name))
			return r;
	}
	fail_msg("no row %s", name);
	return NULL;
}

static struct fleet_figure figure(const struct fleet *f, enum fleet_sort sort, const char *name,
				  enum fleet_part part)
{
	return fleet_figure(f, row(f, sort, name), PEAK, part);
}

static struct fleet *functions(unsigned n, const int64_t *bytes)
{
	struct fleet *f = fleet_new();

	for (unsigned i = 0; i < n; i++) {
		g_autofree char *host = g_strdup_printf("web-%u", i + 1);
		struct report *r = service(host, true);

		grew(r, "f", TARE_ANON, bytes[i]);
		add(f, host, r);
	}
	fleet_close(f, PEAK);
	return f;
}

static void sum_median_and_deviation(void **state)
{
	const int64_t bytes[] = { 40 * MIB, 10 * MIB, 20 * MIB, 30 * MIB };
	struct fleet *f = functions(4, bytes);
	struct fleet_figure x = figure(f, FLEET_FUNCTIONS, "f", FLEET_USER);

	(void)state;
	assert_int_equal(x.measured, 4);
	assert_int_equal(x.in, 4);
	assert_int_equal(x.sum, 100 * MIB);
	assert_int_equal(x.min, 10 * MIB);
	assert_int_equal(x.q1, 17.5 * MIB);
	assert_int_equal(x.median, 25 * MIB);
	assert_int_equal(x.q3, 32.5 * MIB);
	assert_int_equal(x.max, 40 * MIB);
	assert_int_equal(x.mad, 10 * MIB); /* of 15, 15, 5, 5 */
	assert_int_equal(x.largest, 0);
	assert_int_equal(x.outliers, 0);
	fleet_free(f);
}

static void what_is_not_measured_is_in_no_figure(void **state)
{
	struct fleet *f = fleet_new();
	struct report *r;
	struct fleet_figure x;

	(void)state;
	for (int i = 0; i < 3; i++) {
		r = service("a", i != 2);
		holds(r, "app", 8 * MIB, 2 * MIB); /* of the third the events are not there */
		if (i == 1) {
			profile_free(r->profile);
			r->profile = NULL;
		} else {
			grew(r, "f", TARE_ANON, 4 * MIB);
			grew(r, "k", TARE_KMEM, 2 * MIB);
		}
		add(f, "x", r);
	}
	fleet_close(f, PEAK);
	x = figure(f, FLEET_PROCESSES, "app", FLEET_KERNEL);
	assert_int_equal(x.measured, 2);
	assert_int_equal(x.sum, 4 * MIB);
	assert_int_equal(x.min, 2 * MIB);
	x = figure(f, FLEET_PROCESSES, "app", FLEET_WEIGHT);
	assert_int_equal(x.measured, 2);
	x = figure(f, FLEET_FUNCTIONS, "f", FLEET_USER);
	assert_int_equal(x.measured, 2);
	assert_int_equal(x.min, 4 * MIB);
	assert_int_equal(figure(f, FLEET_FUNCTIONS, "k", FLEET_KERNEL).measured, 1);
	/* User memory is then shown apart, and kernel memory where a row has no other. */
	assert_false(fleet_whole(f, FLEET_PROCESSES));
	assert_int_equal(fleet_part_of(f, row(f, FLEET_FUNCTIONS, "f")), FLEET_USER);
	assert_int_equal(fleet_part_of(f, row(f, FLEET_FUNCTIONS, "k")), FLEET_KERNEL);
	fleet_free(f);
}

static void a_name_that_is_not_there_counts_as_0(void **state)
{
	struct fleet *f = fleet_new();
	struct report *r;
	struct fleet_figure x;

	(void)state;
	for (int i = 0; i < 3; i++) {
		g_autofree char *host = g_strdup_printf("web-%d", i);

		r = service(host, true);
		holds(r, "app", 8 * MIB, 0);
		if (i == 2)
			grew(r, "leak", TARE_ANON, 30 * MIB);
		add(f, "x", r);
	}
	fleet_close(f, PEAK);
	x = figure(f, FLEET_FUNCTIONS, "leak", FLEET_WEIGHT);
	assert_int_equal(x.measured, 3);
	assert_int_equal(x.in, 1);
	assert_int_equal(x.median, 0);
	assert_int_equal(x.outlier, 2);
	assert_int_equal(x.outlying, 30 * MIB);
	assert_string_equal(((struct fleet_source *)f->sources->pdata[2])->label, "web-2");
	fleet_free(f);
}

static void assert_outlier(unsigned n, const int64_t *bytes, uint32_t outlier)
{
	struct fleet *f = functions(n, bytes);

	assert_int_equal(figure(f, FLEET_FUNCTIONS, "f", FLEET_WEIGHT).outlier, outlier);
	fleet_free(f);
}

static void sums_do_not_overflow(void **state)
{
	int64_t bytes[20];
	struct fleet *f;

	(void)state;
	for (int i = 0; i < 20; i++)
		bytes[i] = INT64_C(1) << 60; /* the most that the reader lets through */
	f = functions(20, bytes);
	assert_true(figure(f, FLEET_FUNCTIONS, "f", FLEET_WEIGHT).sum == INT64_MAX);
	assert_true(figure(f, FLEET_FUNCTIONS, "f", FLEET_WEIGHT).median == INT64_C(1) << 60);
	fleet_free(f);
}

static void outliers(void **state)
{
	(void)state;
	assert_outlier(3, (int64_t[]){ 10 * MIB, 50 * MIB, 11 * MIB }, 1);
	assert_outlier(4, (int64_t[]){ 50 * MIB, 51 * MIB, 49 * MIB, MIB }, 3); /* less */
	assert_outlier(2, (int64_t[]){ 10 * MIB, 50 * MIB }, FLEET_NONE);
	assert_outlier(3, (int64_t[]){ 10 * MIB, 20 * MIB, 30 * MIB }, FLEET_NONE);    /* spread */
	assert_outlier(3, (int64_t[]){ 100 * MIB, 100 * MIB, 109 * MIB }, FLEET_NONE); /* a tenth */
	assert_outlier(3, (int64_t[]){ 0, 0, 200 << 10 }, FLEET_NONE);                 /* small */
	/* Within 3 standard errors: sqrt(512 KiB x 64 KiB) = 181 KiB. */
	assert_outlier(3, (int64_t[]){ 0, 0, 512 << 10 }, FLEET_NONE);
	assert_outlier(3, (int64_t[]){ 0, 0, 700 << 10 }, 2);
}

static void names_with_numbers_are_one(void **state)
{
	struct fleet *f = fleet_new();
	struct report *r = service(NULL, true);

	(void)state;
	holds(r, "worker-1", MIB, 0);
	holds(r, "worker-2", MIB, 0);
	holds(r, "python3", MIB, 0);
	add(f, "dir/a.tare", r);
	r = service("web", true);
	holds(r, "worker-7", 3 * MIB, 0);
	holds(r, "python3", MIB, 0);
	add(f, "dir/b.tare", r);
	r = service("web", true);
	add(f, "dir/c.tare", r);
	fleet_close(f, PEAK);
	assert_int_equal(figure(f, FLEET_PROCESSES, "worker-*", FLEET_USER).sum, 5 * MIB);
	assert_int_equal(figure(f, FLEET_PROCESSES, "worker-*", FLEET_USER).in, 2);
	row(f, FLEET_PROCESSES, "python3"); /* the same everywhere: as it is */
	assert_string_equal(((struct fleet_source *)f->sources->pdata[0])->label, "a.tare");
	assert_string_equal(((struct fleet_source *)f->sources->pdata[1])->label, "web:b.tare");
	assert_string_equal(((struct fleet_source *)f->sources->pdata[1])->service, "app");
	fleet_free(f);
}

static void too_many_names_are_one_row(void **state)
{
	struct fleet *f = fleet_new();
	struct report *r = service("a", true);
	unsigned n = FLEET_ROWS_MOST + 50;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		g_autofree char *name = g_strdup_printf("f%u", i);

		grew(r, name, TARE_ANON, i + 1);
	}
	add(f, "x", r);
	fleet_close(f, PEAK);
	assert_int_equal(f->rows[FLEET_FUNCTIONS]->len, FLEET_ROWS_MOST + 1);
	assert_int_equal(figure(f, FLEET_FUNCTIONS, FLEET_SMALLER, FLEET_USER).sum, 50 * 51 / 2);
	assert_int_equal(((struct fleet_source *)f->sources->pdata[0])->smaller[FLEET_FUNCTIONS],
			 50);
	fleet_free(f);
}

static void assert_change(unsigned n, const int64_t *a, unsigned m, const int64_t *b, bool beyond)
{
	struct fleet *before = functions(n, a), *after = functions(m, b);
	GArray *all = fleet_changes(before, after, FLEET_FUNCTIONS, PEAK);

	assert_int_equal(all->len, 1);
	assert_int_equal(g_array_index(all, struct fleet_change, 0).beyond, beyond);
	g_array_unref(all);
	fleet_free(before);
	fleet_free(after);
}

static void changes_beyond_the_spread(void **state)
{
	const int64_t near[] = { 100 * MIB, 101 * MIB, 99 * MIB };
	const int64_t far[] = { 100 * MIB, 140 * MIB, 60 * MIB };
	const int64_t later[] = { 130 * MIB, 131 * MIB, 129 * MIB };

	(void)state;
	assert_change(3, near, 3, later, true);
	assert_change(3, far, 3, later, false);
	assert_change(3, near, 3, near, false);
	/* One recording has no deviation of its own; two single ones are not judged. */
	assert_change(3, near, 1, later, true);
	assert_change(1, near, 3, far, false);
	/* 35 MiB: more than 2 x 1.48 x 10 MiB, less than the square root of 2 times that. */
	assert_change(3, (int64_t[]){ 90 * MIB, 100 * MIB, 110 * MIB }, 1, (int64_t[]){ 135 * MIB },
		      false);
	assert_change(1, near, 1, later, false);
}

static void what_one_set_did_not_measure_is_not_compared(void **state)
{
	struct fleet *a = fleet_new(), *b = fleet_new();
	struct report *r = service("a", true);
	GArray *all;

	(void)state;
	grew(r, "f", TARE_ANON, MIB);
	grew(r, "k", TARE_KMEM, MIB);
	add(a, "a", r);
	r = service("b", false);
	grew(r, "g", TARE_ANON, MIB);
	add(b, "b", r);
	fleet_close(a, PEAK);
	fleet_close(b, PEAK);
	all = fleet_changes(a, b, FLEET_FUNCTIONS, PEAK);
	assert_int_equal(all->len, 2); /* f, g; k is kernel memory */
	for (unsigned i = 0; i < all->len; i++) {
		assert_int_equal(g_array_index(all, struct fleet_change, i).part, FLEET_USER);
		assert_true(g_array_index(all, struct fleet_change, i).spread < 0);
	}
	g_array_unref(all);
	fleet_free(a);
	fleet_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sum_median_and_deviation),
		cmocka_unit_test(what_is_not_measured_is_in_no_figure),
		cmocka_unit_test(a_name_that_is_not_there_counts_as_0),
		cmocka_unit_test(outliers),
		cmocka_unit_test(sums_do_not_overflow),
		cmocka_unit_test(names_with_numbers_are_one),
		cmocka_unit_test(too_many_names_are_one_row),
		cmocka_unit_test(changes_beyond_the_spread),
		cmocka_unit_test(what_one_set_did_not_measure_is_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
