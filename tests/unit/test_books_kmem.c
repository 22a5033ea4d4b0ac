/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Closing the books of kernel memory: events compared with the control group's own counter, the
 * share of non-owners, who gets the rest, and the peak of the weight.
 */
#include "books_fixture.h"

#define KIB 1024

/* A cgroup charged with 100 KiB at the start and 300 KiB since. One stack and one page of tables
 * existed before. */
static void kmem_cgroup(void)
{
	struct tare_cgroup *g = &in.workload.cgroup;

	g->events = 300 * KIB;
	g->attached = 20 * KIB;
	g->nonowner[TARE_NONOWNER_KERNEL] = (struct tare_flow){ 8 * KIB, 48 * KIB };
	g->nonowner[TARE_NONOWNER_LATE] = (struct tare_flow){ 0, 4 * KIB };
	in.kmem = (struct books_kmem){
		.level = KMEM_EVENTS,
		.whole = true,
		.initial = 100 * KIB,
		.by_cgroup = 400 * KIB,
	};
	in.workload.weight_peak_kernel = in.workload.weight_peak = 100;
	in.workload.nonrss = 95;
	in.workload.peak_seq = 7;
}

static void one_task(uint64_t in_bytes)
{
	struct task_record t = task_of(TARE_REC_TASK_END, 1, 1, 101);

	born(1, 1);
	t.t.flow[TARE_KMEM] = (struct tare_flow){ in_bytes, 0 };
	in.workload.cgroup.left += (int64_t)in_bytes;
	ledger_leave(&t.t.flow[TARE_KMEM], (int64_t)in_bytes);
	GIVE(pt, t);
}

/* The same for a living process. */
static void living_task(uint64_t id, uint64_t in_bytes)
{
	struct task_record t = task_of(TARE_REC_TASK, id, 1, 100 + id);

	born(id, 1);
	t.t.flow[TARE_KMEM] = (struct tare_flow){ in_bytes, 0 };
	GIVE(pt, t);
}

static void kmem_of_the_workloads_own_cgroup(void **state)
{
	const struct balance *b;

	(void)state;
	kmem_cgroup();
	living_task(1, 250 * KIB);
	living_task(2, 50 * KIB);
	in.workload.cgroup.left = 44 * KIB;
	books_close(r, &in);
	b = &r->totals[TARE_KMEM];
	assert_int_equal(b->initial, 80 * KIB);
	assert_int_equal(b->tasks.in, 300 * KIB);
	assert_int_equal(b->unattributed, 0);
	assert_int_equal(b->net, 380 * KIB); /* and 20 KiB of tables and stacks: 400 */
	check_equation(b);
	assert_int_equal(r->kmem.by_events, 400 * KIB);
	assert_true(r->balanced);
	/* The remainder of ended tasks is gone, and everything held has a row. */
	assert_int_equal(flow_net(process(0)->balance[TARE_KMEM].tasks), 300 * KIB);
	assert_int_equal(process(0)->balance[TARE_KMEM].net, 300 * KIB);
	assert_int_equal(r->kmem.before, 80 * KIB);
	assert_int_equal(r->kmem.freed_by_others, 0);
}

/* What the counter reported of tasks without events; null if no program looked for them. */
static void kmem_of_tasks_without_events(void **state)
{
	(void)state;
	kmem_cgroup();
	living_task(1, 250 * KIB);
	in.workload.cgroup.hidden = 40 * KIB;
	in.workload.cgroup.hidden_times = 2;
	in.workload.cgroup.hidden_ns = 5000;
	books_close(r, &in);
	assert_int_equal(r->kmem.hidden, CGROUP_UNKNOWN);
	report_free(r);
	r = report_new();
	in.kmem.hidden = true;
	books_close(r, &in);
	assert_int_equal(r->kmem.hidden, 40 * KIB);
	assert_int_equal(r->kmem.hidden_times, 2);
	assert_int_equal(r->kmem.hidden_ns, 5000);
	assert_int_equal(r->kmem.by_events, 400 * KIB); /* the events include it */
	assert_true(r->balanced);
}

/* No row claims what it held, so it has the rest to itself. */
static void kmem_left_by_ended_tasks(void **state)
{
	const struct balance *b = &r->totals[TARE_KMEM];

	(void)state;
	kmem_cgroup();
	one_task(344 * KIB);
	books_close(r, &in);
	assert_int_equal(b->net, 380 * KIB);
	assert_int_equal(b->tasks.in, 344 * KIB);
	assert_int_equal(b->tasks.out, 344 * KIB);
	assert_int_equal(flow_net(b->nonowner), (344 + 8 - 52) * KIB);
	check_equation(b);
	assert_int_equal(r->kmem.left, 344 * KIB);
	assert_int_equal(process(0)->balance[TARE_KMEM].net, 0);
	assert_int_equal(process(0)->at_peak[TARE_KMEM], 0);
}

/* Other tasks freed memory of an account: the largest account has less. */
static void kmem_freed_by_others_lowers_the_largest_account(void **state)
{
	const struct balance *b = &r->totals[TARE_KMEM];

	(void)state;
	kmem_cgroup();
	living_task(1, 9000 * KIB);
	living_task(2, 50 * KIB);
	in.workload.cgroup.nonowner[TARE_NONOWNER_KERNEL].out += (9000 + 50 - 344) * KIB;
	books_close(r, &in);
	assert_int_equal(b->net, 380 * KIB);
	check_equation(b);
	assert_int_equal(r->kmem.before, 80 * KIB);
	assert_int_equal(task(process(0), 0)->flow[TARE_KMEM].in, 9000 * KIB);
	assert_int_equal(flow_net(task(process(0), 0)->flow[TARE_KMEM]), 250 * KIB);
	assert_int_equal(flow_net(task(process(0), 1)->flow[TARE_KMEM]), 50 * KIB);
	assert_int_equal(r->kmem.freed_by_others, 8750 * KIB);
	assert_int_equal(process(0)->balance[TARE_KMEM].net, 300 * KIB);
	/* 400 KiB at the peak, all of it in rows. */
	assert_int_equal(task(process(0), 0)->at_peak[TARE_KMEM], 270 * KIB);
	assert_int_equal(task(process(0), 1)->at_peak[TARE_KMEM], 50 * KIB);
	assert_int_equal(r->kmem.before_at_peak, 80 * KIB);
	assert_int_equal(r->kmem.nonowner_at_peak, 0);
	assert_int_equal(r->kmem.freed_by_others_at_peak, 8730 * KIB);
}

/* One account is below 0 (its page tables came before their event), and another holds too much.
 * The workload's in and out are still the sums of its rows. */
static void negative_accounts_are_raised_and_others_cut(void **state)
{
	const struct balance *b = &r->totals[TARE_KMEM];
	const struct balance *own;

	(void)state;
	kmem_cgroup();
	living_task(1, 9000 * KIB);
	living_task(2, -(uint64_t)(8 * KIB));
	in.workload.cgroup.nonowner[TARE_NONOWNER_KERNEL].out += (9000 - 8 - 344) * KIB;
	books_close(r, &in);
	own = &process(0)->balance[TARE_KMEM];
	assert_true(task(process(0), 1)->flow[TARE_KMEM].in > 0);
	assert_int_equal(b->tasks.in, own->tasks.in);
	assert_int_equal(b->tasks.out, own->tasks.out);
	assert_int_equal(b->net, 380 * KIB);
	check_equation(b);
}

/* Tasks moved into the cgroup, with page tables and stacks that are charged to another
 * cgroup. */
static void kmem_charged_to_another_cgroup(void **state)
{
	(void)state;
	kmem_cgroup();
	in.workload.cgroup.attached = 140 * KIB;
	in.kmem.elsewhere = 40 * KIB;
	living_task(1, 344 * KIB);
	books_close(r, &in);
	assert_int_equal(r->totals[TARE_KMEM].initial, 0);
	assert_int_equal(r->totals[TARE_KMEM].net, 300 * KIB);
	assert_int_equal(r->kmem.elsewhere, 40 * KIB);
	/* All kinds: 140 KiB of tables and stacks, 40 of them charged to another cgroup. */
	assert_int_equal(r->kmem.by_events, (300 + 140 - 40) * KIB);
	check_equation(&r->totals[TARE_KMEM]);
}

/* Beyond the bound the books do not balance, and the report says so. */
static void difference_beyond_the_bound_unbalances(void **state)
{
	(void)state;
	kmem_cgroup();
	in.kmem.bound = 8 * KIB;
	in.kmem.by_cgroup -= 12 * KIB;
	living_task(1, 344 * KIB);
	books_close(r, &in);
	assert_false(r->balanced);
	report_add_feature(r, "kmem", "events", "nobody shows init's events");
	g_autofree char *why = report_why_off(r);

	assert_non_null(strstr(why, "kernel memory: off by 12.0 KiB"));
	assert_non_null(strstr(why, "388 KiB, less than the events tell"));
	assert_non_null(strstr(why, "nobody shows init's events"));
	in.kmem.bound = 12 * KIB;
	report_free(r);
	r = report_new();
	books_close(r, &in);
	assert_true(r->balanced);
	assert_null(report_why_off(r));
}

static void counter_that_differs_from_the_events(void **state)
{
	(void)state;
	kmem_cgroup();
	in.kmem.by_cgroup += 12 * KIB;
	living_task(1, 300 * KIB);
	books_close(r, &in);
	assert_int_equal(r->totals[TARE_KMEM].unattributed, 12 * KIB);
	check_equation(&r->totals[TARE_KMEM]);
	in.kmem.by_cgroup = CGROUP_UNKNOWN;
	report_free(r);
	r = report_new();
	books_close(r, &in);
	assert_int_equal(r->totals[TARE_KMEM].unattributed, 0);
	assert_int_equal(r->kmem.by_cgroup, CGROUP_UNKNOWN);
}

/* Other processes in the cgroup: their memory is not the workload's. */
static void others_in_the_cgroup_are_not_the_workload(void **state)
{
	(void)state;
	kmem_cgroup();
	in.kmem.whole = false;
	living_task(1, 344 * KIB);
	books_close(r, &in);
	assert_int_equal(r->totals[TARE_KMEM].initial, 0);
	assert_int_equal(r->totals[TARE_KMEM].nonowner.out, 0);
	assert_int_equal(r->totals[TARE_KMEM].net, 344 * KIB);
	assert_int_equal(r->kmem.nonowner[TARE_NONOWNER_KERNEL].out, 48 * KIB);
}

static void kmem_without_events(void **state)
{
	(void)state;
	kmem_cgroup();
	in.kmem.level = KMEM_CGROUP;
	one_task(0);
	books_close(r, &in);
	assert_int_equal(r->totals[TARE_KMEM].net, 0);
	assert_int_equal(r->kmem.level, KMEM_CGROUP);
	assert_int_equal(r->kmem.by_cgroup, 400 * KIB);
	assert_int_equal(r->kmem.nonowner[TARE_NONOWNER_KERNEL].out, 0);
}

/* An amount that was freed before its event came makes one flow negative. It is shown in the
 * other direction; the net stays. */
static void negative_flow_is_shown_in_the_other_direction(void **state)
{
	struct flow f;

	(void)state;
	kmem_cgroup();
	in.workload.cgroup.nonowner[TARE_NONOWNER_LATE] =
		(struct tare_flow){ 4 * KIB, (uint64_t) - (16 * KIB) };
	living_task(1, (uint64_t) - (8 * KIB));
	books_close(r, &in);
	f = r->kmem.nonowner[TARE_NONOWNER_LATE];
	assert_int_equal(f.in, 20 * KIB);
	assert_int_equal(f.out, 0);
	f = task(process(0), 0)->flow[TARE_KMEM];
	assert_int_equal(f.out, 8 * KIB);
	assert_int_equal(f.in, 8 * KIB); /* but no row is below 0 */
	assert_int_equal(process(0)->balance[TARE_KMEM].net, 0);
	check_equation(&r->totals[TARE_KMEM]);
}

static void peak_of_the_weight_includes_kmem(void **state)
{
	(void)state;
	kmem_cgroup();
	living_task(1, 200 * KIB);
	in.workload.peak = 50;
	in.workload.peak_ns = 2000;
	in.workload.weight_peak = 120;
	in.workload.weight_peak_kernel = 90;
	in.workload.weight_peak_ns = 3000;
	in.workload.peak_seq = 7;
	in.workload.cgroup.nonowner_peak_seq = 7;
	in.workload.cgroup.nonowner_at_peak = 80 * KIB;
	in.workload.cgroup.left_at_peak = 96 * KIB;
	books_close(r, &in);
	assert_int_equal(r->peak_weight, 120 * PAGE);
	assert_int_equal(r->peak_kernel, 90 * PAGE);
	assert_int_equal(r->peak_weight_ns, 2000);
	/* No task has noted that peak: their present values are those of the peak. */
	assert_int_equal(process(0)->at_peak[TARE_KMEM], 200 * KIB);
	assert_int_equal(r->kmem.before_at_peak, 80 * KIB);
	assert_int_equal(r->kmem.nonowner_at_peak, 80 * KIB);
	assert_int_equal(r->kmem.left_at_peak, 96 * KIB);
}

/* The present value is the highest so far. */
static void present_weight_may_be_the_peak(void **state)
{
	(void)state;
	kmem_cgroup();
	living_task(1, 300 * KIB);
	in.workload.rss = 10;
	in.workload.nonrss = 100;
	in.workload.swap = 1;
	in.workload.weight_peak = 109;
	books_close(r, &in);
	assert_int_equal(r->peak_weight, 110 * PAGE);
	assert_int_equal(r->peak_kernel, 99 * PAGE);
	assert_int_equal(r->peak_weight_ns, 8000);
	assert_int_equal(r->kmem.nonowner_at_peak, (99 * 4 - 300 - 80) * KIB);
}

/* A task from before tare came has a stack that no update made. */
static void stacks_from_before_tare_came(void **state)
{
	struct task_record t = task_of(TARE_REC_TASK, 1, 1, 101);
	struct tare_mm_end m = mm_of(TARE_REC_MM, 5, 1);
	const struct balance *b;

	(void)state;
	born(1, 1);
	in.workload.stack_bytes = 16 * KIB;
	t.t.flags = TARE_TASK_ATTACHED;
	sweep(&m, &t, 1);
	books_close(r, &in);
	b = &process(0)->balance[TARE_KSTACK];
	assert_int_equal(b->initial, 16 * KIB);
	assert_int_equal(b->net, 16 * KIB);
	assert_int_equal(process(0)->at_peak[TARE_KSTACK], 16 * KIB);
	assert_int_equal(r->totals[TARE_KSTACK].net, 16 * KIB);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(kmem_of_the_workloads_own_cgroup),
		T(kmem_of_tasks_without_events),
		T(kmem_left_by_ended_tasks),
		T(kmem_freed_by_others_lowers_the_largest_account),
		T(kmem_of_the_workloads_own_cgroup),
		T(kmem_left_by_ended_tasks),
		T(negative_accounts_are_raised_and_others_cut),
		T(difference_beyond_the_bound_unbalances),
		T(kmem_charged_to_another_cgroup),
		T(counter_that_differs_from_the_events),
		T(others_in_the_cgroup_are_not_the_workload),
		T(kmem_without_events),
		T(negative_flow_is_shown_in_the_other_direction),
		T(peak_of_the_weight_includes_kmem),
		T(present_weight_may_be_the_peak),
		T(stacks_from_before_tare_came),
	};

	return cmocka_run_group_tests_name("books_kmem", tests, NULL, NULL);
}
