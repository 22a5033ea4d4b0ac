/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The live model on scripted records and a made-up clock: rates of each window, forks, ends, execs,
 * pids used again, processes that tare meets late.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "live_records.h"

static void steady_growth_is_the_same_in_each_window(void **state)
{
	const struct live_row *r;

	(void)state;
	born(7, 7, 70, 1, "prog");
	for (unsigned s = 0; s <= 100; s++) {
		single(7, 70, 10 * MIB_PAGES * s);
		tick(1);
	}
	r = row_of(70);
	for (unsigned w = 0; w < LIVE_WINDOWS; w++) {
		near(r->rate[w].growth, 10 * MIB);
		near(r->rate[w].in, 10 * MIB);
		near(r->rate[w].out, 0);
		near(r->rate[w].faults, 10 * MIB_PAGES);
	}
	assert_int_equal(r->now.user, 1000 * MIB_PAGES * PAGE);
	assert_int_equal(r->now.kernel, STACK);
	assert_int_equal(r->cause, TARE_CAUSE_FAULT);
	assert_true(fabs(live_total(live)->seconds[LIVE_60S] - 60) <= 6);
}

static void a_step_leaves_each_window_in_its_time(void **state)
{
	(void)state;
	born(7, 7, 70, 1, "prog");
	for (unsigned s = 0; s < 10; s++) {
		single(7, 70, 0);
		tick(1);
	}
	single(7, 70, 60 * MIB_PAGES);
	tick(1);
	near(row_of(70)->rate[LIVE_1S].growth, 60 * MIB);
	near(row_of(70)->rate[LIVE_10S].growth, 6 * MIB);
	for (unsigned s = 0; s < 10; s++) {
		single(7, 70, 60 * MIB_PAGES);
		tick(1);
	}
	near(row_of(70)->rate[LIVE_1S].growth, 0);
	near(row_of(70)->rate[LIVE_10S].growth, 0);
	assert_true(row_of(70)->rate[LIVE_60S].growth > MIB / 2);
	for (unsigned s = 0; s < 70; s++) {
		single(7, 70, 60 * MIB_PAGES);
		tick(1);
	}
	near(row_of(70)->rate[LIVE_60S].growth, 0);
}

static void late_ticks_are_no_faster_growth(void **state)
{
	(void)state;
	born(7, 7, 70, 1, "prog");
	single(7, 70, 0);
	tick(1);
	single(7, 70, 35 * MIB_PAGES);
	tick(3.5); /* the 1 s window spans what there is */
	near(row_of(70)->rate[LIVE_1S].growth, 10 * MIB);
	near(live_total(live)->seconds[LIVE_1S], 3.5);
	single(7, 70, 36 * MIB_PAGES);
	tick(0.1);
	near(row_of(70)->rate[LIVE_1S].growth, 10 * MIB);
	single(7, 70, 54 * MIB_PAGES);
	tick(1.8);
	single(7, 70,
	       54 * MIB_PAGES); /* soon after a late tick: 1.9 s are nearer to 1 s than 0.1 */
	tick(0.1);
	assert_true(fabs(live_total(live)->seconds[LIVE_1S] - 1.9) < 0.01);
	near(row_of(70)->rate[LIVE_1S].growth, 18 * MIB / 1.9);
}

static void the_first_tick_has_no_rates(void **state)
{
	(void)state;
	attached(7, 70, "old");
	swept(7, 7, 70, 0, 0, TARE_TASK_ATTACHED);
	space(7, 7, 100 * MIB_PAGES, 100 * MIB_PAGES);
	tick(1);
	assert_true(live_total(live)->seconds[LIVE_10S] == 0);
	near(row_of(70)->rate[LIVE_10S].growth, 0);
	assert_int_equal(row_of(70)->now.user, 100 * MIB_PAGES * PAGE);
}

static void what_a_process_held_before_tare_is_no_growth(void **state)
{
	(void)state;
	born(7, 7, 70, 1, "prog");
	for (unsigned s = 0; s < 20; s++) {
		single(7, 70, 0);
		tick(1);
	}
	attached(8, 80, "late");
	for (unsigned s = 0; s < 5; s++) {
		single(7, 70, 0);
		swept(8, 8, 80, 10 * MIB_PAGES * s, 0, TARE_TASK_ATTACHED);
		space(8, 8, 500 * MIB_PAGES + 10 * MIB_PAGES * s, 500 * MIB_PAGES);
		tick(1);
		/* 40 MiB of the last 10 s at the end */
		near(row_of(80)->rate[LIVE_10S].growth, (double)s * MIB);
	}
	assert_int_equal(row_of(80)->now.user, 540 * MIB_PAGES * PAGE);
}

static void what_a_new_process_holds_is_growth(void **state)
{
	(void)state;
	born(7, 7, 70, 1, "prog");
	for (unsigned s = 0; s < 20; s++) {
		single(7, 70, 0);
		tick(1);
	}
	born(8, 8, 80, 70, "child");
	single(7, 70, 0);
	swept(8, 8, 80, 10 * MIB_PAGES, 0, 0);
	space(8, 8, 50 * MIB_PAGES, 40 * MIB_PAGES); /* fork copied 40 MiB */
	tick(1);
	near(row_of(80)->rate[LIVE_10S].growth, 5 * MIB + STACK / 10.0);
	near(row_of(80)->rate[LIVE_10S].in, 1 * MIB);
	assert_int_equal(live_total(live)->born, 1);
}

static void ended_processes_leave_their_flows(void **state)
{
	const struct live_total *t = live_total(live);

	(void)state;
	born(7, 7, 70, 1, "prog");
	for (unsigned s = 0; s < 12; s++) {
		single(7, 70, MIB_PAGES);
		tick(1);
	}
	/* born and ended between two ticks */
	born(8, 8, 80, 70, "short");
	ended(8, 8, 80, 100 * MIB_PAGES);
	single(7, 70, MIB_PAGES);
	tick(1);
	assert_int_equal(t->born, 1);
	assert_int_equal(t->ended, 1);
	assert_int_equal(rows_of((struct live_query){ 0 })->len, 1);
	near(t->sum.rate[LIVE_1S].in, 100 * MIB);
	near(t->sum.rate[LIVE_1S].out, 100 * MIB);
	near(t->sum.rate[LIVE_1S].growth, 0);
	ended(7, 7, 70, MIB_PAGES);
	tick(1);
	assert_int_equal(rows_of((struct live_query){ 0 })->len, 0);
	near(t->sum.rate[LIVE_1S].growth, -MIB - STACK);
	assert_int_equal(live_weight(&t->sum), 0);
}

static void a_pid_used_again_is_another_row(void **state)
{
	(void)state;
	born(7, 7, 70, 1, "first");
	for (unsigned s = 0; s < 20; s++) {
		single(7, 70, 500 * MIB_PAGES);
		tick(1);
	}
	ended(7, 7, 70, 500 * MIB_PAGES);
	born(9, 9, 70, 1, "second");
	single(9, 70, 10 * MIB_PAGES);
	tick(1);
	assert_string_equal(row_of(70)->comm, "second");
	near(row_of(70)->rate[LIVE_10S].growth, MIB + STACK / 10.0);
	assert_int_equal(row_of(70)->now.user, 10 * MIB_PAGES * PAGE);
}

/* What it holds is the kernel's counter, also where the ledger's sum differs. */
static void a_process_holds_what_the_kernel_counts(void **state)
{
	(void)state;
	born(7, 7, 70, 1, "prog");
	swept(7, 7, 70, 10 * MIB_PAGES, 0, 0);
	space(7, 7, 11 * MIB_PAGES, 0);
	tick(1);
	assert_int_equal(row_of(70)->now.user, 11 * MIB_PAGES * PAGE);
	in.sums_valid = false;
	swept(7, 7, 70, 10 * MIB_PAGES, 0, 0);
	space(7, 7, 0, 2 * MIB_PAGES);
	tick(1);
	assert_int_equal(row_of(70)->now.user, 12 * MIB_PAGES * PAGE);
}

static void exec_is_a_fall_of_the_same_row(void **state)
{
	g_autofree struct tare_exec *exec = exec_of(7, 7, 70, "/bin/second", "second\0--fast", 14);
	struct tare_mm_end mm = mm_of(TARE_REC_MM_END, 1, 7);

	(void)state;
	born(7, 7, 70, 1, "first");
	for (unsigned s = 0; s < 11; s++) {
		swept(7, 7, 70, 50 * MIB_PAGES, 0, 0);
		space(1, 7, 50 * MIB_PAGES, 0);
		tick(1);
	}
	assert_int_equal(give_record(pt, &mm, sizeof(mm)), 0);
	assert_int_equal(give_record(pt, exec, sizeof(*exec)), 0);
	swept(7, 7, 70, 52 * MIB_PAGES, 50 * MIB_PAGES, 0);
	space(2, 7, 2 * MIB_PAGES, 0);
	tick(1);
	assert_string_equal(row_of(70)->name, "second --fast");
	assert_int_equal(row_of(70)->now.user, 2 * MIB_PAGES * PAGE);
	near(row_of(70)->rate[LIVE_1S].growth, -48 * MIB);
	near(row_of(70)->rate[LIVE_1S].out, 50 * MIB);
}

static void threads_are_below_their_process(void **state)
{
	const GArray *rows;

	(void)state;
	born(6, 6, 60, 1, "one");
	born(7, 7, 70, 1, "many");
	for (unsigned t = 1; t < 5; t++)
		born(70 + t, 7, 70, 1, "worker");
	for (unsigned s = 0; s < 12; s++) {
		single(6, 60, 0);
		swept(7, 7, 70, 0, 0, 0);
		for (unsigned t = 1; t < 5; t++)
			swept(70 + t, 7, 70, t == 3 ? 10 * MIB_PAGES * s : 0, 0, 0);
		space(7, 7, 10 * MIB_PAGES * s, 0);
		tick(1);
	}
	rows = rows_of((struct live_query){ .threads = true, .window = LIVE_10S });
	assert_int_equal(rows->len, 2 + 5); /* the only thread of `one` has no row */
	assert_int_equal(g_array_index(rows, struct live_row, 0).pid, 70);
	assert_int_equal(g_array_index(rows, struct live_row, 0).threads, 5);
	assert_int_equal(g_array_index(rows, struct live_row, 1).tid, 73);
	near(g_array_index(rows, struct live_row, 1).rate[LIVE_10S].growth, 10 * MIB);
	assert_int_equal(g_array_index(rows, struct live_row, 1).depth, 1);
	assert_int_equal(g_array_index(rows, struct live_row, 6).pid, 60);
	rows = rows_of((struct live_query){ .threads = true, .filter = "many" });
	assert_int_equal(rows->len, 6); /* with the process come its threads */
}

static void rows_add_up_to_the_total(void **state)
{
	const struct live_total *t = live_total(live);
	const GArray *rows;
	int64_t weight = 0;
	double growth = 0;

	(void)state;
	for (unsigned p = 1; p <= 30; p++)
		born(p, p, 1000 + p, 1000 + p / 2, "prog");
	for (unsigned s = 0; s < 70; s++) {
		for (unsigned p = 1; p <= 30; p++)
			single(p, 1000 + p, (p * s * 37) % 1000 * s);
		tick(1);
	}
	rows = rows_of((struct live_query){ .tree = true });
	assert_int_equal(rows->len, 30);
	for (unsigned i = 0; i < rows->len; i++) {
		weight += live_weight(&g_array_index(rows, struct live_row, i));
		growth += g_array_index(rows, struct live_row, i).rate[LIVE_60S].growth;
	}
	assert_int_equal(weight, live_weight(&t->sum));
	near(growth, t->sum.rate[LIVE_60S].growth);
	assert_int_equal(t->points, 70);
	assert_int_equal(t->curve[69], weight);
}

/* Processes in which nothing changed are not read again; their rows, those of their threads and the
 * totals are as if they were. */
static void what_is_idle_is_as_if_it_was_read(void **state)
{
	const GArray *rows;

	(void)state;
	for (unsigned p = 1; p <= 9; p++) {
		born(p, p, 1000 + p, 1, "prog");
		born(10 * p, p, 1000 + p, 1, "worker");
	}
	for (unsigned s = 0; s < 200; s++) {
		for (unsigned p = 1; p <= 9; p++) {
			/* 1 to 3 never change, 4 to 6 at times, the others always */
			uint64_t pages = p < 4 ? 5 : p < 7 ? s / 80 * 300 : s * 7;

			swept(p, p, 1000 + p, 0, 0, 0);
			swept(10 * p, p, 1000 + p, pages, 0, 0);
			space(p, p, (int64_t)pages, 0);
		}
		tick(1);
		assert_int_equal(live_total(live)->sum.now.in,
				 (3 * 5 + 3 * (s / 80 * 300) + 3 * s * 7) * PAGE);
		assert_int_equal(live_total(live)->sum.threads, 18);
		rows = rows_of((struct live_query){ .threads = true });
		assert_int_equal(rows->len, 27);
		near(row_of(1005)->rate[LIVE_1S].growth, s && s % 80 == 0 ? 300.0 * PAGE : 0);
		near(row_of(1002)->rate[LIVE_60S].growth,
		     s == 0 ? 0 : row_of(1002)->rate[LIVE_60S].in);
		assert_int_equal(row_of(1006)->now.user, s / 80 * 300 * PAGE);
		near(row_of(1009)->rate[LIVE_1S].growth, s ? 7 * PAGE : 0);
	}
	/* A name changes, and a thread ends: that is read. */
	proctable_title(g_hash_table_lookup(pt->tasks, &(uint64_t){ 10 }), "titled");
	ended(30, 3, 30, 5);
	tick(1);
	rows = rows_of((struct live_query){ .threads = true, .filter = "titled" });
	assert_int_equal(rows->len, 1);
	assert_int_equal(row_of(1003)->threads, 1);
	assert_int_equal(live_total(live)->sum.threads, 17);
}

/* A steady growth is told apart from a start and from a step. */
static void lasting_growth(void **state)
{
	(void)state;
	born(7, 7, 70, 1, "leak");
	born(8, 8, 80, 1, "step");
	for (unsigned s = 0; s < 60; s++) {
		single(7, 70, MIB_PAGES * s);
		single(8, 80, MIB_PAGES * (s < 50 ? 1 : 90));
		if (s == 50)
			born(9, 9, 90, 1, "start");
		if (s >= 50)
			single(9, 90, MIB_PAGES * (s - 49));
		tick(1);
		assert_int_equal(row_of(70)->lasting, s >= 25);
		assert_false(row_of(80)->lasting);
	}
	assert_false(row_of(90)->lasting);
	for (unsigned s = 0; s < 12; s++) {
		single(7, 70, MIB_PAGES * 60);
		single(8, 80, MIB_PAGES * 90);
		single(9, 90, MIB_PAGES * 11);
		tick(1);
	}
	assert_false(row_of(70)->lasting); /* it has stopped */
}

/* Each cause has its own windows. */
static void causes_have_windows(void **state)
{
	g_autoptr(GArray) causes = g_array_new(FALSE, FALSE, sizeof(struct live_cause));
	const struct live_cause *c;

	(void)state;
	born(7, 7, 70, 1, "prog");
	for (unsigned s = 0; s < 100; s++) {
		single(7, 70, MIB_PAGES * MIN(s, 30));
		tick(1);
	}
	assert_true(live_causes(live, 7, causes));
	assert_int_equal(causes->len, 1);
	c = &g_array_index(causes, struct live_cause, 0);
	assert_int_equal(c->in, 30 * MIB);
	near(c->rate[LIVE_1S], 0);
	near(c->rate[LIVE_60S], 0);
	for (unsigned s = 100; s < 105; s++) {
		single(7, 70, MIB_PAGES * (30 + 4 * (s - 99)));
		tick(1);
	}
	g_array_set_size(causes, 0);
	live_causes(live, 7, causes);
	c = &g_array_index(causes, struct live_cause, 0);
	near(c->rate[LIVE_1S], 4 * MIB);
	near(c->rate[LIVE_10S], 2 * MIB);
}

static void kernel_memory_is_cut_to_what_there_is(void **state)
{
	struct task_record rec;

	(void)state;
	for (unsigned p = 1; p <= 2; p++) {
		born(p, p, 100 + p, 1, "prog");
		rec = task_of(TARE_REC_TASK, p, p, 100 + p);
		rec.t.tgid = 100 + p;
		rec.t.flow[TARE_KMEM].in = p * 1000000; /* others freed most of it */
		assert_int_equal(proctable_sweep(pt, &rec, rec.head.size, false), 0);
		space(p, p, 0, 0);
	}
	in.kmem = (struct books_kmem){ .level = KMEM_EVENTS,
				       .whole = true,
				       .by_cgroup = 1600000 + 2 * STACK };
	tick(1);
	assert_true(live_total(live)->kmem);
	assert_int_equal(row_of(101)->kind[TARE_KMEM], 800000);
	assert_int_equal(row_of(102)->kind[TARE_KMEM], 800000);
	in.kmem = (struct books_kmem){ .level = KMEM_NONE, .by_cgroup = CGROUP_UNKNOWN };
	single(1, 101, 0);
	single(2, 102, 0);
	tick(1);
	assert_false(live_total(live)->kmem);
	assert_int_equal(row_of(101)->kind[TARE_KMEM], 0);
}

static void owners_are_asked_for_once(void **state)
{
	uint64_t id;
	pid_t pid;

	(void)state;
	born(1, 1, 101, 1, "a");
	single(1, 101, 1);
	tick(1);
	assert_true(live_unknown(live, 30 * NS, &id, &pid));
	assert_int_equal(pid, 101);
	live_know(live, id, 0, "/");
	assert_false(live_unknown(live, 30 * NS, &id, &pid));
	single(1, 101, 1);
	tick(31);
	assert_true(live_unknown(live, 30 * NS, &id, &pid));
}

static void units(void **state)
{
	static const char *const is[][2] = {
		{ "/", "" },
		{ "/system.slice/redis-server.service", "redis-server.service" },
		{ "/user.slice/user-0.slice/session-3.scope", "session-3.scope" },
		{ "/system.slice/docker-0123456789abcdef0123456789abcdef01234567.scope/init",
		  "docker:0123456789ab" },
		{ "/docker/0123456789abcdef0123456789abcdef01234567", "docker:0123456789ab" },
		{ "/a.service/inner", "a.service" },
		{ "/jobs/build", "build" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(is); i++) {
		g_autofree char *unit = live_unit(is[i][0]);

		assert_string_equal(unit, is[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(steady_growth_is_the_same_in_each_window),
		TEST(a_step_leaves_each_window_in_its_time),
		TEST(late_ticks_are_no_faster_growth),
		TEST(the_first_tick_has_no_rates),
		TEST(what_a_process_held_before_tare_is_no_growth),
		TEST(what_a_new_process_holds_is_growth),
		TEST(ended_processes_leave_their_flows),
		TEST(a_pid_used_again_is_another_row),
		TEST(a_process_holds_what_the_kernel_counts),
		TEST(exec_is_a_fall_of_the_same_row),
		TEST(threads_are_below_their_process),
		TEST(rows_add_up_to_the_total),
		TEST(what_is_idle_is_as_if_it_was_read),
		TEST(lasting_growth),
		TEST(causes_have_windows),
		TEST(kernel_memory_is_cut_to_what_there_is),
		TEST(owners_are_asked_for_once),
		TEST(units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
