/* SPDX-License-Identifier: GPL-2.0-only
 *
 * model/diff: which rows are matched, what is summed, and which differences are called more
 * than chance. The golden tests compare the printers, and check that the JSON adds up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "model/diff.h"
#include "tests/golden/fixtures.c"

#define ALL ((1u << TARE_KINDS) - 1)
#define PEAK SAMPLE_TYPE_LIVE_PEAK

static struct report *one_process(uint64_t period)
{
	struct report *r = report_new();
	struct report_process *p = add_process(r, 1, 0, "app", "app");

	add_task(p, 1, "main", 0);
	if (period) {
		r->profile = profile_new();
		r->profile->period = period;
	}
	return r;
}

/* A stack, outermost function first, and its live bytes at the peak. */
static void add_held(struct report *r, const char *functions, int64_t bytes, bool synthetic)
{
	g_auto(GStrv) name = g_strsplit(functions, " ", -1);
	struct profile_entry e = { .kind = TARE_ANON, .node = NO_NODE };

	for (char **f = name; *f; f++)
		e.node = add_node(r->profile, e.node,
				  (struct code){ *f, .address = r->profile->frames->len });
	e.bytes[PEAK] = bytes;
	add_sample(r->profile, e, synthetic ? NULL : "page fault", "heap");
}

static const struct diff_function *find_function(const struct diff *d, const char *name)
{
	for (unsigned i = 0; i < d->functions->len; i++) {
		const struct diff_function *f = d->functions->pdata[i];

		if (!strcmp(f->name, name))
			return f;
	}
	fail_msg("no function %s", name);
	return NULL;
}

static void assert_figure(const struct diff_figure *f, int64_t before, int64_t after, double error)
{
	assert_int_equal(f->bytes[DIFF_BEFORE], before);
	assert_int_equal(f->bytes[DIFF_AFTER], after);
	assert_true(fabs(f->error - error) < 1e-6 * (1 + error));
}

static void functions_are_matched_by_name(void **state)
{
	struct report *a = one_process(100), *b = one_process(400);
	struct diff *d;

	(void)state;
	add_held(a, "main load alloc", 10000, false);
	add_held(a, "main other", 40000, false);
	add_held(b, "main load alloc", 90000, false); /* at other addresses */
	add_held(b, "main load load load alloc", 10000, false);
	add_held(b, "main other", 41000, false);
	d = diff_new(a, b, ALL, PEAK);
	assert_true(d->sampled[DIFF_BEFORE] && d->sampled[DIFF_AFTER]);
	/* A recursive function counts once. */
	assert_figure(&find_function(d, "load")->total[PEAK], 10000, 100000,
		      sqrt(10000. * 100 + 100000. * 400));
	assert_figure(&find_function(d, "load")->self[PEAK], 0, 0, 0);
	assert_figure(&find_function(d, "alloc")->self[PEAK], 10000, 100000,
		      sqrt(10000. * 100 + 100000. * 400));
	assert_figure(&find_function(d, "main")->total[PEAK], 50000, 141000,
		      sqrt(50000. * 100 + 141000. * 400));
	assert_true(diff_beyond(&find_function(d, "load")->total[PEAK]));
	assert_false(diff_beyond(&find_function(d, "other")->total[PEAK])); /* 1,000 ± 4,500 */
	assert_string_equal(((struct diff_function *)d->functions->pdata[0])->name, "alloc");
	assert_figure(&d->held[PEAK], 50000, 141000, 0);
	diff_free(d);
	report_free(a);
	report_free(b);
}

static const char *function_at(const struct diff *d, unsigned i)
{
	assert_true(i < d->functions->len);
	return ((struct diff_function *)d->functions->pdata[i])->name;
}

/* What a reader can change comes first: not main(), which has every change, and not what may be
 * chance. */
static void the_function_that_changed_by_itself_is_first(void **state)
{
	struct report *a = one_process(100), *b = one_process(100);
	struct diff *d;

	(void)state;
	add_held(a, "main serve", 1000000, false);
	add_held(b, "main serve", 1020000, false); /* 20,000 ± 14,213: may be chance */
	add_held(b, "main load", 15000, false);    /* 15,000 ± 1,225 */
	d = diff_new(a, b, ALL, PEAK);
	assert_string_equal(function_at(d, 0), "load");
	assert_string_equal(function_at(d, 1), "serve");
	assert_string_equal(function_at(d, 2), "main");
	diff_free(d);
	report_free(a);
	report_free(b);
}

/* A helper that everybody calls does not say whose change it is. Its caller does. */
static void a_function_has_the_caller_of_most_of_its_change(void **state)
{
	struct report *a = one_process(100), *b = one_process(100);
	struct diff *d;

	(void)state;
	add_held(a, "main load fill fill", 90000, false);
	add_held(b, "main load fill fill", 91000, false);
	add_held(b, "main parse fill", 50000, false);
	add_held(a, "main shrink fill", 20000, false);
	add_held(b, "alone", 100, false);
	d = diff_new(a, b, ALL, PEAK);
	assert_string_equal(find_function(d, "fill")->caller[PEAK], "parse");
	assert_null(find_function(d, "alone")->caller[PEAK]);
	assert_null(find_function(d, "main")->caller[PEAK]);
	diff_free(d);
	report_free(a);
	report_free(b);
}

/* Sums over stacks stay; the merged ones have a joint error. */
static void a_page_gets_the_largest_stacks(void **state)
{
	struct report *a = one_process(100), *b = one_process(100);
	const struct diff_limits limits = {
		.stacks = 2, .frames = 1000, .functions = 2, .whose = 1
	};
	const struct diff_stack *last;
	struct diff *d;

	(void)state;
	add_held(a, "main gone", 90000, false);
	add_held(a, "main a", 100, false);
	add_held(a, "main b", 200, false);
	add_held(b, "main b", 300, false);
	add_held(b, "main new", 80000, false);
	add_task(b->processes->pdata[0], 2, "other", 5000);
	d = diff_new(a, b, ALL, PEAK);
	diff_thin(d, &limits);
	assert_int_equal(d->stacks->len, 3);
	last = &g_array_index(d->stacks, struct diff_stack, 2);
	assert_figure(&last->held[PEAK], 300, 300, sqrt(600. * 100));
	assert_string_equal(
		d->names->pdata[g_array_index(d->paths, struct stack_node, last->path).frame],
		"[smaller stacks]");
	assert_int_equal(d->left.stacks, 2);
	/* "gone" and "new" by their own change, and by their total's. */
	assert_int_equal(d->functions->len, 2);
	assert_int_equal(d->left.functions, 3);
	assert_string_equal(function_at(d, 0), "gone");
	assert_int_equal(d->left.processes, 0);
	assert_int_equal(d->left.threads, 1);
	diff_free(d);
	report_free(a);
	report_free(b);
}

/* A stack can be deep, and a deep one costs as much as many. */
static void a_page_has_a_limit_of_frames(void **state)
{
	struct report *a = one_process(100), *b = one_process(100);
	const struct diff_limits limits = { 100, 6, 100, 100 };
	struct diff *d;

	(void)state;
	add_held(a, "main x", 5000, false);
	add_held(a, "main y y y y y y y y", 4000, false);
	add_held(b, "main z", 3000, false);
	d = diff_new(a, b, ALL, PEAK);
	diff_thin(d, &limits);
	assert_int_equal(d->stacks->len, 2);
	assert_int_equal(d->left.stacks, 2);
	diff_free(d);
	report_free(a);
	report_free(b);
}

static void stacks_are_matched_by_their_path(void **state)
{
	struct report *a = one_process(100), *b = one_process(100);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const struct diff_stack *s;
	struct diff *d;

	(void)state;
	add_held(a, "main f g", 1000, false);
	add_held(a, "main g", 500, false);
	add_held(a, "main f g", 200, false);
	add_held(b, "main f g", 5000, false);
	add_held(b, "main", 300, false);
	d = diff_new(a, b, ALL, PEAK);
	assert_int_equal(d->stacks->len, 3);
	s = &g_array_index(d->stacks, struct diff_stack, 0);
	assert_figure(&s->held[PEAK], 1200, 5000, sqrt(6200. * 100));
	diff_path(d, s->path, names);
	assert_int_equal(names->len, 3);
	assert_string_equal(names->pdata[0], "g");
	assert_string_equal(names->pdata[2], "main");
	s = &g_array_index(d->stacks, struct diff_stack, 1);
	assert_int_equal(diff_change(&s->held[PEAK]), -500);
	diff_free(d);
	report_free(a);
	report_free(b);
}

/* Memory that no sample met comes from the ledger, and is exact. */
static void synthetic_frames_are_exact(void **state)
{
	struct report *a = one_process(65536), *b = one_process(65536);
	struct diff *d;

	(void)state;
	add_held(a, "[no-sample]", 4096, true);
	add_held(b, "[no-sample]", 8192, true);
	d = diff_new(a, b, ALL, PEAK);
	assert_figure(&find_function(d, "[no-sample]")->self[PEAK], 4096, 8192, 0);
	assert_true(diff_beyond(&find_function(d, "[no-sample]")->self[PEAK]));
	diff_free(d);
	d = diff_new(a, a, ALL, PEAK);
	assert_false(diff_beyond(&find_function(d, "[no-sample]")->self[PEAK]));
	diff_free(d);
	report_free(a);
	report_free(b);
}

static const struct diff_who *find_who(const GPtrArray *list, const char *process,
				       const char *thread)
{
	for (unsigned i = 0; i < list->len; i++) {
		const struct diff_who *w = list->pdata[i];

		if (!strcmp(w->process, process) && !g_strcmp0(w->thread, thread))
			return w;
	}
	fail_msg("no %s of %s", thread, process);
	return NULL;
}

static void tasks_are_matched_by_name(void **state)
{
	struct report *a = report_new(), *b = report_new();
	struct report_process *p = add_process(a, 10, 1, "app", "app");
	const struct diff_who *w;
	struct diff *d;

	(void)state;
	add_task(p, 10, "app", 1000);
	add_task(p, 11, "work", 2000);
	add_task(p, 12, "work", 3000);
	p->at_peak[TARE_ANON] = 7000;            /* 1,000 of it are the initial balance */
	p = add_process(b, 90, 1, "app", "app"); /* another pid */
	add_task(p, 90, "app", 1000);
	add_task(p, 91, "work", 9000)->flow[TARE_ANON] = (struct flow){ 700, 200 };
	p->at_peak[TARE_ANON] = 10000;
	p->at_peak[TARE_KMEM] = 5000;
	p->balance[TARE_ANON].tasks.in = 700;
	d = diff_new(a, b, ALL & ~(1u << TARE_KMEM), PEAK);
	assert_int_equal(d->processes->len, 1);
	w = find_who(d->processes, "app", NULL);
	assert_int_equal(diff_who_change(w),
			 3000); /* kernel memory is not measured in both reports */
	assert_int_equal(w->side[DIFF_AFTER].grown[TARE_ANON], 700);
	assert_int_equal(d->threads->len, 2);
	w = find_who(d->threads, "app", "work");
	assert_int_equal(w->side[DIFF_BEFORE].count, 2);
	assert_int_equal(w->side[DIFF_AFTER].count, 1);
	assert_int_equal(diff_who_change(w), 4000);
	assert_int_equal(w->side[DIFF_AFTER].net[TARE_ANON], 500);
	assert_int_equal(w->side[DIFF_AFTER].grown[TARE_ANON], 700);
	assert_string_equal(((struct diff_who *)d->threads->pdata[0])->thread, "work");
	diff_free(d);
	report_free(a);
	report_free(b);
}

/* One report folds many ended processes into a row; the other has a row for each. */
static void folded_rows_are_matched(void **state)
{
	struct report *a = one_process(0), *b = one_process(0);
	const struct diff_who *w;
	struct diff *d;

	(void)state;
	add_task(a->processes->pdata[0], 11, "worker-1", 2000);
	add_task(a->processes->pdata[0], 12, "worker-2", 3000);
	add_true(a, 5, 4096, 0);
	add_folded_task(b->processes->pdata[0], "worker-*", 1000, 4096);
	add_task(b->processes->pdata[0], 13, "worker-7", 500);
	add_folded(b, "true", "sh", 2000, 4096);
	add_true(b, 5, 4096, 0);
	d = diff_new(a, b, ALL, PEAK);
	w = find_who(d->threads, "app", "worker-*");
	assert_int_equal(w->side[DIFF_BEFORE].count, 2);
	assert_int_equal(w->side[DIFF_AFTER].count, 1001);
	assert_int_equal(diff_who_change(w), 500 - 5000);
	assert_int_equal(w->side[DIFF_AFTER].grown[TARE_ANON], 1000 * 4096);
	w = find_who(d->processes, "true", NULL);
	assert_int_equal(w->side[DIFF_BEFORE].count, 1);
	assert_int_equal(w->side[DIFF_AFTER].count, 2001);
	assert_int_equal(d->processes->len, 2);
	diff_free(d);
	report_free(a);
	report_free(b);
}

static void without_samples(void **state)
{
	struct report *a = one_process(0), *b = one_process(100);
	struct diff *d;

	(void)state;
	add_held(b, "main", 1000, false);
	d = diff_new(a, b, ALL, PEAK);
	assert_false(d->sampled[DIFF_BEFORE]);
	assert_true(d->sampled[DIFF_AFTER]);
	assert_int_equal(d->functions->len + d->stacks->len, 0);
	assert_int_equal(d->threads->len, 1);
	diff_free(d);
	report_free(a);
	report_free(b);
	diff_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_matched_by_name),
		cmocka_unit_test(stacks_are_matched_by_their_path),
		cmocka_unit_test(the_function_that_changed_by_itself_is_first),
		cmocka_unit_test(a_function_has_the_caller_of_most_of_its_change),
		cmocka_unit_test(a_page_gets_the_largest_stacks),
		cmocka_unit_test(a_page_has_a_limit_of_frames),
		cmocka_unit_test(synthetic_frames_are_exact),
		cmocka_unit_test(tasks_are_matched_by_name),
		cmocka_unit_test(folded_rows_are_matched),
		cmocka_unit_test(without_samples),
	};

	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
