/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The table of many recordings: what they are, which is unlike the others and in what, then process
 * names and functions with their sum and median over all recordings.
 */
#include "output/fleet/fleet.h"

#include <string.h>

#include "base/text.h"
#include "model/functions.h"
#include "output/fleet/view.h"
#include "output/table/grid.h"
#include "output/table/parts.h"

/* Rows of a section with --full. */
#define ROWS 40
#define OUTLIERS 3
/* On one screen: lines of a section around its rows, of the last section with two rows, and of
 * what follows it. */
#define AROUND 4
#define LEAST_WHERE (AROUND + 2)
#define LEGEND 3
#define HOST_WIDTH 24

struct page {
	const struct fleet *f;
	const struct fleet_style *asked;
	struct table_style style;
	GString *out;
};

static char *title_of(const struct fleet_row *row)
{
	g_autofree char *title = row->sort == FLEET_FUNCTIONS ? function_title(row->name, NULL, 0) :
								g_strdup(row->name);

	return text_printable(*title ? title : "(no name)");
}

/* A line of the head; on one screen it has at most `lines` lines. */
static void print_line(const struct page *p, const char *label, enum paint how, const char *text,
		       unsigned lines)
{
	g_autofree char *safe = text_printable(text);
	/* Lines break at words, so they are not full. */
	unsigned room = lines * (p->style.width - FLEET_MARGIN) - (lines - 1) * 12;
	g_autofree char *fit = p->asked->full ? g_strdup(safe) : text_fit(safe, room);

	paint_labelled(p->out, &p->style, FLEET_MARGIN, label, how, fit);
}

static char *host_of(const struct page *p, uint32_t source)
{
	g_autofree char *safe = text_printable(fleet_label(p->f, source));

	return text_shorten(safe, HOST_WIDTH, 0);
}

/* How many rows are left on one screen, with `after` lines below them. */
static unsigned rows_left(const struct page *p, unsigned after, unsigned most)
{
	int lines = 0;

	for (const char *s = strchr(p->out->str, '\n'); s; s = strchr(s + 1, '\n'))
		lines++;
	if (p->asked->full)
		return ROWS;
	return (unsigned)CLAMP(TABLE_BRIEF_LINES - lines - AROUND - (int)after, 2, (int)most);
}

static char *day_of(int64_t ns)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(ns / 1000000000);

	return time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : NULL;
}

/* "3 × leaky, 3 hosts, 2026-11-29 05:10 to 2026-11-29 05:12 UTC". */
static void print_set(const struct page *p)
{
	unsigned services, hosts = fleet_hosts(p->f);
	g_autofree char *names = fleet_services(p->f, &services);
	GString *text = g_string_new(names);
	int64_t first = 0, last = 0;

	for (unsigned i = 0; i < p->f->sources->len; i++) {
		const struct fleet_source *s = p->f->sources->pdata[i];

		if (s->started_ns && (!first || s->started_ns < first))
			first = s->started_ns;
		last = MAX(last, s->started_ns);
	}
	g_string_append_printf(text, ", %u host%s", hosts, hosts == 1 ? "" : "s");
	if (first) {
		g_autofree char *from = day_of(first), *to = day_of(last);
		bool same = !g_strcmp0(from, to);

		g_string_append_printf(text, ", %s%s%s UTC", from ?: "?", same ? "" : " to ",
				       same ? "" :
				       to   ?:
					      "?");
	}
	print_line(p, "of:", PLAIN, text->str, 1);
	g_string_free(text, TRUE);
}

static void add_size(GString *text, const char *before, int64_t bytes)
{
	g_autofree char *size = text_size(bytes);

	g_string_append_printf(text, "%s%s", before, size);
}

/* "median 70.1 MiB ± 1.0 MiB, sum 210 MiB, at most 90.3 MiB on web-3". */
static void print_total(const struct page *p, const char *label, enum fleet_part part)
{
	struct fleet_figure f;
	GString *text;

	if (!p->f->rows[FLEET_TOTAL]->len)
		return;
	f = fleet_figure(p->f, p->f->rows[FLEET_TOTAL]->pdata[0], p->asked->sample_type, part);
	text = g_string_new(NULL);
	if (f.measured) {
		g_autofree char *host = host_of(p, f.largest);

		add_size(text, "median ", f.median);
		add_size(text, " ± ", f.mad);
		add_size(text, ", sum ", f.sum);
		add_size(text, ", most ", f.max);
		g_string_append_printf(text, " on %s", host);
	} else {
		g_string_append(text, "not measured");
	}
	if (f.measured < p->f->sources->len && f.measured)
		g_string_append_printf(text, "; measured in %u of %u", f.measured,
				       p->f->sources->len);
	print_line(p, label, BOLD, text->str, 2);
	g_string_free(text, TRUE);
}

struct outlier {
	const struct fleet_row *row;
	struct fleet_figure figure;
};

static int by_distance(gconstpointer a, gconstpointer b)
{
	const struct outlier *x = a, *y = b;
	int64_t s = ABS(x->figure.outlying), t = ABS(y->figure.outlying);

	return s == t ? strcmp(x->row->name, y->row->name) : s < t ? 1 : -1;
}

static GArray *outliers_of(const struct page *p, enum fleet_sort sort)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct outlier));

	for (unsigned i = 0; i < p->f->rows[sort]->len; i++) {
		const struct fleet_row *row = p->f->rows[sort]->pdata[i];
		struct outlier o = { row, fleet_figure(p->f, row, p->asked->sample_type,
						       fleet_part_of(p->f, row)) };

		if (o.figure.outlier != FLEET_NONE)
			g_array_append_val(all, o);
	}
	g_array_sort(all, by_distance);
	return all;
}

/* "web-3 has 30.1 MiB more in leak_rows (median 0)". */
static void print_outliers(const struct page *p)
{
	g_autoptr(GArray) functions = outliers_of(p, FLEET_FUNCTIONS);
	g_autoptr(GArray) processes = outliers_of(p, FLEET_PROCESSES);
	GArray *all = functions->len ? functions : processes;
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < MIN(all->len, OUTLIERS); i++) {
		const struct outlier *o = &g_array_index(all, struct outlier, i);
		g_autofree char *title = title_of(o->row), *fit = text_shorten(title, 40, 0);
		g_autofree char *size = text_size(ABS(o->figure.outlying));
		g_autofree char *median = text_size(o->figure.median);
		g_autofree char *host = host_of(p, o->figure.outlier);
		bool more = o->figure.outlying > 0;

		g_string_append_printf(text, "%s%s has %s %s in %s (median %s)", i ? "; " : "",
				       host, size, more ? "more" : "less", fit, median);
	}
	if (all->len > OUTLIERS)
		g_string_append_printf(text, "; %u more", all->len - OUTLIERS);
	if (p->f->sources->len < 3)
		g_string_append(text, "not looked for: they need 3 recordings");
	else if (!all->len)
		g_string_append(text, "none");
	print_line(p, "outliers:", all->len ? BAD : PLAIN, text->str, 2);
	g_string_free(text, TRUE);
}

static void print_doubts(const struct page *p)
{
	g_autoptr(GPtrArray) doubts = fleet_doubts(p->f, p->asked->skipped);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < doubts->len; i++)
		g_string_append_printf(text, "%s%s", i ? "; " : "", (char *)doubts->pdata[i]);
	print_line(p, "but:", WARN, text->str, 2);
	g_string_free(text, TRUE);
}

static void size_cell(struct grid *g, const struct fleet_figure *f, int64_t bytes)
{
	if (f->measured)
		grid_size(g, bytes);
	else
		grid_unknown(g);
}

static void row_cells(const struct page *p, struct grid *g, const struct fleet_row *row)
{
	enum sample_type t = p->asked->sample_type;
	struct fleet_figure f = fleet_figure(p->f, row, t, fleet_part_of(p->f, row));
	struct fleet_figure kernel = fleet_figure(p->f, row, t, FLEET_KERNEL);
	g_autofree char *title = title_of(row);
	g_autofree char *in = g_strdup_printf("%u/%u", f.in, f.measured);
	g_autofree char *host =
		f.outlier == FLEET_NONE ? NULL : text_printable(fleet_label(p->f, f.outlier));

	grid_cell(g, PLAIN, title);
	grid_cell(g, PLAIN, in);
	size_cell(g, &f, f.sum);
	size_cell(g, &f, f.median);
	size_cell(g, &f, f.mad);
	size_cell(g, &f, f.min);
	size_cell(g, &f, f.max);
	size_cell(g, &kernel, kernel.median);
	if (!host) {
		grid_blank(g);
		grid_blank(g);
		return;
	}
	grid_cell(g, BAD, host);
	grid_signed_size(g, BAD, f.outlying);
}

static bool is_zero(const struct page *p, const struct fleet_row *row)
{
	for (unsigned i = 0; i < row->cells->len; i++) {
		const struct fleet_cell *c = &g_array_index(row->cells, struct fleet_cell, i);

		if (c->bytes[p->asked->sample_type][FLEET_USER] ||
		    c->bytes[p->asked->sample_type][FLEET_KERNEL])
			return false;
	}
	return true;
}

static void print_rows(const struct page *p, enum fleet_sort sort, const char *heading,
		       unsigned most)
{
	static const struct grid_column columns[] = {
		{ .title = "NAME", .cut = CUT_MIDDLE, .soft = 20, .hard = 8 },
		{ .title = "IN", .right = true },
		{ .title = "SUM", .right = true },
		{ .title = "MEDIAN", .right = true },
		{ .title = "±", .right = true },
		{ .title = "LEAST", .right = true, .drop = 4 },
		{ .title = "MOST", .right = true },
		{ .title = "KERNEL", .right = true, .drop = 3 },
		{ .title = "OUTLIER", .cut = CUT_WHERE_THEY_DIFFER, .soft = 12, .hard = 8 },
		{ .title = "BY", .right = true, .drop = 2 },
	};
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));
	g_autofree char *meaning = g_strdup_printf("%s, %s; %s", fleet_counted(p->f, sort),
						   fleet_meaning[p->asked->sample_type],
						   sort == FLEET_FUNCTIONS ? "sampled" : "exact");
	unsigned hidden = 0;

	for (unsigned i = 0; i < p->f->rows[sort]->len; i++) {
		const struct fleet_row *row = p->f->rows[sort]->pdata[i];

		if (is_zero(p, row))
			continue;
		if (grid_rows(g) < most)
			row_cells(p, g, row);
		else
			hidden++;
	}
	if (hidden) {
		g_autofree char *n = text_count(hidden), *text = g_strdup_printf("… %s more", n);

		grid_line(g, DIM, 0, 0, text);
	}
	table_heading(p->out, &p->style, heading, meaning);
	if (grid_rows(g))
		grid_render(g, p->out, &p->style);
	else
		g_string_append(p->out, fleet_measured(p->f, sort, FLEET_USER) ?
						"  none\n" :
						"  not measured in any recording\n");
	grid_free(g);
}

static void source_cells(const struct page *p, struct grid *g, uint32_t number)
{
	const struct fleet_source *s = p->f->sources->pdata[number];
	const struct fleet_row *total = p->f->rows[FLEET_TOTAL]->pdata[0];
	const struct fleet_cell *c = &g_array_index(total->cells, struct fleet_cell, number);
	const int64_t *bytes = c->bytes[p->asked->sample_type];
	g_autofree char *label = text_printable(s->label), *service = text_printable(s->service);
	g_autofree char *file = text_printable(s->path), *kernel = text_printable(s->kernel);
	g_autofree char *duration = text_duration(s->duration_ns);

	grid_cell(g, PLAIN, label);
	grid_cell(g, PLAIN, service);
	grid_cell(g, PLAIN, duration);
	for (int i = 0; i < FLEET_PARTS; i++)
		if (s->known[FLEET_TOTAL][i])
			grid_size(g, bytes[i]);
		else
			grid_unknown(g);
	grid_cell(g, s->sums_valid && s->balanced ? PLAIN : WARN,
		  !s->sums_valid ? "unchecked" :
		  s->balanced    ? "balanced" :
				   "off");
	if (s->period)
		grid_size(g, (int64_t)s->period);
	else
		grid_cell(g, PLAIN, "none");
	grid_cell(g, DIM, kernel);
	grid_cell(g, DIM, file);
}

static void print_sources(const struct page *p)
{
	static const struct grid_column columns[] = {
		{ .title = "HOST", .soft = 16, .hard = 8 },
		{ .title = "OF", .soft = 12, .hard = 8 },
		{ .title = "TIME", .right = true, .drop = 3 },
		{ .title = "USER", .right = true },
		{ .title = "KERNEL", .right = true },
		{ .title = "BOOKS" },
		{ .title = "SAMPLES", .right = true, .drop = 4 },
		{ .title = "LINUX", .drop = 5, .soft = 12 },
		{ .title = "FILE", .cut = CUT_WHERE_THEY_DIFFER, .soft = 16, .hard = 8 },
	};
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));

	for (uint32_t i = 0; i < p->f->sources->len; i++)
		source_cells(p, g, i);
	table_heading(p->out, &p->style, "RECORDINGS", fleet_meaning[p->asked->sample_type]);
	grid_render(g, p->out, &p->style);
	grid_free(g);
}

static void print_legend(const struct page *p)
{
	g_string_append_c(p->out, '\n');
	paint_wrapped(p->out, &p->style, DIM, 0,
		      p->asked->full ?
			      "IN: recordings that have the name, of those that measured it; the "
			      "others count as 0. ±: median absolute deviation: half of the "
			      "recordings are within MEDIAN ± this. OUTLIER: farthest from the "
			      "median by more than 3 standard deviations (1.48 × ±), 3 standard "
			      "errors of its samples, a tenth of the median and 256 KiB; BY: how "
			      "far. A page counts for the function that touched it first." :
			      "±: half of the recordings are within MEDIAN ± this. more: --full, "
			      "--format json or csv; man tare-report");
}

char *fleet_table_render(const struct fleet *f, const struct fleet_style *style)
{
	struct page p = { f, style, style->table, g_string_new(NULL) };
	g_autofree char *what =
		g_strdup_printf("%u recording%s", f->sources->len, f->sources->len == 1 ? "" : "s");

	p.style.width = MAX(p.style.width, TABLE_WIDTH_MIN);
	paint_head(p.out, &p.style, "tare report: ", what, sample_type_name[style->sample_type]);
	print_set(&p);
	print_total(&p, "user:", FLEET_USER);
	print_total(&p, "kernel:", FLEET_KERNEL);
	print_outliers(&p);
	print_doubts(&p);
	print_rows(&p, FLEET_PROCESSES, "WHO", rows_left(&p, LEAST_WHERE + LEGEND, 4));
	print_rows(&p, FLEET_FUNCTIONS, "WHERE", rows_left(&p, LEGEND, 8));
	if (style->full)
		print_sources(&p);
	print_legend(&p);
	return g_string_free(p.out, FALSE);
}
