/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The table of two sets of recordings: the change of the medians, and whether it is more than the
 * recordings of a set differ from each other.
 */
#include "output/fleet/fleet.h"

#include <string.h>

#include "base/text.h"
#include "model/functions.h"
#include "output/fleet/view.h"
#include "output/table/grid.h"
#include "output/table/parts.h"

#define ROWS 40
#define WHO_ROWS 4
#define WHERE_ROWS 7

struct page {
	const struct fleet *fleet[FLEET_SIDES];
	const struct fleet_style *asked;
	struct table_style style;
	GString *out;
};

static void print_side(const struct page *p, enum fleet_side side, const char *label)
{
	const struct fleet *f = p->fleet[side];
	g_autoptr(GPtrArray) doubts = fleet_doubts(f, 0);
	unsigned services, hosts = fleet_hosts(f);
	g_autofree char *names = fleet_services(f, &services);
	GString *text = g_string_new(names);

	g_string_append_printf(text, ", %u host%s", hosts, hosts == 1 ? "" : "s");
	paint_labelled(p->out, &p->style, FLEET_MARGIN, label, PLAIN, text->str);
	g_string_truncate(text, 0);
	for (unsigned i = 0; i < doubts->len; i++)
		g_string_append_printf(text, "%s%s", i ? "; " : "", (char *)doubts->pdata[i]);
	if (!p->asked->full) {
		g_autofree char *fit = text_fit(text->str, 2 * (p->style.width - FLEET_MARGIN) - 8);

		g_string_assign(text, fit);
	}
	paint_labelled(p->out, &p->style, FLEET_MARGIN, "", WARN, text->str);
	g_string_free(text, TRUE);
}

static void print_skipped(const struct page *p)
{
	g_autofree char *text = g_strdup_printf("%u not read: in no figure", p->asked->skipped);

	if (p->asked->skipped)
		paint_labelled(p->out, &p->style, FLEET_MARGIN, "but:", WARN, text);
}

static void change_cells(struct grid *g, const struct fleet_change *c, const char *name)
{
	bool more = c->change > 0;
	int64_t spread = (int64_t)c->spread;

	grid_cell(g, c->beyond ? PLAIN : DIM, name);
	for (int i = 0; i < FLEET_SIDES; i++) {
		const struct fleet_figure *f = &c->side[i];
		g_autofree char *in = g_strdup_printf("%u/%u", f->in, f->measured);

		grid_cell(g, PLAIN, in);
		grid_size(g, f->median);
		grid_size(g, f->mad);
	}
	grid_signed_size(g, !c->beyond ? PLAIN : more ? BAD : GOOD, c->change);
	if (c->spread < 0)
		grid_unknown(g);
	else
		grid_size(g, spread);
	if (c->beyond)
		grid_cell(g, BOLD, "≠");
	else
		grid_blank(g);
}

static void print_changes(const struct page *p, enum fleet_sort sort, const char *heading,
			  unsigned most)
{
	static const struct grid_column columns[] = {
		{ .title = "NAME", .cut = CUT_MIDDLE, .soft = 20, .hard = 8 },
		{ .title = "IN", .right = true, .drop = 4 },
		{ .title = "BEFORE", .right = true },
		{ .title = "±", .right = true, .drop = 3 },
		{ .title = "IN", .right = true, .drop = 4 },
		{ .title = "AFTER", .right = true },
		{ .title = "±", .right = true, .drop = 3 },
		{ .title = "CHANGE", .right = true },
		{ .title = "SPREAD", .right = true },
		{ .title = "≠" },
	};
	g_autoptr(GArray) all = fleet_changes(p->fleet[FLEET_BEFORE], p->fleet[FLEET_AFTER], sort,
					      p->asked->sample_type);
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));
	bool whole = fleet_whole(p->fleet[FLEET_BEFORE], sort) &&
		     fleet_whole(p->fleet[FLEET_AFTER], sort);
	g_autofree char *meaning = g_strdup_printf("medians of %s, %s; %s",
						   whole ? "user and kernel memory" : "user memory",
						   fleet_meaning[p->asked->sample_type],
						   sort == FLEET_FUNCTIONS ? "sampled" : "exact");
	unsigned hidden = 0;

	for (unsigned i = 0; i < all->len; i++) {
		const struct fleet_change *c = &g_array_index(all, struct fleet_change, i);
		g_autofree char *title = sort == FLEET_TOTAL ? g_strdup("all") :
					 sort == FLEET_FUNCTIONS ?
							       function_title(c->name, NULL, 0) :
							       g_strdup(c->name);
		g_autofree char *name = text_printable(*title ? title : "(no name)");

		if (!c->change && sort != FLEET_TOTAL)
			continue;
		if (grid_rows(g) < most)
			change_cells(g, c, name);
		else
			hidden++;
	}
	if (hidden) {
		g_autofree char *n = text_count(hidden);
		g_autofree char *text = g_strdup_printf("… %s more that changed", n);

		grid_line(g, DIM, 0, 0, text);
	}
	table_heading(p->out, &p->style, heading, meaning);
	if (grid_rows(g))
		grid_render(g, p->out, &p->style);
	else
		g_string_append(p->out, all->len ? "  no change\n" :
						   "  not compared: not measured in a set\n");
	grid_free(g);
}

char *fleet_diff_table_render(const struct fleet *before, const struct fleet *after,
			      const struct fleet_style *style)
{
	struct page p = { { before, after }, style, style->table, g_string_new(NULL) };
	g_autofree char *what =
		g_strdup_printf("%u and %u recordings", before->sources->len, after->sources->len);

	p.style.width = MAX(p.style.width, TABLE_WIDTH_MIN);
	paint_head(p.out, &p.style, "tare diff: ", what, sample_type_name[style->sample_type]);
	print_side(&p, FLEET_BEFORE, "before:");
	print_side(&p, FLEET_AFTER, "after:");
	print_skipped(&p);
	if (style->full)
		print_changes(&p, FLEET_TOTAL, "TOTAL", 1);
	print_changes(&p, FLEET_PROCESSES, "WHO", style->full ? ROWS : WHO_ROWS);
	print_changes(&p, FLEET_FUNCTIONS, "WHERE", style->full ? ROWS : WHERE_ROWS);
	g_string_append_c(p.out, '\n');
	paint_wrapped(p.out, &p.style, DIM, 0,
		      "SPREAD: how much the recordings of a set differ, as a standard deviation of "
		      "CHANGE. ≠: larger than twice that.");
	return g_string_free(p.out, FALSE);
}
