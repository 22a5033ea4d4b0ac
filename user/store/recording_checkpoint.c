/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One checkpoint of a recording: writes all tables of a report, and removes rows that are in the
 * file but no longer in the report.
 */
#include "store/recording_writer.h"

static void gone_from(struct writer *w, const char *table, const char *key, uint32_t number)
{
	g_autofree char *sql = g_strdup_printf("DELETE FROM %s WHERE %s = ?1", table, key);

	if (!w->err)
		w->err = db_change(w->db, sql, db_integer(number));
}

struct sweeping {
	struct writer *w;
	enum known_sort sort;
};

static void on_gone(void *ctx, uint32_t number)
{
	static const struct {
		const char *table, *key;
	} of[KNOWN_SORTS][PARTS_MOST] = {
		[KNOWN_PROCESSES] = { { "processes", "number" },
				      { "process_texts", "process" },
				      { "balances", "process" },
				      { "foreigners", "process" } },
		[KNOWN_TASKS] = { { "tasks", "number" },
				  { "task_names", "task" },
				  { "task_kinds", "task" },
				  { "task_causes", "task" } },
		[KNOWN_MODULES] = { { "modules", "number" } },
		[KNOWN_FRAMES] = { { "frames", "number" } },
		[KNOWN_NODES] = { { "nodes", "number" } },
		[KNOWN_MAPPINGS] = { { "places", "number" } },
		[KNOWN_CAUSES] = { { "causes", "number" } },
		[KNOWN_ENTRIES] = { { "entries", "number" } },
		[KNOWN_VIRTUAL] = { { "asked", "number" } },
	};
	const struct sweeping *s = ctx;

	for (int i = 0; i < PARTS_MOST && of[s->sort][i].table; i++)
		gone_from(s->w, of[s->sort][i].table, of[s->sort][i].key, number);
}

static void empty_tables(struct writer *w)
{
	static const char *const tables[] = {
		"figures",    "texts",      "command",     "features", "processes", "process_texts",
		"balances",   "foreigners", "tasks",       "series",   "slabs",     "task_names",
		"task_kinds", "modules",    "task_causes", "frames",   "nodes",     "places",
		"causes",     "entries",    "asked",       "ticks",    "growers",
	};

	for (unsigned i = 0; !w->err && i < G_N_ELEMENTS(tables); i++) {
		g_autofree char *sql = g_strdup_printf("DELETE FROM %s", tables[i]);

		w->err = db_exec(w->db, sql);
	}
	w->rows->stale = false;
}

static void sweep_gone(struct writer *w)
{
	for (int i = 0; i < KNOWN_SORTS; i++) {
		struct sweeping s = { w, (enum known_sort)i };

		known_end(&w->rows->known[i], on_gone, &s);
	}
}

/* The other tables of a profile need no such function: known_end() removes their rows. */
static void no_ticks(struct writer *w)
{
	GArray *slots = w->rows->placed[PLACED_TICKS];

	if (slots->len && !w->err)
		w->err = db_exec(w->db, "DELETE FROM ticks");
	g_array_set_size(slots, 0);
}

void writer_begin(struct writer *w)
{
	w->cuts = g_ptr_array_new_with_free_func(g_free);
	if (w->last)
		rows_forget(w->rows);
	if (w->rows->stale)
		empty_tables(w);
	for (int i = 0; i < KNOWN_SORTS; i++)
		known_begin(&w->rows->known[i]);
	writer_who(w);
	if (w->report->profile)
		writer_profile(w);
	else
		no_ticks(w);
}

int writer_end(struct writer *w)
{
	w->text_left += WRITER_SINGLES;
	writer_singles(w);
	if (!w->err)
		sweep_gone(w);
	if (!w->err)
		writer_look_at_size(w);
	sqlite3_finalize(w->pages);
	g_ptr_array_unref(w->cuts);
	g_free(w->process_number);
	g_free(w->task_number);
	g_free(w->first_task);
	return w->err;
}
