/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The arithmetic of bpf/ledger.h, which the BPF programs compile too: each rule by its cases,
 * and random histories compared with brute force. Racing events are in test_rss.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "bpf/ledger.h"

static void slot_delta(void **state)
{
	(void)state;
	assert_int_equal(ledger_slot_delta(5, 3), 2);
	assert_int_equal(ledger_slot_delta(3, 5), -2);
	assert_int_equal(ledger_slot_delta(0, 0), 0);
	assert_int_equal(ledger_slot_delta(-7, 9), -16);
	assert_int_equal(ledger_slot_delta(INT32_MIN, INT32_MAX), 1);
	assert_int_equal(ledger_slot_delta(INT32_MAX, INT32_MIN), -1);
	assert_int_equal(ledger_slot_delta(INT32_MIN + 511, INT32_MAX), 512);
	assert_int_equal(ledger_slot_delta(INT32_MAX, 0), INT32_MAX);
	assert_int_equal(ledger_slot_delta(INT32_MIN, 0), INT32_MIN);
}

static void flush_share_alone(void **state)
{
	(void)state;
	assert_int_equal(ledger_flush_share(32, 31, 0, 0), 32);
	assert_int_equal(ledger_flush_share(-32, -31, 0, 0), -32);
	assert_int_equal(ledger_flush_share(512, 0, 0, 0), 512);
	assert_int_equal(ledger_flush_share(-512, 3, 0, 0), -512);
	assert_int_equal(ledger_flush_share(0, 0, 0, 0), 0);
}

/* The share of each of n CPUs that flushed a slot of c[i] by a step of `step`, when their events
 * come one after the other. */
static void check_equal_steps(unsigned n, const int64_t *c, int64_t step)
{
	int64_t moved = 0;

	for (unsigned i = 0; i < n; i++)
		moved += c[i] + step;
	for (unsigned i = 0; i < n; i++) {
		int64_t others_sum = 0;
		int64_t share;

		for (unsigned j = i + 1; j < n; j++)
			others_sum += c[j];
		share = ledger_flush_share(moved, c[i], n - 1 - i, others_sum);
		assert_int_equal(share, c[i] + step);
		moved -= share;
	}
	assert_int_equal(moved, 0);
}

static void flush_share_of_several(void **state)
{
	static const int64_t full[] = { 31, 31, 31, 31 }, empty[] = { -31, -31, -31 };
	static const int64_t uneven[] = { 20, 31, 25 }, down[] = { -17, -31 },
			     over[] = { 1, -3, 9 };

	(void)state;
	check_equal_steps(2, full, 1);
	check_equal_steps(4, full, 1);
	check_equal_steps(3, empty, -1);
	check_equal_steps(3, uneven, 16);
	check_equal_steps(2, down, -16);
	check_equal_steps(3, over, 512);
	check_equal_steps(2, over, -512);
}

/* If it cannot be split, the first gets all: nothing is invented, nothing is lost. */
static void flush_share_that_does_not_split(void **state)
{
	(void)state;
	/* steps 1 and 2 */
	assert_int_equal(ledger_flush_share(65, 31, 1, 31), 65);
	assert_int_equal(ledger_flush_share(-65, -31, 1, -31), -65);
	/* +1 and -1: the moves cancel out */
	assert_int_equal(ledger_flush_share(0, 31, 1, -31), 0);
	/* a share below the batch is no flush: the other slot went to 0 by its own changes */
	assert_int_equal(ledger_flush_share(4, 1, 1, 1), 4);
	assert_int_equal(ledger_flush_share(62, 30, 1, 30), 62);
	assert_int_equal(ledger_flush_share(-62, -30, 1, -30), -62);
	/* exactly at the batch, in both directions */
	assert_int_equal(ledger_flush_share(64, 31, 1, 31), 32);
	assert_int_equal(ledger_flush_share(-64, -31, 1, -31), -32);
}

static void flush_share_at_the_limits(void **state)
{
	(void)state;
	assert_int_equal(ledger_flush_share(INT64_MIN, 0, 0, 0), INT64_MIN);
	assert_int_equal(ledger_flush_share(INT64_MIN, 0, 1, 0), INT64_MIN / 2);
	assert_int_equal(ledger_flush_share(INT64_MAX - 1, 0, 1, 0), INT64_MAX / 2);
	assert_int_equal(ledger_flush_share(7, INT32_MAX, 0, 0), 7);
}

static void flow(void **state)
{
	struct tare_flow f = { 0 };

	(void)state;
	ledger_flow(&f, 3);
	ledger_flow(&f, -5);
	ledger_flow(&f, 0);
	ledger_flow(&f, 1);
	assert_int_equal(f.in, 4);
	assert_int_equal(f.out, 5);
	assert_int_equal(ledger_net(&f), -1);
	ledger_flow(&f, (int64_t)1 << 40);
	assert_int_equal(ledger_net(&f), ((int64_t)1 << 40) - 1);
}

static void rss_members(void **state)
{
	(void)state;
	assert_true(ledger_is_rss(TARE_FILE) && ledger_is_rss(TARE_ANON) &&
		    ledger_is_rss(TARE_SHMEM));
	assert_false(ledger_is_rss(TARE_SWAP) || ledger_is_rss(TARE_PAGETABLE));
	assert_false(ledger_is_rss(TARE_KINDS));
}

/* An error below 1/1024 of the mm, exact where the mm is small. */
static void fold_at(void **state)
{
	(void)state;
	for (int64_t rss = -3; rss < 70000; rss++)
		assert_int_equal(ledger_fold_at(rss), MAX(rss / 1024, 1));
	assert_int_equal(ledger_fold_at(INT64_MIN), 1);
	assert_int_equal(ledger_fold_at(INT64_MAX), INT64_MAX / 1024);
}

static void record_size(void **state)
{
	uint32_t cause = sizeof(struct tare_cause);

	(void)state;
	assert_int_equal(ledger_record_size(0),
			 sizeof(struct tare_record) + offsetof(struct tare_task, causes));
	for (uint32_t n = 0; n < TARE_TASK_CAUSES; n++)
		assert_int_equal(ledger_record_size(n + 1), ledger_record_size(n) + cause);
	assert_int_equal(ledger_record_size(TARE_TASK_CAUSES),
			 sizeof(struct tare_record) + sizeof(struct tare_task));
	assert_int_equal(ledger_record_size(TARE_TASK_CAUSES + 1),
			 ledger_record_size(TARE_TASK_CAUSES));
	assert_int_equal(ledger_record_size(UINT32_MAX), ledger_record_size(TARE_TASK_CAUSES));
}

static void page_up_rounds_to_pages(void **state)
{
	(void)state;
	assert_int_equal(ledger_page_up(0, 4096), 0);
	assert_int_equal(ledger_page_up(1, 4096), 4096);
	assert_int_equal(ledger_page_up(4096, 4096), 4096);
	assert_int_equal(ledger_page_up(4097, 4096), 8192);
	assert_int_equal(ledger_page_up(65537, 65536), 131072);
	assert_int_equal(ledger_page_up(UINT64_MAX, 4096), 0);
	assert_int_equal(ledger_page_up(UINT64_MAX - 4095, 4096), UINT64_MAX - 4095);
}

static unsigned used_causes(const struct tare_task *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TARE_TASK_CAUSES; i++)
		n += t->causes[i].used;
	return n;
}

static void cause_of_faults_is_first(void **state)
{
	struct tare_task t = { 0 };

	(void)state;
	assert_ptr_equal(ledger_cause(&t, 9), &t.causes[1]);
	assert_int_equal(t.n_causes, 2);
	assert_false(t.causes[0].used); /* kept free for faults */
	assert_ptr_equal(ledger_cause(&t, TARE_CAUSE_FAULT), &t.causes[0]);
	assert_int_equal(t.causes[0].id, TARE_CAUSE_FAULT);
	assert_int_equal(t.n_causes, 2);
	assert_ptr_equal(ledger_cause(&t, 0), &t.causes[2]); /* read() is number 0 */
	assert_ptr_equal(ledger_cause(&t, 9), &t.causes[1]);
	assert_ptr_equal(ledger_cause(&t, 0), &t.causes[2]);
	assert_int_equal(t.n_causes, 3);
	assert_int_equal(used_causes(&t), 3);
}

static void causes_beyond_room(void **state)
{
	struct tare_task t = { 0 };
	struct tare_cause *other;

	(void)state;
	for (uint32_t i = 1; i < TARE_TASK_CAUSES - 1; i++)
		assert_ptr_equal(ledger_cause(&t, 100 + i), &t.causes[i]);
	other = ledger_cause(&t, 300);
	assert_ptr_equal(other, &t.causes[TARE_TASK_CAUSES - 1]);
	assert_int_equal(other->id, TARE_CAUSE_OTHER);
	assert_ptr_equal(ledger_cause(&t, TARE_CAUSE_EXIT), other);
	assert_ptr_equal(ledger_cause(&t, TARE_CAUSE_OTHER), other);
	assert_int_equal(other->id, TARE_CAUSE_OTHER);
	assert_int_equal(t.n_causes, TARE_TASK_CAUSES);
	/* causes that have an entry keep it, and faults still find theirs */
	assert_ptr_equal(ledger_cause(&t, 101), &t.causes[1]);
	assert_ptr_equal(ledger_cause(&t, 100 + TARE_TASK_CAUSES - 2),
			 &t.causes[TARE_TASK_CAUSES - 2]);
	assert_ptr_equal(ledger_cause(&t, TARE_CAUSE_FAULT), &t.causes[0]);
	assert_int_equal(t.n_causes, TARE_TASK_CAUSES);
}

/* For any history: the causes add up to the flow, no cause is there twice, and n_causes covers
 * all causes and no more. */
static void causes_add_up(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);

	(void)state;
	for (int run = 0; run < 200; run++) {
		struct tare_task t = { 0 };
		struct tare_flow all = { 0 }, sum = { 0 };
		int kinds = g_rand_int_range(rand, 1, 40);

		for (int i = 0; i < 200; i++) {
			int64_t delta = g_rand_int_range(rand, -600, 600);
			int which = g_rand_int_range(rand, 0, kinds);
			uint32_t id = which ? (uint32_t)which * 7 : TARE_CAUSE_FAULT;

			ledger_flow(&all, delta);
			ledger_flow(&ledger_cause(&t, id)->pages, delta);
		}
		assert_true(t.n_causes <= TARE_TASK_CAUSES);
		for (unsigned i = 0; i < TARE_TASK_CAUSES; i++) {
			assert_true(!t.causes[i].used || i < t.n_causes);
			sum.in += t.causes[i].pages.in;
			sum.out += t.causes[i].pages.out;
			for (unsigned j = 0; j < i; j++)
				assert_false(t.causes[i].used && t.causes[j].used &&
					     t.causes[i].id == t.causes[j].id);
		}
		assert_true(t.causes[t.n_causes - 1].used);
		assert_memory_equal(&sum, &all, sizeof(all));
	}
}

/* Peaks: the net that each task noted lazily equals a snapshot of all tasks at the moment of the
 * last peak. */

#define PEAK_TASKS 7

struct peaks {
	struct tare_task tasks[PEAK_TASKS];
	int64_t snapshot[PEAK_TASKS][TARE_KINDS];
	int64_t rss, peak;
	uint64_t seq;
};

static void take_snapshot(struct peaks *p)
{
	for (int i = 0; i < PEAK_TASKS; i++)
		for (int k = 0; k < TARE_KINDS; k++)
			p->snapshot[i][k] = ledger_net(&p->tasks[i].flow[k]);
}

/* As counter_update() does. */
static void change_kind(struct peaks *p, int task, int kind, int64_t delta)
{
	struct tare_task *t = &p->tasks[task];

	ledger_note_peak(t, p->seq);
	ledger_flow(&t->flow[kind], delta);
	if (!ledger_is_rss(kind))
		return;
	p->rss += delta;
	if (p->rss <= p->peak)
		return;
	p->peak = p->rss;
	p->seq++;
	take_snapshot(p);
}

/* A task ends and another takes its entry, born at this peak. */
static void replace_task(struct peaks *p, int task)
{
	for (int k = 0; k < TARE_KINDS; k++)
		if (ledger_is_rss(k))
			p->rss -= ledger_net(&p->tasks[task].flow[k]);
	memset(&p->tasks[task], 0, sizeof(p->tasks[task]));
	p->tasks[task].peak_seq = p->seq;
	memset(p->snapshot[task], 0, sizeof(p->snapshot[task]));
}

static void lazily_noted_peaks_are_exact(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(2);

	(void)state;
	for (int run = 0; run < 500; run++) {
		struct peaks p = { 0 };
		int length = g_rand_int_range(rand, 1, 300);

		for (int i = 0; i < length; i++) {
			int task = g_rand_int_range(rand, 0, PEAK_TASKS);

			if (!g_rand_int_range(rand, 0, 50))
				replace_task(&p, task);
			else
				change_kind(&p, task, g_rand_int_range(rand, 0, TARE_KINDS),
					    g_rand_int_range(rand, -20, 24));
		}
		for (int i = 0; i < PEAK_TASKS; i++)
			for (int k = 0; k < TARE_KINDS; k++)
				assert_int_equal(ledger_at_peak(&p.tasks[i], k, p.seq),
						 p.snapshot[i][k]);
	}
}

/* A task that frees more than it holds frees memory of others. */
static void accounts_never_go_below_0(void **state)
{
	struct tare_flow f = { 100, 30 }, child = { 0 }, part = { 50, 10 };

	(void)state;
	assert_int_equal(ledger_own_part(&f, 7), 7);
	assert_int_equal(ledger_own_part(&f, -70), -70);
	assert_int_equal(ledger_own_part(&f, -71), -70);
	ledger_move(&f, &child, &part);
	assert_int_equal(ledger_net(&f), 30);
	assert_int_equal(ledger_net(&child), 40);
	ledger_leave(&child, ledger_net(&child));
	assert_int_equal(child.in, 50);
	assert_int_equal(child.out, 50);
	f = (struct tare_flow){ 3, 10 }; /* freed before its event came */
	assert_int_equal(ledger_own_part(&f, -1), 0);
	ledger_leave(&f, -7);
	assert_int_equal(ledger_net(&f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slot_delta),
		cmocka_unit_test(flush_share_alone),
		cmocka_unit_test(flush_share_of_several),
		cmocka_unit_test(flush_share_that_does_not_split),
		cmocka_unit_test(flush_share_at_the_limits),
		cmocka_unit_test(flow),
		cmocka_unit_test(rss_members),
		cmocka_unit_test(fold_at),
		cmocka_unit_test(record_size),
		cmocka_unit_test(page_up_rounds_to_pages),
		cmocka_unit_test(cause_of_faults_is_first),
		cmocka_unit_test(causes_beyond_room),
		cmocka_unit_test(causes_add_up),
		cmocka_unit_test(lazily_noted_peaks_are_exact),
		cmocka_unit_test(accounts_never_go_below_0),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
