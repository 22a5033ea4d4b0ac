/* SPDX-License-Identifier: GPL-2.0-only
 *
 * WHERE on the default screen: the functions that hold most at the peak, a row each.
 */
#include <string.h>

#include "base/text.h"
#include "model/functions.h"
#include "output/table/sections.h"
#include "output/table/parts.h"

#define SHARE_LEAST 0.005 /* of the peak; the first is shown in any case */
#define SHARE_OTHER 0.05  /* the same for memory without a function */
#define ROWS_ANYWAY 1

/* Plain words for memory without a function. */
static const char *other_name(const struct function *f)
{
	return table_before(f)                 ? "(copied by fork)" :
	       !strcmp(f->name, "[no sample]") ? "(too small to be sampled)" :
						 f->name;
}

static void add_row(struct grid *g, const struct report *r, const struct function *f)
{
	int64_t held = f->self[SAMPLE_TYPE_LIVE_PEAK];
	g_autofree char *name = table_function(f), *caller = table_caller(f);
	g_autofree char *module = table_module(f), *via = text_printable(f->via ?: "");

	grid_size(g, held);
	if (f->count)
		grid_size(g, (int64_t)profile_error(r->profile, held));
	else
		grid_blank(g);
	grid_percent(g, (double)held, (double)r->peak_weight);
	grid_size(g, f->self[SAMPLE_TYPE_GROWN]);
	if (f->module)
		grid_cell(g, BOLD, name);
	else
		grid_cell(g, DIM, other_name(f));
	grid_cell(g, DIM, via);
	grid_cell(g, PLAIN, caller);
	grid_cell(g, DIM, module);
}

/* Is it a function, with more than sampling noise? Memory without a stack has no function; it has
 * a row if it is so much that the reader would miss it. */
static bool is_row(const struct report *r, const struct function *f, unsigned n)
{
	int64_t held = f->self[SAMPLE_TYPE_LIVE_PEAK];
	double share = (double)held / (double)r->peak_weight;

	if (held <= 0 || (r->target && table_before(f)))
		return false;
	if (!f->module)
		return share >= SHARE_OTHER;
	return f->count && (double)held > 2 * profile_error(r->profile, held) &&
	       (n < ROWS_ANYWAY || share >= SHARE_LEAST);
}

void table_where_top(GString *out, const struct report *r, const struct table_style *style,
		     unsigned lines)
{
	g_autoptr(GArray) functions = r->profile ? functions_of(r->profile, SAMPLE_TYPE_LIVE_PEAK) :
						   NULL;
	unsigned room = style->width; /* names of C++ functions can use a wide terminal's */
	const struct grid_column columns[] = {
		{ .title = "HELD", .right = true },
		{ .title = "±", .right = true, .drop = 3 },
		{ .title = "SHARE", .right = true, .drop = 2 },
		{ .title = "GROWN", .right = true, .drop = 4 },
		{ .title = "WHERE", .soft = MAX(30, room * 3 / 8), .hard = 24, .cut = CUT_MIDDLE },
		{ .title = "VIA", .soft = 9, .hard = 6, .drop = 1 },
		{ .title = "FOR", .soft = MAX(20, room / 5), .hard = 16, .cut = CUT_MIDDLE },
		{ .title = "IN", .soft = 16, .hard = 8, .drop = 5 },
	};
	struct grid *g;
	unsigned n = 0, named = 0;

	if (!functions || lines < 3)
		return;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	for (unsigned i = 0; i < functions->len && n < lines - 2; i++) {
		const struct function *f = &g_array_index(functions, struct function, i);

		if (!is_row(r, f, n))
			continue;
		add_row(g, r, f);
		n++;
		named += f->module != NULL;
	}
	if (named) {
		g_string_append_c(out, '\n');
		grid_render(g, out, style);
	}
	grid_free(g);
}
