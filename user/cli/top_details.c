/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The details of a process: opened, filled at each tick, shut.
 */
#include "cli/top_ui_impl.h"

static GHashTable *causes_now(const struct top_ui *ui)
{
	g_autoptr(GArray) causes = g_array_new(FALSE, FALSE, sizeof(struct live_cause));
	GHashTable *base = g_hash_table_new_full(NULL, NULL, NULL, g_free);

	live_causes(ui->live, ui->process, causes);
	for (unsigned i = 0; i < causes->len; i++) {
		const struct live_cause *c = &g_array_index(causes, struct live_cause, i);

		g_hash_table_insert(base, GUINT_TO_POINTER(c->id),
				    g_memdup2(&c->in, sizeof(c->in)));
	}
	return base;
}

bool top_ui_open(struct top_ui *ui, uint64_t process)
{
	top_ui_shut(ui);
	ui->process = process;
	ui->opened_ns = live_total(ui->live)->now_ns;
	ui->scroll = 0;
	ui->cause_base = causes_now(ui);
	if (top_ui_details(ui))
		return true;
	top_ui_shut(ui);
	return false;
}

void top_ui_shut(struct top_ui *ui)
{
	ui->process = 0;
	ui->scroll = 0;
	g_clear_pointer(&ui->cause_base, g_hash_table_unref);
	g_clear_pointer(&ui->function_base, g_hash_table_unref);
	g_string_truncate(ui->details, 0);
}

static void fill_causes(const struct top_ui *ui, GArray *to)
{
	g_autoptr(GArray) causes = g_array_new(FALSE, FALSE, sizeof(struct live_cause));

	live_causes(ui->live, ui->process, causes);
	for (unsigned i = 0; i < causes->len; i++) {
		const struct live_cause *c = &g_array_index(causes, struct live_cause, i);
		const uint64_t *base = g_hash_table_lookup(ui->cause_base, GUINT_TO_POINTER(c->id));
		enum live_window w = ui->look->query.window;
		double window = c->rate[w] * live_total(ui->live)->seconds[w];
		struct top_cause cause = { .id = c->id,
					   .in = c->in,
					   .window = (uint64_t)(window + 0.5),
					   .opened = c->in - MIN(c->in, base ? *base : 0) };

		g_array_append_val(to, cause);
	}
}

/* What functions took since the details were opened: the first list is the base of later ones. */
static void fill_functions(struct top_ui *ui, const GArray *functions)
{
	bool first = !ui->function_base;

	if (first)
		ui->function_base = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (unsigned i = 0; i < functions->len; i++) {
		struct top_function *f = &g_array_index(functions, struct top_function, i);
		const int64_t *base = g_hash_table_lookup(ui->function_base, f->name);

		f->opened = first ? 0 :
				    MAX(f->total - (base ? *base : 0), 0); /* totals are scaled */
		if (first)
			g_hash_table_insert(ui->function_base, g_strdup(f->name),
					    g_memdup2(&f->total, sizeof(f->total)));
	}
}

bool top_ui_details(struct top_ui *ui)
{
	g_autoptr(GArray) causes = g_array_new(FALSE, FALSE, sizeof(struct top_cause));
	struct live_query query = { .window = ui->look->query.window,
				    .sort = ui->look->query.sort,
				    .threads = true,
				    .proc = ui->process };
	g_autoptr(GArray) threads = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	struct top_details d = { .causes = causes, .threads = threads };
	uint64_t now = live_total(ui->live)->now_ns;
	const GArray *rows;

	if (!live_process(ui->live, ui->process, &d.row))
		return false;
	d.opened_ns = now - MIN(now, ui->opened_ns); /* a replay goes back too */
	rows = live_view_rows(ui->view, ui->live, &query);
	for (unsigned i = 0; i < rows->len; i++)
		if (g_array_index(rows, struct live_row, i).tid || rows->len == 1)
			g_array_append_vals(threads, &g_array_index(rows, struct live_row, i), 1);
	fill_causes(ui, causes);
	if (ui->calls.details)
		ui->calls.details(ui->calls.ctx, &d);
	if (d.functions)
		fill_functions(ui, d.functions);
	g_string_truncate(ui->details, 0);
	top_details(ui->details, live_total(ui->live), &d, ui->look);
	return true;
}
