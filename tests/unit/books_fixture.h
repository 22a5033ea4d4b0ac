/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Fixture of the tests of model/books.c: a process table, a report to be closed, and ways to
 * look into it.
 */
#ifndef TARE_TEST_BOOKS_FIXTURE_H
#define TARE_TEST_BOOKS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/books.h"
#include "records.h"

#define PAGE 4096

static struct proctable *pt;
static struct report *r;
static struct books_input in;

static inline char *cause_text(uint32_t id)
{
	return g_strdup_printf("cause %x", id);
}

static inline int setup(void **state)
{
	(void)state;
	pt = proctable_new(false);
	r = report_new();
	in = (struct books_input){
		.proctable = pt,
		.page_size = PAGE,
		.origin_ns = 1000,
		.now_ns = 9000,
		.sums_valid = true,
		.cause_name = cause_text,
	};
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	report_free(r);
	proctable_free(pt);
	return 0;
}

static inline struct report_process *process(unsigned i)
{
	assert_true(i < r->processes->len);
	return r->processes->pdata[i];
}

static inline struct report_task *task(const struct report_process *p, unsigned i)
{
	assert_true(i < p->tasks->len);
	return p->tasks->pdata[i];
}

/* The process with this pid that has a row of its own. NULL if there is none. */
static inline const struct report_process *by_pid(const struct report *report, pid_t pid)
{
	for (unsigned i = 0; i < report->processes->len; i++) {
		const struct report_process *p = report->processes->pdata[i];

		if (p->pid == pid && p->count == 1)
			return p;
	}
	return NULL;
}

static inline void born(uint64_t id, uint64_t proc)
{
	struct tare_task_new rec = birth(id, proc, 100 + id, 100 + proc, "t");

	assert_int_equal(GIVE(pt, rec), 0);
}

/* Both passes of a sweep over an mm and its tasks, with equal figures. */
static inline void sweep(const struct tare_mm_end *m, const struct task_record *t, unsigned n)
{
	proctable_sweep_begin(pt);
	for (int second = 0; second < 2; second++) {
		assert_int_equal(proctable_sweep(pt, m, m->head.size, second), 0);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(proctable_sweep(pt, &t[i], t[i].head.size, second), 0);
	}
}

static inline int64_t kind_bytes(int kind, int64_t n)
{
	return kind < TARE_MEMBERS ? n * PAGE : n;
}

static inline void check_equation(const struct balance *b)
{
	assert_int_equal(b->initial + flow_net(b->tasks) + flow_net(b->nonowner) + b->unattributed,
			 b->net);
}

#endif
