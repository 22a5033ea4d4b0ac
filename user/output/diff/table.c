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

static char *started_of(const struct report *r)
{
	g_autoptr(GDateTime) started =
		r->started_ns ? g_date_time_new_from_unix_utc(r->started_ns / 1000000000) : NULL;

	return started ? g_date_time_format_iso8601(started) : NULL;
}

/* Where the two commands begin to differ; 0: they do not. */
static size_t first_difference(const struct page *p)
{
	g_autofree char *a = command_of(p->report[DIFF_BEFORE]);
	g_autofree char *b = command_of(p->report[DIFF_AFTER]);
	size_t at = 0;

	while (a[at] && a[at] == b[at])
		at++;
	return a[at] || b[at] ? at : 0;
}

/* Command, start and duration in one line; the command is cut to make room. */
static void print_side_short(const struct page *p, const struct report *r, const char *label)
{
	g_autofree char *command = command_of(r), *when = started_of(r);
	g_autofree char *duration = text_duration(r->duration_ns);
	g_autofree char *rest = g_strdup_printf("%s%s, %s", when ? ", " : "", when ?: "", duration);
	size_t room = p->style.width - MARGIN - text_width(rest);
	size_t keep = first_difference(p);
	g_autofree char *cut = text_shorten(*command ? command : "(no command)", room, keep);
	g_autofree char *line = g_strconcat(cut, rest, NULL);

	paint_labelled(p->out, &p->style, MARGIN, label, PLAIN, line);
}

static void print_side(const struct page *p, enum diff_time time, const char *label)
{
	const struct report *r = p->report[time];
	g_autofree char *command = command_of(r), *when = started_of(r);
	g_autofree char *duration = text_duration(r->duration_ns);
	GString *text;

	if (!p->full) {
		print_side_short(p, r, label);
		return;
	}
	text = g_string_new(*command ? command : "(no command)");
	if (when)
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

static void sum_row(struct grid *g, const char *name, const struct diff_sum *sum)
{
	struct diff_total side[DIFF_TIMES];
	g_autofree char *marked = g_strdup_printf("%s%s", name, sum->more ? "*" : "");

	for (int time = 0; time < DIFF_TIMES; time++)
		side[time] = (struct diff_total){
			.held_known = true,
			.grown_known = true,
			.at_peak = sum->at_peak[time],
			.net = sum->net[time],
			.grown = sum->grown[time],
		};
	total_row(g, BOLD, marked, &side[DIFF_BEFORE], &side[DIFF_AFTER]);
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
	struct diff_sum sum;

	diff_totals(p->report[DIFF_BEFORE], a);
	diff_totals(p->report[DIFF_AFTER], b);
	for (int i = 0; i < TARE_KINDS; i++) {
		enum tare_kind k = kind_order[i];

		total_row(g, PLAIN, k < TARE_PAGETABLE ? kind_name[k] : name[k], &a[k], &b[k]);
		sum = diff_sum(a, b, 0, 3);
		if (k == TARE_SHMEM)
			sum_row(g, "RSS", &sum);
	}
	sum = diff_sum(a, b, 4, 3);
	sum_row(g, "KERNEL", &sum);
	sum = diff_sum(a, b, 0, TARE_KINDS);
	sum_row(g, "WEIGHT", &sum);
	if (sum.more)
		grid_line(g, DIM, 0, 2, "* only of the kinds that both recordings know");
	table_heading(p->out, &p->style, "TOTALS", "by kind; exact. Δ: AFTER minus before");
	grid_render(g, p->out, &p->style);
	grid_free(g);
}

static int64_t change_of(const int64_t of[DIFF_TIMES])
{
	return of[DIFF_AFTER] - of[DIFF_BEFORE];
}

static void add_size(GString *text, const char *what, int64_t bytes)
{
	g_autofree char *size = text_size(bytes);

	g_string_append_printf(text, "%s%s", what, size);
}

static void add_change(GString *text, const char *what, const int64_t of[DIFF_TIMES])
{
	int64_t change = change_of(of);
	g_autofree char *size = text_size(change);

	g_string_append_printf(text, "%s%s%s", what, change > 0 ? "+" : "", size);
}

static void print_not_compared(const struct page *p, const char *why)
{
	table_heading(p->out, &p->style, "WHERE", "");
	g_string_append_printf(p->out, "  not compared: %s\n", why);
}

/* "peak:     70.1 MiB → 111 MiB, +41.0 MiB (+58 %) ± 188 KiB, kernel 0 B". */
static void print_peak(const struct page *p)
{
	int64_t bound = (int64_t)(p->report[DIFF_BEFORE]->peak_weight_bound +
				  p->report[DIFF_AFTER]->peak_weight_bound);
	struct diff_total a[TARE_KINDS], b[TARE_KINDS];
	struct diff_sum all, kernel;
	GString *text = g_string_new(NULL);

	diff_totals(p->report[DIFF_BEFORE], a);
	diff_totals(p->report[DIFF_AFTER], b);
	all = diff_sum(a, b, 0, TARE_KINDS);
	kernel = diff_sum(a, b, 4, 3);
	add_size(text, "", all.at_peak[DIFF_BEFORE]);
	add_size(text, " → ", all.at_peak[DIFF_AFTER]);
	add_change(text, ", ", all.at_peak);
	if (all.at_peak[DIFF_BEFORE] > 0)
		g_string_append_printf(text, " (%+.0f %%)",
				       100. * (double)change_of(all.at_peak) /
					       (double)all.at_peak[DIFF_BEFORE]);
	if (bound)
		add_size(text, " ± ", bound);
	add_change(text, ", kernel ", kernel.at_peak);
	if (all.more)
		g_string_append(text, "; only the kinds that both recordings know");
	paint_labelled(p->out, &p->style, MARGIN, "peak:", BOLD, text->str);
	g_string_free(text, TRUE);
}

/* One screen: what a reader needs to know first. */
static void print_screen(const struct page *p, const char *why)
{
	print_peak(p);
	diff_table_who(p);
	if (why)
		print_not_compared(p, why);
	else
		diff_table_where(p);
	paint_wrapped(
		p->out, &p->style, DIM, 0,
		"more: --full, --all, --html FILE; a page counts for its first toucher: man tare");
}

static void print_full(const struct page *p, const char *why)
{
	print_totals(p);
	diff_table_who(p);
	if (why) {
		print_not_compared(p, why);
	} else {
		diff_table_where(p);
		diff_table_stacks(p);
	}
}

char *diff_table_render(const struct report *a, const struct report *b,
			const struct diff_style *style)
{
	struct diff *d = diff_new(a, b, diff_kinds(a, b), style->sample_type);
	struct page p = {
		.report = { a, b },
		.asked = style,
		.style = style->table,
		.full = style->full || style->all,
		.d = d,
		.out = g_string_new(NULL),
	};

	p.style.width = MAX(p.style.width, TABLE_WIDTH_MIN);
	paint_head(p.out, &p.style, "tare diff: ", "before and after",
		   sample_type_name[style->sample_type]);
	print_side(&p, DIFF_BEFORE, "before:");
	print_doubts(&p, DIFF_BEFORE, "");
	print_side(&p, DIFF_AFTER, "after:");
	print_doubts(&p, DIFF_AFTER, "");
	not_same(&p);
	(p.full ? print_full : print_screen)(&p, diff_unsampled(d));
	diff_free(d);
	return g_string_free(p.out, FALSE);
}
