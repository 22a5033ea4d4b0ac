/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The row of a process: its tasks, its address spaces, and its balance by kind, compared with the
 * kernel's own counters.
 */
#include <sys/wait.h>

#include "bpf/ledger.h"
#include "model/books_parts.h"
#include "model/title.h"

static void build_exit(struct report_process *p, const struct proctable_proc *wp)
{
	p->exit.known = !p->alive && !(wp->fold && wp->fold->mixed) && wp->id != PROCTABLE_REST &&
			!wp->end_lost;
	p->failed = wp->fold ? wp->fold->failed : !p->alive && wp->status;
	if (!p->exit.known)
		return;
	if (WIFSIGNALED(wp->status))
		p->exit.signal = WTERMSIG(wp->status);
	else
		p->exit.code = WEXITSTATUS(wp->status);
	p->exit.oom = wp->status & TARE_EXIT_OOM;
}

static void copy_strings(GPtrArray *to, const GPtrArray *from)
{
	for (unsigned i = 0; i < from->len; i++)
		g_ptr_array_add(to, g_strdup(from->pdata[i]));
}

/* Initial balances, updates by non-owners and peaks of one address space. */
static void add_mm(struct report_process *p, const struct tare_mm *m, const struct books_input *in)
{
	bool peaked = m->peak_seq == last_peak(in);
	int64_t peak = MAX(m->peak, m->rss) * (int64_t)in->page_size;

	for (int k = 0; k < TARE_MM_KINDS; k++) {
		int64_t now = m->initial[k] + ledger_net(&m->nonowner[k]);

		p->balance[k].initial += bytes_of_kind(in, k, m->initial[k]);
		flow_add(&p->balance[k].nonowner, flow_bytes(in, k, &m->nonowner[k]));
		p->at_peak[k] += bytes_of_kind(in, k, peaked ? m->at_peak[k] : now);
	}
	for (int i = 0; i < TARE_NONOWNERS; i++)
		flow_add(&p->nonowner_cause[i], flow_bytes(in, TARE_ANON, &m->nonowner_cause[i]));
	if (peak > p->rss_peak) {
		p->rss_peak = peak;
		p->rss_peak_ns =
			since_origin(in->origin_ns, m->rss > m->peak ? in->now_ns : m->peak_ns);
	}
}

GPtrArray *books_guests(const struct books_input *in)
{
	GPtrArray *guests = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, in->proctable->tasks);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (is_guest(((const struct proctable_task *)value)->state))
			g_ptr_array_add(guests, ((const struct proctable_task *)value)->state);
	return guests;
}

/* Add pages that guests have cached and not added to this process's mm yet. */
static void add_guests(struct report_process *p, uint64_t proc, const GPtrArray *guests,
		       const struct books_input *in)
{
	for (unsigned i = 0; i < guests->len; i++) {
		const struct tare_task *s = guests->pdata[i];

		for (int k = 0; k < TARE_MEMBERS && s->mm_proc == proc; k++) {
			flow_change(&p->balance[k].nonowner, cached_bytes(s, k, in));
			if (ledger_is_rss(k))
				flow_change(&p->nonowner_cause[TARE_NONOWNER_PROCESS],
					    cached_bytes(s, k, in));
		}
	}
}

static void add_cached(const struct tare_task *s, const struct books_input *in,
		       int64_t kernel[TARE_MM_KINDS], int64_t ledger[TARE_MM_KINDS])
{
	for (int k = 0; k < TARE_MEMBERS; k++) {
		kernel[k] += s->cached[k] * (int64_t)in->page_size;
		ledger[k] += s->cached[k] * (int64_t)in->page_size;
	}
}

/* Sum a process's live address spaces: the kernel's own counters into `kernel`, the ledger's
 * sums into `ledger`. Returns false if the process was not quiet: an address space
 * changed during the sweep or was not in it, or a task changed or ended. */
static bool living_sums(const struct proctable_proc *wp, const GPtrArray *guests,
			const struct books_input *in, int64_t kernel[TARE_MM_KINDS],
			int64_t ledger[TARE_MM_KINDS])
{
	bool quiet = true;
	unsigned met = 0;

	for (unsigned i = 0; i < wp->mms->len; i++) {
		const struct proctable_mm *m = wp->mms->pdata[i];

		if (m->closed)
			continue;
		quiet &= m->quiet && m->sweep == in->proctable->sweep;
		met++;
		if (!m->state.sums_valid) /* being torn down */
			continue;
		for (int k = 0; k < TARE_MM_KINDS; k++) {
			kernel[k] += bytes_of_kind(in, k, m->state.kernel[k]);
			ledger[k] += bytes_of_kind(in, k, m->state.ledger[k]);
		}
	}
	for (unsigned i = 0; i < wp->tasks->len; i++) {
		const struct proctable_task *t = wp->tasks->pdata[i];

		if (t->ended) {
			quiet &= t->sweep != in->proctable->sweep || !wp->living;
			continue;
		}
		quiet &= t->still == in->proctable->sweep;
		if (!is_guest(t->state))
			add_cached(t->state, in, kernel, ledger);
	}
	for (unsigned i = 0; i < guests->len; i++)
		if (((const struct tare_task *)guests->pdata[i])->mm_proc == wp->id)
			add_cached(guests->pdata[i], in, kernel, ledger);
	return quiet && (met || !wp->living);
}

static void close_process(struct report_process *p, const struct proctable_proc *wp,
			  const GPtrArray *guests, const struct books_input *in)
{
	int64_t kernel[TARE_MM_KINDS] = { 0 }, ledger[TARE_MM_KINDS] = { 0 };
	bool quiet = living_sums(wp, guests, in, kernel, ledger);

	for (int k = 0; k < TARE_KINDS; k++) {
		struct balance *b = &p->balance[k];

		balance_close(b);
		if (in->sums_valid && k < TARE_MM_KINDS)
			b->unattributed = quiet ? kernel[k] - b->net : kernel[k] - ledger[k];
		balance_close(b);
	}
	if (!wp->fold) /* else it is the peak of one of them, and this a sum over all */
		note_peak(&p->rss_peak, &p->rss_peak_ns, p->balance, in);
}

/* The kernel stacks of tasks that ran before tare came. */
static void add_old_stacks(struct report_process *p, const struct proctable_task *wt,
			   const struct books_input *in)
{
	int64_t size = (int64_t)in->workload.stack_bytes;
	uint64_t peak_ns = MAX(last_peak_ns(in), in->origin_ns), n = 1, at_peak;

	at_peak = wt->state->start_ns <= peak_ns;
	if (wt->lost)
		n = at_peak = wt->lost_attached;
	if (wt->fold) {
		n = wt->fold->attached;
		at_peak = fold_attached_at(wt->fold, peak_ns);
	}
	p->balance[TARE_KSTACK].initial += (int64_t)n * size;
	p->at_peak[TARE_KSTACK] += (int64_t)at_peak * size;
}

static void build_fold(struct report_process *p, const struct proc_fold *fold,
		       const struct books_input *in)
{
	p->count = fold->count;
	p->rss_peak_spread = spread_of(fold->peak, in);
}

struct report_process *books_process(const struct proctable_proc *wp, const GPtrArray *guests,
				     const struct books_input *in)
{
	struct report_process *p = report_process_new();

	p->id = wp->id;
	p->pid = wp->pid;
	p->ppid = wp->ppid;
	p->parent = g_strdup(wp->parent);
	p->comm = g_strdup(wp->comm ? wp->comm : "");
	p->exe = g_strdup(wp->exe);
	copy_strings(p->argv, wp->argv);
	copy_strings(p->images, wp->images);
	p->argv_truncated = wp->argv_truncated;
	p->title = title_of(p->comm, p->argv);
	p->alive = wp->living > 0;
	p->start_ns = since_origin(in->origin_ns, wp->start_ns);
	p->end_ns = p->alive ? 0 : since_origin(in->origin_ns, wp->end_ns);
	build_exit(p, wp);
	for (unsigned i = 0; i < wp->mms->len; i++)
		add_mm(p, &((const struct proctable_mm *)wp->mms->pdata[i])->state, in);
	for (unsigned i = 0; i < wp->tasks->len; i++) {
		struct report_task *t = books_task(wp->tasks->pdata[i], in);

		for (int k = 0; k < TARE_KINDS; k++) {
			flow_add(&p->balance[k].tasks, t->flow[k]);
			p->at_peak[k] += t->at_peak[k];
		}
		if (t->attached)
			add_old_stacks(p, wp->tasks->pdata[i], in);
		g_ptr_array_add(p->tasks, t);
	}
	add_guests(p, wp->id, guests, in);
	close_process(p, wp, guests, in);
	if (wp->fold)
		build_fold(p, wp->fold, in);
	return p;
}
