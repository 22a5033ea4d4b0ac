/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The results of `tare bench` as tables for a terminal.
 */
#include "output/bench/bench.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "output/bench/notes.h"
#include "output/bench/text.h"
#include "output/bench/view.h"
#include "output/table/parts.h"

/* Column where the text behind "machine:" … begins. */
#define MARGIN 10
/* Terminals of this width or more get a column VERSION. */
#define WIDE 120
/* Bytes per task. Less is noise, because memory comes in whole pages. */
#define LEAST 0.5

static const struct grid_column columns[] = {
	{ .title = NULL }, /* signs: see marks[] */
	{ .title = "WORKLOAD", .soft = 20, .hard = 10 },
	{ .title = "VERSION", .soft = 14, .hard = 8, .drop = 2 },
	{ .title = "TASKS", .right = true },
	{ .title = "TARE", .right = true },
	{ .title = "B/TASK", .right = true },
	{ .title = "±", .right = true, .drop = 1 },
	{ .title = "USER", .right = true },
	{ .title = "KERNEL", .right = true },
	{ .title = "ANON", .right = true, .drop = 8 },
	{ .title = "FILE", .right = true, .drop = 8 },
	{ .title = "SHMEM", .right = true, .drop = 8 },
	{ .title = "SWAP", .right = true, .drop = 8 },
	{ .title = "PAGETABLE", .right = true, .drop = 8 },
	{ .title = "KSTACK", .right = true, .drop = 8 },
	{ .title = "KMEM", .right = true, .drop = 8 },
	{ .title = "RSS", .right = true, .drop = 9 },
	{ .title = "PUBLISHED", .right = true, .drop = 3 },
	{ .title = "READY", .right = true, .drop = 4 },
	{ .title = "CPU", .right = true, .drop = 10 },
};

/* Signs in front of a row; the last one stands in front of figures. */
enum mark { ENDED, BENT, PEAK, UNSETTLED, ROW_MARKS, LESS = ROW_MARKS, MARKS };
static const struct {
	const char *sign, *meaning;
} marks[MARKS] = {
	[ENDED] = { "!", "some runs failed or were stopped" },
	[BENT] = { "~", "not linear: B/TASK is at TASKS, TARE the weight with the fewest" },
	[PEAK] = { "^", "weighed at its peak, because it never printed `ready`" },
	[UNSETTLED] = { "?", "weight still changed when it was taken" },
	[LESS] = { "≥", "a minimum: some kinds are not measured" },
};

/* The first line: number of workloads, and when they ran. */
static void print_head(GString *out, const struct bench *b, const struct table_style *style)
{
	g_autofree char *started = text_printable(b->started ? b->started : "n/m");
	g_autofree char *what =
		g_strdup_printf("%u workload%s", b->rows->len, b->rows->len == 1 ? "" : "s");

	bench_text_head(out, style, what, started);
}

static void print_top(GString *out, const struct bench *b, const struct table_style *style)
{
	g_autofree char *machine = bench_machine_text(&b->machine);
	g_autofree char *options = bench_options_text(b);

	print_head(out, b, style);
	paint_labelled(out, style, MARGIN, "machine:", PLAIN, machine);
	paint_labelled(out, style, MARGIN, "weighed:", PLAIN, b->machine.measured);
	paint_labelled(out, style, MARGIN, "limits:", PLAIN, b->machine.limits);
	paint_labelled(out, style, MARGIN, "options:", PLAIN, options);
	if (!b->complete)
		paint_labelled(out, style, MARGIN, "runs:", BAD,
			       "interrupted: some are missing; --resume continues");
}

static unsigned marks_of(const struct bench_line *l)
{
	g_autofree char *bend = bench_bend_text(&l->fit);
	unsigned set = 0;

	for (unsigned i = 0; i < l->row->runs->len; i++) {
		const struct bench_run *run = l->row->runs->pdata[i];

		set |= (unsigned)(run->outcome != BENCH_OK) << ENDED;
	}
	set |= (unsigned)!!bend << BENT;
	set |= (unsigned)(l->fit.state == BENCH_PEAK) << PEAK;
	set |= (unsigned)(l->fit.unsettled > 0) << UNSETTLED;
	return set | (unsigned)bench_figure(l, BENCH_WEIGHT).least << LESS;
}

static void marks_cell(struct grid *g, unsigned set)
{
	GString *text = g_string_new(NULL);

	for (unsigned m = 0; m < ROW_MARKS; m++)
		if (set >> m & 1)
			g_string_append(text, marks[m].sign);
	if (text->len)
		grid_cell(g, BAD, text->str);
	else
		grid_blank(g);
	g_string_free(text, TRUE);
}

static void seconds_cell(struct grid *g, double s)
{
	g_autofree char *text = NULL;

	if (!(s >= 0 && s < 1e10)) { /* true for NAN */
		grid_unknown(g);
		return;
	}
	text = text_duration((uint64_t)llround(s * 1e9));
	grid_cell(g, PLAIN, text);
}

static void published_cell(struct grid *g, const struct bench_row *row)
{
	double slope;
	const char *source = bench_published_slope(row, &slope);
	g_autofree char *bytes = NULL, *safe = NULL, *short_source = NULL, *text = NULL;

	if (!source) {
		grid_blank(g);
		return;
	}
	bytes = bench_bytes(slope);
	safe = text_printable(source);
	short_source = text_fit(safe, 6);
	text = g_strdup_printf("%s %s", bytes, short_source);
	grid_cell(g, PLAIN, text);
}

/* Bit set of the kinds that get a column: some workload of the family uses the kind, or it
 * is not known. */
static unsigned shown_kinds(const GPtrArray *lines)
{
	unsigned kinds = 0;

	for (unsigned i = 0; i < lines->len; i++) {
		const struct bench_line *l = lines->pdata[i];

		for (unsigned k = 0; k < TARE_KINDS; k++) {
			const struct fit *f = &l->fit.part[k];

			kinds |= (unsigned)(!f->valid || fabs(f->slope) >= LEAST) << k;
		}
	}
	return kinds;
}

static void line_cells(struct grid *g, const struct bench_line *l, unsigned kinds, bool wide)
{
	struct bench_figure weight = bench_figure(l, BENCH_WEIGHT);
	g_autofree char *title = text_printable(l->row->title);
	g_autofree char *version = text_printable(l->row->version ? l->row->version : CELL_UNKNOWN);

	marks_cell(g, marks_of(l));
	grid_cell(g, PLAIN, title);
	if (wide)
		grid_cell(g, l->row->version ? PLAIN : DIM, version);
	else
		grid_blank(g);
	grid_count(g, l->fit.most);
	bench_text_tare(g, &weight);
	bench_text_slope(g, BOLD, &weight);
	bench_text_half(g, &weight);
	for (enum bench_part p = BENCH_USER; p <= BENCH_KERNEL; p++)
		bench_text_part(g, l, p);
	for (int i = 0; i < TARE_KINDS; i++) {
		if (kinds >> kind_order[i] & 1)
			bench_text_part(g, l, (enum bench_part)kind_order[i]);
		else
			grid_blank(g);
	}
	bench_text_part(g, l, BENCH_RSS);
	published_cell(g, l->row);
	seconds_cell(g, l->fit.ready_s);
	seconds_cell(g, l->fit.cpu_s);
}

static const char *family_meaning(const char *family)
{
	static const char *const known[][2] = {
		{ "sleep", "each task sleeps" },
		{ "connect", "each task holds a connection open" },
		{ "touch", "each task sleeps, and uses 1 KiB of its stack" },
		{ "channel", "each task waits on a channel of its own" },
		{ "own", "the command defines what a task is" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(known); i++)
		if (!strcmp(family, known[i][0]))
			return known[i][1];
	return "";
}

/* Print one family. Returns the bit set of its marks. */
static unsigned print_family(GString *out, const struct bench *b, const struct table_style *style,
			     const char *name)
{
	g_autoptr(GPtrArray) lines = bench_lines(b, name);
	g_autofree char *safe = text_printable(*name ? name : "other");
	g_autofree char *upper = g_utf8_strup(safe, -1);
	unsigned kinds = shown_kinds(lines), used = 0;
	struct grid *g;

	if (!lines->len)
		return 0;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	for (unsigned i = 0; i < lines->len; i++) {
		line_cells(g, lines->pdata[i], kinds, style->width >= WIDE);
		used |= marks_of(lines->pdata[i]);
	}
	table_heading(out, style, upper, family_meaning(name));
	grid_render(g, out, style);
	grid_free(g);
	return used;
}

/* Explain the columns, and the marks that were used. */
static void print_legend(GString *out, const struct table_style *style, unsigned used)
{
	GString *text = g_string_new("B/TASK: bytes per additional task, the slope of a line "
				     "fitted through all runs, ± its 95 % interval; USER, "
				     "KERNEL: its parts; TARE: weight with no task, by that line; "
				     "TASKS: largest number that succeeded; READY: time to start "
				     "them; PUBLISHED: RSS per task from other benchmarks, bytes "
				     "and year");

	for (unsigned m = 0; m < MARKS; m++)
		if (used >> m & 1)
			g_string_append_printf(text, "; %s %s", marks[m].sign, marks[m].meaning);
	g_string_append_c(out, '\n');
	paint_wrapped(out, style, DIM, 0, text->str);
	g_string_free(text, TRUE);
}

struct noting {
	GString *out;
	const struct table_style *style;
};

/* Print "  Go, goroutines: text", with a heading before the first note of a type. */
static void print_note(void *ctx, enum bench_note which, bool first, const struct bench_row *row,
		       const char *text)
{
	static const char *const heading[][2] = {
		[BENCH_NOTE_BENT] = { "NOT LINEAR", "bytes per task at each number, without the"
						    " weight with the fewest" },
		[BENCH_NOTE_SHARED] = { "SHARED", "a page that several processes map counts once"
						  " for each of them" },
		[BENCH_NOTE_AFTER] = { "AFTER", "memory held after all tasks had ended" },
		[BENCH_NOTE_BUSY] = { "BUSY", "other programs used the CPUs: READY and CPU are no"
					      " benchmark" },
		[BENCH_NOTE_STOPPED] = { "STOPPED", "a limit allowed no more tasks" },
		[BENCH_NOTE_FAILED] = { "FAILED", "" },
		[BENCH_NOTE_MISSING] = { "MISSING", "not run; how to install it" },
	};
	const struct noting *n = ctx;
	g_autofree char *title = text_printable(row->title ? row->title : row->id);
	g_autofree char *safe = text_printable(text);
	g_autofree char *line = g_strdup_printf("%s: %s", title, safe);

	if (first)
		table_heading(n->out, n->style, heading[which][0], heading[which][1]);
	g_string_append(n->out, "  ");
	paint_wrapped(n->out, n->style, PLAIN, 4, line);
}

/* For terminals without a column VERSION. */
static void print_versions(GString *out, const struct bench *b, const struct table_style *style)
{
	g_autoptr(GPtrArray) lines = bench_lines(b, NULL);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < lines->len; i++) {
		const struct bench_row *row = ((struct bench_line *)lines->pdata[i])->row;
		g_autofree char *title = text_printable(row->title);
		g_autofree char *version = text_printable(row->version);

		if (row->version)
			g_string_append_printf(text, "%s%s: %s", text->len ? "; " : "", title,
					       version);
	}
	if (text->len)
		table_heading(out, style, "VERSIONS", text->str);
	g_string_free(text, TRUE);
}

char *bench_table(const struct bench *b, const struct table_style *style)
{
	struct table_style s = *style;
	g_autoptr(GPtrArray) families = bench_families(b);
	GString *out = g_string_new(NULL);
	struct noting noting = { out, &s };
	unsigned used = 0;
	gsize begin;

	s.width = MAX(s.width, TABLE_WIDTH_MIN);
	print_top(out, b, &s);
	begin = out->len;
	for (unsigned i = 0; i < families->len; i++)
		used |= print_family(out, b, &s, families->pdata[i]);
	if (out->len > begin)
		print_legend(out, &s, used);
	for (int which = BENCH_NOTE_BENT; which <= BENCH_NOTE_MISSING; which++)
		bench_notes(b, which, print_note, &noting);
	if (s.width < WIDE)
		print_versions(out, b, &s);
	return g_string_free(out, FALSE);
}
