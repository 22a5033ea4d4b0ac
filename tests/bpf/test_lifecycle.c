/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Initial balances, updates, ends and losses of a child process, as the BPF programs record
 * them, compared with /proc.
 */
#include "fixture.h"

#define GROWTH 100 /* pages */
#define FORKS 20
#define THREADS 300

static const enum counter_backend backends[] = { BACKEND_PERCPU, BACKEND_CLASSIC };

static void grow(void)
{
	char *p = mmap(NULL, GROWTH * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	for (int i = 0; i < GROWTH; i++)
		p[i * PAGE] = 1;
}

static void exec_true(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execl("/bin/true", "true", "an argument", "", (char *)NULL);
		_exit(1);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		_exit(1);
}

/* A program that runs until child_lets_go(). */
static void exec_cat(void)
{
	if (pipe(child_hold))
		_exit(1);
	if (!fork()) {
		dup2(child_hold[0], STDIN_FILENO);
		close(child_hold[0]);
		close(child_hold[1]);
		execl("/bin/cat", "cat", (char *)NULL);
		_exit(1);
	}
	close(child_hold[0]);
}

static void serve(char command)
{
	switch (command) {
	case 'g':
		grow();
		break;
	case '1':
		child_holds(1);
		break;
	case 'f':
		child_holds(FORKS);
		break;
	case 'r':
		child_lets_go();
		break;
	case 't':
		child_churns(THREADS);
		break;
	case 'w':
		child_forks(FORKS);
		break;
	case 'e':
		exec_cat();
		break;
	case 'x':
		exec_true();
		break;
	}
}

/* For one living mm: the ledger's sum, the kernel's counters and smaps are equal. */
static void check_mm(const struct tare_mm *m, pid_t pid)
{
	int64_t anon = proc_pages(pid, "smaps_rollup", "Anonymous");
	int64_t rss = proc_pages(pid, "smaps_rollup", "Rss");

	assert_memory_equal(m->ledger, m->kernel, sizeof(m->ledger));
	assert_int_equal(m->kernel[TARE_ANON], anon);
	assert_int_equal(m->kernel[TARE_FILE] + m->kernel[TARE_SHMEM], rss - anon);
	assert_int_equal(m->rss, rss);
	assert_int_equal(m->kernel[TARE_PAGETABLE], proc_pages(pid, "status", "VmPTE") * PAGE);
}

/* Two sweeps of a single process, before and after a growth of known size. */
static void initial_and_growth(enum counter_backend backend)
{
	struct tare_task before;
	const struct tare_task *t;
	const struct tare_mm *m;
	struct child c;
	struct fixture b;

	fixture_open(&b, (struct loader_config){ .backend = backend });
	child_start(&c, serve);
	child_tell(&c, 'g');
	child_settle(&c);
	fixture_attach(&b, c.pid);
	fixture_sweep(&b);
	m = fixture_mm(&b, TARE_REC_MM, 0);
	check_mm(m, c.pid);
	assert_memory_equal(m->initial, m->kernel, sizeof(m->initial));
	before = *fixture_task(&b, TARE_REC_TASK, 0);
	assert_int_equal(before.tid, c.pid);
	for (int k = 0; k < TARE_KINDS; k++)
		assert_int_equal(before.flow[k].in + before.flow[k].out, 0);

	child_tell(&c, 'g');
	child_settle(&c);
	fixture_sweep(&b);
	assert_int_equal(fixture_count(&b, TARE_REC_MM), 1);
	assert_int_equal(fixture_count(&b, TARE_REC_TASK), 1);
	check_mm(fixture_mm(&b, TARE_REC_MM, 0), c.pid);
	t = fixture_task(&b, TARE_REC_TASK, 0);
	assert_int_equal(t->flow[TARE_ANON].in, GROWTH);
	assert_int_equal(t->flow[TARE_ANON].out, 0);
	assert_int_equal(t->causes[0].id, TARE_CAUSE_FAULT);
	assert_int_equal(t->mapped, GROWTH * PAGE);
	assert_int_equal(t->unmapped, 0);
	assert_true(t->faults >= 1 && t->faults <= GROWTH + 8);
	child_end(&c);
	fixture_nothing_lost(&b);
	fixture_close(&b);
}

static void growth_is_exact(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(backends); i++)
		initial_and_growth(backends[i]);
}

static pid_t only_child_of(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/children", pid, pid),
			*text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	return atoi(text);
}

/* fork: the child's initial balance is what fork copied, and it is followed from there. */
static void fork_is_followed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(backends); i++) {
		struct child c, forked = { 0 };
		struct fixture b;

		fixture_open(&b, (struct loader_config){ .backend = backends[i] });
		fixture_follow(&b, &c, serve);
		child_tell(&c, '1');
		child_settle(&c);
		forked.pid = only_child_of(c.pid);
		child_settle(&forked);
		fixture_sweep(&b);
		assert_int_equal(fixture_count(&b, TARE_REC_MM), 2);
		for (int n = 0; n < 2; n++) {
			const struct tare_mm *m = fixture_mm(&b, TARE_REC_MM, n);
			const struct tare_task *t = fixture_task(&b, TARE_REC_TASK, n);

			if (t->proc != m->proc)
				t = fixture_task(&b, TARE_REC_TASK, !n);
			check_mm(m, t->tid);
			for (int k = 0; k < TARE_MM_KINDS; k++)
				assert_int_equal(m->initial[k] + ledger_net(&t->flow[k]) +
							 ledger_net(&m->nonowner[k]),
						 m->kernel[k]);
		}
		child_tell(&c, 'r');
		child_end(&c);
		fixture_nothing_lost(&b);
		assert_int_equal(fixture_mms(), 0);
		fixture_close(&b);
	}
}

/* At the end all memory is gone, record by record, and no place in the table is taken. */
static void ended_tasks_balance(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(backends); i++) {
		const struct tare_task *t;
		const struct tare_mm *m;
		struct tare_workload w;
		struct child c;
		struct fixture b;

		fixture_open(&b, (struct loader_config){ .backend = backends[i] });
		fixture_ring(&b);
		fixture_follow(&b, &c, serve);
		assert_int_equal(fixture_mms(), 1);
		child_tell(&c, 'g');
		child_end(&c);
		assert_int_equal(loader_drain(b.l), 3);
		assert_int_equal(fixture_count(&b, TARE_REC_TASK_NEW), 1);
		t = fixture_task(&b, TARE_REC_TASK_END, 0);
		m = fixture_mm(&b, TARE_REC_MM_END, 0);
		assert_true(t && m);
		assert_int_equal(t->proc, m->proc);
		assert_int_equal(t->exit_code, 0);
		assert_true(t->end_ns > t->start_ns);
		for (int k = 0; k < TARE_MM_KINDS; k++) {
			assert_int_equal(m->initial[k] + ledger_net(&t->flow[k]) +
						 ledger_net(&m->nonowner[k]),
					 0);
			assert_int_equal(m->kernel[k], 0);
			assert_int_equal(m->ledger[k], 0);
		}
		assert_true(t->flow[TARE_ANON].in >= GROWTH);
		loader_workload(b.l, &w);
		assert_int_equal(w.mms_closed, 1);
		assert_int_equal(w.mms_nonzero, 0);
		assert_int_equal(w.live_procs, 0);
		assert_int_equal(w.rss, 0);
		assert_int_equal(fixture_mms(), 0);
		fixture_nothing_lost(&b);
		fixture_close(&b);
	}
}

/* execve: the old program's mm closes; the new program's mm belongs to the same process. */
static void exec_is_followed(void **state)
{
	static const char args[] = "true\0an argument\0";

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(backends); i++) {
		const struct tare_exec *exec;
		struct tare_workload w;
		struct child c;
		struct fixture b;

		fixture_open(&b, (struct loader_config){ .backend = backends[i] });
		fixture_ring(&b);
		fixture_follow(&b, &c, serve);
		child_tell(&c, 'x');
		child_end(&c);
		loader_drain(b.l);
		exec = (const void *)fixture_record(&b, TARE_REC_EXEC, 0);
		assert_non_null(exec);
		assert_string_equal(exec->path, "/bin/true");
		assert_string_equal(exec->comm, "true");
		assert_int_equal(exec->argv_len, sizeof(args));
		assert_memory_equal(exec->argv, args, sizeof(args));
		assert_int_equal(exec->argv_truncated, 0);
		assert_int_equal(fixture_count(&b, TARE_REC_MM_END), 3);
		assert_int_equal(fixture_count(&b, TARE_REC_TASK_END), 2);
		assert_int_equal(fixture_mm(&b, TARE_REC_MM_END, 0)->proc,
				 fixture_mm(&b, TARE_REC_MM_END, 1)->proc);
		loader_workload(b.l, &w);
		assert_int_equal(w.mms_closed, 3);
		assert_int_equal(w.mms_nonzero, 0);
		assert_int_equal(fixture_mms(), 0);
		fixture_nothing_lost(&b);
		fixture_close(&b);
	}
}

/* The new program's mm is swept like any other, and holds what smaps says. */
static void exec_is_swept(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(backends); i++) {
		struct child c, cat = { 0 };
		struct fixture b;

		fixture_open(&b, (struct loader_config){ .backend = backends[i] });
		fixture_follow(&b, &c, serve);
		child_tell(&c, 'e');
		cat.pid = only_child_of(c.pid);
		child_becomes(cat.pid, "cat");
		child_settle(&cat);
		child_settle(&c);
		fixture_sweep(&b);
		assert_int_equal(fixture_count(&b, TARE_REC_MM), 2);
		for (int n = 0; n < 2; n++) {
			const struct tare_mm *m = fixture_mm(&b, TARE_REC_MM, n);
			const struct tare_task *t = fixture_task(&b, TARE_REC_TASK, n);

			if (t->proc != m->proc)
				t = fixture_task(&b, TARE_REC_TASK, !n);
			check_mm(m, t->tid);
			assert_true((m->initial[TARE_FILE] == 0) == (t->tid == (__u32)cat.pid));
		}
		child_tell(&c, 'r');
		child_end(&c);
		fixture_nothing_lost(&b);
		assert_int_equal(fixture_mms(), 0);
		fixture_close(&b);
	}
}

/* One after the other, more processes than the table has places: each place is free again in
 * time. */
static void places_in_the_table_are_reused(void **state)
{
	struct tare_workload w;
	struct child c;
	struct fixture b;

	(void)state;
	fixture_open(&b, (struct loader_config){ .backend = BACKEND_PERCPU, .max_mms = 1 });
	fixture_follow(&b, &c, serve);
	child_tell(&c, 'w');
	child_end(&c);
	loader_workload(b.l, &w);
	assert_int_equal(w.mms_closed, FORKS + 1);
	assert_int_equal(fixture_mms(), 0);
	fixture_nothing_lost(&b);
	fixture_close(&b);
}

/* More address spaces than the table has room for: each loss is counted, the ones in the table
 * stay right, and all places are free again at the end. */
static void full_table_counts_its_losses(void **state)
{
	struct tare_workload w;
	struct child c;
	struct fixture b;
	int known;

	(void)state;
	fixture_open(&b, (struct loader_config){ .backend = BACKEND_PERCPU, .max_mms = 1 });
	fixture_follow(&b, &c, serve);
	child_tell(&c, 'f');
	child_settle(&c);
	known = fixture_mms();
	assert_in_range(known, 1, TARE_BUCKET);
	assert_true(fixture_lost(&b, TARE_LOST_MM) >= (uint64_t)(FORKS + 1 - known));
	fixture_sweep(&b);
	assert_int_equal(fixture_count(&b, TARE_REC_MM), known);
	assert_int_equal(fixture_count(&b, TARE_REC_TASK), FORKS + 1);
	for (int i = 0; i < known; i++) {
		const struct tare_mm *m = fixture_mm(&b, TARE_REC_MM, i);

		assert_memory_equal(m->ledger, m->kernel, sizeof(m->ledger));
	}
	child_tell(&c, 'r');
	child_end(&c);
	assert_int_equal(fixture_mms(), 0);
	loader_workload(b.l, &w);
	assert_int_equal(w.mms_nonzero, 0);
	assert_int_equal(w.live_procs, 0);
	fixture_close(&b);
}

/* A ring of one page that nobody empties: each record that did not fit is counted, and each that
 * did is complete. */
static void full_ring_counts_its_losses(void **state)
{
	int births, deaths;
	struct child c;
	struct fixture b;

	(void)state;
	fixture_open(&b, (struct loader_config){ .backend = BACKEND_PERCPU, .ring_bytes = PAGE });
	fixture_ring(&b);
	fixture_follow(&b, &c, serve);
	child_tell(&c, 't');
	child_end(&c);
	loader_drain(b.l);
	births = fixture_count(&b, TARE_REC_TASK_NEW);
	deaths = fixture_count(&b, TARE_REC_TASK_END);
	assert_true(births > 0 && births < THREADS);
	assert_int_equal(fixture_lost(&b, TARE_LOST_EVENT), THREADS + 1 - births);
	assert_int_equal(fixture_lost(&b, TARE_LOST_RECORD_TASK), THREADS + 1 - deaths);
	assert_int_equal(fixture_lost(&b, TARE_LOST_RECORD_MM),
			 1 - fixture_count(&b, TARE_REC_MM_END));
	assert_int_equal(fixture_lost(&b, TARE_LOST_MM), 0);
	assert_int_equal(fixture_lost(&b, TARE_LOST_TASK), 0);
	assert_int_equal(fixture_mms(), 0);
	fixture_close(&b);
}

/* With room, each thread is counted once. */
static void churn_is_complete(void **state)
{
	struct child c;
	struct fixture b;

	(void)state;
	fixture_open(&b, (struct loader_config){ .backend = BACKEND_PERCPU });
	fixture_ring(&b);
	fixture_follow(&b, &c, serve);
	child_tell(&c, 't');
	child_end(&c);
	loader_drain(b.l);
	assert_int_equal(fixture_count(&b, TARE_REC_TASK_NEW), THREADS + 1);
	assert_int_equal(fixture_count(&b, TARE_REC_TASK_END), THREADS + 1);
	for (int i = 0; i <= THREADS; i++)
		for (int j = 0; j < i; j++)
			assert_int_not_equal(fixture_task(&b, TARE_REC_TASK_END, i)->id,
					     fixture_task(&b, TARE_REC_TASK_END, j)->id);
	fixture_nothing_lost(&b);
	fixture_close(&b);
}

/* A process that tare is not attached to leaves no trace. */
static void unfollowed_processes_leave_no_trace(void **state)
{
	struct tare_workload w;
	struct child c;
	struct fixture b;

	(void)state;
	fixture_open(&b, (struct loader_config){ .backend = BACKEND_PERCPU });
	fixture_ring(&b);
	child_start(&c, serve);
	child_tell(&c, 'g');
	child_tell(&c, 't');
	child_tell(&c, 'x');
	child_end(&c);
	assert_int_equal(loader_drain(b.l), 0);
	fixture_sweep(&b);
	assert_int_equal(b.records->len, 0);
	loader_workload(b.l, &w);
	assert_int_equal(w.next_id, 0);
	assert_int_equal(w.rss, 0);
	assert_int_equal(fixture_mms(), 0);
	fixture_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_is_exact),
		cmocka_unit_test(fork_is_followed),
		cmocka_unit_test(ended_tasks_balance),
		cmocka_unit_test(exec_is_followed),
		cmocka_unit_test(exec_is_swept),
		cmocka_unit_test(places_in_the_table_are_reused),
		cmocka_unit_test(full_table_counts_its_losses),
		cmocka_unit_test(full_ring_counts_its_losses),
		cmocka_unit_test(churn_is_complete),
		cmocka_unit_test(unfollowed_processes_leave_no_trace),
	};

	return cmocka_run_group_tests_name("lifecycle", tests, NULL, NULL);
}
