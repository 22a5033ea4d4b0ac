/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The section KERNEL: kernel memory by kind, and by who took or freed it.
 */
#include "output/table/sections.h"

#include <string.h>

#include "base/text.h"
#include "model/view.h"
#include "output/table/parts.h"

/* Like table_nonowner[], for kernel memory. */
static const char *const kmem_nonowner[TARE_NONOWNERS] = {
	[TARE_NONOWNER_RECLAIM] = "by reclaim",
	[TARE_NONOWNER_KHUGEPAGED] = "by khugepaged",
	[TARE_NONOWNER_KERNEL] = "by kernel threads, interrupts",
	[TARE_NONOWNER_PROCESS] = "by other processes",
	[TARE_NONOWNER_LATE] = "by its tasks, for others",
};

static void known_size(struct grid *g, bool known, int64_t bytes)
{
	if (known)
		grid_size(g, bytes);
	else
		grid_unknown(g);
}

static void kind_row(struct grid *g, const char *name, bool known, int64_t at_peak,
		     struct flow flow, int64_t net)
{
	grid_cell(g, PLAIN, name);
	known_size(g, known, at_peak);
	known_size(g, known, (int64_t)flow.in);
	known_size(g, known, (int64_t)flow.out);
	known_size(g, known, net);
}

/* Bytes of a kernel stack, from any task whose start was seen; 0: no such task. */
static uint64_t stack_size(const struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = g_ptr_array_index(r->processes, i);

		for (unsigned j = 0; j < p->tasks->len; j++) {
			const struct report_task *t = g_ptr_array_index(p->tasks, j);

			if (t->flow[TARE_KSTACK].in)
				return t->flow[TARE_KSTACK].in;
		}
	}
	return 0;
}

static void stack_row(struct grid *g, const struct report *r, int64_t at_peak)
{
	const struct balance *b = &r->totals[TARE_KSTACK];
	uint64_t size = stack_size(r);
	g_autofree char *n = text_count(size ? (uint64_t)at_peak / size : 0), *name = NULL;

	name = size && at_peak > 0 && (uint64_t)at_peak % size == 0 ?
		       g_strdup_printf("  kernel stacks ×%s", n) :
		       g_strdup("  kernel stacks");
	kind_row(g, name, report_kind(r, TARE_KSTACK), at_peak, b->tasks, b->net);
}

/* A part of the row above. Its value at the peak is not known. */
static void part_row(struct grid *g, const char *name, struct flow f)
{
	g_autofree char *indented = g_strdup_printf("    %s", name);

	if (!f.in && !f.out)
		return;
	grid_cell(g, PLAIN, indented);
	grid_blank(g);
	grid_size(g, (int64_t)f.in);
	grid_size(g, (int64_t)f.out);
	grid_size(g, flow_net(f));
}

static struct flow nonowner_sum(const struct report *r)
{
	struct flow all = { 0 };

	for (int i = 0; i < TARE_NONOWNERS; i++)
		view_add(&all, r->kmem.nonowner[i]);
	return all;
}

static void nonowner_parts(struct grid *g, const struct report *r)
{
	for (int i = 0; i < TARE_NONOWNERS; i++)
		part_row(g, kmem_nonowner[i], r->kmem.nonowner[i]);
}

/* Control group of the workload alone: memory that no live task holds. IN and OUT come from
 * events; the balance is the group's total minus all other rows. */
static void left_rows(struct grid *g, const struct report *r)
{
	struct flow all = nonowner_sum(r), left = { MAX(r->kmem.left, 0), MAX(-r->kmem.left, 0) };
	struct flow cut = { MAX(r->kmem.freed_by_others, 0), MAX(-r->kmem.freed_by_others, 0) };
	struct view_rest now = view_rest_now(r), peak = view_rest_at_peak(r);
	int64_t sock_now = view_now(r).sock, sock_peak = view_at_peak(r).sock;

	view_add(&all, left);
	view_add(&all, cut);
	if (!all.in && !all.out && peak.left == sock_peak)
		return;
	kind_row(g, "  left by ended tasks", true, peak.left - sock_peak, all, now.left - sock_now);
	part_row(g, "when they ended", left);
	part_row(g, "cut from live tasks", cut);
	nonowner_parts(g, r);
}

/* Control group shared with other processes: updates by others include theirs. */
static void nonowner_rows(struct grid *g, const struct report *r)
{
	struct flow all = nonowner_sum(r);

	if (!all.in && !all.out)
		return;
	kind_row(g, "  by others", true, r->kmem.nonowner_at_peak, all, flow_net(all));
	nonowner_parts(g, r);
}

static void net_row(struct grid *g, enum paint how, const char *name, int64_t net)
{
	if (!net)
		return;
	grid_cell(g, how, name);
	for (int i = 0; i < 3; i++)
		grid_blank(g);
	grid_size(g, net);
}

static void held_row(struct grid *g, const char *name, int64_t at_peak, int64_t net)
{
	grid_cell(g, PLAIN, name);
	grid_size(g, at_peak);
	grid_blank(g);
	grid_blank(g);
	grid_size(g, net);
}

static int64_t kmem_of_tasks(const struct report *r)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < r->processes->len; i++)
		sum += ((const struct report_process *)g_ptr_array_index(r->processes, i))
			       ->at_peak[TARE_KMEM];
	return sum;
}

/* The other parts of the sum, for a control group of the workload alone. */
static void cgroup_rows(struct grid *g, const struct report *r)
{
	const struct balance *kmem = &r->totals[TARE_KMEM];
	int64_t at_peak = view_at_peak(r).sock, now = view_now(r).sock;
	bool bad = ABS(kmem->unattributed) > r->kmem.bound;

	left_rows(g, r);
	if (kmem->initial)
		held_row(g, "  held before", r->kmem.before_at_peak, r->kmem.before);
	if (at_peak || now)
		held_row(g, "  sockets, polled", at_peak, now);
	net_row(g, bad ? BAD : PLAIN, bad ? "  unattributed" : "  unattributed, in bound",
		kmem->unattributed);
}

static void kernel_rows(struct grid *g, const struct report *r)
{
	struct view_held peak = view_at_peak(r), now = view_now(r);
	const struct balance *tables = &r->totals[TARE_PAGETABLE], *kmem = &r->totals[TARE_KMEM];

	kind_row(g, "  page tables", report_kind(r, TARE_PAGETABLE), peak.kind[TARE_PAGETABLE],
		 tables->tasks, tables->net);
	stack_row(g, r, peak.kind[TARE_KSTACK]);
	kind_row(g, "  other, by task", true, kmem_of_tasks(r), kmem->tasks, flow_net(kmem->tasks));
	if (r->kmem.whole)
		cgroup_rows(g, r);
	grid_cell(g, BOLD, "  KERNEL");
	grid_size(g, r->peak_kernel);
	grid_blank(g);
	grid_blank(g);
	grid_size(g, kinds_kernel(now.kind) + now.sock);
	if (r->kmem.whole) {
		if (r->kmem.vmalloc != CGROUP_UNKNOWN)
			net_row(g, DIM, "    of which vmalloc", r->kmem.vmalloc);
		if (r->kmem.sock != CGROUP_UNKNOWN)
			net_row(g, DIM, "    of which sockets", r->kmem.sock);
	} else {
		nonowner_rows(g, r);
	}
	net_row(g, DIM, "    by task in other cgroups", r->kmem.elsewhere);
}

void table_kernel(GString *out, const struct report *r, const struct table_style *style)
{
	static const struct grid_column columns[] = {
		{ .title = "  WHAT" },
		{ .title = "AT PEAK", .right = true },
		{ .title = "IN", .right = true },
		{ .title = "OUT", .right = true },
		{ .title = "NET", .right = true },
	};
	struct grid *g;

	if (!report_kind(r, TARE_KMEM)) /* TOTALS shows what is known */
		return;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	kernel_rows(g, r);
	table_heading(out, style, "KERNEL",
		      "kernel memory of the workload, by kind and by who took it");
	grid_render(g, out, style);
	grid_free(g);
}
