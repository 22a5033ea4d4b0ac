/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The table of `tare diff`: weight by kind, then processes and threads, then functions and
 * stacks. Values of the ledger are exact; sampled values have their standard error.
 */
#include "output/diff/diff.h"

#include <string.h>

#include "output/diff/table_parts.h"
#include "output/diff/view.h"

/* Column where the text behind "before:" … begins. */
#define MARGIN 10

static char *command_of(const struct report *r)
{
	return r->target ? text_printable(r->target) : table_command(r->command, 200);
}

static char *period_of(const struct report *r)
{
	g_autofree char *size = r->profile ? text_size((int64_t)r->profile->period) : NULL;

	return size ? g_strdup_printf("one per %s", size) : g_strdup("none");
}

static void print_side(const struct page *p, enum diff_time time, const char *label)
{
	const struct report *r = p->report[time];
	g_autofree char *command = command_of(r), *duration = text_duration(r->duration_ns);
	g_autoptr(GDateTime) started = g_date_time_new_from_unix_utc(r->started_ns / 1000000000);
	g_autofree char *when = started ? g_date_time_format_iso8601(started) : NULL;
	GString *text = g_string_new(*command ? command : "(no command)");

	if (r->started_ns && when)
		g_string_append_printf(text, ", %s", when);
	g_string_append_printf(text, ", %s, tare %s", duration, r->tare_version ?: CELL_UNKNOWN);
	if (r->kernel)
		g_string_append_printf(text, ", Linux %s", r->kernel);
	if (r->profile) {
		g_autofree char *n = text_count(r->profile->samples), *every = period_of(r);

		g_string_append_printf(text, ", %s samples, %s", n, every);
	}
	paint_labelled(p->out, &p->style, MARGIN, label, PLAIN, text->str);
	g_string_free(text, TRUE);
}

static void not_same(const struct page *p)
{
	const struct report *a = p->report[DIFF_BEFORE], *b = p->report[DIFF_AFTER];
	g_autofree char *command = command_of(a), *command_now = command_of(b);
	g_autofree char *period = period_of(a), *period_now = period_of(b);
	GString *text = g_string_new(NULL);

	if (strcmp(command, command_now))
		g_string_append(text, "command");
	add_difference(text, "tare", a->tare_version, b->tare_version);
	add_difference(text, "kernel", a->kernel, b->kernel);
	add_difference(text, "samples", period, period_now);
	paint_labelled(p->out, &p->style, MARGIN, "differs:", BAD, text->str);
	g_string_free(text, TRUE);
}

/* Warn if the books do not balance or something was lost. */
static void print_doubts(const struct page *p, enum diff_time time, const char *label)
{
	const struct report *r = p->report[time];
	GString *text = g_string_new(NULL);

	if (!r->sums_valid)
		g_string_append(text, "books not checked");
	else if (!report_balanced(r))
		g_string_append(text, "books not balanced");
	if (report_lost_total(r) ||
	    (r->profile && (r->profile->lost.samples || r->profile->lost.vma_changes)))
		g_string_append_printf(text, "%sdata was lost: see its report",
				       text->len ? "; " : "");
	paint_labelled(p->out, &p->style, MARGIN, label, BAD, text->str);
	g_string_free(text, TRUE);
}

static void total_row(struct grid *g, enum paint how, const char *name, const struct diff_total *a,
		      const struct diff_total *b)
{
	bool held = a->held_known && b->held_known, grown = a->grown_known && b->grown_known;
	g_autofree char *indented = g_strdup_printf("  %s", name);

	grid_cell(g, how, indented);
	size_cell(g, a->held_known, a->at_peak);
	size_cell(g, b->held_known, b->at_peak);
	change_cell(g, held, how, a->at_peak, b->at_peak);
	size_cell(g, a->held_known, a->net);
	size_cell(g, b->held_known, b->net);
	change_cell(g, held, how, a->net, b->net);
	size_cell(g, a->grown_known, a->grown);
	size_cell(g, b->grown_known, b->grown);
	change_cell(g, grown, how, a->grown, b->grown);
}

/* Sum the values that both reports know. False: some kinds are missing. */
static bool sum_known(struct diff_total *sum, const struct diff_total *of,
		      const struct diff_total *other, int first, int n)
{
	bool all = true;

	*sum = (struct diff_total){ .held_known = true, .grown_known = true };
	for (int i = first; i < first + n; i++) {
		enum tare_kind k = kind_order[i];

		if (of[k].held_known && other[k].held_known) {
			sum->at_peak += of[k].at_peak;
			sum->net += of[k].net;
		}
		if (of[k].grown_known && other[k].grown_known)
			sum->grown += of[k].grown;
		all &= of[k].held_known && other[k].held_known && of[k].grown_known &&
		       other[k].grown_known;
	}
	return all;
}

static bool sum_row(struct grid *g, const char *name, const struct diff_total *a,
		    const struct diff_total *b, int first, int n)
{
	struct diff_total x, y;
	bool all = sum_known(&x, a, b, first, n);
	g_autofree char *marked = g_strdup_printf("%s%s", name, all ? "" : "*");

	sum_known(&y, b, a, first, n);
	total_row(g, BOLD, marked, &x, &y);
	return all;
}

static void print_totals(const struct page *p)
{
	static const struct grid_column columns[] = {
		{ .title = "  KIND" },
		{ .title = "AT PEAK", .right = true },
		{ .title = "AFTER", .right = true },
		{ .title = "Δ PEAK", .right = true },
		{ .title = "NET", .right = true, .drop = 3 },
		{ .title = "AFTER", .right = true, .drop = 3 },
		{ .title = "Δ NET", .right = true },
		{ .title = "GROWN", .right = true, .drop = 2 },
		{ .title = "AFTER", .right = true, .drop = 2 },
		{ .title = "Δ GROWN", .right = true },
	};
	static const char *const name[] = {
		[TARE_PAGETABLE] = "page tables",
		[TARE_KSTACK] = "kernel stacks",
		[TARE_KMEM] = "other kernel",
	};
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));
	struct diff_total a[TARE_KINDS], b[TARE_KINDS];

	diff_totals(p->report[DIFF_BEFORE], a);
	diff_totals(p->report[DIFF_AFTER], b);
	for (int i = 0; i < TARE_KINDS; i++) {
		enum tare_kind k = kind_order[i];

		total_row(g, PLAIN, k < TARE_PAGETABLE ? kind_name[k] : name[k], &a[k], &b[k]);
		if (k == TARE_SHMEM)
			sum_row(g, "RSS", a, b, 0, 3);
	}
	sum_row(g, "KERNEL", a, b, 4, 3);
	if (!sum_row(g, "WEIGHT", a, b, 0, TARE_KINDS))
		grid_line(g, DIM, 0, 2, "* only of the kinds that both recordings know");
	table_heading(p->out, &p->style, "TOTALS", "by kind; exact. Δ: AFTER minus before");
	grid_render(g, p->out, &p->style);
	grid_free(g);
}

char *diff_table_render(const struct report *a, const struct report *b,
			const struct diff_style *style)
{
	struct diff *d = diff_new(a, b, diff_kinds(a, b), style->sample_type);
	struct page p = { { a, b }, style, style->table, d, g_string_new(NULL) };
	const char *why = diff_unsampled(d);

	p.style.width = MAX(p.style.width, TABLE_WIDTH_MIN);
	paint_head(p.out, &p.style, "tare diff: ", "before and after",
		   sample_type_name[style->sample_type]);
	print_side(&p, DIFF_BEFORE, "before:");
	print_doubts(&p, DIFF_BEFORE, "");
	print_side(&p, DIFF_AFTER, "after:");
	print_doubts(&p, DIFF_AFTER, "");
	not_same(&p);
	print_totals(&p);
	diff_table_who(&p);
	if (why) {
		table_heading(p.out, &p.style, "WHERE", "");
		g_string_append_printf(p.out, "  not compared: %s\n", why);
	} else {
		diff_table_where(&p);
	}
	diff_free(d);
	return g_string_free(p.out, FALSE);
}
