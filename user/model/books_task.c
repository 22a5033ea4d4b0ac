/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The row of a task, or of all tasks of a fold.
 */
#include "bpf/ledger.h"
#include "model/books_parts.h"

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

/* `cached`: bytes that the task has not added to its mm's counters yet (kernels up to 6.1). Their
 * causes are not known; nearly all are page faults, so they count as such. */
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

/* The same for a fold. */
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

/* Add the cached pages of a task or of all tasks of a fold to the flows, and fill the causes. */
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

struct report_task *books_task(const struct proctable_task *wt, const struct books_input *in)
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
