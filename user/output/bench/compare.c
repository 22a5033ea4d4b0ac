/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The table of `tare bench compare`: each workload in two results. Values are marked as
 * different only if their 95 % intervals do not overlap.
 */
#include "output/bench/bench.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "output/bench/text.h"
#include "output/bench/view.h"
#include "output/table/parts.h"

/* Column where the text behind "then:" … begins. */
#define MARGIN 10

static const struct grid_column columns[] = {
	{ .title = "WORKLOAD", .soft = 14, .hard = 8 },
	{ .title = "TARE", .right = true },
	{ .title = "NOW", .right = true },
	{ .title = "B/TASK", .right = true },
	{ .title = "NOW", .right = true },
	{ .title = "CHANGE", .right = true },
	{ .title = "", .right = true },
	{ .title = "USER", .right = true },
	{ .title = "KERNEL", .right = true },
	{ .title = "≠" },
};

static void size_difference(GString *out, const char *what, int64_t before, int64_t after)
{
	g_autofree char *x = text_size(before), *y = text_size(after);

	add_difference(out, what, before > 0 ? x : "none", after > 0 ? y : "none");
}

/* Differences of machine and options: "kernel 6.18 → 6.19; …". */
static char *changed_circumstances(const struct bench *a, const struct bench *b)
{
	const struct bench_machine *m = &a->machine, *n = &b->machine;
	g_autofree char *cpus = g_strdup_printf("%u", m->cpus);
	g_autofree char *cpus_now = g_strdup_printf("%u", n->cpus);
	GString *out = g_string_new(NULL);

	add_difference(out, "tare", m->tare_version, n->tare_version);
	add_difference(out, "kernel", m->kernel, n->kernel);
	add_difference(out, "distribution", m->distribution, n->distribution);
	add_difference(out, "CPU", m->cpu, n->cpu);
	add_difference(out, "CPUs", cpus, cpus_now);
	size_difference(out, "memory", m->memory, n->memory);
	size_difference(out, "page size", m->page_size, n->page_size);
	add_difference(out, "weighed by", m->measured, n->measured);
	add_difference(out, "limits", m->limits, n->limits);
	size_difference(out, "--touch", (int64_t)a->touch, (int64_t)b->touch);
	size_difference(out, "--memory-max", (int64_t)a->memory_max, (int64_t)b->memory_max);
	return g_string_free(out, FALSE);
}

static char *version_changes(const struct bench *a, const struct bench *b)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < b->rows->len; i++) {
		const struct bench_row *now = b->rows->pdata[i];
		const struct bench_row *then = now->id ? bench_find(a, now->id) : NULL;

		if (then && then->version && now->version)
			add_difference(out, now->title ? now->title : now->id, then->version,
				       now->version);
	}
	return g_string_free(out, FALSE);
}

static void print_side(GString *out, const struct bench *b, const struct table_style *style,
		       const char *label)
{
	g_autofree char *machine = bench_machine_text(&b->machine);
	g_autofree char *options = bench_options_text(b);
	GString *text = g_string_new(b->started ? b->started : CELL_UNKNOWN);

	g_string_append_printf(text, ", tare %s", b->machine.tare_version ?: CELL_UNKNOWN);
	if (*machine)
		g_string_append_printf(text, ", %s", machine);
	if (*options)
		g_string_append_printf(text, ", %s", options);
	if (!b->complete)
		g_string_append(text, ", interrupted");
	paint_labelled(out, style, MARGIN, label, PLAIN, text->str);
	g_string_free(text, TRUE);
}

static void print_top(GString *out, const struct bench *a, const struct bench *b,
		      const struct table_style *style)
{
	g_autofree char *changed = changed_circumstances(a, b), *versions = version_changes(a, b);

	bench_text_head(out, style, "then and now", "95 % intervals");
	print_side(out, a, style, "then:");
	print_side(out, b, style, "now:");
	if (*changed)
		paint_labelled(out, style, MARGIN, "differs:", BAD, changed);
	paint_labelled(out, style, MARGIN, "versions:", PLAIN, versions);
}

/* A workload then and now; `kinds`: bit set of the kinds that both know. */
struct pair {
	struct bench_line then, now;
	unsigned kinds;
};

static bool pair_find(struct pair *p, const struct bench *a, const struct bench_row *now)
{
	const struct bench_row *then = now->id ? bench_find(a, now->id) : NULL;

	if (!then)
		return false;
	*p = (struct pair){ .then.row = then, .now.row = now };
	fit_row(then, &p->then.fit);
	fit_row(now, &p->now.fit);
	p->kinds = bench_known_kinds(&p->then.fit) & bench_known_kinds(&p->now.fit);
	/* If one is bent, both are taken at one N: a slope and a step are not the same figure. */
	if (p->then.fit.bent || p->now.fit.bent)
		p->then.at = p->now.at = MIN(p->then.fit.most, p->now.fit.most);
	return p->then.fit.runs && p->now.fit.runs;
}

static bool intervals_apart(double a, double a_half, double b, double b_half)
{
	return fabs(a - b) > a_half + b_half;
}

static void change_cell(struct grid *g, const struct pair *p, enum bench_part part, enum paint how)
{
	struct bench_figure a = bench_figure_of(&p->then, part, p->kinds);
	struct bench_figure b = bench_figure_of(&p->now, part, p->kinds);
	double change = b.slope - a.slope;
	g_autofree char *bytes = bench_bytes(change), *text = NULL;

	if (!a.known || !b.known) {
		grid_unknown(g);
		return;
	}
	text = g_strdup_printf("%s%s", change > 0 ? "+" : "", bytes);
	if (strcmp(bytes, "0"))
		grid_cell(g, how, text);
	else
		grid_cell(g, DIM, CELL_ZERO);
}

static void percent_cell(struct grid *g, const struct bench_figure *a, const struct bench_figure *b)
{
	double percent = (b->slope / a->slope - 1) * 100;
	g_autofree char *text = NULL;

	if (!a->known || !b->known || a->slope <= 0 || !isfinite(percent)) {
		grid_blank(g);
		return;
	}
	text = g_strdup_printf("%+.*f%%", fabs(percent) < 9.95 ? 1 : 0, percent);
	grid_cell(g, PLAIN, fabs(percent) < 0.05 ? CELL_ZERO : text);
}

static void verdict_cell(struct grid *g, bool task, bool tare)
{
	if (task || tare)
		grid_cell(g, BOLD, task && tare ? "both" : task ? "task" : "tare");
	else
		grid_blank(g);
}

static void pair_cells(struct grid *g, const struct pair *p)
{
	struct bench_figure a = bench_figure_of(&p->then, BENCH_WEIGHT, p->kinds);
	struct bench_figure b = bench_figure_of(&p->now, BENCH_WEIGHT, p->kinds);
	const struct bench_row *row = p->now.row;
	g_autofree char *title = text_printable(row->title ? row->title : row->id);
	bool known = a.interval && b.interval && p->then.fit.state == p->now.fit.state;
	bool task = known && intervals_apart(a.slope, a.half, b.slope, b.half);
	bool tare = known && intervals_apart(a.tare, a.tare_half, b.tare, b.tare_half);
	enum paint how = !task ? PLAIN : b.slope > a.slope ? BAD : GOOD;

	grid_cell(g, PLAIN, title);
	bench_text_tare(g, &a);
	bench_text_tare(g, &b);
	bench_text_slope(g, PLAIN, &a);
	bench_text_slope(g, BOLD, &b);
	change_cell(g, p, BENCH_WEIGHT, how);
	percent_cell(g, &a, &b);
	change_cell(g, p, BENCH_USER, PLAIN);
	change_cell(g, p, BENCH_KERNEL, PLAIN);
	if (known)
		verdict_cell(g, task, tare);
	else
		grid_unknown(g);
}

/* List the workloads with a successful run in `b` but none in `a`. */
static void print_unmatched(GString *out, const struct bench *a, const struct bench *b,
			    const struct table_style *style, const char *heading)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < b->rows->len; i++) {
		const struct bench_row *row = b->rows->pdata[i];
		const char *name = row->title ? row->title : row->id;
		struct pair p;
		struct row_fit fit;

		fit_row(row, &fit);
		if (fit.runs && !pair_find(&p, a, row)) {
			g_autofree char *safe = text_printable(name);

			g_string_append_printf(text, "%s%s", text->len ? "; " : "", safe);
		}
	}
	if (text->len)
		table_heading(out, style, heading, text->str);
	g_string_free(text, TRUE);
}

static void print_legend(GString *out, const struct table_style *style)
{
	g_string_append_c(out, '\n');
	paint_wrapped(
		out, style, DIM, 0,
		"B/TASK: bytes per additional task (not linear: at the largest N of both); "
		"TARE: weight with no task; both then and NOW. CHANGE: of B/TASK; USER, KERNEL: "
		"its parts. ≠: values whose 95 % intervals do not overlap; n/m: too few runs, or "
		"weighed in another state. ≥: a minimum, from the kinds that both results have.");
}

char *bench_compare(const struct bench *a, const struct bench *b, const struct table_style *style)
{
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));
	struct table_style s = *style;
	GString *out = g_string_new(NULL);

	s.width = MAX(s.width, TABLE_WIDTH_MIN);
	print_top(out, a, b, &s);
	for (unsigned i = 0; i < b->rows->len; i++) {
		struct pair p;

		if (pair_find(&p, a, b->rows->pdata[i]))
			pair_cells(g, &p);
	}
	g_string_append_c(out, '\n');
	if (grid_rows(g)) {
		grid_render(g, out, &s);
		print_legend(out, &s);
	} else {
		g_string_append(out, "no workload succeeded in both\n");
	}
	print_unmatched(out, b, a, &s, "ONLY THEN");
	print_unmatched(out, a, b, &s, "ONLY NOW");
	grid_free(g);
	return g_string_free(out, FALSE);
}
