/* SPDX-License-Identifier: GPL-2.0-only
 *
 * WHO on the default screen: the processes and threads that hold most at the peak, with the
 * function that holds most of it.
 */
#include "base/text.h"
#include "model/mostly.h"
#include "output/table/parts.h"
#include "output/table/sections.h"
#include "output/table/who_rows.h"

static const struct grid_column columns[] = {
	{ .title = NULL },
	{ .title = "PID", .right = true },
	{ .title = "WHO", .cut = CUT_MIDDLE, .soft = 24, .hard = 18 },
	{ .title = "WEIGHT", .right = true },
	{ .title = NULL, .drop = 6 },
	{ .title = "SHARE", .right = true },
	{ .title = "KERNEL", .right = true, .drop = 4 },
	{ .title = "GROWN", .right = true, .drop = 5 },
	{ .title = "MOSTLY", .soft = 20, .hard = 12, .cut = CUT_MIDDLE },
};

/* The entries of a row: by its processes or its tasks. */
struct part {
	const struct report *r;
	GHashTable *members;
	bool tasks;
};

static int64_t bytes_of_part(const void *ctx, uint32_t entry)
{
	const struct part *part = ctx;
	const struct profile_entry *e =
		&g_array_index(part->r->profile->entries, struct profile_entry, entry);
	const struct report_process *p;
	gpointer member;

	if (e->process >= part->r->processes->len)
		return 0;
	p = member = g_ptr_array_index(part->r->processes, e->process);
	if (part->tasks)
		member = e->task < p->tasks->len ? g_ptr_array_index(p->tasks, e->task) : NULL;
	return g_hash_table_contains(part->members, member) ? e->bytes[SAMPLE_TYPE_LIVE_PEAK] : 0;
}

static void add_member(gpointer member, gpointer set)
{
	g_hash_table_add(set, member);
}

/* The function that holds most of the row's memory; NULL: there are too few samples of it. */
static char *function_text(const struct report *r, const struct mostly *mostly,
			   const struct who_row *row)
{
	g_autoptr(GHashTable) members = g_hash_table_new(NULL, NULL);
	struct part part = { r, members, !row->processes };
	struct mostly_function found;
	char *text = NULL;

	if (!mostly)
		return NULL;
	g_ptr_array_foreach(row->processes ?: row->tasks, add_member, members);
	if (!mostly_find(mostly, bytes_of_part, &part, &found))
		return NULL;
	if ((double)found.bytes > 2 * profile_error(r->profile, found.bytes))
		text = text_printable(found.title);
	g_free(found.title);
	return text;
}

/* Without samples: the cause of most growth. */
static char *mostly_text(const struct report *r, const struct mostly *mostly,
			 const struct who_row *row)
{
	g_autoptr(GArray) causes = NULL;
	const struct report_cause *first;
	char *text;

	if (!row->figures.tasks)
		return g_strdup("");
	text = function_text(r, mostly, row);
	if (text)
		return text;
	causes = figures_causes(&row->figures);
	first = causes->len ? &g_array_index(causes, struct report_cause, 0) : NULL;
	return first && first->flow.in ? text_printable(first->name) : g_strdup("");
}

static void mark_cell(struct grid *g, const struct figures *f)
{
	if (f->killed)
		grid_cell(g, BAD, f->oom_killed ? "OOM" : "✗");
	else if (f->alive)
		grid_cell(g, GOOD, f->alive == f->members ? "●" : "◐");
	else
		grid_blank(g);
}

static void print_row(struct grid *g, const struct report *r, const struct mostly *mostly,
		      const struct who_row *row)
{
	g_autofree char *pid = g_strdup_printf("%d", row->pid), *safe = text_printable(row->name);
	g_autofree char *name = g_strdup_printf("%*s%s", (int)(2 * row->depth), "", safe);
	double whole = (double)r->peak_weight;
	g_autofree char *part = bar((double)row->weight / MAX(whole, 1), 8);
	g_autofree char *text = mostly_text(r, mostly, row);

	mark_cell(g, &row->figures);
	if (row->pid)
		grid_cell(g, PLAIN, pid);
	else
		grid_blank(g);
	grid_cell(g, row->depth ? PLAIN : BOLD, name);
	grid_size(g, row->weight);
	if (row->depth)
		grid_blank(g);
	else
		grid_cell(g, PLAIN, part);
	grid_percent(g, (double)row->weight, whole);
	if (r->peak_kernel > r->peak_weight / 20)
		grid_size(g, kinds_kernel(row->figures.at_peak));
	else
		grid_blank(g);
	if (row->figures.tasks)
		grid_size(g, (int64_t)row->figures.rss.in);
	else
		grid_blank(g);
	grid_cell(g, PLAIN, text);
}

static void print_left(struct grid *g, const struct who_rows *rows)
{
	struct who_left left = who_rows_left(rows);
	g_autofree char *n = text_count(left.processes), *size = text_size(left.weight),
			*text = NULL;

	if (left.weight < MAX(rows->r->peak_weight / WHO_SHARE_LEAST, 1))
		return;
	text = g_strdup_printf("… %s more process%s: %s", n, left.processes == 1 ? "" : "es", size);
	grid_line(g, DIM, 0, 0, text);
}

void table_who_top(GString *out, const struct report *r, const struct table_style *style,
		   unsigned lines)
{
	struct who_rows *rows;
	struct mostly *mostly;
	struct grid *g;

	if (!r->processes->len || lines < 3)
		return;
	rows = who_rows_new(r);
	mostly = r->profile ? mostly_new(r->profile) : NULL;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	who_rows_choose(rows, lines - 2);
	for (unsigned i = 0; i < rows->all->len; i++) {
		const struct who_row *row = &g_array_index(rows->all, struct who_row, i);

		if (row->chosen)
			print_row(g, r, mostly, row);
	}
	print_left(g, rows);
	g_string_append_c(out, '\n');
	grid_render(g, out, style);
	grid_free(g);
	mostly_free(mostly);
	who_rows_free(rows);
}
