/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which task is charged for kernel memory at a fork and after an end, as the BPF programs
 * record it for a child in a control group of its own.
 */
#include "fixture.h"

#include <linux/sched.h>
#include <sys/syscall.h>

#include "bpf/calls.h"
#include "capture/cgroup.h"

#define FORKS 200
#define THREADS 100

/* A clone that fails when it is nearly complete: the pid that it requests is taken. */
static void clone_in_vain(void)
{
	pid_t taken = getpid();
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&taken,
		.set_tid_size = 1,
	};

	for (int i = 0; i < FORKS; i++)
		if (syscall(SYS_clone3, &args, sizeof(args)) != -1)
			_exit(1);
}

static void serve(char command)
{
	switch (command) {
	case '1':
		child_holds(1);
		break;
	case 'r':
		child_lets_go();
		break;
	case 'm':
		child_forks(FORKS);
		break;
	case 'x':
		clone_in_vain();
		break;
	case 't':
		child_churns(THREADS);
		break;
	}
}

struct place {
	struct fixture b;
	struct cgroup *cgroup;
	struct child c;
};

/* False if this kernel does not report kernel memory. */
static bool begin(struct place *p, struct loader_config config)
{
	struct cgroup_config where = { 0 };
	g_autofree char *why = NULL, *pid = NULL;

	memset(p, 0, sizeof(*p));
	fixture_probe(&p->b);
	where.features = &p->b.features;
	if (!features_has(&p->b.features, FEATURE_MEMCG_STATE) ||
	    cgroup_create(&p->cgroup, &where, &why)) {
		print_message("# no kernel memory by events: %s\n", why ? why : "no tracepoint");
		features_free(&p->b.features);
		g_byte_array_unref(p->b.records);
		return false;
	}
	config.backend = BACKEND_PERCPU;
	assert_int_equal(fixture_load(&p->b, config), 0);
	fixture_ring(&p->b);
	child_start(&p->c, serve);
	child_settle(&p->c);
	pid = g_strdup_printf("%d", p->c.pid);
	assert_int_equal(write(p->cgroup->procs, pid, strlen(pid)), strlen(pid));
	loader_watch(p->b.l, cgroup_id(p->cgroup), true, cgroup_version(p->cgroup) == 1);
	fixture_attach(&p->b, p->c.pid);
	return true;
}

static void end(struct place *p)
{
	fixture_close(&p->b);
	cgroup_close(p->cgroup);
}

/* Bytes of the cgroup's events in these records, of all kinds. */
static int64_t accounted(const struct place *p, uint32_t tasks, uint32_t mms)
{
	const struct tare_task *t;
	const struct tare_mm *m;
	struct tare_workload w;
	int64_t sum;

	loader_workload(p->b.l, &w);
	sum = w.cgroup.left - w.cgroup.attached - w.cgroup.elsewhere;
	for (int i = 0; i < TARE_NONOWNERS; i++)
		sum += ledger_net(&w.cgroup.nonowner[i]);
	for (int i = 0; (t = fixture_task(&p->b, tasks, i)); i++) {
		for (int k = TARE_PAGETABLE; k < TARE_KINDS; k++)
			sum += ledger_net(&t->flow[k]);
		if (t->flags & TARE_TASK_ATTACHED)
			sum += (int64_t)w.stack_bytes;
	}
	for (int i = 0; (m = fixture_mm(&p->b, mms, i)); i++)
		sum += m->initial[TARE_PAGETABLE] + ledger_net(&m->nonowner[TARE_PAGETABLE]);
	return sum;
}

static int64_t events(const struct place *p)
{
	struct tare_workload w;

	loader_workload(p->b.l, &w);
	return w.cgroup.events;
}

static const struct tare_task *of(const struct place *p, pid_t tid, bool it)
{
	const struct tare_task *t;

	for (int i = 0; (t = fixture_task(&p->b, TARE_REC_TASK, i)); i++)
		if ((t->tid == (__u32)tid) == it)
			return t;
	return NULL;
}

/* A fork's charge belongs to the new task, less its stack and page tables, and all adds up. */
static void fork_is_charged_to_the_child(void **state)
{
	struct place p;

	(void)state;
	if (!begin(&p, (struct loader_config){ 0 }))
		skip();
	child_tell(&p.c, '1');
	child_settle(&p.c);
	fixture_sweep(&p.b);
	assert_int_equal(fixture_count(&p.b, TARE_REC_TASK), 2);
	assert_in_range(ledger_net(&of(&p, p.c.pid, false)->flow[TARE_KMEM]), PAGE, 64 * PAGE);
	assert_true(ledger_net(&of(&p, p.c.pid, true)->flow[TARE_KMEM]) < 16 * PAGE);
	assert_int_equal(accounted(&p, TARE_REC_TASK, TARE_REC_MM), events(&p));
	child_tell(&p.c, 'r');
	child_end(&p.c);
	end(&p);
}

/* A task that forks many ended tasks holds none of their memory; their remainder is kept, and no
 * account is below 0. */
static void ended_children_leave_nothing_to_their_parent(void **state)
{
	static const char what[] = "mtx";

	(void)state;
	for (const char *at = what; *at; at++) {
		const struct tare_task *t;
		struct tare_workload w;
		struct place p;

		if (!begin(&p, (struct loader_config){ 0 }))
			skip();
		child_tell(&p.c, *at);
		child_settle(&p.c);
		fixture_sweep(&p.b);
		assert_int_equal(fixture_count(&p.b, TARE_REC_TASK), 1);
		t = of(&p, p.c.pid, true);
		print_message("# %c: %d KiB\n", *at, (int)(ledger_net(&t->flow[TARE_KMEM]) / 1024));
		assert_true(ledger_net(&t->flow[TARE_KMEM]) < 60 * PAGE);
		loader_drain(p.b.l);
		for (int i = 0; (t = fixture_task(&p.b, TARE_REC_TASK_END, i)); i++)
			assert_int_equal(ledger_net(&t->flow[TARE_KMEM]), 0);
		loader_workload(p.b.l, &w);
		if (*at == 'm')
			assert_true(w.cgroup.left >= FORKS * PAGE);
		child_end(&p.c);
		loader_drain(p.b.l);
		fixture_nothing_lost(&p.b);
		end(&p);
	}
}

struct seen {
	uint64_t parent;
	unsigned of_parent, of_others;
};

static int take_sample(void *ctx, const void *data, size_t size)
{
	const struct tare_sample *s = data;
	struct seen *seen = ctx;

	(void)size;
	if (s->head.type != TARE_REC_SAMPLE || s->kind != TARE_KMEM || !calls_clone(s->cause))
		return 0;
	seen->of_parent += s->task == seen->parent;
	seen->of_others += s->task != seen->parent;
	return 0;
}

/* The same for its samples. */
static void samples_follow_the_same_rules(void **state)
{
	struct seen seen = { 0 };
	struct place p;

	(void)state;
	if (!begin(&p, (struct loader_config){ .period = 4 * PAGE, .samples_ring_bytes = 1 << 24 }))
		skip();
	fixture_sweep(&p.b);
	seen.parent = of(&p, p.c.pid, true)->id;
	assert_int_equal(loader_samples_open(p.b.l, take_sample, &seen), 0);
	child_tell(&p.c, 'm');
	child_end(&p.c);
	loader_samples_drain(p.b.l);
	assert_true(seen.of_others > FORKS / 8);
	assert_int_equal(seen.of_parent, 0);
	end(&p);
}

/* Records say in which control group a task is: when it is found, in each sweep and at its end. */
static void records_name_the_control_group(void **state)
{
	const struct tare_task *t;
	struct place p;
	unsigned n = 0;

	(void)state;
	if (!begin(&p, (struct loader_config){ 0 }))
		skip();
	if (p.b.features.memcg_v1 && cgroup_version(p.cgroup) == 2) { /* of the other hierarchy */
		end(&p);
		skip();
	}
	fixture_sweep(&p.b);
	assert_int_equal(fixture_task(&p.b, TARE_REC_TASK, 0)->cgroup, cgroup_id(p.cgroup));
	fixture_forget(&p.b);
	child_tell(&p.c, 'm');
	child_settle(&p.c);
	loader_drain(p.b.l);
	for (; (t = fixture_task(&p.b, TARE_REC_TASK_END, n)); n++)
		assert_int_equal(t->cgroup, cgroup_id(p.cgroup));
	assert_int_equal(n, FORKS);
	child_end(&p.c);
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fork_is_charged_to_the_child),
		cmocka_unit_test(ended_children_leave_nothing_to_their_parent),
		cmocka_unit_test(samples_follow_the_same_rules),
		cmocka_unit_test(records_name_the_control_group),
	};

	return cmocka_run_group_tests_name("kmem", tests, NULL, NULL);
}
