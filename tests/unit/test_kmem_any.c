/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kernel memory over random histories: tasks that make and free kernel memory, fork and end,
 * and kernel threads that free it for them, by the rules of bpf/kmem.bpf.[ch]. Whoever frees
 * it, no row is below 0 or above the total, and all rows add up to the total, now and at the
 * peak.
 */
#include "books_fixture.h"

#define TASKS 64
#define HISTORIES 300
#define LENGTH 400
#define LAST_HIGHEST (LENGTH / 2) /* no new peak in the later half of a history */

/* One page each. The kernel does not care who was charged for it. */
static struct history {
	GRand *rand;
	struct tare_task task[TASKS];
	struct tare_flow clone;
	unsigned born;
	bool living[TASKS];
	int64_t held, top; /* pages: the total now, and the highest total */
	bool shrinks;
} h;

static struct tare_cgroup *g = &in.workload.cgroup;

/* Computes the weight as update_nonrss() of bpf/weight.bpf.h does. */
static void add_weight(int64_t pages)
{
	struct tare_workload *workload = &in.workload;

	if (pages < 0 && workload->nonrss > workload->weight_peak) {
		workload->weight_peak = workload->weight_peak_kernel = workload->nonrss;
		workload->weight_peak_ns = 2000;
		workload->peak_seq++;
	}
	workload->nonrss += pages;
	h.held += pages;
	h.top = MAX(h.top, h.held);
}

static void note_peaks(struct tare_task *t)
{
	ledger_note_peak(t, in.workload.peak_seq);
	if (g->nonowner_peak_seq == in.workload.peak_seq)
		return;
	g->nonowner_at_peak = g->left_at_peak = g->left;
	for (int i = 0; i < TARE_NONOWNERS; i++)
		g->nonowner_at_peak += ledger_net(&g->nonowner[i]);
	g->nonowner_peak_seq = in.workload.peak_seq;
}

static void update(struct tare_task *t, int64_t pages, bool making)
{
	int64_t bytes = pages * PAGE, own = ledger_own_part(&t->flow[TARE_KMEM], bytes);

	g->events += bytes;
	add_weight(pages);
	note_peaks(t);
	ledger_flow(&t->flow[TARE_KMEM], own);
	if (making)
		ledger_flow(&h.clone, own);
	g->nonowner[TARE_NONOWNER_LATE].out += own - bytes;
}

static void kernel_frees(struct tare_task *t, int64_t pages)
{
	g->events -= pages * PAGE;
	add_weight(-pages);
	note_peaks(t);
	g->nonowner[g_rand_int_range(h.rand, 0, TARE_NONOWNERS)].out += pages * PAGE;
}

static void fork_by(struct tare_task *parent)
{
	struct tare_task *child = &h.task[h.born];

	if (h.born == TASKS)
		return;
	memset(&h.clone, 0, sizeof(h.clone));
	for (int i = g_rand_int_range(h.rand, 1, 20); i--;)
		update(parent, 1, true);
	*child = (struct tare_task){ .peak_seq = in.workload.peak_seq };
	ledger_move(&parent->flow[TARE_KMEM], &child->flow[TARE_KMEM], &h.clone);
	h.living[h.born++] = true;
}

static void end_of(unsigned i)
{
	struct tare_task *t = &h.task[i];

	note_peaks(t);
	g->left += ledger_net(&t->flow[TARE_KMEM]);
	ledger_leave(&t->flow[TARE_KMEM], ledger_net(&t->flow[TARE_KMEM]));
	h.living[i] = false;
}

static void random_step(int number)
{
	unsigned i = g_rand_int_range(h.rand, 0, (int)h.born);
	bool grows = !h.shrinks || number < LAST_HIGHEST;
	int64_t pages = g_rand_int_range(h.rand, 1, 60);
	struct tare_task *t = &h.task[i];

	if (!h.living[i])
		return;
	switch (g_rand_int_range(h.rand, 0, 6)) {
	case 0:
	case 1:
		if (grows)
			update(t, pages, false);
		break;
	case 2: /* of the tasks that it may belong to */
		update(t, -MIN(pages, h.held), false);
		break;
	case 3:
		kernel_frees(t, MIN(pages, h.held));
		break;
	case 4:
		if (grows)
			fork_by(t);
		break;
	case 5:
		if (i)
			end_of(i);
		break;
	}
}

static void give_tasks(void)
{
	for (unsigned i = 0; i < h.born; i++) {
		struct task_record rec = task_of(h.living[i] ? TARE_REC_TASK : TARE_REC_TASK_END,
						 i + 1, i / 3 + 1, 100 + i);

		born(i + 1, i / 3 + 1);
		for (int k = 0; k < TARE_KINDS; k++)
			rec.t.at_peak[k] = h.task[i].at_peak[k];
		rec.t.peak_seq = h.task[i].peak_seq;
		rec.t.flow[TARE_KMEM] = h.task[i].flow[TARE_KMEM];
		GIVE(pt, rec);
	}
}

static void check_row(int64_t now, int64_t peak)
{
	assert_in_range(now, 0, h.held * PAGE);
	assert_in_range(peak, 0, h.top * PAGE);
}

static void check_rows(void)
{
	int64_t now = r->kmem.before, peak = r->kmem.before_at_peak, left;
	struct flow all = { 0 };

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = process(i);
		int64_t in_bytes = 0;

		for (unsigned j = 0; j < p->tasks->len; j++) {
			const struct report_task *t = task(p, j);

			check_row(flow_net(t->flow[TARE_KMEM]), t->at_peak[TARE_KMEM]);
			in_bytes += (int64_t)t->flow[TARE_KMEM].in;
			if (!t->alive)
				assert_int_equal(flow_net(t->flow[TARE_KMEM]), 0);
		}
		assert_int_equal(in_bytes, p->balance[TARE_KMEM].tasks.in);
		check_row(p->balance[TARE_KMEM].net, p->at_peak[TARE_KMEM]);
		now += p->balance[TARE_KMEM].net;
		all.in += p->balance[TARE_KMEM].tasks.in;
		all.out += p->balance[TARE_KMEM].tasks.out;
		peak += p->at_peak[TARE_KMEM];
	}
	assert_int_equal(r->totals[TARE_KMEM].tasks.in, all.in);
	assert_int_equal(r->totals[TARE_KMEM].tasks.out, all.out);
	assert_int_equal(r->totals[TARE_KMEM].net, h.held * PAGE);
	assert_int_equal(r->peak_kernel, h.top * PAGE);
	check_equation(&r->totals[TARE_KMEM]);
	left = r->totals[TARE_KMEM].net - now;
	assert_in_range(left, 0, h.held * PAGE);
	left = r->kmem.nonowner_at_peak + r->totals[TARE_KMEM].initial - r->kmem.before_at_peak;
	assert_in_range(left, 0, h.top * PAGE);
	assert_int_equal(peak + left, h.top * PAGE);
	assert_true(r->balanced);
}

static void any_history(void **state)
{
	for (guint32 seed = 0; seed < HISTORIES; seed++) {
		int64_t initial;

		memset(&h, 0, sizeof(h));
		h.rand = g_rand_new_with_seed(seed);
		h.shrinks = seed % 2;
		h.living[0] = true;
		h.born = 1;
		setup(state);
		in.workload.weight_peak = -1;
		initial = g_rand_int_range(h.rand, 0, 100);
		add_weight(initial);
		for (int i = 0; i < LENGTH; i++)
			random_step(i);
		in.kmem = (struct books_kmem){
			.level = KMEM_EVENTS,
			.whole = true,
			.initial = initial * PAGE,
			.by_cgroup = h.held * PAGE,
		};
		give_tasks();
		books_close(r, &in);
		check_rows();
		teardown(state);
		g_rand_free(h.rand);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(any_history) };

	return cmocka_run_group_tests_name("kmem_any", tests, NULL, NULL);
}
