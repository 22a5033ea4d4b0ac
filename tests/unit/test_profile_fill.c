/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Profiles of random samples and random ledgers: sums are the ledger's, and no stack or function
 * holds more than it grew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/profile_check.h"
#include "tests/unit/samples_check.h"
#include "tests/unit/samples_fixture.h"

#define PROCESSES 3
#define TASKS 4 /* of each */

static char *cause(uint32_t id)
{
	return g_strdup_printf("cause %u", id);
}

static uint64_t task_id(uint32_t process, uint32_t task)
{
	return 1 + process * TASKS + task;
}

/* Bytes: often 0, few or many, as the ledger of a task has them. */
static int64_t any_bytes(void)
{
	return draw(4) ? (int64_t)draw(1 << (1 + draw(28))) : 0;
}

static void random_samples(struct samples *s, uint64_t seq)
{
	for (uint32_t n = draw(200); n; n--) {
		uint32_t process = draw(PROCESSES);
		uint64_t mm = 1 + process;
		struct one o = { .task = task_id(process, draw(TASKS)),
				 .mm = mm,
				 .kind = draw(2) ? TARE_ANON : draw(TARE_KINDS),
				 .bytes = 65536 * (1 + draw(3)),
				 .address = draw(4096) * PAGE,
				 .seq = seq,
				 .stack = draw(12) };

		if (o.kind != TARE_SWAP)
			sample(s, &o);
		if (!draw(4))
			vma(s, mm, TARE_VMA_UNMAP, draw(4096) * PAGE, draw(512) * PAGE, 0, 0, seq);
		if (!draw(50))
			samples_task_ended(s, o.task, 0, seq);
	}
}

static struct report_process *random_process(uint32_t number)
{
	struct report_process *p = report_process_new();

	p->alive = draw(2);
	for (uint32_t j = 0; j < TASKS; j++) {
		struct report_task *t = report_task_new();

		t->id = task_id(number, j);
		for (int k = 0; k < TARE_KINDS; k++)
			t->flow[k].in = (uint64_t)any_bytes();
		g_ptr_array_add(p->tasks, t);
	}
	for (int k = 0; k < TARE_KINDS; k++) {
		p->balance[k].initial = any_bytes() - (int64_t)draw(2) * 4096;
		p->balance[k].net = any_bytes() - (int64_t)draw(2) * 4096;
		p->at_peak[k] = any_bytes() - (int64_t)draw(2) * 4096;
	}
	return p;
}

static void name_frames(struct profile *p)
{
	for (unsigned i = 0; i < p->frames->len; i++) {
		struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		f->function =
			g_strdup_printf(f->synthetic ? "[%u]" : "f%u", (unsigned)f->address % 8);
	}
}

static void any_profile_keeps_sums_and_order(void **state)
{
	(void)state;
	for (int round = 0; round < 400; round++) {
		struct samples *s = samples_new(PAGE);
		struct report *r = report_new();
		uint64_t peaks = draw(4);

		for (uint64_t seq = 0; seq <= peaks; seq++)
			random_samples(s, seq);
		for (uint32_t i = 0; i < PROCESSES; i++)
			g_ptr_array_add(r->processes, random_process(i));
		r->profile = profile_new();
		r->profile->period = 65536;
		profile_fill(r->profile, s, r, draw(3) ? peaks : TARE_PEAK_NOW, 0, cause);
		profile_holds(r);
		name_frames(r->profile);
		functions_order_holds(r->profile);
		report_free(r);
		samples_end(s);
	}
}

/* Two threads, of which one grew only 8 KiB, though it was sampled: the sample stands for 64 KiB.
 * Its stack holds at most these 8 KiB. */
static void small_thread_holds_what_it_grew(void **state)
{
	struct samples *s = samples_new(PAGE);
	struct report *r = report_new();
	struct report_process *p = report_process_new();
	struct report_task *t[2] = { report_task_new(), report_task_new() };
	const struct profile_entry *e;

	(void)state;
	for (uint64_t i = 0; i < 2; i++) {
		struct one o = { .task = 1 + i,
				 .mm = 1,
				 .kind = TARE_ANON,
				 .bytes = 65536,
				 .address = (1 + i) * PAGE,
				 .stack = (uint32_t)i };

		sample(s, &o);
		t[i]->id = 1 + i;
		t[i]->flow[TARE_ANON].in = i ? 8192 : 200000;
		g_ptr_array_add(p->tasks, t[i]);
	}
	p->at_peak[TARE_ANON] = p->balance[TARE_ANON].net = 150000;
	p->alive = true;
	g_ptr_array_add(r->processes, p);
	r->profile = profile_new();
	profile_fill(r->profile, s, r, TARE_PEAK_NOW, 0, cause);
	profile_holds(r);
	assert_int_equal(r->profile->entries->len, 2);
	e = &g_array_index(r->profile->entries, struct profile_entry, 1);
	assert_int_equal(e->bytes[SAMPLE_TYPE_GROWN], 8192);
	assert_in_range(e->bytes[SAMPLE_TYPE_LIVE_PEAK], 5000, 8192);
	report_free(r);
	samples_end(s);
}

/* What the tasks of a process did not grow has a frame of its own: the initial balance first, then
 * what others added, or what an ended process left. */
static void ungrown_memory_is_apart(void **state)
{
	struct samples *s = samples_new(PAGE);
	struct report *r = report_new();
	struct report_process *p = report_process_new();
	struct report_task *t = report_task_new();
	int64_t ungrown = 0;

	(void)state;
	t->id = 1;
	t->flow[TARE_ANON].in = 1000;
	g_ptr_array_add(p->tasks, t);
	p->alive = true;
	p->balance[TARE_ANON].initial = 300;
	p->balance[TARE_ANON].net = p->at_peak[TARE_ANON] = 1700;
	g_ptr_array_add(r->processes, p);
	r->profile = profile_new();
	profile_fill(r->profile, s, r, TARE_PEAK_NOW, 0, cause);
	profile_holds(r);
	for (unsigned i = 0; i < r->profile->entries->len; i++) {
		const struct profile_entry *e =
			&g_array_index(r->profile->entries, struct profile_entry, i);

		ungrown += profile_ungrown(e) ? e->bytes[SAMPLE_TYPE_LIVE_PEAK] : 0;
	}
	assert_int_equal(ungrown, 300 + 400);
	report_free(r);
	samples_end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_profile_keeps_sums_and_order),
		cmocka_unit_test(small_thread_holds_what_it_grew),
		cmocka_unit_test(ungrown_memory_is_apart),
	};

	return cmocka_run_group_tests_name("profile_fill", tests, NULL, NULL);
}
