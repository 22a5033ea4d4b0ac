/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The section WHERE of the table: functions by the memory that they took, from sampled stacks.
 */
#include <string.h>

#include "base/text.h"
#include "model/functions.h"
#include "output/table/parts.h"
#include "output/table/sections.h"

#define FUNCTIONS_MAX 12

static const struct grid_column columns[] = {
	{ .title = "SELF", .right = true },
	{ .title = "±", .right = true, .drop = 2 },
	{ .title = "TOTAL", .right = true },
	{ .title = "GROWN", .right = true, .drop = 3 },
	{ .title = "FUNCTION", .soft = 24, .hard = 20, .cut = CUT_MIDDLE },
	{ .title = "VIA", .soft = 9, .hard = 6, .drop = 1 },
	{ .title = "FOR", .soft = 20, .hard = 18, .cut = CUT_MIDDLE },
	{ .title = "IN", .soft = 16, .hard = 8, .drop = 4 },
};

bool table_before(const struct function *f)
{
	return !f->module && !strcmp(f->name, "[before]");
}

char *table_function(const struct function *f)
{
	g_autofree char *title = function_title(*f->name ? f->name : "?", f->file, f->line);

	return text_printable(title);
}

char *table_caller(const struct function *f)
{
	g_autofree char *title = function_title(f->caller ?: "", f->caller_file, f->caller_line);

	return text_printable(title);
}

char *table_module(const struct function *f)
{
	const char *slash = f->module ? strrchr(f->module, '/') : NULL;

	return text_printable(slash ? slash + 1 : f->module ? f->module : "");
}

static void add_function(struct grid *g, const struct profile *p, const struct function *f)
{
	g_autofree char *name = table_function(f), *caller = table_caller(f);
	g_autofree char *module = table_module(f), *via = text_printable(f->via ?: "");

	grid_size(g, f->self[SAMPLE_TYPE_LIVE_PEAK]);
	if (f->count)
		grid_size(g, (int64_t)profile_error(p, f->self[SAMPLE_TYPE_LIVE_PEAK]));
	else
		grid_cell(g, PLAIN, "exact");
	grid_size(g, f->total[SAMPLE_TYPE_LIVE_PEAK]);
	grid_size(g, f->self[SAMPLE_TYPE_GROWN]);
	grid_cell(g, PLAIN, name);
	grid_cell(g, DIM, via);
	grid_cell(g, PLAIN, caller);
	grid_cell(g, DIM, module);
}

/* Add how many samples had a longer period, and when. */
static void add_thinned(GString *line, const struct profile *p)
{
	g_autofree char *n = NULL, *period = NULL, *from = NULL, *to = NULL;
	struct profile_thinned sum;
	unsigned last = 0;

	if (!profile_thinning(p, &sum))
		return;
	for (unsigned i = 0; i < TARE_THIN_LEVELS; i++)
		if (p->thinned[i].samples || p->thinned[i].left)
			last = i;
	n = text_count(sum.samples);
	period = text_size((int64_t)(p->period << (last + 1)));
	from = text_duration(sum.from_ns);
	to = text_duration(sum.to_ns);
	g_string_append_printf(line,
			       "; %s of them one per up to %s, between %s and %s, because samples "
			       "came too fast",
			       n, period, from, to);
}

/* Add the number of samples, how many stacks are complete, and losses. */
static void add_samples(GString *out, const struct profile *p, const struct table_style *style)
{
	uint64_t stacks = p->complete + p->truncated;
	g_autofree char *n = text_count(p->samples), *period = text_size((int64_t)p->period);
	g_autoptr(GString) line = g_string_new(NULL);

	g_string_printf(line, "%s samples, one per %s of growth", n, period);
	if (stacks)
		g_string_append_printf(line, "; %.2f %% of stacks are complete",
				       100 * (double)p->complete / (double)stacks);
	add_thinned(line, p);
	if (p->lost.samples)
		g_string_append_printf(line, "; %" G_GUINT64_FORMAT " more samples were lost",
				       p->lost.samples);
	if (p->lost.vma_changes)
		g_string_append_printf(line,
				       "; %" G_GUINT64_FORMAT " changes of mappings were"
				       " lost: names and live samples may be wrong",
				       p->lost.vma_changes);
	g_string_append(out, "  ");
	paint_wrapped(out, style, p->lost.samples || p->lost.vma_changes ? BAD : DIM, 2, line->str);
}

/* Memory held before an attach is in the head: it is not a row. Without an attach [before] is what
 * fork copied. */
static bool is_row(const struct report *r, const struct function *f)
{
	return f->self[SAMPLE_TYPE_LIVE_PEAK] > 0 && !(r->target && table_before(f));
}

void table_where(GString *out, const struct report *r, const struct table_style *style)
{
	const struct profile *p = r->profile;
	g_autoptr(GArray) functions = p ? functions_of(p, SAMPLE_TYPE_LIVE_PEAK) : NULL;
	struct grid *g;
	unsigned n = 0, more = 0;

	if (!p || !p->entries->len)
		return;
	table_heading(out, style, "WHERE",
		      r->target ? "functions by memory taken since tare came and held at the peak" :
				  "functions by memory taken and still held at the peak; sampled");
	g = grid_new(columns, G_N_ELEMENTS(columns));
	for (unsigned i = 0; i < functions->len; i++) {
		const struct function *f = &g_array_index(functions, struct function, i);

		if (!is_row(r, f))
			continue;
		if (n < FUNCTIONS_MAX || style->all_threads)
			add_function(g, p, f);
		else
			more++;
		n++;
	}
	if (more) {
		g_autofree char *text = g_strdup_printf("… %u more functions", more);

		grid_line(g, DIM, 0, 0, text);
	}
	grid_render(g, out, style);
	grid_free(g);
	add_samples(out, p, style);
	table_first_touch(out, style);
}
