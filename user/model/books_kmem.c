/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kernel memory other than page tables and stacks (TARE_KMEM): the events, compared with the
 * cgroup's own counter.
 *
 * The total is exact; its division among tasks is an estimate. A task's account holds the memory
 * that it was charged for and did not free itself. No event tells when another task frees
 * memory of that account, so all accounts together may hold more than the total. Then rows are cut
 * (model/claims.h). The part of the total that is in no row was left by ended tasks. So no
 * row is below 0 or above the total, and the rows plus the memory left by ended tasks add
 * up to the total: now, and at the peak.
 */

#include "model/books_parts.h"
#include "model/claims.h"

/* The cgroup's initial balance without page tables and stacks, which have kinds of their own. */
static int64_t initial_balance(const struct books_input *in)
{
	return in->kmem.initial - in->workload.cgroup.attached + in->kmem.elsewhere;
}

static void fill_kmem(struct report_kmem *k, const struct books_input *in)
{
	const struct tare_workload *w = &in->workload;
	const struct tare_cgroup *g = &w->cgroup;

	k->by_events = in->kmem.initial + g->events;
	k->vmalloc = g->vmalloc;
	k->sock = g->sock;
	k->elsewhere = g->elsewhere + in->kmem.elsewhere;
	if (in->kmem.hidden)
		k->hidden = g->hidden;
	k->hidden_times = g->hidden_times;
	k->hidden_ns = g->hidden_ns;
	k->left = g->left;
	k->left_at_peak = g->nonowner_peak_seq == last_peak(in) ? g->left_at_peak : g->left;
	k->nonowner_at_peak = g->nonowner_at_peak;
	if (g->nonowner_peak_seq != last_peak(in))
		k->nonowner_at_peak = g->left;
	for (int i = 0; i < TARE_NONOWNERS; i++) {
		flow_add(&k->nonowner[i], flow_bytes(in, TARE_KMEM, &g->nonowner[i]));
		if (g->nonowner_peak_seq != last_peak(in))
			k->nonowner_at_peak += ledger_net(&g->nonowner[i]);
	}
	/* A launched command holds nothing when it begins: what the cgroup was charged for
	 * before is tare's. */
	if (k->whole && in->proctable->launched)
		flow_change(&k->nonowner[TARE_NONOWNER_PROCESS], initial_balance(in));
}

static void close_kmem(struct report *r, const struct books_input *in)
{
	struct balance *b = &r->totals[TARE_KMEM];
	const struct report_kmem *k = &r->kmem;

	if (k->whole) {
		for (int i = 0; i < TARE_NONOWNERS; i++)
			flow_add(&b->nonowner, k->nonowner[i]);
		flow_change(&b->nonowner, k->left);
		b->initial = in->proctable->launched ? 0 : initial_balance(in);
		if (k->by_cgroup != CGROUP_UNKNOWN)
			b->unattributed = k->by_cgroup - k->by_events;
	}
	balance_close(b);
}

/* Bytes that all rows together may hold now. If others are in the cgroup too: at most the
 * cgroup's total. */
static int64_t held_now(const struct report *r)
{
	int64_t held = r->totals[TARE_KMEM].net;

	if (!r->kmem.whole && r->kmem.by_cgroup != CGROUP_UNKNOWN)
		held = MIN(held, r->kmem.by_cgroup + MAX(r->kmem.elsewhere, 0));
	return MAX(held, 0);
}

/* The same at the peak: kernel memory at the peak less all parts that are known. */
static int64_t held_at_peak(const struct report *r)
{
	int64_t held = r->peak_kernel - r->kmem.polled_at_peak;

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		held -= p->at_peak[TARE_PAGETABLE] + p->at_peak[TARE_KSTACK];
	}
	return MAX(held, 0);
}

/* Call for each task; `ctx` is passed on. */
static void each_task(struct report *r,
		      void (*fn)(void *ctx, struct report_process *p, struct report_task *t),
		      void *ctx)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		struct report_process *p = r->processes->pdata[i];

		for (unsigned j = 0; j < p->tasks->len; j++)
			fn(ctx, p, p->tasks->pdata[j]);
	}
}

/* The claim of each row, in the order of each_task(); the last one is the initial balance. */
struct rows {
	GArray *claims; /* int64_t, bytes */
	unsigned next;
	struct flow change; /* of all rows: `out` was cut, `in` was added to rows below 0 */
};

static int64_t cut_bytes(const struct rows *rows)
{
	return -flow_net(rows->change);
}

static int64_t next_claim(struct rows *rows, int64_t before)
{
	int64_t now = g_array_index(rows->claims, int64_t, rows->next++);

	flow_change(&rows->change, now - before);
	return now;
}

static void claim_now(void *ctx, struct report_process *p, struct report_task *t)
{
	int64_t claim = flow_net(t->flow[TARE_KMEM]);

	(void)p;
	g_array_append_val(((struct rows *)ctx)->claims, claim);
}

static void claim_at_peak(void *ctx, struct report_process *p, struct report_task *t)
{
	(void)p;
	g_array_append_val(((struct rows *)ctx)->claims, t->at_peak[TARE_KMEM]);
}

static void settle_now(void *ctx, struct report_process *p, struct report_task *t)
{
	int64_t before = flow_net(t->flow[TARE_KMEM]), change = next_claim(ctx, before) - before;

	flow_change(&t->flow[TARE_KMEM], change);
	flow_change(&p->balance[TARE_KMEM].tasks, change);
	balance_close(&p->balance[TARE_KMEM]);
}

static void settle_at_peak(void *ctx, struct report_process *p, struct report_task *t)
{
	int64_t before = t->at_peak[TARE_KMEM], now = next_claim(ctx, before);

	t->at_peak[TARE_KMEM] = now;
	p->at_peak[TARE_KMEM] += now - before;
}

static void settle_rows(struct rows *rows, int64_t initial, int64_t held)
{
	g_array_append_val(rows->claims, initial);
	claims_settle((int64_t *)(void *)rows->claims->data, rows->claims->len, held);
}

static void rows_now(struct report *r)
{
	g_autoptr(GArray) claims = g_array_new(FALSE, FALSE, sizeof(int64_t));
	struct rows rows = { .claims = claims };
	struct balance *b = &r->totals[TARE_KMEM];

	each_task(r, claim_now, &rows);
	settle_rows(&rows, b->initial, held_now(r));
	each_task(r, settle_now, &rows);
	r->kmem.freed_by_others = cut_bytes(&rows);
	r->kmem.before = g_array_index(claims, int64_t, rows.next);
	flow_add(&b->tasks, rows.change);
	if (r->kmem.whole)
		flow_change(&b->nonowner, cut_bytes(&rows));
	balance_close(b);
}

static void rows_at_peak(struct report *r)
{
	g_autoptr(GArray) claims = g_array_new(FALSE, FALSE, sizeof(int64_t));
	struct rows rows = { .claims = claims };
	int64_t held = held_at_peak(r);

	each_task(r, claim_at_peak, &rows);
	settle_rows(&rows, r->totals[TARE_KMEM].initial, held);
	each_task(r, settle_at_peak, &rows);
	r->kmem.freed_by_others_at_peak = cut_bytes(&rows);
	r->kmem.before_at_peak = g_array_index(claims, int64_t, rows.next);
	if (!r->kmem.whole)
		return;
	for (unsigned i = 0; i < rows.next; i++)
		held -= g_array_index(claims, int64_t, i);
	r->kmem.nonowner_at_peak = held - r->totals[TARE_KMEM].initial - r->kmem.drift_at_peak;
}

void books_kmem(struct report *r, const struct books_input *in)
{
	const struct tare_workload *w = &in->workload;
	struct report_kmem *k = &r->kmem;

	k->level = in->kmem.level;
	k->whole = in->kmem.whole;
	k->by_cgroup = in->kmem.by_cgroup;
	k->bound = in->kmem.bound;
	k->polled_at_peak = at_peak(in, w->polled, w->weight_peak_polled);
	k->drift_at_peak = at_peak(in, w->drift, w->weight_peak_drift);
	if (k->level != KMEM_EVENTS)
		return;
	fill_kmem(k, in);
	close_kmem(r, in);
	rows_now(r);
	rows_at_peak(r);
}
