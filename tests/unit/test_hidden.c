/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tasks without events (bpf/hidden.bpf.c, compiled here unchanged) on simulated CPUs:
 * everything that they give back is counted, once, and nothing else is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "bpf/abi.h"

#define CPUS 4
#define TASKS 12
#define HISTORIES 400
#define LENGTH 600
#define PAGE 4096
#define CGROUP 77
#define CHILD 20 /* tgid of tasks that have events */

/* The kernel types and helpers that the program uses, as far as it uses them. */
struct task_struct {
	__u32 tgid;
	bool hidden;
	char comm[TARE_COMM_LEN];
};

struct mem_cgroup {
	long pages;
};

#define TARE_STATE_BPF_H
#define TARE_KMEM_BPF_H
#undef __always_inline
#define __always_inline inline __attribute__((always_inline, unused))
#define __noinline __attribute__((noinline))
#define __hidden
#define SEC(name)
#define BPF_PROG(name, a, b, c) name(__attribute__((unused)) a, b, c)
#define bpf_core_field_exists(field) has_field
#define bpf_core_read(to, size, from) (memcpy(to, from, size), 0)
#define BPF_CORE_READ(...) cgroup_there
#define BPF_CORE_READ_INTO(to, task, ...) memcpy(to, (task)->comm, sizeof(*(to)))

static const __u32 cfg_page_size = PAGE;
static struct tare_workload workload;
static struct mem_cgroup memcg;
static __u64 cgroup_there, clock_ns;
static bool has_field;
static __u32 cpu_now;
static struct task_struct *current;
static __s64 nonrss; /* bytes */

static __u64 address_of(const void *p)
{
	return (__u64)(uintptr_t)p;
}

static __u64 bpf_ktime_get_ns(void)
{
	return ++clock_ns;
}

static __u32 bpf_get_smp_processor_id(void)
{
	return cpu_now;
}

static __u64 bpf_get_current_task(void)
{
	return address_of(current);
}

static void update_nonrss_bytes(__s64 bytes)
{
	nonrss += bytes;
}

static void kmem_nonowner(__u32 who, __s64 in, __s64 out)
{
	assert_int_equal(who, TARE_NONOWNER_KERNEL);
	workload.cgroup.nonowner[who].in += in;
	workload.cgroup.nonowner[who].out += out;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes"
#include "bpf/hidden.bpf.c"
#pragma GCC diagnostic pop

static struct task_struct task[TASKS];
static struct task_struct *on[CPUS];

static int64_t counter_gap(void)
{
	return workload.cgroup.events - memcg.pages * PAGE;
}

/* The last `unseen` tasks, each in a process of its own with pids from `tgid` on, have no
 * events. */
static void begin_history(unsigned unseen, __u32 tgid)
{
	memset(&workload, 0, sizeof(workload));
	memset(&hidden, 0, sizeof(hidden));
	memset(running, 0, sizeof(running));
	memset(known, 0, sizeof(known));
	memset(task, 0, sizeof(task));
	known[0] = INIT;
	open_now = proved = 0;
	next_known = 1;
	memcg.pages = 1000;
	nonrss = 0;
	has_field = true;
	cgroup_there = CGROUP;
	workload.cgroup.id = CGROUP;
	workload.cgroup.own = workload.cgroup.counted = 1;
	workload.cgroup.memcg = address_of(&memcg);
	workload.cgroup.events = memcg.pages * PAGE;
	for (unsigned i = 0; i < TASKS; i++) {
		task[i].hidden = i >= TASKS - unseen;
		task[i].tgid = task[i].hidden ? tgid + i - (TASKS - unseen) : CHILD;
		g_snprintf(task[i].comm, sizeof(task[i].comm), "task%u", i);
	}
	for (unsigned i = 0; i < CPUS; i++)
		on[i] = &task[i];
}

static void switch_to(unsigned cpu, struct task_struct *next)
{
	struct task_struct *prev = on[cpu];

	for (unsigned i = 0; i < CPUS; i++)
		if (on[i] == next)
			return;
	cpu_now = cpu;
	current = prev;
	on[cpu] = next;
	if (!prev->hidden)
		tare_switch(false, prev, next);
}

/* The task on this CPU changes the cgroup's counter; the event comes before the change. */
static void charge_pages(unsigned cpu, long pages)
{
	cpu_now = cpu;
	current = on[cpu];
	if (!on[cpu]->hidden) {
		stretch_over();
		workload.cgroup.events += pages * PAGE;
		nonrss += pages * PAGE;
	}
	memcg.pages += pages;
}

/* The same change, but its event is lost. */
static void charge_lost(unsigned cpu, long pages)
{
	memcg.pages += pages;
	assert_false(on[cpu]->hidden);
}

/* Every CPU gets an event of a task that has events. */
static void all_seen(void)
{
	for (unsigned i = 0; i < CPUS; i++)
		switch_to(i, &task[CPUS + i % 2]);
	for (unsigned i = 0; i < CPUS; i++) {
		for (unsigned j = 0; on[i]->hidden; j++)
			switch_to(i, &task[j]);
		charge_pages(i, 0);
	}
}

static void random_step(GRand *rand)
{
	unsigned cpu = g_rand_int_range(rand, 0, CPUS);

	if (g_rand_int_range(rand, 0, 3))
		charge_pages(cpu, g_rand_int_range(rand, -20, 20));
	else
		switch_to(cpu, &task[g_rand_int_range(rand, 0, TASKS)]);
}

static void check_history(uint32_t seed)
{
	GRand *rand = g_rand_new_with_seed(seed);

	for (int i = 0; i < LENGTH; i++)
		random_step(rand);
	all_seen();
	g_rand_free(rand);
}

static void check_accounted(void)
{
	const struct tare_cgroup *g = &workload.cgroup;
	const struct tare_flow *f = &g->nonowner[TARE_NONOWNER_KERNEL];

	assert_int_equal((int64_t)(f->out - f->in), g->hidden);
	assert_int_equal(nonrss, g->events - 1000 * PAGE);
	assert_in_range(next_known, 1, KNOWN - 1);
}

/* Exact to the byte, whatever else runs, on any number of CPUs. */
static void frees_of_a_hidden_init_are_counted(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= HISTORIES; seed++) {
		begin_history(3, INIT);
		task[TASKS - 1].tgid = task[TASKS - 2].tgid = INIT; /* three threads */
		check_history(seed);
		assert_int_equal(counter_gap(), 0);
		check_accounted();
		assert_true(workload.cgroup.hidden_times > 0 && workload.cgroup.hidden_ns > 0);
		assert_int_equal(hidden.tgid, INIT);
		assert_int_equal(hidden.others, 0);
		assert_memory_equal(hidden.comm, "task", 4);
	}
}

/* It is unknown before it has run once. */
static void frees_of_another_hidden_task_are_counted(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= HISTORIES; seed++) {
		int64_t missed;

		begin_history(1, 300);
		switch_to(0, &task[TASKS - 1]);
		charge_pages(0, -70);
		switch_to(0, &task[CPUS]);
		charge_pages(0, 0); /* no switch yet, so nothing is known */
		switch_to(0, &task[0]);
		assert_int_equal(hidden.tgid, 300);
		missed = counter_gap();
		assert_int_equal(missed, 70 * PAGE);
		check_history(seed);
		assert_int_equal(counter_gap(), missed);
		check_accounted();
	}
}

static void frees_of_many_hidden_tasks_are_counted(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= HISTORIES; seed++) {
		begin_history(6, INIT);
		check_history(seed);
		assert_int_equal(hidden.others, 1);
		assert_int_equal(known[0], INIT);
		check_accounted();
	}
}

/* Events lost for other reasons stay missing, both outside init's run time and within it. */
static void other_losses_stay_missing(void **state)
{
	int64_t missing = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= HISTORIES; seed++) {
		GRand *rand = g_rand_new_with_seed(seed);

		begin_history(0, 0);
		task[TASKS - 1].tgid = task[TASKS - 2].tgid = INIT;
		missing = 0;
		for (int i = 0; i < LENGTH; i++) {
			random_step(rand);
			if (i % 50 == 0) {
				charge_lost(i % CPUS, -1);
				missing += PAGE;
			}
		}
		assert_int_equal(counter_gap(), missing);
		assert_int_equal(workload.cgroup.hidden_times, 0);
		assert_int_equal(hidden.tgid, 0);
		check_accounted();
		g_rand_free(rand);
	}
}

/* One event is lost while a hidden task runs on another CPU; none of its time slices shows
 * that. */
static void event_lost_on_another_cpu(void **state)
{
	(void)state;
	begin_history(1, INIT);
	switch_to(0, &task[TASKS - 1]);
	charge_pages(0, -5);
	switch_to(0, &task[5]);
	charge_pages(0, 1);
	assert_int_equal(workload.cgroup.hidden, 5 * PAGE);
	charge_lost(1, -9);
	switch_to(0, &task[TASKS - 1]);
	charge_pages(1, 3);
	charge_pages(0, 2); /* charged, not freed */
	switch_to(0, &task[6]);
	charge_pages(0, 1);
	assert_int_equal(workload.cgroup.hidden, 3 * PAGE);
	assert_int_equal(counter_gap(), 9 * PAGE);
	check_accounted();
}

/* Without a counter that is known to be the cgroup's, nothing is counted; the hidden tasks are
 * still known. */
static void nothing_is_counted_without_a_counter(void **state)
{
	(void)state;
	for (int why = 0; why < 4; why++) {
		begin_history(1, INIT);
		has_field = why != 0;
		workload.cgroup.counted = why != 1;
		workload.cgroup.memcg = why != 2 ? workload.cgroup.memcg : 0;
		cgroup_there = why != 3 ? CGROUP : CGROUP + 1;
		check_history(7);
		assert_int_equal(workload.cgroup.hidden, 0);
		assert_true(workload.cgroup.hidden_times > 0);
		assert_int_equal(hidden.tgid, INIT);
		check_accounted();
	}
}

/* The counter disappears while a hidden task runs: counters of two cgroups are never
 * subtracted. */
static void counter_that_disappears(void **state)
{
	(void)state;
	begin_history(1, INIT);
	switch_to(0, &task[TASKS - 1]);
	charge_pages(0, -5);
	cgroup_there = CGROUP + 1;
	memcg.pages = 123456;
	switch_to(0, &task[5]);
	charge_pages(0, 1);
	assert_int_equal(workload.cgroup.hidden, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
		T(frees_of_a_hidden_init_are_counted),
		T(frees_of_another_hidden_task_are_counted),
		T(frees_of_many_hidden_tasks_are_counted),
		T(other_losses_stay_missing),
		T(event_lost_on_another_cpu),
		T(nothing_is_counted_without_a_counter),
		T(counter_that_disappears),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
