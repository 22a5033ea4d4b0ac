/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The ledger's hook itself (bpf/rss.bpf.c, update.bpf.h, sums.bpf.h), compiled into the
 * simulated kernel of kernel_sim.h: counter changes whose events come late, on another CPU, or
 * in the middle of each other. Nothing may be invented or lost, and each change that can be
 * told apart must be charged to the task that made it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_sim.h"

#define RUNS 300

static __s64 one_page(struct sim *s)
{
	(void)s;
	return 1;
}

static __s64 minus_one(struct sim *s)
{
	(void)s;
	return -1;
}

static __s64 sixteen(struct sim *s)
{
	(void)s;
	return 16;
}

static __s64 huge_page(struct sim *s)
{
	(void)s;
	return 512;
}

static __s64 any_size(struct sim *s)
{
	static const __s64 steps[] = { 1, 1, 1, 1, -1, -1, 2, 16, -16, 31, -40, 512, -512 };

	return steps[g_rand_int_range(s->rand, 0, G_N_ELEMENTS(steps))];
}

static __s64 accounted(__u32 member)
{
	__s64 sum = ledger_net(&sim->m->nonowner[member]);

	for (int i = 0; i < sim->tasks; i++)
		sum += ledger_net(&sim->task[i].state.t.flow[member]);
	return sum;
}

static __s64 seen(__u32 member)
{
	__s64 sum = sim->m->seen[member];

	for (int i = 0; i < sim->cpus; i++)
		sum += *mm_slot(sim->m, i, member);
	return sum;
}

/* Between events the updates equal what the ledger has seen, in any history. */
static void check_accounted(void)
{
	for (int k = 0; k < TARE_MEMBERS; k++)
		assert_int_equal(seen(k), accounted(k));
}

/* With no outstanding change they equal the kernel's counters. */
static void check_books(void)
{
	check_accounted();
	for (int k = 0; k < TARE_MEMBERS && !sim->outstanding; k++)
		assert_int_equal(accounted(k), sim_sum(k));
}

static void check_each_task(void)
{
	for (int i = 0; i < sim->tasks; i++)
		for (int k = 0; k < TARE_MEMBERS; k++)
			assert_int_equal(ledger_net(&sim->task[i].state.t.flow[k]),
					 sim->task[i].added[k]);
}

static void check_causes(void)
{
	for (int i = 0; i < sim->tasks; i++) {
		struct tare_task *t = &sim->task[i].state.t;
		struct tare_cause *c = ledger_cause(t, TARE_CAUSE_FAULT);

		assert_int_equal(ledger_net(&c->pages), ledger_net(&t->flow[TARE_ANON]) +
								ledger_net(&t->flow[TARE_FILE]) +
								ledger_net(&t->flow[TARE_SHMEM]));
	}
}

/* A peak is noted when the value falls again, so the present value may be the peak too. The
 * workload's peak is right within the amount by which its only mm may be ahead. */
static void check_peaks(void)
{
	const struct tare_mm *m = sim->m;
	__s64 off = MAX(workload.peak, workload.rss) - sim->top, sum = 0;

	for (int k = 0; k < TARE_MEMBERS; k++)
		sum += ledger_is_rss(k) ? accounted(k) : 0;
	assert_int_equal(m->rss, sum);
	assert_int_equal(workload.rss, m->folded);
	assert_true(sim->races || llabs(m->rss - m->folded) < ledger_fold_at(m->rss));
	assert_int_equal(MAX(m->peak, m->rss), sim->top);
	assert_true(sim->races || llabs(off) < ledger_fold_at(sim->top));
}

/* The tasks' shares of the weight's peak, including swap, add up to the peak. This does not hold
 * while events race, since a share is then read in pieces. */
static void check_shares(void)
{
	__s64 weight = workload.rss + workload.nonrss, sum = 0;
	__u64 seq = weight > workload.weight_peak ? UINT64_MAX : workload.peak_seq;

	for (int i = 0; i < sim->tasks; i++)
		for (int k = 0; k < TARE_MEMBERS; k++)
			sum += ledger_at_peak(&sim->task[i].state.t, k, seq);
	assert_true(llabs(MAX(weight, workload.weight_peak) - sim->top_weight) <
		    ledger_fold_at(sim->top));
	assert_true(llabs(sum - sim->top_weight) < ledger_fold_at(sim->top));
}

/* As exit_mmap does: charges what is still outstanding. */
static void close_books(void)
{
	sim->races = false;
	sim->task[0].cpu = 0;
	sim->now = &sim->task[0];
	for (int k = 0; k < TARE_MEMBERS; k++) {
		counter_update(sim->m, k, claim_all(&sim->mm, sim->m, k));
		assert_int_equal(accounted(k), sim_sum(k));
		assert_int_equal(seen(k), sim_sum(k));
	}
	check_causes();
	for (int i = 0; i < TARE_LOSSES; i++)
		assert_int_equal(workload.lost[i], 0);
}

/* Tasks that keep their CPU and make steps of one size: each gets its own changes, to the page,
 * however late the events are and however many flushes are under way. With racing events that
 * holds for two tasks; with more only the sum is exact. */
static void equal_steps(__s64 (*step)(struct sim *s), bool races)
{
	for (guint32 seed = 0; seed < RUNS; seed++) {
		int n = 1 + seed % SIM_CPUS;

		sim_new(seed, n, n, 400);
		sim->step = step;
		sim->races = races;
		sim_run(check_books);
		if (!races || n <= 2)
			check_each_task();
		check_peaks();
		close_books();
		sim_free();
	}
}

static void tasks_get_their_pages(void **state)
{
	(void)state;
	equal_steps(one_page, false);
}

static void freed_pages_belong_to_who_freed_them(void **state)
{
	(void)state;
	equal_steps(minus_one, false);
}

static void tasks_get_their_folios(void **state)
{
	(void)state;
	equal_steps(sixteen, false);
}

/* A huge page always flushes the slot, and a slot that is 0 before and after shows nothing: with
 * two outstanding changes, the first event gets both. */
static void huge_pages(void **state)
{
	(void)state;
	for (guint32 seed = 0; seed < RUNS; seed++) {
		sim_new(seed, SIM_CPUS, SIM_CPUS, 100);
		sim->step = huge_page;
		sim_run(check_books);
		close_books();
		sim_free();
	}
}

/* A task that runs alone gets all of its own changes, on whatever CPU its events run. */
static void task_alone_gets_all(void **state)
{
	(void)state;
	for (guint32 seed = 0; seed < RUNS; seed++) {
		sim_new(seed, SIM_CPUS, 1, 400);
		sim->step = any_size;
		sim->migrate = true;
		sim_run(check_books);
		check_each_task();
		check_peaks();
		close_books();
		sim_free();
	}
}

static void check_histories(bool migrate, bool races, int backend)
{
	for (guint32 seed = 0; seed < RUNS; seed++) {
		int n = 1 + seed % SIM_CPUS;

		sim_new(seed, n, migrate ? SIM_TASKS : n, 200);
		sim->step = any_size;
		sim->migrate = migrate;
		sim->torn = races;
		sim->races = races;
		cfg_backend = backend;
		cfg_shape = backend == BACKEND_COUNT ? TARE_SHAPE_ATOMIC : TARE_SHAPE_PERCPU;
		sim_run(races || backend == BACKEND_CLASSIC ? check_accounted : check_books);
		check_peaks();
		if (!races)
			check_shares();
		close_books();
		sim_free();
	}
}

static void steps_of_any_size_sum_up(void **state)
{
	(void)state;
	check_histories(false, false, BACKEND_PERCPU);
}

static void tasks_that_move_between_cpus(void **state)
{
	(void)state;
	check_histories(true, false, BACKEND_PERCPU);
}

/* The same, with other CPUs running in the middle of each event. */
static void pages_racing(void **state)
{
	(void)state;
	equal_steps(one_page, true);
}

static void steps_racing(void **state)
{
	(void)state;
	check_histories(false, true, BACKEND_PERCPU);
	check_histories(true, true, BACKEND_PERCPU);
}

static void count_backend(void **state)
{
	(void)state;
	check_histories(true, false, BACKEND_COUNT);
	check_histories(true, true, BACKEND_COUNT);
}

static void classic_backend(void **state)
{
	(void)state;
	check_histories(true, false, BACKEND_CLASSIC);
	check_histories(true, true, BACKEND_CLASSIC);
}

/* Slots near the limits of s32 wrap around; a change is still one page. */
static void slots_wrap(void **state)
{
	(void)state;
	sim_new(1, 1, 1, 1);
	sim->now = &sim->task[0];
	sim->now->cpu = 0;
	sim->mm.rss_stat[TARE_ANON].slots[0] = INT32_MAX;
	*mm_slot(sim->m, 0, TARE_ANON) = INT32_MAX;
	sim->mm.rss_stat[TARE_ANON].slots[0] = INT32_MIN;
	tare_rss_percpu((__u64[]){ (uintptr_t)&sim->mm, TARE_ANON });
	assert_int_equal(sim->task[0].state.t.flow[TARE_ANON].in, 1);
	assert_int_equal(sim->task[0].state.t.flow[TARE_ANON].out, 0);
	sim_free();
}

/* One event of one page, by a task that the test has prepared. */
static void touch_page(void)
{
	sim->mm.rss_stat[TARE_ANON].slots[0]++;
	tare_rss_percpu((__u64[]){ (uintptr_t)&sim->mm, TARE_ANON });
}

static struct sim_task *lone_task(void)
{
	sim_new(1, 1, 1, 1);
	sim->now = &sim->task[0];
	sim->now->cpu = 0;
	return sim->now;
}

static void each_change_has_its_cause(void **state)
{
	static const struct {
		__u32 flags;
		bool compat;
		long call;
		__u32 cause;
	} cases[] = {
		{ 0, false, -1, TARE_CAUSE_FAULT },
		{ 0, false, NR_MMAP, NR_MMAP },
		{ 0, false, 0, 0 },
		{ 0, true, NR32_MMAP, TARE_CAUSE_COMPAT | NR32_MMAP },
		{ 0, false, 0x7fffffff, TARE_CAUSE_FAULT },
		{ PF_EXITING, false, NR_MMAP, TARE_CAUSE_EXIT },
		{ PF_MEMALLOC, false, NR_MMAP, TARE_CAUSE_RECLAIM },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sim_task *t = lone_task();
		int used = cases[i].cause == TARE_CAUSE_FAULT ? 0 : 1;

		t->k.flags = cases[i].flags;
		t->k.regs.compat = cases[i].compat;
		t->k.regs.call = cases[i].call;
		touch_page();
		assert_int_equal(t->state.t.causes[used].id, cases[i].cause);
		assert_int_equal(t->state.t.causes[used].pages.in, 1);
		sim_free();
	}
}

/* A task that is not a living task of the mm's process is a non-owner, and is recorded by its
 * kind. */
static void nonowners(void **state)
{
	static const struct {
		__u32 flags;
		const char *comm;
		bool own, ended;
		enum tare_nonowner who;
	} cases[] = {
		{ PF_KTHREAD | PF_KSWAPD, "kswapd0", false, false, TARE_NONOWNER_RECLAIM },
		{ PF_MEMALLOC, "other", false, false, TARE_NONOWNER_RECLAIM },
		{ PF_KTHREAD, "khugepaged", false, false, TARE_NONOWNER_KHUGEPAGED },
		{ PF_KTHREAD, "oom_reaper", false, false, TARE_NONOWNER_KERNEL },
		{ 0, "gdb", false, false, TARE_NONOWNER_PROCESS },
		{ 0, "self", true, true, TARE_NONOWNER_LATE },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sim_task *t = lone_task();

		t->k.flags = cases[i].flags;
		strcpy(t->k.comm, cases[i].comm);
		t->k.state = cases[i].own ? &t->state : NULL;
		t->state.t.flags = cases[i].ended ? TARE_TASK_ENDED : 0;
		touch_page();
		assert_int_equal(sim->m->nonowner[TARE_ANON].in, 1);
		assert_int_equal(sim->m->nonowner_cause[cases[i].who].in, 1);
		assert_int_equal(t->state.t.flow[TARE_ANON].in, 0);
		assert_int_equal(sim->m->rss, 1);
		sim_free();
	}
}

/* An mm seen for the first time: in execve its pages are the program's own updates, in fork the
 * child's initial balance; otherwise it belongs to no followed process. */
static void new_mm_belongs_to_its_maker(void **state)
{
	struct tare_mm *m;
	struct sim_task *t = lone_task();

	(void)state;
	t->state.t.proc = 7;
	sim->mm.key = 12;
	touch_page(); /* a fault: of no followed process */
	assert_null(mm_find(12));
	t->k.regs.call = NR_EXECVE;
	touch_page();
	m = mm_find(12);
	assert_non_null(m);
	assert_int_equal(m->flags, TARE_MM_EXECING);
	assert_int_equal(m->proc, 7);
	assert_int_equal(t->state.t.flow[TARE_ANON].in, 2);

	sim->mm.key = 13;
	t->k.regs.call = NR_CLONE;
	touch_page();
	m = mm_find(13);
	assert_int_equal(m->flags, TARE_MM_FORKING);
	assert_int_equal(m->initial[TARE_ANON], 3);
	assert_int_equal(m->rss, 3);
	assert_int_equal(t->state.t.flow[TARE_ANON].in, 2);

	sim->mm.key = 14;
	cfg_no_children = 1;
	touch_page();
	assert_null(mm_find(14));
	t->k.regs.call = NR_EXECVE;
	t->k.state = NULL;
	touch_page();
	assert_null(mm_find(14));
	sim_free();
}

/* An mm outside the books, or one whose initial balance is being taken: nothing is counted, and
 * later events are not affected. */
static void mm_outside_the_books_is_ignored(void **state)
{
	struct sim_task *t = lone_task();

	(void)state;
	sim->m->flags = TARE_MM_ATTACHING;
	touch_page();
	sim->m->flags = TARE_MM_IGNORE;
	touch_page();
	assert_int_equal(sim->m->rss, 0);
	sim->m->flags = 0;
	sim->m->initial[TARE_ANON] = claim_all(&sim->mm, sim->m, TARE_ANON);
	assert_int_equal(sim->m->initial[TARE_ANON], 2);
	touch_page();
	assert_int_equal(t->state.t.flow[TARE_ANON].in, 1);
	sim_free();
}

/* Where kernel memory has events, page tables were charged to the task by them. They are taken
 * out here, and when they are freed, out of what is freed later. */
static void page_tables_are_not_charged_twice(void **state)
{
	struct sim_task *t = lone_task();

	(void)state;
	cfg_kmem = workload.cgroup.id = workload.cgroup.own = 1;
	t->state.t.flow[TARE_KMEM].in = 3 * 4096;
	workload.nonrss = 3;
	sim->mm.pgtables_bytes.counter = 8192;
	touch_page();
	assert_int_equal(ledger_net(&t->state.t.flow[TARE_KMEM]), 4096);
	sim->mm.pgtables_bytes.counter = 4096;
	touch_page();
	assert_int_equal(ledger_net(&t->state.t.flow[TARE_KMEM]), 4096);
	assert_int_equal(ledger_net(&workload.cgroup.nonowner[TARE_NONOWNER_KERNEL]), 4096);
	assert_int_equal(workload.nonrss, 3); /* charged by the events */
	cfg_kmem = 0;
	sim_free();
}

/* Page tables are counted once, in bytes, and are not RSS. */
static void page_tables_are_not_rss(void **state)
{
	struct sim_task *t = lone_task();

	(void)state;
	sim->mm.pgtables_bytes.counter = 8192;
	touch_page();
	touch_page();
	sim->mm.pgtables_bytes.counter = 4096;
	touch_page();
	assert_int_equal(t->state.t.flow[TARE_PAGETABLE].in, 8192);
	assert_int_equal(t->state.t.flow[TARE_PAGETABLE].out, 4096);
	assert_int_equal(sim->m->rss, 3);
	assert_int_equal(workload.nonrss, 1); /* pages of the weight */
	assert_int_equal(workload.weight_peak, 2 + 2);
	assert_int_equal(workload.weight_peak_kernel, 2);
	assert_int_equal(t->state.t.causes[0].pages.in, 3);
	sim_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_get_their_pages),
		cmocka_unit_test(freed_pages_belong_to_who_freed_them),
		cmocka_unit_test(tasks_get_their_folios),
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(task_alone_gets_all),
		cmocka_unit_test(steps_of_any_size_sum_up),
		cmocka_unit_test(tasks_that_move_between_cpus),
		cmocka_unit_test(pages_racing),
		cmocka_unit_test(steps_racing),
		cmocka_unit_test(count_backend),
		cmocka_unit_test(classic_backend),
		cmocka_unit_test(slots_wrap),
		cmocka_unit_test(each_change_has_its_cause),
		cmocka_unit_test(nonowners),
		cmocka_unit_test(new_mm_belongs_to_its_maker),
		cmocka_unit_test(mm_outside_the_books_is_ignored),
		cmocka_unit_test(page_tables_are_not_rss),
		cmocka_unit_test(page_tables_are_not_charged_twice),
	};

	return cmocka_run_group_tests_name("rss", tests, NULL, NULL);
}
