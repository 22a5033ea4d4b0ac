/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/books.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "bpf/ledger.h"
#include "model/books_parts.h"
#include "model/title.h"

static uint64_t since_origin(uint64_t origin, uint64_t t)
{
	return t > origin ? t - origin : 0;
}

static int by_cause(gconstpointer a, gconstpointer b)
{
	const struct report_cause *x = a, *y = b;
	uint64_t size_x = x->flow.in + x->flow.out, size_y = y->flow.in + y->flow.out;

	return size_x < size_y ? 1 : size_x > size_y ? -1 : 0;
}

static void add_cause(struct report_task *t, char *name, struct flow flow)
{
	struct report_cause cause = { name, flow };

	g_array_append_val(t->causes, cause);
}

/* `cached`: pages that the task has not reported to its mm yet (kernels to 6.1). Which
 * of its causes brought them is not known; nearly all are page faults. */
static void build_causes(struct report_task *t, const struct tare_task *s, int64_t cached,
			 const struct books_input *in)
{
	bool fault = false;

	for (unsigned i = 0; i < s->n_causes; i++) {
		const struct tare_cause *c = &s->causes[i];
		struct flow f = flow_bytes(in, TARE_ANON, &c->pages);

		if (!c->used)
			continue;
		if (c->id == TARE_CAUSE_FAULT) {
			flow_change(&f, cached);
			fault = true;
		}
		add_cause(t, in->cause_name(c->id), f);
	}
	if (cached && !fault) {
		struct flow f = { 0 };

		flow_change(&f, cached);
		add_cause(t, in->cause_name(TARE_CAUSE_FAULT), f);
	}
	g_array_sort(t->causes, by_cause);
}

/* The same of many tasks. */
static void build_fold_causes(struct report_task *t, const struct task_fold *fold,
			      const struct books_input *in)
{
	struct flow cached = flow_bytes(in, TARE_ANON, &fold->cached_rss);
	bool fault = false;

	for (unsigned i = 0; i < fold->causes->len; i++) {
		const struct tare_cause *c = &g_array_index(fold->causes, struct tare_cause, i);
		struct flow f = flow_bytes(in, TARE_ANON, &c->pages);

		if (c->id == TARE_CAUSE_FAULT) {
			flow_add(&f, cached);
			fault = true;
		}
		add_cause(t, in->cause_name(c->id), f);
	}
	if (!fault && (cached.in || cached.out))
		add_cause(t, in->cause_name(TARE_CAUSE_FAULT), cached);
	g_array_sort(t->causes, by_cause);
}

static struct report_spread spread_of(const struct sketch *s, const struct books_input *in)
{
	return (struct report_spread){ bytes_of_kind(in, TARE_ANON, s->min),
				       bytes_of_kind(in, TARE_ANON, sketch_median(s)),
				       bytes_of_kind(in, TARE_ANON, s->max) };
}

static uint64_t last_peak_ns(const struct books_input *in)
{
	return is_rising(in) ? in->now_ns : in->workload.weight_peak_ns;
}

/* A task that shares another process's address space (vfork, CLONE_VM): what it
 * does there is by a non-owner, and so is what it has cached. */
static bool is_guest(const struct tare_task *s)
{
	return s->mm_proc && s->mm_proc != s->proc;
}

static int64_t cached_bytes(const struct tare_task *s, int kind, const struct books_input *in)
{
	return (s->cached[kind] - s->cached0[kind]) * (int64_t)in->page_size;
}

/* What a task, or all of a fold, had not reported to its mm; and what brought the others. */
static void build_cached(struct report_task *t, const struct proctable_task *wt,
			 const struct books_input *in)
{
	const struct tare_task *s = wt->state;
	int64_t cached_rss = 0;

	for (int k = 0; wt->fold && k < TARE_MEMBERS; k++)
		flow_add(&t->flow[k], flow_bytes(in, k, &wt->fold->cached[k]));
	for (int k = 0; !wt->fold && k < TARE_MEMBERS && !is_guest(s); k++) {
		int64_t cached = cached_bytes(s, k, in);

		flow_change(&t->flow[k], cached);
		if (ledger_is_rss(k))
			cached_rss += cached;
	}
	if (wt->fold)
		build_fold_causes(t, wt->fold, in);
	else
		build_causes(t, s, cached_rss, in);
}

static struct report_task *build_task(const struct proctable_task *wt, const struct books_input *in)
{
	const struct tare_task *s = wt->state;
	struct report_task *t = report_task_new();
	uint64_t kernel = MIN(s->faults_kernel, s->faults);

	t->id = s->id;
	t->tid = s->tid;
	t->comm = wt->title ? g_strdup(wt->title) : g_strndup(s->comm, sizeof(s->comm));
	for (unsigned i = 0; wt->names && i < wt->names->len; i++)
		g_ptr_array_add(t->names, g_strdup(g_ptr_array_index(wt->names, i)));
	t->alive = !wt->ended;
	t->attached = (wt->fold ? wt->fold->attached > 0 :
		       wt->lost ? wt->lost_attached > 0 :
				  s->flags & TARE_TASK_ATTACHED) &&
		      !in->proctable->launched;
	if (wt->lost)
		t->count = wt->lost;
	if (wt->fold) {
		t->count = wt->fold->count;
		t->in_spread = spread_of(wt->fold->in, in);
	}
	t->start_ns = since_origin(in->origin_ns, s->start_ns);
	t->end_ns = wt->ended ? since_origin(in->origin_ns, s->end_ns) : 0;
	for (int k = 0; k < TARE_KINDS; k++)
		t->flow[k] = flow_bytes(in, k, &s->flow[k]);
	for (int k = 0; k < TARE_KINDS; k++)
		t->at_peak[k] = bytes_of_kind(in, k, ledger_at_peak(s, k, last_peak(in)));
	t->faults_kernel = kernel;
	t->faults_user = s->faults - kernel;
	t->faults_major = s->faults_major;
	t->mapped = s->mapped;
	t->unmapped = s->unmapped;
	t->brk_up = s->brk_up;
	t->brk_down = s->brk_down;
	build_cached(t, wt, in);
	return t;
}

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

static GPtrArray *find_guests(const struct books_input *in)
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

/* Updates that guests of this process have not reported to its mm yet. */
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

/* What the kernel's own counters say of a process's living address spaces, in
 * `kernel`, and what the ledger has counted there. False: one of them was not
 * quiet or not met, or one of its tasks did something or ended meanwhile. */
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

/* What is held now, read a moment after the peak was, may be above it. */
static void note_peak(int64_t *peak, uint64_t *when, const struct balance held[TARE_KINDS],
		      const struct books_input *in)
{
	int64_t rss = held[TARE_ANON].net + held[TARE_FILE].net + held[TARE_SHMEM].net;

	if (rss <= *peak)
		return;
	*peak = rss;
	*when = since_origin(in->origin_ns, in->now_ns);
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

static int by_task(gconstpointer a, gconstpointer b)
{
	const struct report_task *x = *(struct report_task *const *)a;
	const struct report_task *y = *(struct report_task *const *)b;
	int64_t peak_x = kinds_weight(x->at_peak), peak_y = kinds_weight(y->at_peak);
	uint64_t in_x = x->flow[TARE_ANON].in + x->flow[TARE_FILE].in + x->flow[TARE_SHMEM].in;
	uint64_t in_y = y->flow[TARE_ANON].in + y->flow[TARE_FILE].in + y->flow[TARE_SHMEM].in;

	if (peak_x != peak_y)
		return peak_x < peak_y ? 1 : -1;
	if (in_x != in_y)
		return in_x < in_y ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_process(gconstpointer a, gconstpointer b)
{
	const struct report_process *x = *(struct report_process *const *)a;
	const struct report_process *y = *(struct report_process *const *)b;

	int64_t peak_x = kinds_weight(x->at_peak), peak_y = kinds_weight(y->at_peak);

	if (peak_x != peak_y)
		return peak_x < peak_y ? 1 : -1;
	if (x->rss_peak != y->rss_peak)
		return x->rss_peak < y->rss_peak ? 1 : -1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void books_sort(struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++)
		g_ptr_array_sort(((struct report_process *)r->processes->pdata[i])->tasks, by_task);
	g_ptr_array_sort(r->processes, by_process);
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

static struct report_process *build_process(const struct proctable_proc *wp,
					    const GPtrArray *guests, const struct books_input *in)
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
		struct report_task *t = build_task(wp->tasks->pdata[i], in);

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

static void add_totals(struct report *r, const struct report_process *p,
		       const struct proctable_proc *wp, const struct books_input *in)
{
	for (int k = 0; k < TARE_KINDS; k++) {
		struct balance *sum = &r->totals[k];
		const struct balance *b = &p->balance[k];

		sum->initial += b->initial;
		flow_add(&sum->tasks, b->tasks);
		flow_add(&sum->nonowner, b->nonowner);
		sum->unattributed += b->unattributed;
		balance_close(sum);
		if (k < TARE_MEMBERS && !wp->fold)
			r->off_pages += llabs(b->unattributed) / in->page_size;
	}
	if (wp->fold && in->sums_valid) /* in their sum they may cancel out */
		r->off_pages += wp->fold->off;
	for (int i = 0; i < TARE_NONOWNERS; i++)
		flow_add(&r->nonowner_cause[i], p->nonowner_cause[i]);
}

/* Sums of ended tasks whose process is not known are in a row of their own. What is in that row
 * is missing in others, so only the sum over all rows can be checked. */
static void check_totals(struct report *r, const struct books_input *in)
{
	r->off_pages = 0;
	for (int k = 0; k < TARE_MEMBERS && in->sums_valid; k++)
		r->off_pages += llabs(r->totals[k].unattributed) / in->page_size;
}

/* The workload's peak is summed in steps (ledger_fold_at()); that of a single
 * process is exact, and no workload's is below its largest process's. */
static void build_peak(struct report *r, const struct books_input *in)
{
	const struct tare_workload *w = &in->workload;
	int64_t pages = MAX(w->peak, w->rss);
	uint64_t n = report_processes(r);

	r->peak_rss = pages * (int64_t)in->page_size;
	r->peak_ns = since_origin(in->origin_ns, w->rss > w->peak ? in->now_ns : w->peak_ns);
	r->peak_bound = (ledger_fold_at(pages) - 1) * in->page_size;
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		if (n > 1 && p->rss_peak <= r->peak_rss)
			continue;
		r->peak_rss = p->rss_peak;
		r->peak_ns = p->rss_peak_ns;
	}
	note_peak(&r->peak_rss, &r->peak_ns, r->totals, in);
	if (n <= 1)
		r->peak_bound = 0;
}

static void build_weight_peak(struct report *r, const struct books_input *in)
{
	const struct tare_workload *w = &in->workload;
	int64_t pages = MAX(w->weight_peak, w->rss + w->nonrss);

	r->peak_weight = pages * (int64_t)in->page_size;
	r->peak_weight_bound = (ledger_fold_at(MAX(w->peak, w->rss)) - 1) * in->page_size;
	r->peak_kernel = at_peak(in, w->nonrss - w->swap, w->weight_peak_kernel);
	r->peak_weight_ns = since_origin(in->origin_ns, last_peak_ns(in));
}

void books_close(struct report *r, const struct books_input *in)
{
	g_autoptr(GPtrArray) guests = find_guests(in);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, in->proctable->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct report_process *p = build_process(value, guests, in);

		g_ptr_array_add(r->processes, p);
		add_totals(r, p, value, in);
	}
	if (g_hash_table_contains(in->proctable->procs, &(uint64_t){ PROCTABLE_REST }))
		check_totals(r, in);
	books_sort(r);
	memcpy(r->lost, in->workload.lost, sizeof(r->lost));
	r->mms_closed = in->workload.mms_closed;
	r->mms_nonzero = in->workload.mms_nonzero;
	r->sums_valid = in->sums_valid;
	r->malformed = in->proctable->malformed;
	r->duration_ns = since_origin(in->origin_ns, in->now_ns);
	build_peak(r, in);
	build_weight_peak(r, in);
	books_kmem(r, in);
	books_sort(r); /* by what kernel memory they have now */
	r->balanced = true;
	r->balanced = report_balanced(r);
}
