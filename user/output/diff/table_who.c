/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The section WHO of `tare diff`: processes and threads, from the ledger.
 */
#include "output/diff/table_parts.h"

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

static bool changed(const struct diff_who *w)
{
	return memcmp(&w->side[DIFF_BEFORE], &w->side[DIFF_AFTER], sizeof(w->side[0])) != 0;
}

/* Number of threads of the process that have a row. */
static unsigned threads_of(const struct diff *d, const struct diff_who *process)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->threads->len; i++)
		n += !strcmp(((struct diff_who *)d->threads->pdata[i])->process, process->process);
	return n;
}

/* Without --full: room is needed for the lines around these rows, and for WHERE. */
static unsigned most_rows(const struct page *p)
{
	int room = SCREEN_LINES - (int)lines_of(p) - 5 - WHERE_LINES;

	if (p->asked->all)
		return UINT32_MAX;
	return p->full ? ROWS : (unsigned)CLAMP(room, 2, 5);
}

/* A process whose threads share one name gets no rows for threads. */
static void who_rows(const struct page *p, struct grid *g)
{
	unsigned left = most_rows(p), hidden = 0;

	for (unsigned i = 0; i < p->d->processes->len; i++) {
		const struct diff_who *process = p->d->processes->pdata[i];
		bool several = threads_of(p->d, process) > 1;

		if (!p->asked->all && !changed(process))
			continue;
		if (!left) {
			hidden++;
			continue;
		}
		who_row(g, process, BOLD);
		left--;
		for (unsigned k = 0; several && k < p->d->threads->len; k++) {
			const struct diff_who *t = p->d->threads->pdata[k];

			if (strcmp(t->process, process->process) || (!p->asked->all && !changed(t)))
				continue;
			hidden += !left;
			if (left)
				who_row(g, t, PLAIN);
			left -= !!left;
		}
	}
	more(g, hidden, "that changed");
}

void diff_table_who(const struct page *p)
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
		      all ? "processes and threads by name; exact" :
			    "processes and threads by name; exact; only the kinds that both "
			    "recordings know by task");
	if (grid_rows(g))
		grid_render(g, p->out, &p->style);
	else
		g_string_append(p->out, "  no change\n");
	grid_free(g);
}
