/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sums of tasks that ended without a record: they equal the sums of the records, so the process
 * table, the books and their peak are the same as with records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bpf/ended.h"
#include "model/books.h"
#include "records.h"

#define TASKS 40

static char *cause_name(uint32_t id)
{
	return g_strdup_printf("%u", id);
}

static uint64_t at_most(GRand *rand, uint32_t most)
{
	return (uint32_t)g_rand_int_range(rand, 0, (gint32)most + 1);
}

/* A task's updates, with a new peak between some of them. */
static void change_at_random(GRand *rand, struct tare_task *t, uint64_t *seq)
{
	for (int i = 0; i < 30; i++) {
		uint32_t kind = at_most(rand, TARE_KINDS - 1), id = at_most(rand, 24);
		int64_t delta = g_rand_int_range(rand, -50, 100);

		*seq += !at_most(rand, 20);
		ledger_note_peak(t, *seq);
		ledger_flow(&t->flow[kind], delta);
		ledger_flow(&ledger_cause(t, id == 24 ? TARE_CAUSE_FAULT : id)->pages, delta);
	}
	t->faults = at_most(rand, 1000);
	t->mapped = at_most(rand, 1000);
	t->brk_down = at_most(rand, 1000);
	ledger_note_peak(t, *seq);
}

static void add(struct tare_ended *e, const struct tare_task *t, uint64_t seq)
{
	ended_add_task(e, t, seq);
	for (int i = 0; i < TARE_TASK_CAUSES; i++)
		if (t->causes[i].used)
			ended_flow(
				&e->task.causes[ended_cause_place(&e->task, t->causes[i].id)].pages,
				&t->causes[i].pages);
}

static void sums_equal_those_of_the_records(void **state)
{
	(void)state;
	for (guint32 seed = 0; seed < 300; seed++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
		static struct tare_task t[TASKS];
		static struct tare_ended e;
		struct tare_flow causes = { 0 }, pages = { 0 };
		uint64_t seq = at_most(rand, 3);

		memset(t, 0, sizeof(t));
		memset(&e, 0, sizeof(e));
		for (int i = 0; i < TASKS; i++) {
			t[i].peak_seq = seq;
			t[i].proc = 1;
			change_at_random(rand, &t[i], &seq);
			add(&e, &t[i], seq);
			seq += !at_most(rand, 5);
		}
		assert_int_equal(e.tasks, TASKS);
		for (int k = 0; k < TARE_KINDS; k++) {
			struct tare_flow sum = { 0 };
			int64_t peak = 0;

			for (int i = 0; i < TASKS; i++) {
				sum.in += t[i].flow[k].in;
				sum.out += t[i].flow[k].out;
				peak += ledger_at_peak(&t[i], k, seq);
			}
			assert_memory_equal(&sum, &e.task.flow[k], sizeof(sum));
			assert_int_equal(ledger_at_peak(&e.task, k, seq), peak);
			pages.in += sum.in;
			pages.out += sum.out;
		}
		for (int i = 0; i < TARE_TASK_CAUSES; i++) {
			causes.in += e.task.causes[i].pages.in;
			causes.out += e.task.causes[i].pages.out;
			for (int j = 0; j < i && e.task.causes[i].used; j++)
				assert_int_not_equal(e.task.causes[i].id, e.task.causes[j].id);
		}
		assert_memory_equal(&causes, &pages, sizeof(pages));
	}
}

static void address_spaces_close_as_with_records(void **state)
{
	static struct tare_ended e;
	struct tare_mm m = { .peak_seq = 4, .peak = 900, .peak_ns = 5 };

	(void)state;
	m.initial[TARE_ANON] = 70;
	m.nonowner[TARE_ANON].out = 70;
	m.at_peak[TARE_ANON] = 60;
	m.nonowner_cause[TARE_NONOWNER_RECLAIM].out = 70;
	ended_add_mm(&e, &m, 4);
	assert_int_equal(e.mm.at_peak[TARE_ANON], 60);
	ended_add_mm(&e, &m, 4);
	assert_int_equal(e.mm.at_peak[TARE_ANON], 120);
	m.peak_seq = 9; /* the next peak came after both had ended */
	m.peak = 1000;
	ended_add_mm(&e, &m, 9);
	assert_int_equal(e.mm.at_peak[TARE_ANON], 60);
	assert_int_equal(e.mm.initial[TARE_ANON], 210);
	assert_int_equal(e.mm.nonowner[TARE_ANON].out, 210);
	assert_int_equal(e.mm.nonowner_cause[TARE_NONOWNER_RECLAIM].out, 210);
	assert_int_equal(e.mm.peak, 1000);
	assert_int_equal(e.mms, 3);
}

/* A process with three threads: one lives, one ended with a record, and the record of the third
 * is lost. A fourth thread is unknown, with no record at all. */
static struct proctable *half_known(struct tare_ended *e)
{
	struct proctable *pt = proctable_new(false);

	for (uint64_t id = 1; id <= 3; id++) {
		struct tare_task_new rec = birth(id, 1, id, 1, "worker");

		GIVE(pt, rec);
	}
	proctable_sweep_begin(pt);
	for (int look = 0; look < 2; look++)
		for (uint64_t id = 1; id <= 3; id++) {
			struct task_record rec = task_of(TARE_REC_TASK, id, 1, id);

			rec.t.flow[TARE_ANON].in = 10;
			proctable_sweep(pt, &rec, rec.head.size, look);
		}
	memset(e, 0, sizeof(*e));
	for (uint64_t id = 3; id <= 4; id++) {
		struct tare_task t = task_of(TARE_REC_TASK_END, id, 1, id).t;

		t.flow[TARE_ANON].in = 25;
		add(e, &t, 0);
	}
	return pt;
}

static void sweep_task(struct proctable *pt, uint64_t id)
{
	struct task_record rec = task_of(TARE_REC_TASK, id, 1, id);
	struct tare_mm_end mm = mm_of(TARE_REC_MM, 9, 1);

	rec.t.flow[TARE_ANON].in = 10;
	mm.mm.kernel[TARE_ANON] = mm.mm.ledger[TARE_ANON] = mm.mm.rss = 20 + 50;
	proctable_sweep_begin(pt);
	for (int second = 0; second < 2; second++) {
		proctable_sweep(pt, &mm, mm.head.size, second);
		proctable_sweep(pt, &rec, rec.head.size, second);
	}
}

static struct report *close_books(const struct proctable *pt)
{
	struct report *r = report_new();
	struct books_input in = {
		.proctable = pt,
		.page_size = 4096,
		.sums_valid = true,
		.cause_name = cause_name,
		.kmem.by_cgroup = CGROUP_UNKNOWN,
		.workload.lost[TARE_LOST_RECORD_TASK] = 2,
	};

	books_close(r, &in);
	return r;
}

static void the_books_are_exact(void **state)
{
	struct task_record end = task_of(TARE_REC_TASK_END, 2, 1, 2);
	struct tare_ended e;
	struct proctable *pt = half_known(&e);
	struct report *r;

	(void)state;
	end.t.flow[TARE_ANON].in = 10;
	GIVE(pt, end);
	sweep_task(pt, 1); /* not 3 */
	proctable_lost(pt, 1, &e);
	proctable_drop_lost(pt);
	sweep_task(pt, 1); /* no more updates, so the process is quiet */
	proctable_lost(pt, 1, &e);
	proctable_drop_lost(pt);
	assert_int_equal(proctable_exiting(pt), 0);
	assert_int_equal(proctable_met(pt), 1);
	assert_int_equal(proctable_living(pt), 1);
	r = close_books(pt);
	assert_int_equal(r->processes->len, 1);
	assert_int_equal(r->totals[TARE_ANON].tasks.in, (10 + 10 + 50) * 4096);
	assert_null(proctable_lost_row(pt, 1, 1)); /* lives */
	assert_int_equal(proctable_lost_row(pt, 99, 1)->id, 1 | PROCTABLE_REST);
	assert_null(proctable_lost_row(pt, 1 | PROCTABLE_REST, 1));
	assert_null(proctable_lost_row(pt, FOLD_ID | 99, 1));
	assert_null(proctable_lost_row(pt, 99, 98));
	assert_int_equal(r->off_pages, 0);
	assert_true(r->balanced);
	report_free(r);
	proctable_free(pt);
}

static const struct report_task *task_by(const struct report *r, const char *comm)
{
	const struct report_process *p = r->processes->pdata[0];

	for (unsigned i = 0; i < p->tasks->len; i++) {
		const struct report_task *t = p->tasks->pdata[i];

		if (!strcmp(t->comm, comm))
			return t;
	}
	return NULL;
}

/* All living tasks end, and the last one's record is lost too. */
static void last_task_ends_without_a_record(void **state)
{
	struct tare_ended e;
	struct proctable *pt = half_known(&e);
	const struct report_process *p;
	struct tare_mm mm = { .peak = 77 };
	struct report *r;

	(void)state;
	for (uint64_t id = 1; id <= 2; id++) {
		struct tare_task t = task_of(TARE_REC_TASK_END, id, 1, id).t;

		t.flow[TARE_ANON].in = 25;
		t.flow[TARE_ANON].out = id == 1 ? 100 : 0;
		t.exit_code = 3 << 8;
		add(&e, &t, 0);
	}
	ended_add_mm(&e, &mm, 0);
	proctable_sweep_begin(pt);
	proctable_lost(pt, 1, &e);
	proctable_drop_lost(pt);
	r = close_books(pt);
	assert_true(r->balanced);
	p = r->processes->pdata[0];
	assert_false(p->alive);
	assert_int_equal(p->exit.code, 3);
	assert_string_equal(p->comm, "worker");
	assert_int_equal(p->rss_peak, 77 * 4096);
	assert_int_equal(p->tasks->len, 1);
	assert_int_equal(task_by(r, "(lost records)")->count, 4);
	assert_false(task_by(r, "(lost records)")->alive);
	report_free(r);
	proctable_free(pt);
}

/* Sums whose process is unknown: the total is exact, and no row gets more than is known of
 * it. */
static void sums_of_unknown_processes(void **state)
{
	struct task_record end = task_of(TARE_REC_TASK_END, 3, 1, 3);
	struct tare_ended e;
	struct proctable *pt = half_known(&e);
	struct report *r;

	(void)state;
	end.t.flow[TARE_ANON].out = 50; /* part of the lost tasks' sums */
	GIVE(pt, end);
	proctable_sweep_begin(pt);
	proctable_lost(pt, 0, &e);
	proctable_drop_lost(pt);
	assert_int_equal(proctable_living(pt), 0);
	r = close_books(pt);
	assert_int_equal(r->processes->len, 2);
	assert_int_equal(r->totals[TARE_ANON].net, 0);
	assert_int_equal(r->off_pages, 0);
	assert_true(r->balanced);
	report_free(r);
	proctable_free(pt);
}

static const struct report_process *process_by(const struct report *r, uint64_t id)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		if (p->id == id)
			return p;
	}
	return NULL;
}

/* The sums of lost records have no exit status: it is unknown, not 0. */
static void lost_exit_status_is_unknown(void **state)
{
	struct task_record end = task_of(TARE_REC_TASK_END, 3, 1, 3), last = end;
	struct tare_ended e;
	struct proctable *pt = half_known(&e);
	struct report *r;

	(void)state;
	GIVE(pt, end);
	proctable_sweep_begin(pt);
	proctable_lost(pt, 0, &e);
	proctable_drop_lost(pt);
	r = close_books(pt);
	assert_false(process_by(r, 1)->alive);
	assert_false(process_by(r, 1)->exit.known);
	report_free(r);
	/* The record of its last task comes after all. */
	last.t.id = 2;
	last.t.flags = TARE_TASK_EXITING;
	last.t.exit_code = 3 << 8;
	GIVE(pt, last);
	proctable_drop_lost(pt);
	r = close_books(pt);
	assert_true(process_by(r, 1)->exit.known);
	assert_int_equal(process_by(r, 1)->exit.code, 3);
	report_free(r);
	proctable_free(pt);
}

/* Tasks without a record do not take memory each. */
static void tasks_without_a_record_are_folded(void **state)
{
	struct proctable *pt = proctable_new(false);
	struct tare_ended e = { 0 };
	struct report *r;

	(void)state;
	proctable_keep(pt, 4, NULL, NULL);
	for (uint64_t id = 1; id <= 1000; id++) {
		struct tare_task_new rec = birth(id, id, id, id, "true");
		struct tare_task t = task_of(TARE_REC_TASK_END, id, id, id).t;

		GIVE(pt, rec);
		add(&e, &t, 0);
	}
	proctable_sweep_begin(pt);
	proctable_lost(pt, 0, &e);
	proctable_drop_lost(pt);
	proctable_fold(pt, true);
	assert_in_range(g_hash_table_size(pt->procs), 2, 16);
	r = close_books(pt);
	assert_int_equal(report_processes(r), 1000 + 1);
	for (unsigned i = 0; i < r->processes->len; i++)
		assert_false(((struct report_process *)r->processes->pdata[i])->exit.known);
	report_free(r);
	proctable_free(pt);
}

/* An exiting task, whose record comes after all. */
static void record_may_come_after_the_sum(void **state)
{
	struct task_record end = task_of(TARE_REC_TASK_END, 2, 1, 2);
	struct tare_ended e;
	struct proctable *pt = half_known(&e);

	(void)state;
	sweep_task(pt, 1); /* neither 2 nor 3 */
	proctable_lost(pt, 1, &e);
	proctable_drop_lost(pt);
	assert_int_equal(proctable_met(pt), 1);
	GIVE(pt, end);
	assert_int_equal(proctable_living(pt), 1);
	assert_int_equal(proctable_exiting(pt), 0);
	assert_non_null(g_hash_table_lookup(pt->tasks, &(uint64_t){ 2 }));
	proctable_free(pt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_equal_those_of_the_records),
		cmocka_unit_test(address_spaces_close_as_with_records),
		cmocka_unit_test(the_books_are_exact),
		cmocka_unit_test(last_task_ends_without_a_record),
		cmocka_unit_test(sums_of_unknown_processes),
		cmocka_unit_test(lost_exit_status_is_unknown),
		cmocka_unit_test(tasks_without_a_record_are_folded),
		cmocka_unit_test(record_may_come_after_the_sum),
	};

	return cmocka_run_group_tests_name("ended", tests, NULL, NULL);
}
