/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The section WHO: processes by their weight at the peak, with their threads below.
 * Threads whose names match a pattern share a row.
 */
#include "output/table/sections.h"

#include <string.h>

#include "base/text.h"
#include "model/rollup.h"
#include "model/view.h"
#include "output/table/parts.h"
#include "output/table/rollup.h"
#include "output/table/spread.h"
#include "output/table/who_figures.h"

#define ROWS_MAX 40
#define LEFT_LABEL "left by ended tasks"
#define NAME_MAX_COLUMNS 48
enum { COLUMN_NAME = 2, COLUMN_SHARE = 7, COLUMN_NET = 9, COLUMNS = 15 };
#define BIG 20   /* threads with at least 1/BIG of the peak have a row before small processes */
#define WIDE 110 /* columns: wider terminals show three causes per row */

struct who {
	const struct report *r;
	const struct table_style *style;
	struct grid *grid;
	bool faults; /* measured */
	bool kernel; /* some kinds of kernel memory are known by task */
	bool rss_peaks;
	unsigned rows_max;
};

/* The cause with the largest IN; on wide terminals the first three with their share of IN. */
static char *cause_text(const struct who *w, const struct figures *f)
{
	g_autoptr(GArray) causes = figures_causes(f);
	GString *text = g_string_new(NULL);
	unsigned most = w->style->width >= WIDE ? 3 : 1;

	for (unsigned i = 0; i < MIN(causes->len, most); i++) {
		const struct report_cause *c = &g_array_index(causes, struct report_cause, i);
		double percent = f->rss.in ? (double)c->flow.in / (double)f->rss.in * 100 : 0;
		g_autofree char *name = text_printable(c->name);

		if (i && percent < 1)
			break;
		g_string_append_printf(text, "%s%s", i ? ", " : "", name);
		if (most > 1 && percent > 0 && percent < 99.5)
			g_string_append_printf(text, " %.0f%%", percent);
	}
	return g_string_free(text, FALSE);
}

static void fault_cells(const struct who *w, const struct figures *f)
{
	if (!w->faults) {
		grid_cell(w->grid, DIM, CELL_UNKNOWN);
		grid_blank(w->grid);
		return;
	}
	grid_count(w->grid, f->faults);
	if (f->major)
		grid_count(w->grid, f->major);
	else
		grid_blank(w->grid);
}

/* Kernel memory: the kinds that are known by task. */
static void kernel_cell(const struct who *w, const struct figures *f)
{
	if (w->kernel)
		grid_size(w->grid, kinds_kernel(f->at_peak));
	else
		grid_unknown(w->grid);
}

/* The cells after the name. `rss_peak` < 0: an empty cell. */
static void figure_cells(const struct who *w, const struct figures *f, bool bars, int64_t rss_peak)
{
	int64_t weight = kinds_weight(f->at_peak);
	double whole = (double)w->r->peak_weight, share = whole > 0 ? (double)weight / whole : 0;
	g_autofree char *part = bar(share, 8), *cause = cause_text(w, f);

	grid_size(w->grid, weight);
	if (bars)
		grid_cell(w->grid, PLAIN, part);
	else
		grid_blank(w->grid);
	grid_size(w->grid, kinds_user(f->at_peak));
	kernel_cell(w, f);
	grid_percent(w->grid, (double)weight, whole);
	if (rss_peak >= 0 && w->rss_peaks)
		grid_size(w->grid, rss_peak);
	else
		grid_blank(w->grid);
	grid_size(w->grid, f->net);
	grid_size(w->grid, (int64_t)f->rss.in);
	grid_size(w->grid, (int64_t)f->rss.out);
	fault_cells(w, f);
	grid_cell(w->grid, PLAIN, cause);
}

static void mark_cell(const struct who *w, const struct figures *f)
{
	if (f->killed)
		grid_cell(w->grid, BAD, f->oom_killed ? "OOM" : "✗");
	else if (f->alive)
		grid_cell(w->grid, GOOD, f->alive == f->members ? "●" : "◐");
	else
		grid_blank(w->grid);
}

static void blank_cells(const struct who *w, unsigned n)
{
	while (n--)
		grid_blank(w->grid);
}

/* A row for what no task of a process did: initial balance, by others, unattributed. Its
 * part of the peak is not known. */
static void special_row(const struct who *w, enum paint how, const char *name, struct flow flow)
{
	blank_cells(w, 2);
	grid_label(w->grid, how, name);
	blank_cells(w, COLUMN_NET - COLUMN_NAME - 1);
	grid_size(w->grid, flow_net(flow));
	grid_size(w->grid, (int64_t)flow.in);
	grid_size(w->grid, (int64_t)flow.out);
	blank_cells(w, COLUMNS - COLUMN_NET - 3);
}

/* A row of kernel memory that belongs to no process. */
static void no_process_row(const struct who *w, const char *name, int64_t size)
{
	if (!size)
		return;
	blank_cells(w, 2);
	grid_label(w->grid, PLAIN, name);
	grid_size(w->grid, size);
	blank_cells(w, 2);
	if (report_kind(w->r, TARE_KMEM))
		grid_size(w->grid, size);
	else
		grid_blank(w->grid);
	grid_percent(w->grid, (double)size, (double)w->r->peak_weight);
	blank_cells(w, COLUMNS - COLUMN_SHARE - 1);
}

/* Rows below the processes: kernel memory held before tare came, left by ended tasks, and
 * socket buffers (known only for the whole workload). Without kernel memory by task: one
 * row with the control group's. */
static void no_process_rows(const struct who *w)
{
	struct view_rest rest = view_rest_at_peak(w->r);
	int64_t sockets = MIN(view_at_peak(w->r).sock, rest.left);

	no_process_row(w, "(held before)", rest.before);
	if (!report_kind(w->r, TARE_KMEM)) {
		no_process_row(w, "(other kernel)", rest.left);
		return;
	}
	no_process_row(w, LEFT_LABEL, rest.left - sockets);
	no_process_row(w, "(sockets)", sockets);
}

static struct flow as_flow(int64_t change)
{
	return (struct flow){ (uint64_t)MAX(change, 0), (uint64_t)MAX(-change, 0) };
}

static void special_rows(const struct who *w, const GPtrArray *processes)
{
	struct flow nonowner[TARE_NONOWNERS] = { 0 };
	int64_t initial = 0, unattributed = 0;

	for (unsigned i = 0; i < processes->len; i++) {
		const struct report_process *p = g_ptr_array_index(processes, i);
		struct balance b = view_rss_balance(p->balance);

		initial += b.initial;
		unattributed += b.unattributed;
		for (int j = 0; j < TARE_NONOWNERS; j++)
			view_add(&nonowner[j], p->nonowner_cause[j]);
	}
	if (initial)
		special_row(w, PLAIN, "  initial balance", as_flow(initial));
	for (int j = 0; j < TARE_NONOWNERS; j++) {
		g_autofree char *name = g_strdup_printf("  by others: %s", table_nonowner[j]);

		if (nonowner[j].in || nonowner[j].out)
			special_row(w, PLAIN, name, nonowner[j]);
	}
	if (unattributed)
		special_row(w, BAD, "  unattributed", as_flow(unattributed));
}

static void rollup_label(const struct who *w, const char *name, uint64_t n, const char *indent)
{
	g_autofree char *safe = text_printable(name), *counted = NULL;

	counted = g_strdup_printf("%s%s ×%" G_GUINT64_FORMAT, indent, safe, n);
	grid_blank(w->grid);
	grid_label(w->grid, PLAIN, counted);
}

static void thread_rollup(const struct who *w, const struct rollup *g)
{
	struct figures f = figures_of_tasks(g->members);
	const struct report_task *first = g_ptr_array_index(g->members, 0);
	g_autofree char *tid = g_strdup_printf("%d", first->tid), *safe = NULL, *name = NULL;
	g_autofree char *spread = NULL;

	mark_cell(w, &f);
	if (f.members > 1) {
		rollup_label(w, g->name, f.members, "  ");
	} else {
		safe = text_printable(g->name);
		name = g_strdup_printf("  %s", safe);
		grid_cell(w->grid, PLAIN, tid);
		grid_cell(w->grid, PLAIN, name);
	}
	figure_cells(w, &f, false, -1);
	g_ptr_array_unref(f.tasks);
	spread = f.members > 1 ? table_thread_spread(g) : NULL;
	if (spread)
		grid_line(w->grid, DIM, COLUMN_NAME, 4, spread);
}

/* Has a thread a row while `processes` more rows of processes wait for theirs? */
static bool has_room(const struct who *w, const struct rollup *g, unsigned processes)
{
	return grid_rows(w->grid) < w->rows_max - MIN(processes, w->rows_max) ||
	       (grid_rows(w->grid) < w->rows_max && g->spread.sum >= w->r->peak_weight / BIG);
}

/* Returns the number of threads that are left out. */
static uint64_t thread_rows(const struct who *w, const struct report_process *p, unsigned processes)
{
	g_autoptr(GPtrArray) rollups = table_threads(p, w->style);
	uint64_t left = 0;

	for (unsigned i = 0; i < rollups->len; i++) {
		const struct rollup *g = g_ptr_array_index(rollups, i);

		if (has_room(w, g, processes))
			thread_rollup(w, g);
		else
			left += g->count;
	}
	return left;
}

/* `processes`: rows that come after it. Returns the number of its threads that are left out. */
static uint64_t process_rows(const struct who *w, const struct rollup *g, unsigned processes)
{
	const struct report_process *p = g_ptr_array_index(g->members, 0);
	struct figures f = figures_of_processes(g->members);
	g_autofree char *pid = g_strdup_printf("%d", p->pid), *name = NULL, *spread = NULL;
	uint64_t left = 0;

	mark_cell(w, &f);
	if (f.members > 1) {
		rollup_label(w, g->name, f.members, "");
		figure_cells(w, &f, true, -1);
		spread = table_process_spread(g->members, f.failed);
		grid_line(w->grid, DIM, COLUMN_NAME, 2, spread);
	} else {
		name = table_process_name(w->r, p, NAME_MAX_COLUMNS);
		grid_cell(w->grid, BOLD, pid);
		grid_cell(w->grid, BOLD, name);
		figure_cells(w, &f, true, p->rss_peak);
		if (p->tasks->len > 1)
			left = thread_rows(w, p, processes);
	}
	g_ptr_array_unref(f.tasks);
	special_rows(w, g->members);
	return left;
}

/* The line about left-out rows; `threads` are threads of processes that are shown. */
static void left_out(const struct who *w, uint64_t processes, uint64_t threads, int64_t at_peak)
{
	g_autofree char *size = text_size(at_peak), *p = text_count(processes);
	g_autofree char *t = text_count(threads);
	GString *line = g_string_new("… left out: ");

	if (processes)
		g_string_append_printf(line, "%s process%s (%s at the peak)", p,
				       processes == 1 ? "" : "es", size);
	if (threads)
		g_string_append_printf(line, "%s%s thread%s", processes ? ", " : "", t,
				       threads == 1 ? "" : "s");
	g_string_append(line, "; see all with --threads all or -o FILE.json");
	if (processes || threads)
		grid_line(w->grid, DIM, 0, 0, line->str);
	g_string_free(line, TRUE);
}

static void who_rows(const struct who *w, const GPtrArray *rollups)
{
	uint64_t left_processes = 0, left_threads = 0;
	int64_t left_peak = 0;

	for (unsigned i = 0; i < rollups->len; i++) {
		const struct rollup *g = g_ptr_array_index(rollups, i);

		if (grid_rows(w->grid) < w->rows_max) {
			left_threads += process_rows(w, g, rollups->len - i - 1);
			continue;
		}
		left_processes += g->count;
		left_peak += g->spread.sum;
	}
	no_process_rows(w);
	left_out(w, left_processes, left_threads, left_peak);
}

/* Text of the heading; explains only symbols that occur in the table. */
static char *legend_text(const struct report *r)
{
	bool alive = false, killed = false, oom = false;

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = g_ptr_array_index(r->processes, i);

		alive |= p->alive;
		killed |= p->exit.known && p->exit.signal && !p->exit.oom;
		oom |= p->exit.oom;
	}
	return g_strdup_printf("by %sweight (user + kernel) at the peak; IN, OUT: RSS%s%s%s",
			       view_kernel(r) ? "" : "known ", alive ? "; ● alive" : "",
			       killed ? "; ✗ killed by a signal" : "",
			       oom ? "; OOM killed by the kernel, out of memory" : "");
}

/* Does a process's own RSS peak differ from its RSS at the workload's peak? */
static bool peaks_differ(const struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = g_ptr_array_index(r->processes, i);

		if (p->rss_peak != kinds_rss(p->at_peak))
			return true;
	}
	return false;
}

/* Title of the column of kernel memory: the kinds in it. */
static const char *kernel_title(const struct report *r)
{
	bool tables = report_kind(r, TARE_PAGETABLE), stacks = report_kind(r, TARE_KSTACK);

	if (report_kind(r, TARE_KMEM) || (!tables && !stacks))
		return "KERNEL";
	return tables && stacks ? "PT+STACK" : tables ? "PT" : "STACK";
}

static bool names_left(const struct report *r)
{
	return report_kind(r, TARE_KMEM) && view_rest_at_peak(r).left > view_at_peak(r).sock;
}

void table_who(GString *out, const struct report *r, const struct table_style *style)
{
	const struct grid_column columns[COLUMNS] = {
		{ .title = NULL },
		{ .title = "PID", .right = true },
		{ .title = "NAME",
		  .cut = CUT_WHERE_THEY_DIFFER,
		  .soft = 22,
		  .hard = names_left(r) ? 14 : 11 },
		{ .title = "WEIGHT", .right = true },
		{ .title = NULL, .drop = 7 },
		{ .title = "USER", .right = true },
		{ .title = kernel_title(r), .right = true },
		{ .title = "SHARE", .right = true, .drop = 1 },
		{ .title = "RSS PEAK", .right = true, .drop = 3 },
		{ .title = "NET", .right = true, .drop = 6 },
		{ .title = "IN", .right = true },
		{ .title = "OUT", .right = true },
		{ .title = "FAULTS", .right = true, .drop = 5 },
		{ .title = "MAJOR", .right = true, .drop = 4 },
		{ .title = "MAIN CAUSE", .soft = 10, .hard = 7 },
	};
	struct who w = {
		.r = r,
		.style = style,
		.grid = grid_new(columns, COLUMNS),
		.faults = report_measured(r, "faults"),
		.kernel = report_kind(r, TARE_PAGETABLE) || report_kind(r, TARE_KSTACK) ||
			  report_kind(r, TARE_KMEM),
		.rss_peaks = peaks_differ(r),
		.rows_max = style->all_threads ? G_MAXUINT : ROWS_MAX,
	};
	g_autoptr(GPtrArray) rollups = table_processes(r, style);
	g_autofree char *meaning = legend_text(r);

	if (rollups->len) {
		who_rows(&w, rollups);
		table_heading(out, style, "WHO", meaning);
		grid_render(w.grid, out, style);
	}
	grid_free(w.grid);
}
