/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/view.h"

static const enum tare_kind resident[] = { TARE_ANON, TARE_FILE, TARE_SHMEM };

void view_add(struct flow *sum, struct flow f)
{
	sum->in += f.in;
	sum->out += f.out;
}

bool view_kernel(const struct report *r)
{
	return report_kind(r, TARE_PAGETABLE) && report_kind(r, TARE_KSTACK) &&
	       report_kind(r, TARE_KMEM);
}

struct flow view_rss(const struct flow flow[TARE_KINDS])
{
	struct flow sum = { 0 };

	for (unsigned i = 0; i < G_N_ELEMENTS(resident); i++)
		view_add(&sum, flow[resident[i]]);
	return sum;
}

struct balance view_rss_balance(const struct balance balance[TARE_KINDS])
{
	struct balance sum = { 0 };

	for (unsigned i = 0; i < G_N_ELEMENTS(resident); i++) {
		const struct balance *b = &balance[resident[i]];

		sum.initial += b->initial;
		view_add(&sum.tasks, b->tasks);
		view_add(&sum.nonowner, b->nonowner);
		sum.unattributed += b->unattributed;
		sum.net += b->net;
	}
	return sum;
}

void view_flow_net(const struct report *r, const struct flow flow[TARE_KINDS],
		   int64_t net[TARE_KINDS])
{
	for (int k = 0; k < TARE_KINDS; k++)
		net[k] = report_kind(r, k) ? flow_net(flow[k]) : 0;
}

void view_balance_net(const struct report *r, const struct balance balance[TARE_KINDS],
		      int64_t net[TARE_KINDS])
{
	for (int k = 0; k < TARE_KINDS; k++)
		net[k] = report_kind(r, k) ? balance[k].net : 0;
}

/* All kernel memory less page tables and stacks. */
static int64_t kmem_rest(const struct view_held *h, int64_t kernel)
{
	return MAX(kernel - h->kind[TARE_PAGETABLE] - h->kind[TARE_KSTACK], 0);
}

/* The workload has its own cgroup, whose total is known, but there are no events. */
static bool only_total(const struct report *r)
{
	return r->kmem.level == KMEM_CGROUP && r->kmem.whole && report_kind(r, TARE_PAGETABLE) &&
	       report_kind(r, TARE_KSTACK);
}

/* Socket buffers now, if the cgroup counts them separately from kernel memory; else 0. */
static int64_t sock_apart(const struct report *r, const struct cgroup_counters *c)
{
	if (r->cgroup.version != 1 || !r->kmem.whole || c->stat[CGROUP_SOCK] == CGROUP_UNKNOWN)
		return 0;
	return c->stat[CGROUP_SOCK];
}

struct view_held view_now(const struct report *r)
{
	struct view_held h = { .sock = sock_apart(r, &r->cgroup.now) };

	for (int k = 0; k < TARE_KINDS; k++)
		h.known[k] = report_kind(r, k);
	view_balance_net(r, r->totals, h.kind);
	if (!only_total(r) || r->kmem.by_cgroup == CGROUP_UNKNOWN)
		return h;
	h.known[TARE_KMEM] = true;
	h.kind[TARE_KMEM] = kmem_rest(&h, r->kmem.by_cgroup);
	return h;
}

static void sum_at_peak(const struct report *r, struct view_held *h)
{
	for (int k = 0; k < TARE_KINDS; k++) {
		h->known[k] = report_kind(r, k);
		for (unsigned i = 0; h->known[k] && i < r->processes->len; i++) {
			const struct report_process *p = g_ptr_array_index(r->processes, i);

			h->kind[k] += p->at_peak[k];
		}
	}
}

struct view_held view_at_peak(const struct report *r)
{
	struct view_held h = { 0 };

	sum_at_peak(r, &h);
	if (only_total(r)) {
		h.known[TARE_KMEM] = true;
		h.kind[TARE_KMEM] = kmem_rest(&h, r->peak_kernel);
		return h;
	}
	if (!h.known[TARE_KMEM] || !r->kmem.whole)
		return h;
	h.kind[TARE_KMEM] +=
		r->kmem.nonowner_at_peak + r->totals[TARE_KMEM].initial + r->kmem.drift_at_peak;
	h.sock = r->kmem.polled_at_peak;
	return h;
}

/* `held`: by the whole workload without its processes. `before` is at most that. */
static struct view_rest rest_of(int64_t held, int64_t before)
{
	struct view_rest rest = { .before = CLAMP(before, 0, MAX(held, 0)) };

	rest.left = MAX(held - rest.before, 0);
	return rest;
}

struct view_rest view_rest_at_peak(const struct report *r)
{
	struct view_held all = view_at_peak(r), processes = { 0 };

	sum_at_peak(r, &processes);
	return rest_of(all.kind[TARE_KMEM] + all.sock - processes.kind[TARE_KMEM],
		       r->kmem.before_at_peak);
}

struct view_rest view_rest_now(const struct report *r)
{
	struct view_held all = view_now(r);
	int64_t held = all.kind[TARE_KMEM] + all.sock;

	for (unsigned i = 0; report_kind(r, TARE_KMEM) && i < r->processes->len; i++)
		held -= ((const struct report_process *)r->processes->pdata[i])
				->balance[TARE_KMEM]
				.net;
	return rest_of(held, r->kmem.before);
}

int64_t view_held_before(const struct report *r)
{
	int64_t held = 0;

	if (!r->target)
		return 0;
	for (unsigned i = 0; i < r->processes->len; i++) {
		int64_t kind[TARE_KINDS];

		report_held_before(r->processes->pdata[i], kind);
		for (int k = 0; k < TARE_KINDS; k++)
			held += kind[k];
	}
	return held + (r->kmem.whole ? r->totals[TARE_KMEM].initial : 0);
}

bool view_kmem_difference(const struct report *r, int64_t *difference)
{
	if (!report_kind(r, TARE_KMEM) || r->kmem.by_cgroup == CGROUP_UNKNOWN)
		return false;
	*difference = r->kmem.by_cgroup - r->kmem.by_events;
	return true;
}

bool view_checked(const struct report *r, enum tare_kind kind, bool workload)
{
	int64_t difference;

	if (kind == TARE_KMEM)
		return workload && r->kmem.whole && view_kmem_difference(r, &difference);
	return r->sums_valid && report_kind(r, kind);
}

uint64_t view_failed(const struct report_process *p)
{
	return p->count > 1 ? p->failed : p->exit.known && (p->exit.signal || p->exit.code);
}
