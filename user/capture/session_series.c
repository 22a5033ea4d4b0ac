/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A point of the weight over time: what the workload holds now, by kind.
 */
#include <unistd.h>

#include "capture/session_state.h"

/* The weight by kind, and their sum. Other kernel memory (TARE_KMEM) is the rest without page
 * tables and stacks, if kernel memory is measured. As in the books it may be below 0: page
 * tables and stacks may be charged to a cgroup that the tasks lived in before. */
static void add_kinds(const struct session *s, const struct tare_workload *w,
		      struct report_point *p)
{
	int64_t page = sysconf(_SC_PAGESIZE), others;
	struct tare_held held;

	if (loader_held(s->loader, &held))
		return;
	p->kinds = true;
	for (int k = 0; k < TARE_MEMBERS; k++)
		p->kind[k] = held.kind[k] * page;
	p->kind[TARE_PAGETABLE] = held.kind[TARE_PAGETABLE];
	p->kind[TARE_KSTACK] = held.stacks * (int64_t)w->stack_bytes;
	others = p->kind[TARE_SWAP] + p->kind[TARE_PAGETABLE] + p->kind[TARE_KSTACK];
	if (w->cgroup.id)
		p->kind[TARE_KMEM] = held.nonrss * page - others;
	p->rss = kinds_rss(p->kind);
	p->nonrss = others + p->kind[TARE_KMEM];
}

void session_point(struct session *s)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME) - s->origin_ns;
	int64_t page = sysconf(_SC_PAGESIZE);
	struct report_point point;
	struct tare_workload w;

	kmem_look(s->kmem, now);
	loader_workload(s->loader, &w);
	point = (struct report_point){ .time_ns = now,
				       .rss = w.rss * page,
				       .nonrss = w.nonrss * page };
	add_kinds(s, &w, &point);
	series_add(s->series, &point);
	if (s->config.on_look)
		s->config.on_look(s->config.ctx, now, point.rss + point.nonrss);
}
