/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kernel memory other than page tables and stacks: events, and what no followed task did,
 * against the group's own counter.
 *
 * The total is exact; who has it is an attribution. A task's account has what it was charged
 * and did not free itself. No event tells what others free of it, so that accounts can hold
 * more than there is: then rows are cut (model/claims.h). The part of the total that is in
 * no row was left by tasks that ended. Hence no row is below 0, none is above the
 * total, and with what was left they add up to it: now, and at the peak.
 */

#include "model/books_parts.h"
#include "model/claims.h"

/* Opening balance of the group without page tables and stacks that have rows. */
static int64_t opening(const struct books_input *in)
{
	return in->kmem.opening - in->workload.group.adopted + in->kmem.elsewhere;
}

static void fill(struct report_kmem *k, const struct books_input *in)
{
	const struct tare_workload *w = &in->workload;
	const struct tare_group *g = &w->group;

	k->by_events = in->kmem.opening + g->events;
	k->vmalloc = g->vmalloc;
	k->sock = g->sock;
	k->elsewhere = g->elsewhere + in->kmem.elsewhere;
	if (in->kmem.hidden)
		k->hidden = g->hidden;
	k->hidden_times = g->hidden_times;
	k->hidden_ns = g->hidden_ns;
	k->left = g->left;
	k->left_at_peak = g->foreign_peak_seq == last_peak(in) ? g->left_at_peak : g->left;
	k->foreign_at_peak = g->foreign_at_peak;
	if (g->foreign_peak_seq != last_peak(in))
		k->foreign_at_peak = g->left;
	for (int i = 0; i < TARE_FOREIGNERS; i++) {
		flow_add(&k->foreign[i], flow_bytes(in, TARE_KMEM, &g->foreign[i]));
		if (g->foreign_peak_seq != last_peak(in))
			k->foreign_at_peak += ledger_net(&g->foreign[i]);
	}
	/* A command holds nothing when it begins: making it was charged to tare. */
	if (k->whole && in->world->launched)
		flow_change(&k->foreign[TARE_FOREIGN_PROCESS], opening(in));
}

static void total(struct report *r, const struct books_input *in)
{
	struct balance *b = &r->totals[TARE_KMEM];
	const struct report_kmem *k = &r->kmem;

	if (k->whole) {
		for (int i = 0; i < TARE_FOREIGNERS; i++)
			flow_add(&b->foreign, k->foreign[i]);
		flow_change(&b->foreign, k->left);
		b->opening = in->world->launched ? 0 : opening(in);
		if (k->by_group != CGROUP_UNKNOWN)
			b->unattributed = k->by_group - k->by_events;
	}
	balance_close(b);
}

/* What all rows can hold now. Where others are in the group: not more than all of it. */
static int64_t held_now(const struct report *r)
{
	int64_t held = r->totals[TARE_KMEM].net;

	if (!r->kmem.whole && r->kmem.by_group != CGROUP_UNKNOWN)
		held = MIN(held, r->kmem.by_group + MAX(r->kmem.elsewhere, 0));
	return MAX(held, 0);
}

/* At the peak: what its kernel memory was beside what is known of it. */
static int64_t held_at_peak(const struct report *r)
{
	int64_t held = r->peak_kernel - r->kmem.sampled_at_peak;

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

/* The rows' claims, in the order of each_task(); the last is the opening's. */
struct rows {
	GArray *claims; /* int64_t */
	unsigned next;
	struct flow change; /* of all rows: what was cut is in `out`, what was below 0 in `in` */
};

static int64_t cut(const struct rows *rows)
{
	return -flow_net(rows->change);
}

static int64_t settled(struct rows *rows, int64_t before)
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
	int64_t before = flow_net(t->flow[TARE_KMEM]), change = settled(ctx, before) - before;

	flow_change(&t->flow[TARE_KMEM], change);
	flow_change(&p->balance[TARE_KMEM].tasks, change);
	balance_close(&p->balance[TARE_KMEM]);
}

static void settle_at_peak(void *ctx, struct report_process *p, struct report_task *t)
{
	int64_t before = t->at_peak[TARE_KMEM], now = settled(ctx, before);

	t->at_peak[TARE_KMEM] = now;
	p->at_peak[TARE_KMEM] += now - before;
}

static void settle(struct rows *rows, int64_t opening, int64_t held)
{
	g_array_append_val(rows->claims, opening);
	claims_settle((int64_t *)(void *)rows->claims->data, rows->claims->len, held);
}

static void rows_now(struct report *r)
{
	g_autoptr(GArray) claims = g_array_new(FALSE, FALSE, sizeof(int64_t));
	struct rows rows = { .claims = claims };
	struct balance *b = &r->totals[TARE_KMEM];

	each_task(r, claim_now, &rows);
	settle(&rows, b->opening, held_now(r));
	each_task(r, settle_now, &rows);
	r->kmem.freed_by_others = cut(&rows);
	r->kmem.before = g_array_index(claims, int64_t, rows.next);
	flow_add(&b->tasks, rows.change);
	if (r->kmem.whole)
		flow_change(&b->foreign, cut(&rows));
	balance_close(b);
}

static void rows_at_peak(struct report *r)
{
	g_autoptr(GArray) claims = g_array_new(FALSE, FALSE, sizeof(int64_t));
	struct rows rows = { .claims = claims };
	int64_t held = held_at_peak(r);

	each_task(r, claim_at_peak, &rows);
	settle(&rows, r->totals[TARE_KMEM].opening, held);
	each_task(r, settle_at_peak, &rows);
	r->kmem.freed_by_others_at_peak = cut(&rows);
	r->kmem.before_at_peak = g_array_index(claims, int64_t, rows.next);
	if (!r->kmem.whole)
		return;
	for (unsigned i = 0; i < rows.next; i++)
		held -= g_array_index(claims, int64_t, i);
	r->kmem.foreign_at_peak = held - r->totals[TARE_KMEM].opening - r->kmem.drift_at_peak;
}

void books_kmem(struct report *r, const struct books_input *in)
{
	const struct tare_workload *w = &in->workload;
	struct report_kmem *k = &r->kmem;

	k->level = in->kmem.level;
	k->whole = in->kmem.whole;
	k->by_group = in->kmem.by_group;
	k->bound = in->kmem.bound;
	k->sampled_at_peak = at_peak(in, w->sampled, w->weight_peak_sampled);
	k->drift_at_peak = at_peak(in, w->drift, w->weight_peak_drift);
	if (k->level != KMEM_EVENTS)
		return;
	fill(k, in);
	total(r, in);
	rows_now(r);
	rows_at_peak(r);
}
