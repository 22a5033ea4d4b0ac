/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Folding of ended processes: which keep a row of their own, what the folded rows say, and that
 * the size of the process table depends only on the living processes.
 */
#include "books_fixture.h"

#include <malloc.h>

/* A process that ends at once, with a peak of `pages` pages. */
static void short_life(uint64_t id, const char *name, uint64_t pages, int status)
{
	struct tare_task_new rec = birth(id, id, id, id, name);
	struct tare_mm_end mm = mm_of(TARE_REC_MM_END, id, id);
	struct task_record t = task_of(TARE_REC_TASK_END, id, id, id);

	mm.mm.peak = pages;
	t.t.flow[TARE_ANON] = (struct tare_flow){ pages, pages };
	t.t.exit_code = status;
	memcpy(t.t.comm, rec.comm, sizeof(rec.comm));
	rec.parent = 1;
	GIVE(pt, rec);
	GIVE(pt, mm);
	GIVE(pt, t);
}

/* Which processes keep a row, and what the folded row says. */
static void heaviest_and_failed_processes_keep_a_row(void **state)
{
	const struct report_process *p = NULL;
	uint64_t alone = 0;

	(void)state;
	proctable_keep(pt, 16, NULL, NULL);
	born(1, 1);
	short_life(500, "true", 5000, 0);    /* heaviest */
	short_life(501, "true", 10, 1 << 8); /* failed */
	for (uint64_t id = 1000; id < 2000; id++)
		short_life(id, "true", 40 + id % 11, 0);
	proctable_fold(pt, true);
	books_close(r, &in);
	assert_int_equal(report_processes(r), 1003);
	assert_non_null(by_pid(r, 500));
	assert_non_null(by_pid(r, 501));
	assert_int_equal(by_pid(r, 501)->failed, 1);
	for (unsigned i = 0; i < r->processes->len; i++)
		alone += process(i)->count == 1;
	assert_int_equal(alone, 17);
	for (unsigned i = 0; i < r->processes->len; i++)
		p = process(i)->count > 1 ? process(i) : p;
	assert_non_null(p);
	assert_string_equal(p->comm, "true");
	assert_string_equal(p->parent, "t");
	assert_int_equal(p->count, 1002 - 16);
	assert_int_equal(p->pid, 0);
	assert_true(p->exit.known);
	assert_int_equal(p->rss_peak_spread.min, 40 * PAGE);
	assert_int_equal(p->rss_peak_spread.median, 45 * PAGE);
	assert_int_equal(p->rss_peak_spread.max, 50 * PAGE);
	assert_int_equal(p->rss_peak, 50 * PAGE);
	assert_int_equal(p->tasks->len, 1);
	assert_int_equal(task(p, 0)->count, p->count);
	assert_int_equal(task(p, 0)->in_spread.max, 50 * PAGE);
}

/* A process that still holds pages after its end waits, since the closing of its address space
 * may come. The number that waits is bounded, and none is forgotten. */
static void processes_that_hold_pages_wait(void **state)
{
	struct tare_task_new rec = birth(50, 50, 50, 50, "late");
	struct tare_mm_end mm = mm_of(TARE_REC_MM_END, 50, 50);
	struct task_record t = task_of(TARE_REC_TASK_END, 50, 50, 50);

	(void)state;
	proctable_keep(pt, 0, NULL, NULL);
	t.t.flow[TARE_ANON].in = 7;
	t.t.end_ns = 1 << 20;
	GIVE(pt, rec);
	GIVE(pt, t);
	for (uint64_t id = 1000; id < 3000; id++) { /* never balanced, in either direction */
		struct tare_task_new other = birth(id, id, id, id, "off");
		struct task_record end = task_of(TARE_REC_TASK_END, id, id, id);

		end.t.flow[TARE_FILE] = (struct tare_flow){ id % 2, 1 - id % 2 };
		GIVE(pt, other);
		GIVE(pt, end);
		proctable_fold(pt, false);
	}
	assert_in_range(g_hash_table_size(pt->procs), 200, 300);
	books_close(r, &in);
	assert_int_equal(report_processes(r), 2001);
	assert_int_equal(r->off_pages, 2000 + 7);
	assert_int_equal(r->totals[TARE_FILE].unattributed, 0);
	mm.mm.nonowner[TARE_ANON].out = 7;
	GIVE(pt, mm);
	proctable_fold(pt, true);
	report_free(r);
	r = report_new();
	books_close(r, &in);
	assert_int_equal(report_processes(r), 2001);
	assert_int_equal(r->off_pages, 2000);
	assert_int_equal(r->totals[TARE_ANON].unattributed, 0);
}

/* Allocated bytes. 0: the sanitizers' allocator does not tell. */
static size_t bytes_in_use(void)
{
	return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static void one_thread(uint64_t id, const char *name)
{
	struct tare_task_new rec = birth(id, 1, id, 1, name);
	struct task_record t = task_of(TARE_REC_TASK_END, id, 1, id);

	memcpy(t.t.comm, rec.comm, sizeof(rec.comm));
	for (uint32_t c = 0; c < 10; c++)
		ledger_flow(&ledger_cause(&t.t, c)->pages, 1);
	t.head.size = ledger_record_size(t.t.n_causes);
	t.t.flow[TARE_ANON].in = id % 3000;
	t.t.peak_seq = id / 1000;
	GIVE(pt, rec);
	GIVE(pt, t);
}

/* With `names` each process has its own name: as many rows as the bound allows. */
static void churn(uint64_t from, uint64_t to, bool names)
{
	for (uint64_t id = from; id < to; id++) {
		g_autofree char *name = names ? g_strdup_printf("a%" G_GUINT64_FORMAT "b", id) :
						g_strdup_printf("worker-%u", (unsigned)id % 500);

		if (id % 11)
			one_thread(id, name);
		else
			short_life(id, names ? name : "true", id % 700, 0);
		if (!(id % 100))
			proctable_fold(pt, false);
	}
}

/* After a million threads and a hundred thousand processes the table is as large as before. */
static void assert_bounded(bool names)
{
	size_t before, after;

	proctable_keep(pt, PROCTABLE_KEEP, NULL, NULL);
	born(1, 1);
	churn(100, 100000, names);
	before = bytes_in_use();
	churn(100000, 1100100, names);
	after = bytes_in_use();
	assert_true(after < before + (256 << 10));
	assert_true(after < 24 << 20);
	assert_true(g_hash_table_size(pt->tasks) < 6000);
	assert_true(g_hash_table_size(pt->procs) < 2000);
	assert_true(g_hash_table_size(pt->mms) < 2000);
	in.workload.peak_seq = 1100;
	books_close(r, &in);
	assert_int_equal(report_processes(r), 100000 + 1);
}

static void size_is_bounded_with_different_names(void **state)
{
	(void)state;
	assert_bounded(false);
	assert_true(g_hash_table_size(pt->tasks) < 1600);
	assert_true(g_hash_table_size(pt->procs) < 600);
}

static void size_is_bounded_with_equal_names(void **state)
{
	(void)state;
	assert_bounded(true);
}

/* Bytes per living process. */
static void living_processes_take_few_bytes(void **state)
{
	static const char argv[] = "postgres\0-D\0/var/lib/postgresql/15/main\0--port=5433";
	size_t before, threads, processes;

	(void)state;
	born(1, 1);
	before = bytes_in_use();
	for (uint64_t id = 2; id < 20002; id++) {
		struct task_record t = task_of(TARE_REC_TASK, id, 1, id);

		for (uint32_t c = 0; c < 5; c++)
			ledger_flow(&ledger_cause(&t.t, c)->pages, 1);
		t.head.size = ledger_record_size(t.t.n_causes);
		born(id, 1);
		GIVE(pt, t);
	}
	threads = (bytes_in_use() - before) / 20000;
	before = bytes_in_use();
	for (uint64_t id = 30000; id < 40000; id++) {
		struct tare_exec *exec = exec_of(id, id, 100 + id,
						 "/usr/lib/postgresql/15/bin/postgres", argv,
						 sizeof(argv));
		struct tare_mm_end mm = mm_of(TARE_REC_MM, id, id);
		struct task_record t = task_of(TARE_REC_TASK, id, id, id);

		born(id, id);
		GIVE(pt, *exec);
		GIVE(pt, mm);
		GIVE(pt, t);
		g_free(exec);
	}
	processes = (bytes_in_use() - before) / 10000;
	if (bytes_in_use())
		assert_in_range(threads, 400, 1024);
	if (bytes_in_use())
		assert_in_range(processes, 800, 2048);
}

/* Programs that one process executes in turn, and names that one thread takes. */
static void many_programs_of_one_process(void **state)
{
	const struct proctable_proc *p;

	(void)state;
	born(1, 1);
	for (uint64_t i = 0; i < 10000; i++) {
		g_autofree char *path = g_strdup_printf("/bin/n%" G_GUINT64_FORMAT, i);
		struct tare_exec *exec = exec_of(1, 1, 101, path, "x", 2);
		struct tare_rename name = rename_to(1, path + 5);
		struct tare_mm_end mm = mm_of(TARE_REC_MM_END, 10 + i, 1);

		mm.mm.initial[TARE_ANON] = 1;
		GIVE(pt, name);
		GIVE(pt, *exec);
		GIVE(pt, mm);
		g_free(exec);
	}
	p = proctable_find_proc(pt, 1);
	assert_in_range(p->mms->len, 1, 10);
	assert_int_equal(g_hash_table_size(pt->mms), p->mms->len);
	assert_int_equal(p->images->len, PROCTABLE_NAMES);
	assert_string_equal(p->images->pdata[0], "/bin/n0");
	assert_string_equal(p->images->pdata[PROCTABLE_NAMES - 1], "/bin/n9998");
	books_close(r, &in);
	assert_int_equal(process(0)->balance[TARE_ANON].initial, 10000 * PAGE);
	assert_int_equal(task(process(0), 0)->names->len, PROCTABLE_NAMES);
}

static uint64_t cgroup_of_sum(const uint64_t *cgroups, unsigned n)
{
	struct task_fold *f = task_fold_new();
	struct tare_task sum = { .flags = 0 }, t = { .start_ns = 1, .end_ns = 2 };

	for (unsigned i = 0; i < n; i++) {
		t.cgroup = cgroups[i];
		fold_task(&sum, f, &t, NULL);
	}
	task_fold_free(f);
	return sum.cgroup;
}

static void a_sum_of_one_control_group_has_it(void **state)
{
	(void)state;
	assert_int_equal(cgroup_of_sum((const uint64_t[]){ 7, 7, 7 }, 3), 7);
	assert_int_equal(cgroup_of_sum((const uint64_t[]){ 7, 8, 8 }, 3), 0);
	assert_int_equal(cgroup_of_sum((const uint64_t[]){ 0, 7 }, 2), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(heaviest_and_failed_processes_keep_a_row),
		TEST(processes_that_hold_pages_wait),
		TEST(size_is_bounded_with_different_names),
		TEST(size_is_bounded_with_equal_names),
		TEST(living_processes_take_few_bytes),
		TEST(many_programs_of_one_process),
		TEST(a_sum_of_one_control_group_has_it),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
