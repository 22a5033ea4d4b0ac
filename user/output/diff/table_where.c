/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The sections WHERE and STACKS of `tare diff`: functions and stacks, from samples.
 */
#include "output/diff/table_parts.h"

#include "model/functions.h"

#define STACK_ROWS 10

static const char *const sample_type_meaning[SAMPLE_TYPES] = { "in memory grown",
							       "in memory held at the peak",
							       "in memory held at the end" };

/* The change, its error, and `verdict`: a column that marks changes beyond the error. */
static void figure_cells(struct grid *g, const struct diff_figure *f, bool verdict)
{
	g_autofree char *size = text_size((int64_t)f->error);
	int64_t change = diff_change(f);
	bool beyond = diff_beyond(f);

	grid_signed_size(g, !beyond ? PLAIN : change > 0 ? BAD : GOOD, change);
	if (f->error > 0 || f->bytes[DIFF_BEFORE] || f->bytes[DIFF_AFTER])
		grid_cell(g, DIM, f->error > 0 ? size : "exact");
	else
		grid_blank(g);
	if (!verdict)
		return;
	if (beyond)
		grid_cell(g, BOLD, "≠");
	else
		grid_blank(g);
}

static bool figure_changed(const struct diff_figure *f)
{
	return diff_change(f) != 0;
}

/* Without --full: what is left of the screen. */
static unsigned most_rows(const struct page *p)
{
	int room = SCREEN_LINES - (int)lines_of(p) - WHERE_LINES + 2;

	if (p->asked->all)
		return UINT32_MAX;
	return p->full ? ROWS : (unsigned)CLAMP(room, 2, 8);
}

static char *printable_title(const char *name)
{
	g_autofree char *title = function_title(name, NULL, 0);

	return text_printable(title);
}

static void function_row(struct grid *g, const struct diff_function *f, unsigned k)
{
	g_autofree char *name = printable_title(f->name);
	g_autofree char *caller = f->caller[k] ? printable_title(f->caller[k]) : NULL;
	bool beyond = diff_beyond(&f->self[k]) || diff_beyond(&f->total[k]);

	grid_cell(g, beyond ? PLAIN : DIM, *name ? name : "?");
	figure_cells(g, &f->self[k], true);
	grid_size(g, f->self[k].bytes[DIFF_BEFORE]);
	grid_size(g, f->self[k].bytes[DIFF_AFTER]);
	figure_cells(g, &f->total[k], false);
	if (caller)
		grid_cell(g, DIM, caller);
	else
		grid_blank(g);
}

/* One screen has functions that changed themselves; at 80 columns it has no room for totals. */
static bool shown(const struct page *p, const struct diff_function *f)
{
	unsigned k = p->asked->sample_type;

	return p->asked->all || figure_changed(&f->self[k]) ||
	       (p->full && figure_changed(&f->total[k]));
}

static void functions(const struct page *p, struct grid *g)
{
	unsigned k = p->asked->sample_type, hidden = 0, rows = 0, most = most_rows(p);

	for (unsigned i = 0; i < p->d->functions->len; i++) {
		const struct diff_function *f = p->d->functions->pdata[i];

		if (!shown(p, f))
			continue;
		if (rows == most)
			hidden++;
		else
			function_row(g, f, k);
		rows += rows < most;
	}
	more(g, hidden, "functions that changed");
}

void diff_table_where(const struct page *p)
{
	static const struct grid_column columns[] = {
		{ .title = "FUNCTION", .cut = CUT_MIDDLE, .soft = 24, .hard = 8 },
		{ .title = "CHANGE", .right = true },
		{ .title = "±", .right = true },
		{ .title = "≠" },
		{ .title = "BEFORE", .right = true },
		{ .title = "AFTER", .right = true },
		{ .title = "Δ TOTAL", .right = true, .drop = 2 },
		{ .title = "±", .right = true, .drop = 3 },
		{ .title = "FOR", .cut = CUT_MIDDLE, .soft = 14, .hard = 8 },
	};
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));
	g_autofree char *meaning = g_strdup_printf("functions by change %s; sampled",
						   sample_type_meaning[p->asked->sample_type]);

	functions(p, g);
	table_heading(p->out, &p->style, "WHERE", meaning);
	if (grid_rows(g)) {
		grid_render(g, p->out, &p->style);
		if (p->full)
			table_first_touch(p->out, &p->style);
	} else {
		g_string_append(p->out, "  no change\n");
	}
	grid_free(g);
}

/* "inner < outer < outermost". */
static char *path_text(const struct diff *d, uint32_t path)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autoptr(GString) text = g_string_new(NULL);

	diff_path(d, path, names);
	for (unsigned i = 0; i < names->len; i++) {
		g_autofree char *name = function_title(names->pdata[i], NULL, 0);

		g_string_append_printf(text, "%s%s", i ? " < " : "", *name ? name : "?");
	}
	return text_printable(text->str);
}

static void stacks(const struct page *p)
{
	static const struct grid_column columns[] = {
		{ .title = "CHANGE", .right = true },
		{ .title = "±", .right = true },
		{ .title = "≠" },
		{ .title = "HELD", .right = true, .drop = 2 },
		{ .title = "AFTER", .right = true, .drop = 2 },
		{ .title = "STACK, INNERMOST FIRST", .soft = 24, .hard = 12 },
	};
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));
	unsigned k = p->asked->sample_type, hidden = 0, rows = 0;

	for (unsigned i = 0; i < p->d->stacks->len; i++) {
		const struct diff_stack *s = &g_array_index(p->d->stacks, struct diff_stack, i);
		g_autofree char *path = NULL;

		if (!p->asked->all && !figure_changed(&s->held[k]))
			continue;
		if (!p->asked->all && rows == STACK_ROWS) {
			hidden++;
			continue;
		}
		rows++;
		path = path_text(p->d, s->path);
		figure_cells(g, &s->held[k], true);
		grid_size(g, s->held[k].bytes[DIFF_BEFORE]);
		grid_size(g, s->held[k].bytes[DIFF_AFTER]);
		grid_cell(g, PLAIN, path);
	}
	more(g, hidden, "stacks that changed");
	if (rows) {
		table_heading(p->out, &p->style, "STACKS", "the same for whole stacks");
		grid_render(g, p->out, &p->style);
	}
	grid_free(g);
}

static void legend(const struct page *p)
{
	g_string_append_c(p->out, '\n');
	paint_wrapped(p->out, &p->style, DIM, 0,
		      "BEFORE, AFTER: memory of the function itself, with what is folded into it. "
		      "Δ TOTAL: change with its callees. FOR: its caller in most of the change. "
		      "±: standard error of the change. ≠: larger than two standard errors.");
}

void diff_table_stacks(const struct page *p)
{
	stacks(p);
	legend(p);
}
