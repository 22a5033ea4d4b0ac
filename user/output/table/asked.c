/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The section ASKED / TOUCHED: what was asked for against what was touched.
 */
#include "base/text.h"
#include "model/group.h"
#include "model/view.h"
#include "output/table/parts.h"
#include "output/table/rollup.h"
#include "output/table/sections.h"

#define ASKED_MAX 10
#define ASKED_NAME 32

struct asked {
	const struct group *group;
	struct flow virtual;
	uint64_t touched;
};

static int by_asked(gconstpointer a, gconstpointer b)
{
	const struct asked *x = a, *y = b;

	return (x->virtual.in < y->virtual.in) - (x->virtual.in > y->virtual.in);
}

static struct asked sum_asked(const struct group *group)
{
	struct asked a = { .group = group };

	for (unsigned i = 0; i < group->members->len; i++) {
		const struct report_process *p = g_ptr_array_index(group->members, i);

		a.touched += view_rss_balance(p->balance).tasks.in;
		for (unsigned j = 0; j < p->tasks->len; j++) {
			const struct report_task *t = g_ptr_array_index(p->tasks, j);

			a.virtual.in += t->mapped + t->brk_up;
			a.virtual.out += t->unmapped + t->brk_down;
		}
	}
	return a;
}

static void asked_row(struct grid *g, const struct asked *a)
{
	const struct report_process *p = g_ptr_array_index(a->group->members, 0);
	uint64_t n = a->group->count;
	g_autofree char *pid = g_strdup_printf("%d", p->pid), *name = NULL, *safe = NULL;
	g_autofree char *share =
		bar(a->virtual.in ? (double)a->touched / (double)a->virtual.in : 0, 10);

	if (n > 1) {
		safe = text_printable(a->group->name);
		name = g_strdup_printf("%s ×%" G_GUINT64_FORMAT, safe, n);
		grid_blank(g);
		grid_label(g, PLAIN, name);
	} else {
		name = table_process_name(p, ASKED_NAME);
		grid_cell(g, PLAIN, pid);
		grid_cell(g, PLAIN, name);
	}
	grid_size(g, (int64_t)a->virtual.in);
	grid_size(g, (int64_t)a->virtual.out);
	grid_size(g, (int64_t)a->touched);
	grid_percent(g, (double)a->touched, (double)a->virtual.in);
	grid_cell(g, PLAIN, share);
}

void table_asked(GString *out, const struct report *r, const struct table_style *style)
{
	static const struct grid_column columns[] = {
		{ .title = "    PID", .right = true },
		{ .title = "NAME", .soft = 20, .hard = 12 },
		{ .title = "ASKED", .right = true },
		{ .title = "GIVEN BACK", .right = true },
		{ .title = "TOUCHED", .right = true },
		{ .title = "OF ASKED", .right = true },
		{ .drop = 2 },
	};
	g_autoptr(GPtrArray) groups = table_processes(r, style);
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct asked));
	struct grid *g;

	if (!report_measured(r, "virtual"))
		return;
	for (unsigned i = 0; i < groups->len; i++) {
		struct asked a = sum_asked(g_ptr_array_index(groups, i));

		if (a.virtual.in || a.virtual.out)
			g_array_append_val(rows, a);
	}
	if (!rows->len)
		return;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	g_array_sort(rows, by_asked);
	for (unsigned i = 0; i < MIN(rows->len, ASKED_MAX); i++)
		asked_row(g, &g_array_index(rows, struct asked, i));
	if (rows->len > ASKED_MAX) {
		g_autofree char *more = g_strdup_printf("… and %u more", rows->len - ASKED_MAX);

		grid_line(g, DIM, 0, 2, more);
	}
	table_heading(out, style, "ASKED / TOUCHED",
		      "virtual memory mapped, and how much of it became RSS");
	grid_render(g, out, style);
	grid_free(g);
}
