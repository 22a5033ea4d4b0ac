/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When the weight was near its peak, its steepest stretch, and what grew in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "model/when.h"
#include "tests/golden/profiles.h"

#define MS 1000000ULL
#define SECOND (1000 * MS)
#define MIB (1 << 20)

static void add_point(struct report *r, uint64_t time_ns, int64_t anon, int64_t file)
{
	struct report_point p = { .time_ns = time_ns, .rss = anon + file, .kinds = true };

	p.kind[TARE_ANON] = anon;
	p.kind[TARE_FILE] = file;
	g_array_append_val(r->series, p);
}

static struct report_process *add_process(struct report *r, const char *comm)
{
	struct report_process *p = report_process_new();
	struct report_task *t = report_task_new();

	p->comm = g_strdup(comm);
	p->count = 1;
	t->comm = g_strdup_printf("%s-thread", comm);
	g_ptr_array_add(p->tasks, t);
	g_ptr_array_add(r->processes, p);
	return p;
}

/* Ten seconds with a point each 100 ms: 1 MiB/s, but 50 MiB within the second from 4 s, half of
 * it anon; the peak at 8 s. */
static struct report *ten_seconds(void)
{
	struct report *r = report_new();

	for (int i = 0; i <= 100; i++) {
		int64_t steep = CLAMP(i - 40, 0, 10) * 5 * MIB, slow = i * MIB / 10;

		add_point(r, (uint64_t)i * 100 * MS, slow + steep / 5 * 3, steep / 5 * 2);
	}
	r->peak_weight = 60 * MIB;
	r->peak_weight_ns = 8 * SECOND;
	return r;
}

static void no_peak_is_not_known(void **state)
{
	struct report *r = report_new();
	struct when *w = when_new(r);

	(void)state;
	assert_false(w->known);
	assert_int_equal(w->span_ns, 0);
	when_free(w);
	when_free(NULL);
	report_free(r);
}

static void near_peak_is_first_point_of_95_percent(void **state)
{
	struct report *r = ten_seconds();
	struct when *w = when_new(r);

	(void)state;
	assert_true(w->known);
	assert_int_equal(w->near_ns, 7 * SECOND); /* 57 of 60 MiB */
	when_free(w);
	/* Between two points: the peak's own time. */
	r->peak_weight = 600 * MIB;
	w = when_new(r);
	assert_int_equal(w->near_ns, 8 * SECOND);
	when_free(w);
	report_free(r);
}

static void steepest_second_is_found(void **state)
{
	struct report *r = ten_seconds();
	struct when *w = when_new(r);

	(void)state;
	assert_int_equal(w->steep_ns, 4 * SECOND);
	assert_int_equal(w->span_ns, SECOND);
	assert_int_equal(w->grown, 51 * MIB);
	/* Without samples and processes: the kind. */
	assert_int_equal(w->what, WHEN_KIND);
	assert_string_equal(w->name, "anon");
	assert_int_equal(w->bytes, 31 * MIB);
	when_free(w);
	report_free(r);
}

static void stretch_fits_the_run(void **state)
{
	static const struct {
		uint64_t apart, span;
	} runs[] = {
		{ 100 * MS, SECOND }, /* 3 s */
		{ 99 * MS, 100 * MS },
		{ 10 * MS, 100 * MS },
		{ MS, 10 * MS },
		{ 10000, 0 },               /* 0.3 ms */
		{ 5 * SECOND, 5 * SECOND }, /* a long run's points are far apart */
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(runs); i++) {
		struct report *r = report_new();
		struct when *w;

		for (int j = 0; j <= 30; j++)
			add_point(r, j * runs[i].apart, j * MIB, 0);
		r->peak_weight = 30 * MIB;
		w = when_new(r);
		assert_int_equal(w->span_ns, runs[i].span);
		when_free(w);
		report_free(r);
	}
}

static void falling_weight_has_no_stretch(void **state)
{
	struct report *r = report_new();
	struct when *w;

	(void)state;
	for (int i = 0; i <= 50; i++)
		add_point(r, (uint64_t)i * 100 * MS, (60 - i) * MIB, 0);
	r->peak_weight = 60 * MIB;
	w = when_new(r);
	assert_int_equal(w->near_ns, 0);
	assert_int_equal(w->span_ns, 0);
	when_free(w);
	report_free(r);
}

static void only_process_is_named(void **state)
{
	struct report *r = ten_seconds();
	struct when *w;

	(void)state;
	add_process(r, "one");
	w = when_new(r);
	assert_int_equal(w->what, WHEN_PROCESS);
	assert_string_equal(w->name, "one");
	assert_int_equal(w->bytes, w->grown);
	when_free(w);
	/* Of two it is not known which. */
	add_process(r, "two");
	w = when_new(r);
	assert_int_equal(w->what, WHEN_KIND);
	when_free(w);
	report_free(r);
}

static void add_tick(struct profile *p, uint32_t slot, uint32_t entry, uint64_t in, uint64_t out)
{
	struct profile_tick t = { slot, entry, in, out };

	g_array_append_val(p->ticks, t);
}

static void function_and_thread_of_that_time(void **state)
{
	struct report *r = ten_seconds();
	struct profile *p = r->profile = profile_new();
	uint32_t slow, steep, churn;
	struct when *w;

	(void)state;
	add_process(r, "one");
	add_process(r, "two");
	p->period = 64 << 10;
	p->slot_ns = 500 * MS;
	slow = add_node(p, NO_NODE, (struct code){ "slow", .module = "/a" });
	steep = add_node(p, NO_NODE, (struct code){ "steep", "/x/a.c", 7, .module = "/a" });
	churn = add_node(p, NO_NODE, (struct code){ "churn", .module = "/a", .address = 9 });
	add_sample(p, (struct profile_entry){ 0, 0, .node = slow, .bytes = { 900 * MIB } }, "brk",
		   "heap");
	add_sample(p, (struct profile_entry){ 1, 0, .node = steep, .bytes = { 40 * MIB } }, "brk",
		   "heap");
	add_sample(p, (struct profile_entry){ 0, 0, .node = steep, .bytes = { 9 * MIB } }, "brk",
		   "heap");
	add_sample(p, (struct profile_entry){ 0, 0, .node = churn, .bytes = { 900 * MIB } }, "brk",
		   "heap");
	add_tick(p, 0, 0, 900 * MIB, 0); /* before */
	add_tick(p, 7, 0, 900 * MIB, 0); /* 3.5 s to 4 s */
	add_tick(p, 8, 0, 2 * MIB, 0);   /* in it */
	add_tick(p, 8, 1, 20 * MIB, 0);
	add_tick(p, 9, 1, 20 * MIB, 0);
	add_tick(p, 9, 2, 9 * MIB, 0);
	add_tick(p, 9, 3, 900 * MIB, 900 * MIB); /* taken and given back */
	add_tick(p, 10, 0, 900 * MIB, 0);        /* after */
	w = when_new(r);
	assert_int_equal(w->what, WHEN_FUNCTION);
	assert_string_equal(w->name, "a.c:7 steep");
	assert_string_equal(w->thread, "two-thread");
	assert_int_equal(w->bytes, 49 * MIB);
	when_free(w);
	/* A slot that is longer than the stretch counts for its part of it. */
	g_array_set_size(p->ticks, 0);
	p->slot_ns = 4 * SECOND;
	add_tick(p, 1, 1, 40 * MIB, 0);
	w = when_new(r);
	assert_int_equal(w->bytes, 10 * MIB);
	when_free(w);
	report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_peak_is_not_known),
		cmocka_unit_test(near_peak_is_first_point_of_95_percent),
		cmocka_unit_test(steepest_second_is_found),
		cmocka_unit_test(stretch_fits_the_run),
		cmocka_unit_test(falling_weight_has_no_stretch),
		cmocka_unit_test(only_process_is_named),
		cmocka_unit_test(function_and_thread_of_that_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
