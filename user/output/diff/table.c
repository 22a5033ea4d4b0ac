/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Two reports, before and after, for eyes: what the workload weighed by kind, who grew
 * more, and in which functions and stacks. What is by the ledger is exact; what is by
 * samples has its standard error beside it.
 */
#include "output/diff/diff.h"

#include <string.h>

#include "base/text.h"
#include "output/diff/view.h"
#include "output/table/grid.h"
#include "output/table/parts.h"

/* Where the text of "before:" … begins. */
#define MARGIN 10
/* Rows of each table, where not all are asked for. */
#define ROWS 20
#define STACK_ROWS 10

struct page {
	const struct report *report[DIFF_TIMES];
	const struct diff_style *shown;
	struct table_style style;
	const struct diff *d;
	GString *out;
};

static const char *const sample_type_meaning[SAMPLE_TYPES] = { "of all growth",
							       "of what lived at the peak",
							       "of what lived at the end" };

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
		g_string_append(text, "the command");
	add_difference(text, "tare", a->tare_version, b->tare_version);
	add_difference(text, "kernel", a->kernel, b->kernel);
	add_difference(text, "samples", period, period_now);
	paint_labelled(p->out, &p->style, MARGIN, "not same:", BAD, text->str);
	g_string_free(text, TRUE);
}

/* What makes the exact figures less so. */
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
		g_string_append_printf(text, "%ssomething was lost: see that report",
				       text->len ? "; " : "");
	paint_labelled(p->out, &p->style, MARGIN, label, BAD, text->str);
	g_string_free(text, TRUE);
}

static void change_cell(struct grid *g, bool known, enum paint how, int64_t before, int64_t after)
{
	if (known)
		grid_signed_size(g, how, after - before);
	else
		grid_unknown(g);
}

static void size_cell(struct grid *g, bool known, int64_t bytes)
{
	if (known)
		grid_size(g, bytes);
	else
		grid_unknown(g);
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

/* Of what is known of both; false: not all is. */
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
		grid_line(g, DIM, 0, 2, "* of what is known of both");
	table_heading(p->out, &p->style, "TOTALS",
		      "by kind; exact, by the ledger. Δ: after less before");
	grid_render(g, p->out, &p->style);
	grid_free(g);
}

static void count_cell(struct grid *g, const struct diff_who *w)
{
	uint64_t a = w->side[DIFF_BEFORE].count, b = w->side[DIFF_AFTER].count;
	g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, a);
	g_autofree char *change = g_strdup_printf("%s→%" G_GUINT64_FORMAT, text, b);

	grid_cell(g, PLAIN, a == b ? text : change);
}

static void who_row(struct grid *g, const struct diff_who *w, enum paint how)
{
	const struct diff_side *a = &w->side[DIFF_BEFORE], *b = &w->side[DIFF_AFTER];
	g_autofree char *name = text_printable(w->thread ?: w->process);
	g_autofree char *label =
		g_strdup_printf("%s%s", w->thread ? "  " : "", *name ? name : "(no name)");

	grid_cell(g, how, label);
	count_cell(g, w);
	grid_size(g, kinds_weight(a->at_peak));
	grid_size(g, kinds_weight(b->at_peak));
	grid_signed_size(g, BOLD, diff_who_change(w));
	change_cell(g, true, PLAIN, kinds_user(a->at_peak), kinds_user(b->at_peak));
	change_cell(g, true, PLAIN, kinds_kernel(a->at_peak), kinds_kernel(b->at_peak));
	change_cell(g, true, PLAIN, kinds_weight(a->net), kinds_weight(b->net));
	change_cell(g, true, PLAIN, kinds_weight(a->grown), kinds_weight(b->grown));
}

static bool has_changed(const struct diff_who *w)
{
	return memcmp(&w->side[DIFF_BEFORE], &w->side[DIFF_AFTER], sizeof(w->side[0])) != 0;
}

/* How many threads of the process have a row. */
static unsigned threads_of(const struct diff *d, const struct diff_who *process)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->threads->len; i++)
		n += !strcmp(((struct diff_who *)d->threads->pdata[i])->process, process->process);
	return n;
}

static void print_more(struct grid *g, unsigned n, const char *what)
{
	g_autofree char *count = text_count(n);
	g_autofree char *text = g_strdup_printf("… %s more %s", count, what);

	if (n)
		grid_line(g, DIM, 0, 0, text);
}

/* A process of one thread name needs no second row. */
static void who_rows(const struct page *p, struct grid *g)
{
	unsigned left = p->shown->all ? UINT32_MAX : ROWS, hidden = 0;

	for (unsigned i = 0; i < p->d->processes->len; i++) {
		const struct diff_who *process = p->d->processes->pdata[i];
		bool several = threads_of(p->d, process) > 1;

		if (!p->shown->all && !has_changed(process))
			continue;
		if (!left) {
			hidden++;
			continue;
		}
		who_row(g, process, BOLD);
		left--;
		for (unsigned k = 0; several && k < p->d->threads->len; k++) {
			const struct diff_who *t = p->d->threads->pdata[k];

			if (strcmp(t->process, process->process) ||
			    (!p->shown->all && !has_changed(t)))
				continue;
			hidden += !left;
			if (left)
				who_row(g, t, PLAIN);
			left -= !!left;
		}
	}
	print_more(g, hidden, "that changed");
}

static void print_who(const struct page *p)
{
	static const struct grid_column columns[] = {
		{ .title = "NAME", .soft = 12, .hard = 8 },
		{ .title = "COUNT", .right = true },
		{ .title = "AT PEAK", .right = true },
		{ .title = "AFTER", .right = true },
		{ .title = "Δ PEAK", .right = true },
		{ .title = "USER", .right = true, .drop = 2 },
		{ .title = "KERNEL", .right = true, .drop = 2 },
		{ .title = "Δ NET", .right = true, .drop = 3 },
		{ .title = "Δ GROWN", .right = true },
	};
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));

	bool all = p->d->kinds == (1u << TARE_KINDS) - 1;

	who_rows(p, g);
	table_heading(p->out, &p->style, "WHO",
		      all ? "processes, and their threads, by name; exact, by the ledger" :
			    "processes, and their threads, by name; exact, by the ledger, of the "
			    "kinds that are known by task of both");
	if (grid_rows(g))
		grid_render(g, p->out, &p->style);
	else
		g_string_append(p->out, "  no change\n");
	grid_free(g);
}

/* The change, its error, and whether it is more than chance. */
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

static void print_functions(const struct page *p)
{
	static const struct grid_column columns[] = {
		{ .title = "FUNCTION", .cut = CUT_MIDDLE, .soft = 16, .hard = 8 },
		{ .title = "TOTAL", .right = true },
		{ .title = "AFTER", .right = true },
		{ .title = "CHANGE", .right = true },
		{ .title = "±", .right = true },
		{ .title = "≠" },
		{ .title = "Δ SELF", .right = true },
		{ .title = "±", .right = true, .drop = 2 },
	};
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));
	unsigned k = p->shown->sample_type, hidden = 0, rows = 0;
	g_autofree char *meaning = g_strdup_printf(
		"functions by change %s; sampled, ± one standard error", sample_type_meaning[k]);

	for (unsigned i = 0; i < p->d->functions->len; i++) {
		const struct diff_function *f = p->d->functions->pdata[i];
		g_autofree char *name = text_printable(f->name);

		if (!p->shown->all && !figure_changed(&f->total[k]) && !figure_changed(&f->self[k]))
			continue;
		if (!p->shown->all && rows == ROWS) {
			hidden++;
			continue;
		}
		rows++;
		grid_cell(g, PLAIN, *name ? name : "?");
		grid_size(g, f->total[k].bytes[DIFF_BEFORE]);
		grid_size(g, f->total[k].bytes[DIFF_AFTER]);
		figure_cells(g, &f->total[k], true);
		figure_cells(g, &f->self[k], false);
	}
	print_more(g, hidden, "functions that changed");
	table_heading(p->out, &p->style, "WHERE", meaning);
	if (rows)
		grid_render(g, p->out, &p->style);
	else
		g_string_append(p->out, "  no change\n");
	if (rows)
		table_first_touch(p->out, &p->style);
	grid_free(g);
}

/* "inner < outer < outermost". */
static char *path_text(const struct diff *d, uint32_t path)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autoptr(GString) text = g_string_new(NULL);

	diff_path(d, path, names);
	for (unsigned i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];

		g_string_append_printf(text, "%s%s", i ? " < " : "", *name ? name : "?");
	}
	return text_printable(text->str);
}

static void print_stacks(const struct page *p)
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
	unsigned k = p->shown->sample_type, hidden = 0, rows = 0;

	for (unsigned i = 0; i < p->d->stacks->len; i++) {
		const struct diff_stack *s = &g_array_index(p->d->stacks, struct diff_stack, i);
		g_autofree char *path = NULL;

		if (!p->shown->all && !figure_changed(&s->held[k]))
			continue;
		if (!p->shown->all && rows == STACK_ROWS) {
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
	print_more(g, hidden, "stacks that changed");
	if (rows) {
		table_heading(p->out, &p->style, "STACKS", "whole stacks, likewise");
		grid_render(g, p->out, &p->style);
	}
	grid_free(g);
}

static void print_legend(const struct page *p)
{
	g_string_append_c(p->out, '\n');
	paint_wrapped(p->out, &p->style, DIM, 0,
		      "TOTAL: of the function and what it called, before and AFTER; Δ SELF: the "
		      "change of what it took itself. ±: one standard error of the change, both "
		      "samples' together. ≠: the change is more than two of them.");
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
	print_who(&p);
	if (why) {
		table_heading(p.out, &p.style, "WHERE", "");
		g_string_append_printf(p.out, "  not compared: %s\n", why);
	} else {
		print_functions(&p);
		print_stacks(&p);
		print_legend(&p);
	}
	diff_free(d);
	return g_string_free(p.out, FALSE);
}
