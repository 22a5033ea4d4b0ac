/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads a profile from the tables of recording.sql.
 */
#include "model/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/recording_load.h"

/* Numbers of rows in the file, by index in the profile. */
struct numbers {
	GArray *modules, *causes, *frames, *nodes, *mappings, *entries; /* int64_t */
};

static void load_modules(struct loading *l, struct profile *p, struct numbers *n)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "modules", "SELECT number, path, build_id FROM modules ORDER BY number");

	while (reader_next(r)) {
		struct profile_module m = { reader_text(r, 1), reader_text_or_null(r, 2) };

		load_number(l, 0, n->modules);
		g_array_append_val(p->modules, m);
	}
}

static void load_causes(struct loading *l, struct profile *p, struct numbers *n)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt)
		st = load_query(l, "causes", "SELECT number, name FROM causes ORDER BY number");

	while (reader_next(r)) {
		load_number(l, 0, n->causes);
		g_ptr_array_add(p->causes, reader_text(r, 1));
	}
}

static void load_frames(struct loading *l, struct profile *p, struct numbers *n)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st =
		load_query(l, "frames",
			   "SELECT number, function, file, line, module, address, kernel, inlined,"
			   " guessed, mark FROM frames ORDER BY number");

	while (reader_next(r)) {
		struct profile_frame f = {
			.function = reader_text(r, 1),
			.file = reader_text_or_null(r, 2),
			.line = (int)reader_integer(r, 3, INT32_MIN, INT32_MAX),
			.module = load_index_or_none(r, 4, n->modules),
			.address = (uint64_t)reader_integer(r, 5, INT64_MIN, INT64_MAX),
			.kernel = reader_integer(r, 6, 0, 1),
			.inlined = reader_integer(r, 7, 0, 1),
			.fallback = reader_integer(r, 8, 0, 1),
			.synthetic = reader_integer(r, 9, 0, 1),
		};

		load_number(l, 0, n->frames);
		g_array_append_val(p->frames, f);
	}
}

static int by_number(gconstpointer a, gconstpointer b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Does each node lead to an outermost frame, without a circle? */
static bool all_end(const GArray *nodes)
{
	g_autofree char *known = g_malloc0(nodes->len + 1);

	for (uint32_t i = 0; i < nodes->len; i++) {
		uint32_t at = i, steps = 0;

		for (; at != NO_NODE && !known[at]; steps++) {
			if (steps > nodes->len)
				return false;
			at = g_array_index(nodes, struct stack_node, at).parent;
		}
		for (at = i; at != NO_NODE && !known[at];) {
			known[at] = 1;
			at = g_array_index(nodes, struct stack_node, at).parent;
		}
	}
	return true;
}

/* Read the parents' numbers of all nodes first, then find their indexes: a parent may come after
 * its child. */
static void load_parents(struct reader *r, struct profile *p, const struct numbers *n,
			 const GArray *parents)
{
	const int64_t *numbers = (const int64_t *)n->nodes->data;

	for (unsigned i = 0; i < p->nodes->len && !r->err; i++) {
		int64_t parent = g_array_index(parents, int64_t, i);
		const int64_t *at = parent < 0 ? NULL :
						 bsearch(&parent, numbers, n->nodes->len,
							 sizeof(parent), by_number);

		if (parent >= 0 && !at) {
			log_error("%s: table nodes: parent is a number that no row has",
				  r->db.path);
			r->err = -EBADMSG;
		}
		g_array_index(p->nodes, struct stack_node, i).parent =
			at ? (uint32_t)(at - numbers) : NO_NODE;
	}
}

static void load_nodes(struct loading *l, struct profile *p, struct numbers *n)
{
	struct reader *r = &l->r;
	g_autoptr(GArray) parents = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(sqlite3_stmt) st =
		load_query(l, "nodes", "SELECT number, parent, frame FROM nodes ORDER BY number");

	while (reader_next(r)) {
		int64_t parent = reader_is_null(r, 1) ? -1 :
							reader_integer(r, 1, 0, UINT32_MAX - 1);
		struct stack_node node = { NO_NODE, load_index(r, 2, n->frames) };

		load_number(l, 0, n->nodes);
		g_array_append_val(parents, parent);
		g_array_append_val(p->nodes, node);
	}
	if (!r->err)
		load_parents(r, p, n, parents);
	if (r->err || all_end(p->nodes))
		return;
	log_error("%s: table nodes: a stack has no end", r->db.path);
	r->err = -EBADMSG;
}

struct mapping {
	enum mapping_kind kind;
	char *label;
};

static void mapping_clear(gpointer p)
{
	g_free(((struct mapping *)p)->label);
}

static GArray *load_mappings(struct loading *l, struct numbers *n)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st =
		load_query(l, "places", "SELECT number, kind, label FROM places ORDER BY number");
	GArray *mappings = g_array_new(FALSE, FALSE, sizeof(struct mapping));

	g_array_set_clear_func(mappings, mapping_clear);
	while (reader_next(r)) {
		struct mapping p = { (enum mapping_kind)reader_one_of(r, 1, mapping_name, MAPPINGS),
				     reader_text(r, 2) };

		load_number(l, 0, n->mappings);
		g_array_append_val(mappings, p);
	}
	return mappings;
}

/* The process of a row, and the task if it has one. */
static struct task_position load_whose(struct loading *l, int process, int task)
{
	struct reader *r = &l->r;
	uint32_t of = load_index(r, process, l->process_numbers);
	uint32_t number = load_index_or_none(r, task, l->task_numbers);
	struct task_position at = { 0, UINT32_MAX };

	if (r->err)
		return at;
	at.process = (uint32_t)((const struct report_process *)l->processes->pdata[of])->id;
	if (number == UINT32_MAX)
		return at;
	if (g_array_index(l->positions, struct task_position, number).process != at.process)
		reader_wrong(r, task, "a task of another process");
	return g_array_index(l->positions, struct task_position, number);
}

static uint32_t load_aggregate(struct reader *r, int column)
{
	return reader_is_null(r, column) ? UINT32_MAX :
					   (uint32_t)reader_integer(r, column, 0, UINT32_MAX - 1);
}

static void load_entries(struct loading *l, struct profile *p, struct numbers *n,
			 const GArray *mappings)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st =
		load_query(l, "entries",
			   "SELECT number, process, task, kind, cause, node, place, count, grown,"
			   " live_peak, live_end, tally FROM entries ORDER BY number");
	uint64_t labels = 0;

	while (reader_next(r)) {
		struct task_position at = load_whose(l, 1, 2);
		struct profile_entry e = {
			.process = at.process,
			.task = at.task,
			.kind = (uint32_t)reader_one_of(r, 3, kind_name, TARE_KINDS),
			.cause = load_index_or_none(r, 4, n->causes),
			.node = load_index_or_none(r, 5, n->nodes),
			.count = (uint64_t)reader_bytes(r, 7, 0),
			.aggregate = load_aggregate(r, 11),
		};
		uint32_t mapping = load_index(r, 6, n->mappings);
		const char *label;

		for (int i = 0; i < SAMPLE_TYPES; i++)
			e.bytes[i] = reader_bytes(r, 8 + i, -READER_MOST);
		load_number(l, 0, n->entries);
		if (r->err)
			return;
		e.mapping = g_array_index(mappings, struct mapping, mapping).kind;
		label = g_array_index(mappings, struct mapping, mapping).label;
		labels += strlen(label) + 1;
		if (labels > l->limits->written) {
			reader_wrong(r, 6, "one label too many");
			return;
		}
		e.mapping_label = g_strdup(label);
		g_array_append_val(p->entries, e);
	}
}

static void load_virtual(struct loading *l, struct profile *p, struct numbers *n)
{
	struct reader *r = &l->r;
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(sqlite3_stmt)
		st = load_query(l, "asked",
				"SELECT number, process, task, cause, node, label, count, bytes,"
				" untouched FROM asked ORDER BY number");

	while (reader_next(r)) {
		struct task_position at = load_whose(l, 1, 2);
		struct profile_virtual a = {
			.process = at.process,
			.task = at.task,
			.cause = load_index_or_none(r, 3, n->causes),
			.node = load_index_or_none(r, 4, n->nodes),
			.mapping_label = reader_text(r, 5),
			.count = (uint64_t)reader_bytes(r, 6, 0),
			.bytes = reader_bytes(r, 7, 0),
			.untouched = reader_is_null(r, 8) ? 0 : reader_bytes(r, 8, 0),
		};

		load_number(l, 0, numbers);
		g_array_append_val(p->virtual, a);
	}
}

static void load_ticks(struct loading *l, struct profile *p, struct numbers *n)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "ticks", "SELECT slot, entry, came, went FROM ticks ORDER BY slot, entry");

	while (reader_next(r)) {
		struct profile_tick t = {
			.slot = (uint32_t)reader_integer(r, 0, 0, l->limits->slots - 1),
			.entry = load_index(r, 1, n->entries),
			.in = (uint64_t)reader_bytes(r, 2, 0),
			.out = (uint64_t)reader_bytes(r, 3, 0),
		};

		if (p->ticks->len >= l->limits->rows)
			reader_wrong(r, 0, "of one of too many rows");
		if (r->err)
			return;
		g_array_append_val(p->ticks, t);
	}
}

static void load_rows(struct loading *l, struct profile *p, struct numbers *n)
{
	g_autoptr(GArray) mappings = NULL;

	load_modules(l, p, n);
	load_causes(l, p, n);
	load_frames(l, p, n);
	load_nodes(l, p, n);
	mappings = load_mappings(l, n);
	load_entries(l, p, n, mappings);
	load_virtual(l, p, n);
	load_ticks(l, p, n);
}

static void check_written(struct loading *l)
{
	if (l->r.err || profile_written(l->report) <= l->limits->written)
		return;
	log_error("%s: tables entries and asked: their stacks are too long, all together",
		  l->r.db.path);
	l->r.err = -EBADMSG;
}

void load_profile(struct loading *l)
{
	struct profile *p = l->report->profile;
	struct reader *r = &l->r;
	struct numbers n;
	GArray **all[] = { &n.modules, &n.causes, &n.frames, &n.nodes, &n.mappings, &n.entries };

	if (!p->slot_ns) {
		log_error("%s: figures: profile.slot_ns is 0", r->db.path);
		r->err = -EBADMSG;
		return;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
		*all[i] = g_array_new(FALSE, FALSE, sizeof(int64_t));
	load_rows(l, p, &n);
	check_written(l);
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
		g_array_unref(*all[i]);
}
