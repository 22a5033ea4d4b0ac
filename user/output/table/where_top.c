/* SPDX-License-Identifier: GPL-2.0-only
 *
 * WHERE on the default screen: the functions that hold most at the peak, a row each.
 */
#include "base/text.h"
#include "model/functions.h"
#include "output/table/sections.h"
#include "output/table/parts.h"

#define SHARE_LEAST 0.005 /* of the peak; the first rows are shown in any case */
#define ROWS_ANYWAY 3

static const struct grid_column columns[] = {
	{ .title = "HELD", .right = true },
	{ .title = "±", .right = true, .drop = 3 },
	{ .title = "SHARE", .right = true, .drop = 2 },
	{ .title = "GROWN", .right = true, .drop = 4 },
	{ .title = "WHERE", .soft = 30, .hard = 24, .cut = CUT_MIDDLE },
	{ .title = "VIA", .soft = 9, .hard = 6, .drop = 1 },
	{ .title = "FOR", .soft = 20, .hard = 16, .cut = CUT_MIDDLE },
	{ .title = "IN", .soft = 16, .hard = 8, .drop = 5 },
};

static void add_row(struct grid *g, const struct report *r, const struct function *f)
{
	int64_t held = f->self[SAMPLE_TYPE_LIVE_PEAK];
	g_autofree char *name = table_function(f), *caller = table_caller(f);
	g_autofree char *module = table_module(f), *via = text_printable(f->via ?: "");

	grid_size(g, held);
	grid_size(g, (int64_t)profile_error(r->profile, held));
	grid_percent(g, (double)held, (double)r->peak_weight);
	grid_size(g, f->self[SAMPLE_TYPE_GROWN]);
	grid_cell(g, BOLD, name);
	grid_cell(g, DIM, via);
	grid_cell(g, PLAIN, caller);
	grid_cell(g, DIM, module);
}

/* Is it a function that somebody can change, with more than sampling noise? Memory without a stack
 * has no function. */
static bool is_row(const struct profile *p, const struct function *f)
{
	int64_t held = f->self[SAMPLE_TYPE_LIVE_PEAK];

	return f->module && f->count && (double)held > 2 * profile_error(p, held);
}

void table_where_top(GString *out, const struct report *r, const struct table_style *style,
		     unsigned lines)
{
	g_autoptr(GArray) functions = r->profile ? functions_of(r->profile, SAMPLE_TYPE_LIVE_PEAK) :
						   NULL;
	struct grid *g;
	unsigned n = 0;

	if (!functions || lines < 3)
		return;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	for (unsigned i = 0; i < functions->len && n < lines - 2; i++) {
		const struct function *f = &g_array_index(functions, struct function, i);
		double share = (double)f->self[SAMPLE_TYPE_LIVE_PEAK] / (double)r->peak_weight;

		if (!is_row(r->profile, f) || (n >= ROWS_ANYWAY && share < SHARE_LEAST))
			continue;
		add_row(g, r, f);
		n++;
	}
	if (n) {
		g_string_append_c(out, '\n');
		grid_render(g, out, style);
	}
	grid_free(g);
}
