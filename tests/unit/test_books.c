/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Closing the books: initial + tasks + nonowner + unattributed = net, for any process table;
 * and each of these terms, case by case.
 */
#include <signal.h>

#include "books_fixture.h"

static void no_process_has_empty_books(void **state)
{
	(void)state;
	books_close(r, &in);
	assert_int_equal(r->processes->len, 0);
	assert_true(r->balanced);
	assert_int_equal(r->peak_rss, 0);
	assert_int_equal(r->peak_bound, 0);
	assert_int_equal(r->duration_ns, 8000);
}

/* An ended process holds nothing; a remaining sum is unattributed, with its sign reversed. */
static void rest_of_an_ended_process_is_unattributed(void **state)
{
	struct task_record t = task_of(TARE_REC_TASK_END, 1, 1, 101);
	struct tare_mm_end m = mm_of(TARE_REC_MM_END, 5, 1);
	const struct balance *b;

	(void)state;
	born(1, 1);
	t.t.flow[TARE_ANON] = (struct tare_flow){ 10, 7 };
	t.t.flow[TARE_PAGETABLE] = (struct tare_flow){ 8192, 8192 };
	m.mm.initial[TARE_ANON] = 5;
	m.mm.nonowner[TARE_ANON].out = 6;
	GIVE(pt, t);
	GIVE(pt, m);
	books_close(r, &in);
	b = process(0)->balance;
	assert_int_equal(b[TARE_ANON].initial, 5 * PAGE);
	assert_int_equal(b[TARE_ANON].tasks.in, 10 * PAGE);
	assert_int_equal(b[TARE_ANON].tasks.out, 7 * PAGE);
	assert_int_equal(b[TARE_ANON].nonowner.out, 6 * PAGE);
	assert_int_equal(b[TARE_ANON].unattributed, -2 * PAGE);
	assert_int_equal(b[TARE_ANON].net, 0);
	assert_int_equal(b[TARE_PAGETABLE].tasks.in, 8192); /* bytes, as stored */
	assert_int_equal(b[TARE_PAGETABLE].unattributed, 0);
	assert_int_equal(r->off_pages, 2);
	assert_false(r->balanced);
	assert_false(process(0)->alive);
	assert_int_equal(process(0)->end_ns, 5001 - 1000);
}

/* Quiet process: the kernel's counters are compared with the sum over its tasks. */
static void quiet_process_is_compared_with_its_tasks(void **state)
{
	struct task_record t = task_of(TARE_REC_TASK, 1, 1, 101);
	struct tare_mm_end m = mm_of(TARE_REC_MM, 5, 1);

	(void)state;
	born(1, 1);
	t.t.flow[TARE_ANON].in = 10;
	m.mm.initial[TARE_ANON] = 5;
	m.mm.kernel[TARE_ANON] = 18;
	m.mm.ledger[TARE_ANON] = 16; /* not read */
	sweep(&m, &t, 1);
	books_close(r, &in);
	assert_int_equal(process(0)->balance[TARE_ANON].unattributed, 3 * PAGE);
	assert_int_equal(process(0)->balance[TARE_ANON].net, 18 * PAGE);
	assert_int_equal(r->totals[TARE_ANON].net, 18 * PAGE);
	assert_true(process(0)->alive);
	assert_int_equal(process(0)->end_ns, 0);
	assert_false(process(0)->exit.known);
}

/* Running process: its tasks were read at other moments than its counters, so the counters are
 * compared with the ledger at their own moment. */
static void running_process_is_compared_with_the_ledger(void **state)
{
	struct task_record t = task_of(TARE_REC_TASK, 1, 1, 101);
	struct tare_mm_end m = mm_of(TARE_REC_MM, 5, 1), later;

	(void)state;
	born(1, 1);
	t.t.flow[TARE_ANON].in = 10;
	m.mm.kernel[TARE_ANON] = 18;
	m.mm.ledger[TARE_ANON] = 17;
	later = m;
	later.mm.kernel[TARE_ANON] = 19;
	proctable_sweep_begin(pt);
	proctable_sweep(pt, &m, sizeof(m), false);
	proctable_sweep(pt, &t, t.head.size, false);
	proctable_sweep(pt, &later, sizeof(later), true);
	books_close(r, &in);
	assert_int_equal(process(0)->balance[TARE_ANON].unattributed, PAGE);
	assert_int_equal(process(0)->balance[TARE_ANON].net, 11 * PAGE);
}

/* Neither pass of the sweep meets an exiting task, so its process counts as running. */
static void process_of_an_exiting_task_counts_as_running(void **state)
{
	struct task_record t = task_of(TARE_REC_TASK, 1, 1, 101);
	struct tare_mm_end m = mm_of(TARE_REC_MM, 5, 1);

	(void)state;
	born(1, 1);
	born(2, 1);
	t.t.flow[TARE_ANON].in = 10;
	m.mm.kernel[TARE_ANON] = m.mm.ledger[TARE_ANON] = 18;
	sweep(&m, &t, 1); /* task 2 had taken 8 of them */
	books_close(r, &in);
	assert_int_equal(process(0)->balance[TARE_ANON].unattributed, 0);
	assert_int_equal(process(0)->balance[TARE_ANON].net, 10 * PAGE);
}

static void unknown_sums_are_not_balanced(void **state)
{
	struct task_record t = task_of(TARE_REC_TASK, 1, 1, 101);
	struct tare_mm_end m = mm_of(TARE_REC_MM, 5, 1);

	(void)state;
	born(1, 1);
	t.t.flow[TARE_ANON].in = 10;
	sweep(&m, &t, 1);
	in.sums_valid = false;
	books_close(r, &in);
	assert_int_equal(process(0)->balance[TARE_ANON].unattributed, 0);
	assert_int_equal(process(0)->balance[TARE_ANON].net, 10 * PAGE);
	assert_false(r->balanced); /* no sweep yet */
}

/* Kernels up to 6.1: pages that a task caches are its own, are held, and are charged to page
 * faults. */
static void cached_pages_belong_to_their_task(void **state)
{
	struct task_record t[2] = { task_of(TARE_REC_TASK, 1, 1, 101),
				    task_of(TARE_REC_TASK, 2, 1, 102) };
	struct tare_mm_end m = mm_of(TARE_REC_MM, 5, 1);
	const struct report_cause *cause;

	(void)state;
	born(1, 1);
	born(2, 1);
	t[0].t.flow[TARE_ANON].in = 64;
	t[0].t.cached0[TARE_ANON] = 3; /* in the initial balance: attach_cached() */
	t[0].t.cached[TARE_ANON] = 10;
	t[1].t.cached0[TARE_ANON] = 8;
	t[1].t.cached[TARE_ANON] = -2;
	m.mm.initial[TARE_ANON] = 100 + 3 + 8;
	m.mm.kernel[TARE_ANON] = 164;
	m.mm.ledger[TARE_ANON] = 164;
	sweep(&m, t, 2);
	books_close(r, &in);
	assert_int_equal(process(0)->balance[TARE_ANON].net, (164 + 10 - 2) * PAGE);
	assert_int_equal(process(0)->balance[TARE_ANON].unattributed, 0);
	assert_true(r->balanced);
	assert_int_equal(task(process(0), 0)->flow[TARE_ANON].in, 71 * PAGE);
	assert_int_equal(task(process(0), 1)->flow[TARE_ANON].out, 10 * PAGE);
	cause = &g_array_index(task(process(0), 1)->causes, struct report_cause, 0);
	assert_string_equal(cause->name, "cause 10000");
	assert_int_equal(cause->flow.out, 10 * PAGE);
}

static void exit_statuses_are_reported(void **state)
{
	static const struct {
		int status, code, signal;
	} cases[] = {
		{ 0, 0, 0 },
		{ 3 << 8, 3, 0 },
		{ 255 << 8, 255, 0 },
		{ SIGKILL, 0, SIGKILL },
		{ SIGSEGV | 0x80, 0, SIGSEGV }, /* and a core dump */
		{ SIGKILL | TARE_EXIT_OOM, 0, SIGKILL },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct task_record t = task_of(TARE_REC_TASK_END, 1, 1, 101);

		teardown(state);
		setup(state);
		t.t.exit_code = cases[i].status;
		born(1, 1);
		GIVE(pt, t);
		books_close(r, &in);
		assert_true(process(0)->exit.known);
		assert_int_equal(process(0)->exit.code, cases[i].code);
		assert_int_equal(process(0)->exit.signal, cases[i].signal);
		assert_int_equal(process(0)->exit.oom, cases[i].status > 0xffff);
	}
}

/* The BPF program keeps their sums: only detail is lost. */
static bool keeps_sums(int loss)
{
	return loss == TARE_LOST_RECORD_TASK || loss == TARE_LOST_RECORD_MM ||
	       loss == TARE_LOST_EVENT;
}

/* Zero unattributed is not enough: lost sums, bad closings and malformed records each unbalance
 * the books. */
static void losses_unbalance_the_books(void **state)
{
	for (int i = 0; i < TARE_LOSSES + 3; i++) {
		teardown(state);
		setup(state);
		if (i < TARE_LOSSES)
			in.workload.lost[i] = 1;
		else if (i == TARE_LOSSES)
			in.workload.mms_nonzero = 1;
		else if (i == TARE_LOSSES + 1)
			pt->malformed = 1;
		books_close(r, &in);
		assert_int_equal(r->balanced, i == TARE_LOSSES + 2 || keeps_sums(i));
		assert_int_equal(report_lost_total(r), i < TARE_LOSSES);
	}
}

static void ended_process(uint64_t proc, int64_t at_peak, int64_t peak, uint64_t grown)
{
	struct task_record t = task_of(TARE_REC_TASK_END, proc, proc, 100 + proc);
	struct tare_mm_end m = mm_of(TARE_REC_MM_END, 50 + proc, proc);

	born(proc, proc);
	t.t.flow[TARE_ANON] = (struct tare_flow){ grown, grown };
	t.t.at_peak[TARE_ANON] = at_peak;
	t.t.peak_seq = 7;
	m.mm.peak = peak;
	m.mm.peak_ns = 2000 + proc;
	m.mm.peak_seq = 7;
	GIVE(pt, t);
	GIVE(pt, m);
}

/* The most address space of all that a process had; it is read a moment before RSS. */
static void address_space_is_not_below_rss(void **state)
{
	struct proctable_proc *p;

	(void)state;
	ended_process(1, 100, 5000, 6000);
	p = proctable_find_proc(pt, 1);
	((struct proctable_mm *)p->mms->pdata[0])->state.vm_peak = 7000;
	books_close(r, &in);
	assert_int_equal(process(0)->vm_peak, 7000 * PAGE);
	((struct proctable_mm *)p->mms->pdata[0])->state.vm_peak = 4999;
	report_free(r);
	r = report_new();
	books_close(r, &in);
	assert_int_equal(process(0)->vm_peak, 5000 * PAGE);
	((struct proctable_mm *)p->mms->pdata[0])->state.vm_peak = 0;
	report_free(r);
	r = report_new();
	books_close(r, &in);
	assert_int_equal(process(0)->vm_peak, 0); /* not known */
}

/* A single process: its peak is the workload's, exactly. */
static void peak_of_one_process_is_exact(void **state)
{
	(void)state;
	ended_process(1, 100, 5000, 6000);
	in.workload.peak = 4990; /* summed in steps */
	in.workload.peak_ns = 3000;
	in.workload.peak_seq = 7;
	books_close(r, &in);
	assert_int_equal(r->peak_rss, 5000 * PAGE);
	assert_int_equal(r->peak_ns, 1001);
	assert_int_equal(r->peak_bound, 0);
	assert_int_equal(process(0)->rss_peak, 5000 * PAGE);
	assert_int_equal(process(0)->at_peak[TARE_ANON], 100 * PAGE);
}

static void peak_of_several_processes_has_a_bound(void **state)
{
	(void)state;
	ended_process(1, 100, 3000, 3000);
	ended_process(2, 300, 4000, 4000);
	ended_process(3, 300, 4500, 4500);
	in.workload.peak = 8192;
	in.workload.peak_ns = 3000;
	in.workload.peak_seq = 7;
	books_close(r, &in);
	assert_int_equal(r->peak_rss, 8192 * PAGE);
	assert_int_equal(r->peak_ns, 2000);
	assert_int_equal(r->peak_bound, (ledger_fold_at(8192) - 1) * PAGE);
	assert_int_equal(process(0)->pid, 103); /* sorted by at_peak, then by rss_peak */
	assert_int_equal(process(1)->pid, 102);
	assert_int_equal(process(2)->pid, 101);
}

static void peak_is_not_below_a_process(void **state)
{
	(void)state;
	ended_process(1, 100, 3000, 3000);
	ended_process(2, 100, 4000, 4000);
	in.workload.peak = 3999;
	in.workload.peak_seq = 7;
	books_close(r, &in);
	assert_int_equal(r->peak_rss, 4000 * PAGE);
	assert_int_equal(r->peak_ns, 1002);
}

/* Still growing: the peak is the present value, and so are the shares. */
static void present_value_may_be_the_peak(void **state)
{
	struct task_record t = task_of(TARE_REC_TASK, 1, 1, 101);
	struct tare_mm_end m = mm_of(TARE_REC_MM, 5, 1);

	(void)state;
	born(1, 1);
	t.t.flow[TARE_ANON].in = 50;
	t.t.at_peak[TARE_ANON] = 20;
	t.t.peak_seq = 7;
	m.mm.peak = 20;
	m.mm.rss = 50;
	m.mm.kernel[TARE_ANON] = 50;
	in.workload =
		(struct tare_workload){ .rss = 50, .peak = 20, .peak_seq = 7, .peak_ns = 2000 };
	sweep(&m, &t, 1);
	books_close(r, &in);
	assert_int_equal(r->peak_rss, 50 * PAGE);
	assert_int_equal(r->peak_ns, 8000);
	assert_int_equal(task(process(0), 0)->at_peak[TARE_ANON], 50 * PAGE);
	assert_int_equal(process(0)->at_peak[TARE_ANON], 50 * PAGE);
}

/* A task that has not changed since the last peak had its present net at that peak. */
static void unchanged_tasks_have_their_net_at_the_peak(void **state)
{
	struct task_record t[3] = { task_of(TARE_REC_TASK, 1, 1, 101),
				    task_of(TARE_REC_TASK, 2, 1, 102),
				    task_of(TARE_REC_TASK, 3, 1, 103) };
	struct tare_mm_end m = mm_of(TARE_REC_MM, 5, 1);

	(void)state;
	for (int i = 0; i < 3; i++) {
		born(i + 1, 1);
		t[i].t.flow[TARE_ANON].in = 10;
		t[i].t.flow[TARE_SWAP].in = i == 1 ? 99 : 0; /* changed since the peak */
		t[i].t.at_peak[TARE_ANON] = 30;
		t[i].t.at_peak[TARE_FILE] = 1;
		t[i].t.peak_seq = 6 + (i == 1);
	}
	t[2].t.flow[TARE_ANON].in = 11;
	t[2].t.flow[TARE_ANON].out = 1;
	m.mm.initial[TARE_ANON] = 4;
	m.mm.nonowner[TARE_FILE].out = 2;
	m.mm.peak_seq = 7;
	m.mm.at_peak[TARE_ANON] = 4;
	m.mm.at_peak[TARE_FILE] = -1;
	in.workload = (struct tare_workload){ .peak = 54,
					      .weight_peak = 54,
					      .peak_seq = 7,
					      .peak_ns = 2000,
					      .weight_peak_ns = 2000 };
	sweep(&m, t, 3);
	books_close(r, &in);
	assert_int_equal(task(process(0), 0)->tid, 102);
	assert_int_equal(kinds_weight(task(process(0), 0)->at_peak), 31 * PAGE);
	assert_int_equal(task(process(0), 1)->tid, 103); /* same share, larger in */
	assert_int_equal(task(process(0), 1)->at_peak[TARE_ANON], 10 * PAGE);
	assert_int_equal(task(process(0), 2)->tid, 101);
	assert_int_equal(kinds_rss(process(0)->at_peak), (31 + 10 + 10 + 4 - 1) * PAGE);
	assert_int_equal(process(0)->at_peak[TARE_SWAP], 0);
}

static void causes_and_faults_are_summed(void **state)
{
	struct task_record t = task_of(TARE_REC_TASK_END, 1, 1, 101);
	const struct report_cause *c;
	struct report_task *out;

	(void)state;
	born(1, 1);
	t.t.n_causes = 4;
	t.head.size = ledger_record_size(4);
	t.t.causes[1] = (struct tare_cause){ .id = 9, .used = 1, .pages = { 1, 1 } };
	t.t.causes[2] = (struct tare_cause){ .id = 12, .used = 1, .pages = { 0, 5 } };
	t.t.causes[3] = (struct tare_cause){ .id = 11, .used = 1, .pages = { 4, 0 } };
	t.t.faults = 20;
	t.t.faults_kernel = 6;
	t.t.faults_major = 2;
	GIVE(pt, t);
	books_close(r, &in);
	out = task(process(0), 0);
	c = (const void *)out->causes->data;
	assert_int_equal(out->causes->len, 3); /* the first was not used */
	assert_string_equal(c[0].name, "cause c");
	assert_string_equal(c[1].name, "cause b");
	assert_string_equal(c[2].name, "cause 9");
	assert_int_equal(c[0].flow.out, 5 * PAGE);
	assert_int_equal(out->faults_user, 14);
	assert_int_equal(out->faults_kernel, 6);
	assert_int_equal(out->faults_major, 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(no_process_has_empty_books),
		TEST(rest_of_an_ended_process_is_unattributed),
		TEST(quiet_process_is_compared_with_its_tasks),
		TEST(running_process_is_compared_with_the_ledger),
		TEST(process_of_an_exiting_task_counts_as_running),
		TEST(unknown_sums_are_not_balanced),
		TEST(cached_pages_belong_to_their_task),
		TEST(exit_statuses_are_reported),
		TEST(losses_unbalance_the_books),
		TEST(address_space_is_not_below_rss),
		TEST(peak_of_one_process_is_exact),
		TEST(peak_of_several_processes_has_a_bound),
		TEST(peak_is_not_below_a_process),
		TEST(present_value_may_be_the_peak),
		TEST(unchanged_tasks_have_their_net_at_the_peak),
		TEST(causes_and_faults_are_summed),
	};

	return cmocka_run_group_tests_name("books", tests, NULL, NULL);
}
