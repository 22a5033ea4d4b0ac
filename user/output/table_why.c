/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The sections on what the tasks did: causes, and what was asked for against
 * what was touched.
 */
#include "output/table.h"

#include <string.h>

#include "base/text.h"
#include "model/group.h"
#include "output/view.h"

#define CAUSES_MAX 12
#define ASKED_MAX 10
#define ASKED_NAME 32

static int by_flow(gconstpointer a, gconstpointer b)
{
	const struct report_cause *x = a, *y = b;
	uint64_t fx = x->flow.in + x->flow.out, fy = y->flow.in + y->flow.out;

	return fx != fy ? (fx < fy) - (fx > fy) : strcmp(x->name, y->name);
}

static void add_cause(GHashTable *sums, const char *name, struct flow f)
{
	struct flow *sum = g_hash_table_lookup(sums, name);

	if (!sum) {
		sum = g_new0(struct flow, 1);
		g_hash_table_insert(sums, g_strdup(name), sum);
	}
	view_add(sum, f);
}

static void add_process(GHashTable *sums, const struct report_process *p)
{
	for (unsigned i = 0; i < p->tasks->len; i++) {
		const struct report_task *t = g_ptr_array_index(p->tasks, i);

		for (unsigned j = 0; j < t->causes->len; j++) {
			const struct report_cause *c =
				&g_array_index(t->causes, struct report_cause, j);

			add_cause(sums, c->name, c->flow);
		}
	}
}

/* All causes of the workload, the foreign ones too: struct report_cause, largest first. */
static GArray *sum_causes(const struct report *r, GHashTable *sums)
{
	GArray *causes = g_array_new(FALSE, FALSE, sizeof(struct report_cause));
	GHashTableIter iter;
	gpointer name, flow;

	for (unsigned i = 0; i < r->processes->len; i++)
		add_process(sums, g_ptr_array_index(r->processes, i));
	for (int i = 0; i < TARE_FOREIGNERS; i++) {
		g_autofree char *foreign = g_strdup_printf("foreign: %s", table_foreign[i]);

		if (r->foreign_cause[i].in || r->foreign_cause[i].out)
			add_cause(sums, foreign, r->foreign_cause[i]);
	}
	g_hash_table_iter_init(&iter, sums);
	while (g_hash_table_iter_next(&iter, &name, &flow)) {
		struct report_cause c = { .name = name, .flow = *(struct flow *)flow };

		g_array_append_val(causes, c);
	}
	g_array_sort(causes, by_flow);
	return causes;
}

/* Out to the left of the line, in to the right, `half` columns each. */
static char *two_sided(struct flow f, double top, unsigned half)
{
	g_autofree char *in = bar((double)f.in / top, half);
	unsigned halves = (unsigned)((double)f.out / top * half * 2 + 0.5);
	GString *out = g_string_new(NULL);

	if (!halves && f.out)
		halves = 1;
	g_string_append_printf(out, "%*s", (int)(half - (halves + 1) / 2), "");
	g_string_append(out, halves % 2 ? "▐" : "");
	for (unsigned i = 0; i < halves / 2; i++)
		g_string_append(out, "█");
	g_string_append_printf(out, "│%s", in);
	return g_string_free(out, FALSE);
}

static void cause_row(struct grid *g, const char *name, struct flow f, double top, unsigned half)
{
	g_autofree char *safe = text_printable(name), *indented = g_strdup_printf("  %s", safe);
	g_autofree char *both = two_sided(f, top, half);

	grid_cell(g, PLAIN, indented);
	grid_size(g, (int64_t)f.in);
	grid_size(g, (int64_t)f.out);
	grid_size(g, flow_net(f));
	grid_cell(g, PLAIN, both);
}

void table_why(GString *out, const struct report *r, const struct table_style *style)
{
	unsigned half = MIN((style->width - 58) / 2, 30);
	g_autofree char *title = g_strdup_printf("%*s│ in", (int)half, "out ");
	const struct grid_column columns[] = {
		{ .title = "  CAUSE", .soft = 16, .hard = 12 },
		{ .title = "IN", .right = true },
		{ .title = "OUT", .right = true },
		{ .title = "NET", .right = true },
		{ .title = title },
	};
	g_autoptr(GHashTable) sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GArray) causes = sum_causes(r, sums);
	struct flow rest = { 0 };
	double top = 1;
	struct grid *g;

	if (!causes->len)
		return;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	for (unsigned i = 0; i < causes->len; i++) {
		const struct report_cause *c = &g_array_index(causes, struct report_cause, i);

		if (i >= CAUSES_MAX)
			view_add(&rest, c->flow);
		top = MAX(top, (double)MAX(c->flow.in, c->flow.out));
	}
	top = MAX(top, (double)MAX(rest.in, rest.out));
	for (unsigned i = 0; i < MIN(causes->len, CAUSES_MAX); i++) {
		const struct report_cause *c = &g_array_index(causes, struct report_cause, i);

		cause_row(g, c->name, c->flow, top, half);
	}
	if (causes->len > CAUSES_MAX) {
		g_autofree char *name = g_strdup_printf("(%u others)", causes->len - CAUSES_MAX);

		cause_row(g, name, rest, top, half);
	}
	table_heading(out, style, "WHY", "what the tasks were doing when RSS came and went");
	grid_render(g, out, style);
	grid_free(g);
}

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
