/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/fold.h"

#include "bpf/ledger.h"

struct task_fold *task_fold_new(void)
{
	struct task_fold *f = g_new0(struct task_fold, 1);

	f->in = sketch_new();
	f->causes = g_array_new(FALSE, TRUE, sizeof(struct tare_cause));
	f->late = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	return f;
}

void task_fold_free(struct task_fold *f)
{
	if (!f)
		return;
	sketch_free(f->in);
	g_array_unref(f->causes);
	g_array_unref(f->late);
	g_free(f);
}

struct proc_fold *proc_fold_new(void)
{
	struct proc_fold *f = g_new0(struct proc_fold, 1);

	f->peak = sketch_new();
	return f;
}

void proc_fold_free(struct proc_fold *f)
{
	if (!f)
		return;
	sketch_free(f->peak);
	g_free(f);
}

struct tare_flow fold_flow(const struct tare_flow *f)
{
	int64_t in = (int64_t)f->in, out = (int64_t)f->out;

	return (struct tare_flow){ (uint64_t)(MAX(in, 0) + MAX(-out, 0)),
				   (uint64_t)(MAX(out, 0) + MAX(-in, 0)) };
}

int64_t fold_in(const struct tare_task *t)
{
	uint64_t in = 0;

	for (int k = 0; k < TARE_MEMBERS; k++)
		if (ledger_is_rss(k))
			in += t->flow[k].in;
	return (int64_t)in;
}

static void add_flow(struct tare_flow *sum, const struct tare_flow *f)
{
	struct tare_flow plain = fold_flow(f);

	sum->in += plain.in;
	sum->out += plain.out;
}

/* Is `a` a later peak than `b`? TARE_PEAK_NEVER is before all others. */
static bool is_later(uint64_t a, uint64_t b)
{
	return a != TARE_PEAK_NEVER && (b == TARE_PEAK_NEVER || a > b);
}

static void add_cause(GArray *causes, const struct tare_cause *c)
{
	unsigned low = 0, high = causes->len;
	struct tare_cause new = { .id = c->id, .used = 1 };

	if (!c->used)
		return;
	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (g_array_index(causes, struct tare_cause, mid).id < c->id)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == causes->len || g_array_index(causes, struct tare_cause, low).id != c->id)
		g_array_insert_val(causes, low, new);
	add_flow(&g_array_index(causes, struct tare_cause, low).pages, &c->pages);
}

/* Add the data of a single task that struct tare_task of a fold does not sum. */
static void add_single(struct task_fold *f, const struct tare_task *t)
{
	int64_t all = 0;

	f->count++;
	sketch_add(f->in, fold_in(t));
	for (unsigned i = 0; i < t->n_causes; i++)
		add_cause(f->causes, &t->causes[i]);
	for (int k = 0; k < TARE_MEMBERS; k++) {
		int64_t cached = t->cached[k] - t->cached0[k];

		ledger_flow(&f->cached[k], cached);
		if (ledger_is_rss(k))
			all += cached;
	}
	ledger_flow(&f->cached_rss, all);
	if (!(t->flags & TARE_TASK_ATTACHED))
		return;
	f->attached++;
	if (f->late->len < FOLD_LATE)
		g_array_append_val(f->late, t->start_ns);
}

static void add_many(struct task_fold *f, const struct task_fold *from)
{
	f->count += from->count;
	sketch_merge(f->in, from->in);
	for (unsigned i = 0; i < from->causes->len; i++)
		add_cause(f->causes, &g_array_index(from->causes, struct tare_cause, i));
	for (int k = 0; k < TARE_MEMBERS; k++)
		add_flow(&f->cached[k], &from->cached[k]);
	add_flow(&f->cached_rss, &from->cached_rss);
	f->attached += from->attached;
	g_array_append_vals(f->late, from->late->data,
			    MIN(from->late->len, FOLD_LATE - MIN(f->late->len, FOLD_LATE)));
}

static void add_counts(struct tare_task *sum, const struct tare_task *t)
{
	sum->faults += t->faults;
	sum->faults_major += t->faults_major;
	sum->faults_kernel += MIN(t->faults_kernel, t->faults);
	sum->mapped += t->mapped;
	sum->unmapped += t->unmapped;
	sum->brk_up += t->brk_up;
	sum->brk_down += t->brk_down;
}

void fold_task(struct tare_task *sum, struct task_fold *f, const struct tare_task *t,
	       const struct task_fold *from_fold)
{
	if (!f->count) {
		sum->peak_seq = TARE_PEAK_NEVER;
		sum->start_ns = t->start_ns;
		sum->cgroup = t->cgroup;
	}
	if (sum->cgroup != t->cgroup)
		sum->cgroup = 0;
	if (is_later(t->peak_seq, sum->peak_seq)) {
		ledger_note_peak(sum, t->peak_seq);
		g_array_set_size(f->late, 0); /* all of these had begun before this peak */
	}
	for (int k = 0; k < TARE_KINDS; k++) {
		sum->at_peak[k] += ledger_at_peak(t, k, sum->peak_seq);
		add_flow(&sum->flow[k], &t->flow[k]);
	}
	add_counts(sum, t);
	sum->start_ns = MIN(sum->start_ns, t->start_ns);
	sum->end_ns = MAX(sum->end_ns, t->end_ns);
	if (from_fold)
		add_many(f, from_fold);
	else
		add_single(f, t);
}

uint64_t fold_attached_at(const struct task_fold *f, uint64_t peak_ns)
{
	uint64_t n = f->attached;

	for (unsigned i = 0; i < f->late->len; i++)
		n -= g_array_index(f->late, uint64_t, i) > peak_ns;
	return n;
}

static void note_mm_peak(struct tare_mm *sum, uint64_t peak_seq)
{
	for (int k = 0; k < TARE_MM_KINDS; k++)
		sum->at_peak[k] = sum->initial[k] + ledger_net(&sum->nonowner[k]);
	sum->peak_seq = peak_seq;
}

void fold_mm(struct tare_mm *sum, const struct tare_mm *m)
{
	int64_t peak = MAX(m->peak, m->rss);

	if (is_later(m->peak_seq, sum->peak_seq))
		note_mm_peak(sum, m->peak_seq);
	for (int k = 0; k < TARE_MM_KINDS; k++) {
		int64_t now = m->initial[k] + ledger_net(&m->nonowner[k]);

		sum->at_peak[k] += m->peak_seq == sum->peak_seq ? m->at_peak[k] : now;
		sum->initial[k] += m->initial[k];
		add_flow(&sum->nonowner[k], &m->nonowner[k]);
	}
	for (int i = 0; i < TARE_NONOWNERS; i++)
		add_flow(&sum->nonowner_cause[i], &m->nonowner_cause[i]);
	if (peak > sum->peak) {
		sum->peak = peak;
		sum->peak_ns = m->peak_ns;
	}
	sum->vm_peak = MAX(sum->vm_peak, m->vm_peak);
}
