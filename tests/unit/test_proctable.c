/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The process table, built from records: in any order, with records lost, and with hostile
 * records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "records.h"

static struct proctable *pt;

static int setup(void **state)
{
	(void)state;
	pt = proctable_new(false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	proctable_free(pt);
	return 0;
}

static struct proctable_task *task(uint64_t id)
{
	return g_hash_table_lookup(pt->tasks, &id);
}

static struct proctable_mm *mm(uint64_t id)
{
	return g_hash_table_lookup(pt->mms, &id);
}

static void born(uint64_t id, uint64_t proc, uint32_t tid, uint32_t tgid, const char *comm)
{
	struct tare_task_new rec = birth(id, proc, tid, tgid, comm);

	assert_int_equal(GIVE(pt, rec), 0);
}

static void report(uint32_t type, uint64_t id, uint64_t proc, uint32_t tid)
{
	struct task_record rec = task_of(type, id, proc, tid);

	assert_int_equal(GIVE(pt, rec), 0);
}

static void birth_to_end_of_a_task(void **state)
{
	struct proctable_proc *p;

	(void)state;
	born(1, 1, 500, 500, "main");
	born(2, 1, 501, 500, "worker");
	assert_int_equal(proctable_living(pt), 1);
	p = proctable_find_proc(pt, 1);
	assert_int_equal(p->pid, 500);
	assert_int_equal(p->living, 2);
	assert_int_equal(p->start_ns, 100);
	assert_string_equal(p->comm, "main");
	report(TARE_REC_TASK_END, 2, 1, 501);
	assert_int_equal(p->living, 1);
	report(TARE_REC_TASK_END, 1, 1, 500);
	assert_int_equal(p->living, 0);
	assert_int_equal(p->end_ns, 5001);
	assert_int_equal(proctable_living(pt), 0);
	assert_int_equal(p->tasks->len, 2);
	assert_int_equal(pt->malformed, 0);
}

/* The kernel reuses task ids, but never serial numbers. */
static void reused_tids_are_told_apart(void **state)
{
	(void)state;
	born(1, 1, 500, 500, "a");
	for (uint64_t id = 2; id < 50; id++) {
		born(id, 1, 501, 500, "w");
		report(TARE_REC_TASK_END, id, 1, 501);
	}
	assert_int_equal(proctable_find_proc(pt, 1)->tasks->len, 49);
	assert_int_equal(proctable_find_proc(pt, 1)->living, 1);
	assert_false(task(1)->ended);
}

/* A final record stays valid, whatever records follow it. */
static void final_record_stays_valid(void **state)
{
	struct task_record end = task_of(TARE_REC_TASK_END, 1, 1, 500);
	struct task_record late = task_of(TARE_REC_TASK, 1, 1, 500);

	(void)state;
	end.t.flow[TARE_ANON].in = 7;
	late.t.flow[TARE_ANON].in = 3;
	born(1, 1, 500, 500, "a");
	proctable_sweep_begin(pt);
	assert_int_equal(GIVE(pt, end), 0);
	assert_int_equal(proctable_sweep(pt, &late, late.head.size, false), 0);
	assert_int_equal(GIVE(pt, end), 0); /* twice */
	assert_int_equal(task(1)->state->flow[TARE_ANON].in, 7);
	assert_true(task(1)->ended);
	assert_int_equal(proctable_find_proc(pt, 1)->living, 0);
}

static void task_whose_birth_was_lost(void **state)
{
	(void)state;
	report(TARE_REC_TASK, 9, 3, 503);
	assert_int_equal(proctable_living(pt), 1);
	assert_non_null(proctable_find_proc(pt, 3));
	report(TARE_REC_TASK_END, 10, 3, 504); /* without birth or sweep */
	assert_int_equal(proctable_find_proc(pt, 3)->living, 1);
	report(TARE_REC_TASK_END, 9, 3, 503);
	assert_int_equal(proctable_living(pt), 0);
	assert_int_equal(proctable_find_proc(pt, 3)->tasks->len, 2);
}

/* The ring is read after the sweep: the sweep may meet a task before its birth record is
 * read. */
static void sweep_before_birth(void **state)
{
	struct task_record rec = task_of(TARE_REC_TASK, 2, 1, 501);

	(void)state;
	born(1, 1, 500, 500, "main");
	proctable_sweep_begin(pt);
	rec.t.flow[TARE_ANON].in = 4;
	assert_int_equal(proctable_sweep(pt, &rec, rec.head.size, false), 0);
	born(2, 1, 501, 500, "worker");
	assert_int_equal(proctable_find_proc(pt, 1)->living, 2);
	assert_int_equal(task(2)->state->flow[TARE_ANON].in, 4);
	assert_string_equal(task(2)->state->comm, "worker");
	assert_string_equal(proctable_find_proc(pt, 1)->comm, "main");
}

static void names(void **state)
{
	struct tare_rename rec;

	(void)state;
	born(1, 1, 500, 500, "one");
	born(2, 1, 501, 500, "worker");
	rec = rename_to(1, "two");
	GIVE(pt, rec);
	GIVE(pt, rec); /* to the same name: no change */
	rec = rename_to(1, "sixteen bytes ab");
	GIVE(pt, rec);
	assert_int_equal(task(1)->names->len, 2);
	assert_string_equal(task(1)->names->pdata[0], "one");
	assert_string_equal(task(1)->names->pdata[1], "two");
	assert_string_equal(proctable_find_proc(pt, 1)->comm, "sixteen bytes ab");
	rec = rename_to(2, "w-2"); /* a thread's name does not change the process's */
	GIVE(pt, rec);
	assert_string_equal(proctable_find_proc(pt, 1)->comm, "sixteen bytes ab");
	rec = rename_to(77, "nobody");
	assert_int_equal(GIVE(pt, rec), 0);
	assert_null(task(77));
}

static void check_argv(const char *args, size_t len, unsigned n, const char *const *want)
{
	struct tare_exec *rec = exec_of(1, 1, 500, "/bin/x", args, len);
	struct proctable_proc *p;

	assert_int_equal(GIVE(pt, *rec), 0);
	p = proctable_find_proc(pt, 1);
	assert_int_equal(p->argv->len, n);
	for (unsigned i = 0; i < n; i++)
		assert_string_equal(p->argv->pdata[i], want[i]);
	g_free(rec);
}

static void arguments(void **state)
{
	g_autofree char *full = g_malloc(TARE_ARGV_LEN), *whole = NULL;
	struct proctable_proc *p;

	(void)state;
	born(1, 1, 500, 500, "a");
	check_argv("", 0, 0, NULL);
	check_argv("x\0a b\0\0c\0", 9, 4, (const char *[]){ "x", "a b", "", "c" });
	check_argv("x\0cut", 5, 2, (const char *[]){ "x", "cut" });
	check_argv("\0", 1, 1, (const char *[]){ "" });
	memset(full, 'y', TARE_ARGV_LEN);
	whole = g_strndup(full, TARE_ARGV_LEN);
	check_argv(full, TARE_ARGV_LEN, 1, (const char *[]){ whole });
	p = proctable_find_proc(pt, 1);
	proctable_describe(p, "/new", "u\0v\0", 4);
	assert_string_equal(p->exe, "/new");
	assert_int_equal(p->argv->len, 2);
	proctable_describe(p, NULL, NULL, 0);
	assert_string_equal(p->exe, "/new");
	assert_int_equal(p->argv->len, 2);
}

static void images(void **state)
{
	struct tare_exec *first = exec_of(1, 1, 500, "/bin/one", "one", 4);
	struct tare_exec *second = exec_of(1, 1, 500, "/bin/script", "two", 4);
	struct proctable_proc *p;

	(void)state;
	strcpy(second->interp, "/bin/sh");
	born(1, 1, 500, 500, "a");
	GIVE(pt, *first);
	GIVE(pt, *second);
	p = proctable_find_proc(pt, 1);
	assert_string_equal(p->exe, "/bin/sh");
	assert_int_equal(p->images->len, 1);
	assert_string_equal(p->images->pdata[0], "/bin/one");
	assert_string_equal(p->comm, "script");
	g_free(first);
	g_free(second);
}

/* execve by a thread: it continues under the first thread's id. */
static void exec_by_a_thread(void **state)
{
	struct tare_exec *exec = exec_of(2, 1, 500, "/bin/new", "new", 4);
	struct tare_rename rec = rename_to(2, "later");

	(void)state;
	born(1, 1, 500, 500, "main");
	born(2, 1, 501, 500, "thread");
	report(TARE_REC_TASK_END, 1, 1, 500);
	GIVE(pt, *exec);
	assert_int_equal(task(2)->state->tid, 500);
	assert_int_equal(proctable_find_proc(pt, 1)->living, 1);
	GIVE(pt, rec); /* now the process's name changes too */
	assert_string_equal(proctable_find_proc(pt, 1)->comm, "later");
	g_free(exec);
}

/* tare's child before it becomes the command is not part of the command. */
static void launch(void **state)
{
	struct tare_task_new rec = birth(1, 1, 500, 500, "tare");
	struct tare_exec *exec = exec_of(1, 1, 500, "/bin/cmd", "cmd", 4);
	struct tare_rename name = rename_to(1, "cmd");

	proctable_free(pt);
	pt = proctable_new(true);
	(void)state;
	rec.parent = 0;
	GIVE(pt, rec);
	GIVE(pt, name); /* the kernel renames the task before the execve event */
	GIVE(pt, *exec);
	assert_null(task(1)->names);
	assert_int_equal(proctable_find_proc(pt, 1)->images->len, 0);
	assert_int_equal(proctable_find_proc(pt, 1)->start_ns, exec->head.time_ns);
	GIVE(pt, *exec);
	assert_int_equal(proctable_find_proc(pt, 1)->images->len, 1);
	g_free(exec);
}

/* Two passes over an mm: it is quiet if nothing changed, and only in this sweep. */
static void sweep_of_two_passes(void **state)
{
	struct tare_mm_end rec = mm_of(TARE_REC_MM, 5, 1), other = mm_of(TARE_REC_MM, 6, 1);

	(void)state;
	born(1, 1, 500, 500, "a");
	rec.mm.kernel[TARE_ANON] = 10;
	proctable_sweep_begin(pt);
	proctable_sweep(pt, &rec, sizeof(rec), false);
	assert_false(mm(5)->quiet);
	proctable_sweep(pt, &rec, sizeof(rec), true);
	assert_true(mm(5)->quiet);
	rec.mm.kernel[TARE_ANON] = 11;
	proctable_sweep(pt, &rec, sizeof(rec), true);
	assert_false(mm(5)->quiet);
	assert_int_equal(mm(5)->state.kernel[TARE_ANON], 10); /* the first pass stays valid */

	proctable_sweep_begin(pt);
	proctable_sweep(pt, &rec, sizeof(rec), true); /* the first pass did not meet it */
	assert_false(mm(5)->quiet);
	proctable_sweep(pt, &rec, sizeof(rec), false);
	rec.mm.nonowner[TARE_ANON].out = 1;
	proctable_sweep(pt, &rec, sizeof(rec), true);
	assert_false(mm(5)->quiet);
	proctable_sweep(pt, &other, sizeof(other), true); /* born between the passes */
	assert_false(mm(6)->quiet);
	assert_int_equal(proctable_find_proc(pt, 1)->mms->len, 2);
}

static void closed_for_good(void **state)
{
	struct tare_mm_end end = mm_of(TARE_REC_MM_END, 5, 1), sweep = mm_of(TARE_REC_MM, 5, 1);

	(void)state;
	sweep.mm.kernel[TARE_ANON] = 4;
	GIVE(pt, end);
	proctable_sweep_begin(pt);
	proctable_sweep(pt, &sweep, sizeof(sweep), false);
	assert_true(mm(5)->closed);
	assert_int_equal(mm(5)->state.kernel[TARE_ANON], 0);
}

static void exiting(void **state)
{
	struct task_record one = task_of(TARE_REC_TASK, 1, 1, 500);

	(void)state;
	born(1, 1, 500, 500, "a");
	born(2, 1, 501, 500, "b");
	assert_int_equal(proctable_exiting(pt), 0);
	proctable_sweep_begin(pt);
	proctable_sweep(pt, &one, one.head.size, false);
	assert_int_equal(proctable_exiting(pt), 1); /* the sweep did not meet 2 */
	born(3, 1, 502, 500, "c");                  /* born since */
	assert_int_equal(proctable_exiting(pt), 1);
	report(TARE_REC_TASK_END, 2, 1, 501);
	assert_int_equal(proctable_exiting(pt), 0);
}

/* A reader of its /proc files freed the address space of an ended process. Until the task's last
 * record is taken, its sums are older than the address space's. */
static void stale(void **state)
{
	struct tare_mm_end end = mm_of(TARE_REC_MM_END, 5, 1);
	struct task_record one = task_of(TARE_REC_TASK, 1, 1, 500);

	(void)state;
	born(1, 1, 500, 500, "a");
	one.head.time_ns = 10;
	proctable_sweep_begin(pt);
	proctable_sweep(pt, &one, one.head.size, false);
	assert_int_equal(proctable_stale(pt), 0);
	end.head.time_ns = 20;
	end.mm.nonowner[TARE_ANON] = (struct tare_flow){ 3, 7 };
	GIVE(pt, end);
	assert_int_equal(proctable_stale(pt), 1);
	one.head.time_ns = 30; /* a zombie's */
	proctable_sweep_begin(pt);
	assert_int_equal(proctable_stale(pt), 1);
	proctable_sweep(pt, &one, one.head.size, false);
	assert_int_equal(proctable_stale(pt), 0);
	/* Its sums were sent as it exited: later sweeps may miss it. */
	one.t.flags = TARE_TASK_EXITING;
	GIVE(pt, one);
	proctable_sweep_begin(pt);
	assert_int_equal(proctable_stale(pt), 0);
	assert_int_equal(proctable_exiting(pt), 1);
}

static void sweep_of_many(void **state)
{
	g_autoptr(GByteArray) all = g_byte_array_new();

	(void)state;
	proctable_sweep_begin(pt);
	for (uint64_t id = 1; id <= 100; id++) {
		struct task_record rec = task_of(TARE_REC_TASK, id, id, id);
		struct tare_mm_end m = mm_of(TARE_REC_MM, 1000 + id, id);

		rec.t.n_causes = id % (TARE_TASK_CAUSES + 1);
		rec.head.size = ledger_record_size(rec.t.n_causes);
		for (unsigned i = 0; i < rec.t.n_causes; i++)
			rec.t.causes[i].id = i;
		g_byte_array_append(all, (void *)&m, sizeof(m));
		g_byte_array_append(all, (void *)&rec, rec.head.size);
	}
	assert_int_equal(proctable_sweep(pt, all->data, all->len, false), 0);
	assert_int_equal(g_hash_table_size(pt->tasks), 100);
	assert_int_equal(g_hash_table_size(pt->mms), 100);
	assert_int_equal(task(100)->state->n_causes, 100 % (TARE_TASK_CAUSES + 1));
	assert_int_equal(task(100)->state->causes[14].id, 14);
	assert_int_equal(proctable_sweep(pt, all->data, all->len - 8, true), -EINVAL);
	assert_int_equal(pt->malformed, 1);
}

static void assert_refused(const void *data, size_t size)
{
	uint64_t before = pt->malformed;

	assert_int_equal(give_record(pt, data, size), -EINVAL);
	assert_int_equal(pt->malformed, before + 1);
}

static void malformed(void **state)
{
	struct tare_task_new new = birth(1, 1, 500, 500, "a");
	struct task_record rec = task_of(TARE_REC_TASK, 1, 1, 500);
	struct tare_exec *exec = exec_of(1, 1, 500, "/bin/x", "x", 2);

	(void)state;
	assert_refused(&new, 0);
	assert_refused(&new, sizeof(new.head) - 1);
	assert_refused(&new, sizeof(new) - 1); /* cut */
	new.head.size = sizeof(new) - 8;
	assert_refused(&new, sizeof(new));
	new.head.size = UINT32_MAX;
	assert_refused(&new, sizeof(new));
	new.head.size = 0;
	assert_refused(&new, sizeof(new));
	new.head.size = sizeof(new);
	new.head.type = 0;
	assert_refused(&new, sizeof(new));
	new.head.type = 99;
	assert_refused(&new, sizeof(new));
	rec.head.size = ledger_record_size(2);
	rec.t.n_causes = 1; /* more bytes than its causes need */
	assert_refused(&rec, rec.head.size);
	rec.head.size -= 8; /* half a cause */
	rec.t.n_causes = 2;
	assert_refused(&rec, rec.head.size);
	rec.t.n_causes = TARE_TASK_CAUSES + 1;
	rec.head.size = sizeof(rec);
	assert_refused(&rec, sizeof(rec));
	rec.t.n_causes = UINT32_MAX;
	assert_refused(&rec, sizeof(rec));
	new = birth(FOLD_ID | 1, 1, 500, 500, "a"); /* a type that only user space uses */
	assert_refused(&new, sizeof(new));
	new = birth(1, FOLD_ID | 1, 500, 500, "a");
	assert_refused(&new, sizeof(new));
	rec = task_of(TARE_REC_TASK_END, FOLD_ID | 1, 1, 500);
	assert_refused(&rec, rec.head.size);
	rec = task_of(TARE_REC_TASK, PROCTABLE_REST | 1, 1, 500);
	assert_refused(&rec, rec.head.size);
	exec->argv_len = TARE_ARGV_LEN + 1;
	assert_refused(exec, sizeof(*exec));
	exec->argv_len = UINT32_MAX;
	assert_refused(exec, sizeof(*exec));
	g_free(exec);
}

/* A sweep copies a running task, which may have got one more cause meanwhile. */
static void a_cause_more_than_was_written(void **state)
{
	struct task_record rec = task_of(TARE_REC_TASK, 1, 1, 500);

	(void)state;
	rec.head.size = ledger_record_size(1);
	rec.t.n_causes = 2;
	assert_int_equal(give_record(pt, &rec, rec.head.size), 0);
	assert_int_equal(task(1)->state->n_causes, 1);
}

/* Any bytes: accepted or refused, never read past their end, always counted. */
static void random_bytes_are_counted(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(3);
	uint64_t bad = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t any = g_rand_int_range(rand, 0, 1000);
		size_t size = g_rand_int_range(rand, 0, 5) ? any : sizeof(struct tare_exec);
		g_autofree uint8_t *data = g_malloc(size + 1);
		struct tare_record head = head_of(g_rand_int_range(rand, 0, 9), size);

		for (size_t j = 0; j < size; j++)
			data[j] = g_rand_int(rand) & g_rand_int(rand) & g_rand_int(rand);
		if (g_rand_boolean(rand) && size >= ledger_record_size(0))
			head.size = ledger_record_size(g_rand_int_range(rand, 0, 17));
		if (size >= sizeof(head))
			memcpy(data, &head, sizeof(head));
		bad += !!give_record(pt, data, size);
	}
	assert_int_equal(pt->malformed, bad);
	assert_in_range(bad, 5000, 19999);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(birth_to_end_of_a_task),
		TEST(reused_tids_are_told_apart),
		TEST(final_record_stays_valid),
		TEST(task_whose_birth_was_lost),
		TEST(sweep_before_birth),
		TEST(names),
		TEST(arguments),
		TEST(images),
		TEST(exec_by_a_thread),
		TEST(launch),
		TEST(sweep_of_two_passes),
		TEST(closed_for_good),
		TEST(exiting),
		TEST(stale),
		TEST(sweep_of_many),
		TEST(malformed),
		TEST(a_cause_more_than_was_written),
		TEST(random_bytes_are_counted),
	};

	return cmocka_run_group_tests_name("proctable", tests, NULL, NULL);
}
