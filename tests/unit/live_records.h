/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the tests of the live model: records of a made-up workload, and ticks of a made-up clock.
 */
#ifndef TARE_TEST_LIVE_RECORDS_H
#define TARE_TEST_LIVE_RECORDS_H

#include "model/live_view.h"

#include "records.h"

#define NS 1000000000ULL
#define PAGE 4096
#define MIB (1024.0 * 1024)
#define MIB_PAGES (1048576 / PAGE)
#define STACK 16384

static struct proctable *pt;
static struct live *live;
static struct live_view *view;
static struct books_input in;
static uint64_t now_ns;

static inline int setup(void **state)
{
	(void)state;
	pt = proctable_new(false);
	live = live_new();
	view = live_view_new();
	now_ns = 100 * NS;
	in = (struct books_input){
		.proctable = pt,
		.page_size = PAGE,
		.sums_valid = true,
		.origin_ns = now_ns,
		.workload = { .stack_bytes = STACK },
		.kmem = { .by_cgroup = CGROUP_UNKNOWN },
	};
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	live_view_free(view);
	live_free(live);
	proctable_free(pt);
	return 0;
}

static inline void born(uint64_t id, uint64_t proc, uint32_t pid, uint32_t ppid, const char *comm)
{
	struct tare_task_new rec = birth(id, proc, (uint32_t)(id == proc ? pid : id), pid, comm);

	rec.ppid = ppid;
	assert_int_equal(GIVE(pt, rec), 0);
}

/* A process that ran before tare came. */
static inline void attached(uint64_t proc, uint32_t pid, const char *comm)
{
	struct tare_task_new rec = birth(proc, proc, pid, pid, comm);

	rec.parent = 0;
	assert_int_equal(GIVE(pt, rec), 0);
}

/* What a sweep says of a thread: pages that came in and went out by page faults. */
static inline void swept(uint64_t id, uint64_t proc, uint32_t pid, uint64_t pages_in,
			 uint64_t pages_out, uint32_t flags)
{
	struct task_record rec =
		task_of(TARE_REC_TASK, id, proc, (uint32_t)(id == proc ? pid : id));

	rec.head.size = ledger_record_size(1);
	rec.t.tgid = pid;
	rec.t.ppid = 1;
	rec.t.flags = flags;
	rec.t.faults = pages_in;
	strcpy(rec.t.comm, "prog");
	rec.t.flow[TARE_ANON] = (struct tare_flow){ pages_in, pages_out };
	rec.t.n_causes = 1;
	rec.t.causes[0] = (struct tare_cause){ .id = TARE_CAUSE_FAULT,
					       .used = 1,
					       .pages = { pages_in, pages_out } };
	assert_int_equal(proctable_sweep(pt, &rec, rec.head.size, false), 0);
}

/* … of an address space: its pages by the kernel's counter, and those from before tare came. */
static inline void space(uint64_t id, uint64_t proc, int64_t pages, int64_t initial)
{
	struct tare_mm_end rec = mm_of(TARE_REC_MM, id, proc);

	rec.mm.kernel[TARE_ANON] = pages;
	rec.mm.initial[TARE_ANON] = initial;
	assert_int_equal(proctable_sweep(pt, &rec, rec.head.size, false), 0);
}

/* One thread that only grows. */
static inline void single(uint64_t proc, uint32_t pid, uint64_t pages)
{
	swept(proc, proc, pid, pages, 0, 0);
	space(proc, proc, (int64_t)pages, 0);
}

static inline void ended(uint64_t id, uint64_t proc, uint32_t pid, uint64_t pages)
{
	struct task_record end = task_of(TARE_REC_TASK_END, id, proc, pid);
	struct tare_mm_end mm = mm_of(TARE_REC_MM_END, id, proc);

	end.t.tgid = pid;
	end.t.flow[TARE_ANON] = (struct tare_flow){ pages, pages };
	end.t.flags = TARE_TASK_EXITING;
	assert_int_equal(GIVE(pt, end), 0);
	assert_int_equal(GIVE(pt, mm), 0);
}

static inline void tick(double seconds)
{
	now_ns += (uint64_t)(seconds * (double)NS);
	in.now_ns = now_ns;
	live_tick(live, &in);
	proctable_sweep_begin(pt);
}

static inline const GArray *rows_of(struct live_query q)
{
	return live_view_rows(view, live, &q);
}

/* The row of a process; fails if there is none. */
static inline const struct live_row *row_of(pid_t pid)
{
	const GArray *rows = rows_of((struct live_query){ 0 });

	for (unsigned i = 0; i < rows->len; i++) {
		const struct live_row *r = &g_array_index(rows, struct live_row, i);

		if (r->pid == pid)
			return r;
	}
	fail_msg("no row of pid %d", pid);
	return NULL;
}

static inline void near(double is, double wanted)
{
	if (is < wanted - 1 || is > wanted + 1)
		fail_msg("%.1f, not %.1f", is, wanted);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
