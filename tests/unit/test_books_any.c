/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Closing the books of random process tables: the equation holds, and `unattributed` is the
 * kernel's figure minus the counted sums.
 */
#include "books_fixture.h"

struct expected {
	int64_t initial[TARE_KINDS], tasks[TARE_KINDS], nonowner[TARE_KINDS];
	int64_t kernel[TARE_KINDS], ledger[TARE_KINDS];
	bool quiet;
	bool by_task; /* not quiet: a task took and gave back, unseen in the mm */
};

static void random_tasks(GRand *rand, uint64_t proc, uint64_t *id, bool dead, struct expected *e,
			 GPtrArray *tasks)
{
	int n = g_rand_int_range(rand, 1, 6);

	for (int i = 0; i < n; i++) {
		bool ends = dead || !g_rand_int_range(rand, 0, 3);
		uint64_t this = i ? ++*id : proc;
		struct task_record *t = g_new(struct task_record, 1);

		*t = task_of(ends ? TARE_REC_TASK_END : TARE_REC_TASK, this, proc, 100 + this);
		born(this, proc);
		for (int k = 0; k < TARE_KINDS; k++) {
			t->t.flow[k].in = g_rand_int_range(rand, 0, 100000);
			t->t.flow[k].out = g_rand_int_range(rand, 0, 100000);
			e->tasks[k] += kind_bytes(k, t->t.flow[k].in - t->t.flow[k].out);
		}
		g_ptr_array_add(tasks, t);
	}
}

static void random_mms(GRand *rand, uint64_t proc, uint64_t *id, bool dead, struct expected *e)
{
	int n = g_rand_int_range(rand, dead ? 0 : 1, 3);

	for (int i = 0; i < n; i++) {
		bool closed = dead || i;
		struct tare_mm_end m = mm_of(closed ? TARE_REC_MM_END : TARE_REC_MM, ++*id, proc);

		for (int k = 0; k < TARE_MM_KINDS; k++) {
			m.mm.initial[k] = g_rand_int_range(rand, 0, 5000);
			m.mm.nonowner[k].in = g_rand_int_range(rand, 0, 5000);
			m.mm.nonowner[k].out = g_rand_int_range(rand, 0, 5000);
			m.mm.kernel[k] = closed ? 0 : g_rand_int_range(rand, 0, 90000);
			m.mm.ledger[k] = m.mm.kernel[k] + g_rand_int_range(rand, -1, 2);
			e->initial[k] += kind_bytes(k, m.mm.initial[k]);
			e->nonowner[k] += kind_bytes(k, ledger_net(&m.mm.nonowner[k]));
			if (closed)
				continue;
			e->kernel[k] += kind_bytes(k, m.mm.kernel[k]);
			e->ledger[k] += kind_bytes(k, m.mm.ledger[k]);
		}
		GIVE(pt, m);
		if (!e->quiet && !e->by_task)
			m.mm.rss++; /* between the two passes */
		proctable_sweep(pt, &m, sizeof(m), true);
	}
}

static void check_process(const struct report_process *p, const struct expected *e)
{
	for (int k = 0; k < TARE_KINDS; k++) {
		const struct balance *b = &p->balance[k];
		int64_t updates = e->initial[k] + e->tasks[k] + e->nonowner[k];

		check_equation(b);
		assert_int_equal(b->initial, e->initial[k]);
		assert_int_equal(flow_net(b->tasks), e->tasks[k]);
		assert_int_equal(flow_net(b->nonowner), e->nonowner[k]);
		if (k >= TARE_MM_KINDS) { /* tasks without an address space */
			assert_int_equal(b->unattributed, 0);
			continue;
		}
		assert_int_equal(b->unattributed,
				 e->quiet ? e->kernel[k] - updates : e->kernel[k] - e->ledger[k]);
	}
	assert_int_equal(p->start_ns, 0);
}

/* The tasks whose record has this type; in the second pass of a sweep. */
static void give_tasks(const GPtrArray *tasks, uint32_t type, bool second)
{
	for (unsigned i = 0; i < tasks->len; i++) {
		const struct task_record *t = tasks->pdata[i];

		if (t->head.type == type && type == TARE_REC_TASK)
			assert_int_equal(proctable_sweep(pt, t, t->head.size, second), 0);
		else if (t->head.type == type)
			give_record(pt, t, t->head.size);
	}
}

/* Each task takes a page and gives it back. */
static void take_and_give(const GPtrArray *tasks)
{
	for (unsigned i = 0; i < tasks->len; i++) {
		struct task_record *t = tasks->pdata[i];

		t->t.flow[TARE_ANON].in++;
		t->t.flow[TARE_ANON].out++;
	}
}

static void any_proctable(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);

	for (int run = 0; run < 200; run++) {
		int n = g_rand_int_range(rand, 1, 6);
		struct expected e[6] = { 0 };
		GPtrArray *tasks[6];
		bool dead[6];
		uint64_t id = 1000, off = 0;

		teardown(state);
		setup(state);
		for (int i = 0; i < n; i++) {
			dead[i] = g_rand_boolean(rand);
			e[i].quiet = dead[i] || g_rand_boolean(rand);
			e[i].by_task = g_rand_boolean(rand);
			tasks[i] = g_ptr_array_new_with_free_func(g_free);
			random_tasks(rand, i + 1, &id, dead[i], &e[i], tasks[i]);
			give_tasks(tasks[i], TARE_REC_TASK_END, false);
		}
		proctable_sweep_begin(pt);
		for (int i = 0; i < n; i++) {
			const struct proctable_proc *p = proctable_find_proc(pt, i + 1);

			random_mms(rand, i + 1, &id, dead[i], &e[i]);
			give_tasks(tasks[i], TARE_REC_TASK, false);
			if (!e[i].quiet && e[i].by_task)
				take_and_give(tasks[i]);
			give_tasks(tasks[i], TARE_REC_TASK, true);
			g_ptr_array_unref(tasks[i]);
			if (!p->living) /* then no task can have changed it */
				e[i].quiet |= p->mms->len == 0 || e[i].by_task;
		}
		books_close(r, &in);
		assert_int_equal(r->processes->len, n);
		for (int i = 0; i < n; i++) {
			check_process(process(i), &e[process(i)->pid - 101]);
			for (int k = 0; k < TARE_MEMBERS; k++)
				off += llabs(process(i)->balance[k].unattributed) / PAGE;
		}
		assert_int_equal(r->off_pages, off);
		for (int k = 0; k < TARE_KINDS; k++) {
			int64_t net = 0;

			check_equation(&r->totals[k]);
			for (int i = 0; i < n; i++)
				net += process(i)->balance[k].net;
			assert_int_equal(r->totals[k].net, net);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_proctable, setup, teardown),
	};

	return cmocka_run_group_tests_name("books_any", tests, NULL, NULL);
}
