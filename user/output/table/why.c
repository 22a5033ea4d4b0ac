/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The section WHY: RSS taken and given back, by cause.
 */
#include "output/table/sections.h"

#include <string.h>

#include "base/text.h"
#include "model/view.h"
#include "output/table/parts.h"

#define CAUSES_MAX 12

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

/* All causes of the workload, with updates by others: struct report_cause, largest first. */
static GArray *sum_causes(const struct report *r, GHashTable *sums)
{
	GArray *causes = g_array_new(FALSE, FALSE, sizeof(struct report_cause));
	GHashTableIter iter;
	gpointer name, flow;

	for (unsigned i = 0; i < r->processes->len; i++)
		add_process(sums, g_ptr_array_index(r->processes, i));
	for (int i = 0; i < TARE_NONOWNERS; i++) {
		g_autofree char *nonowner = g_strdup_printf("by others: %s", table_nonowner[i]);

		if (r->nonowner_cause[i].in || r->nonowner_cause[i].out)
			add_cause(sums, nonowner, r->nonowner_cause[i]);
	}
	g_hash_table_iter_init(&iter, sums);
	while (g_hash_table_iter_next(&iter, &name, &flow)) {
		struct report_cause c = { .name = name, .flow = *(struct flow *)flow };

		g_array_append_val(causes, c);
	}
	g_array_sort(causes, by_flow);
	return causes;
}

/* A bar to the left for `out` and one to the right for `in`, at most `half` columns each. */
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
	table_heading(out, style, "WHY", "page fault or system call that took or gave back RSS");
	grid_render(g, out, style);
	grid_free(g);
}
