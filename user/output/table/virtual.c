/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The section MAPPED / TOUCHED: the most address space that a process had, and its highest RSS,
 * which is never more. Sums of calls would not do: execve and fork map without a call, and what
 * is given back and touched again counts twice.
 */
#include "base/text.h"
#include "model/rollup.h"
#include "model/view.h"
#include "output/table/parts.h"
#include "output/table/rollup.h"
#include "output/table/sections.h"

#define VIRTUAL_MAX 10
#define VIRTUAL_NAME 32

/* The largest of the row's processes, and sums of their calls. */
struct virtual_row {
	const struct rollup *rollup;
	int64_t mapped, touched; /* mapped 0: not known of one of them */
	struct flow calls;
};

static int by_virtual(gconstpointer a, gconstpointer b)
{
	const struct virtual_row *x = a, *y = b;

	if (x->mapped != y->mapped)
		return x->mapped < y->mapped ? 1 : -1;
	return (x->calls.in < y->calls.in) - (x->calls.in > y->calls.in);
}

static struct virtual_row sum_virtual(const struct rollup *rollup)
{
	struct virtual_row a = { .rollup = rollup };
	bool known = true;

	for (unsigned i = 0; i < rollup->members->len; i++) {
		const struct report_process *p = g_ptr_array_index(rollup->members, i);

		a.mapped = MAX(a.mapped, p->vm_peak);
		a.touched = MAX(a.touched, p->rss_peak);
		known &= p->vm_peak > 0;
		for (unsigned j = 0; j < p->tasks->len; j++) {
			const struct report_task *t = g_ptr_array_index(p->tasks, j);

			a.calls.in += t->mapped + t->brk_up;
			a.calls.out += t->unmapped + t->brk_down;
		}
	}
	a.mapped = known ? a.mapped : 0;
	return a;
}

static void add_row(struct grid *g, const struct report *r, const struct virtual_row *a)
{
	const struct report_process *p = g_ptr_array_index(a->rollup->members, 0);
	uint64_t n = a->rollup->count;
	g_autofree char *pid = g_strdup_printf("%d", p->pid), *name = NULL, *safe = NULL;
	g_autofree char *share = bar(a->mapped ? (double)a->touched / (double)a->mapped : 0, 10);

	if (n > 1) {
		safe = text_printable(a->rollup->name);
		name = g_strdup_printf("%s ×%" G_GUINT64_FORMAT, safe, n);
		grid_blank(g);
		grid_label(g, PLAIN, name);
	} else {
		name = table_process_name(r, p, VIRTUAL_NAME);
		grid_cell(g, PLAIN, pid);
		grid_cell(g, PLAIN, name);
	}
	if (a->mapped)
		grid_size(g, a->mapped);
	else
		grid_cell(g, DIM, CELL_UNKNOWN);
	grid_size(g, a->touched);
	if (a->mapped)
		grid_percent(g, (double)a->touched, (double)a->mapped);
	else
		grid_cell(g, DIM, CELL_UNKNOWN);
	grid_cell(g, PLAIN, share);
	grid_size(g, (int64_t)a->calls.in);
	grid_size(g, (int64_t)a->calls.out);
}

void table_virtual(GString *out, const struct report *r, const struct table_style *style)
{
	static const struct grid_column columns[] = {
		{ .title = "    PID", .right = true },
		{ .title = "NAME", .soft = 20, .hard = 12 },
		{ .title = "MAPPED", .right = true },
		{ .title = "TOUCHED", .right = true },
		{ .title = "OF MAPPED", .right = true },
		{ .drop = 2 },
		{ .title = "BY CALLS", .right = true },
		{ .title = "UNMAPPED", .right = true },
	};
	g_autoptr(GPtrArray) rollups = table_processes(r, style);
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct virtual_row));
	struct grid *g;

	if (!report_measured(r, "virtual"))
		return;
	for (unsigned i = 0; i < rollups->len; i++) {
		struct virtual_row a = sum_virtual(g_ptr_array_index(rollups, i));

		if (a.mapped || a.calls.in || a.calls.out)
			g_array_append_val(rows, a);
	}
	if (!rows->len)
		return;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	g_array_sort(rows, by_virtual);
	for (unsigned i = 0; i < MIN(rows->len, VIRTUAL_MAX); i++)
		add_row(g, r, &g_array_index(rows, struct virtual_row, i));
	if (rows->len > VIRTUAL_MAX) {
		g_autofree char *more = g_strdup_printf("… and %u more", rows->len - VIRTUAL_MAX);

		grid_line(g, DIM, 0, 2, more);
	}
	table_heading(out, style, "MAPPED / TOUCHED",
		      "most address space and most RSS of a process; ×N: the largest");
	grid_render(g, out, style);
	grid_free(g);
}
