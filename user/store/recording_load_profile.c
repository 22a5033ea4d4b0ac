/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A profile out of the tables of recording.sql.
 */
#include "model/profile.h"

#include <errno.h>

#include "base/err.h"
#include "model/timeline.h"
#include "store/recording_load.h"

static void load_modules(struct reader *r, struct profile *p)
{
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "modules", "SELECT number, path, build_id FROM modules ORDER BY number", 0);

	while (reader_next(r)) {
		struct profile_module m = { reader_text(r, 1), reader_text_or_null(r, 2) };

		load_number(r, 0, p->modules->len);
		g_array_append_val(p->modules, m);
	}
}

static void load_causes(struct reader *r, struct profile *p)
{
	g_autoptr(sqlite3_stmt) st =
		reader_query(r, "causes", "SELECT number, name FROM causes ORDER BY number", 0);

	while (reader_next(r)) {
		load_number(r, 0, p->causes->len);
		g_ptr_array_add(p->causes, reader_text(r, 1));
	}
}

static void load_frames(struct reader *r, struct profile *p)
{
	g_autoptr(sqlite3_stmt)
		st = reader_query(r, "frames",
				  "SELECT number, function, file, line, module, address, kernel,"
				  " inlined, guessed, mark FROM frames ORDER BY number",
				  0);

	while (reader_next(r)) {
		struct profile_frame f = {
			.function = reader_text(r, 1),
			.file = reader_text_or_null(r, 2),
			.line = (int)reader_integer(r, 3, INT32_MIN, INT32_MAX),
			.module = load_index_or_none(r, 4, p->modules->len),
			.address = (uint64_t)reader_integer(r, 5, INT64_MIN, INT64_MAX),
			.kernel = reader_integer(r, 6, 0, 1),
			.inlined = reader_integer(r, 7, 0, 1),
			.guessed = reader_integer(r, 8, 0, 1),
			.mark = reader_integer(r, 9, 0, 1),
		};

		load_number(r, 0, p->frames->len);
		g_array_append_val(p->frames, f);
	}
}

/* Every way up ends. `known`: nodes whose way does. */
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

static void load_nodes(struct reader *r, struct profile *p)
{
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "nodes", "SELECT number, parent, frame FROM nodes ORDER BY number", 0);
	bool sound = true;

	while (reader_next(r)) {
		struct stack_node n = {
			.parent = load_index_or_none(r, 1, UINT32_MAX),
			.frame = load_index(r, 2, p->frames->len),
		};

		load_number(r, 0, p->nodes->len);
		g_array_append_val(p->nodes, n);
	}
	for (unsigned i = 0; i < p->nodes->len; i++) {
		uint32_t parent = g_array_index(p->nodes, struct stack_node, i).parent;

		sound &= parent == NO_NODE || parent < p->nodes->len;
	}
	if (r->err || (sound && all_end(p->nodes)))
		return;
	error("%s: table nodes: a stack has no end", r->db.path);
	r->err = -EBADMSG;
}

struct place {
	enum place_kind kind;
	char *label;
};

static void place_clear(gpointer p)
{
	g_free(((struct place *)p)->label);
}

static GArray *load_places(struct reader *r)
{
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "places", "SELECT number, kind, label FROM places ORDER BY number", 0);
	GArray *places = g_array_new(FALSE, FALSE, sizeof(struct place));

	g_array_set_clear_func(places, place_clear);
	while (reader_next(r)) {
		struct place p = { (enum place_kind)reader_one_of(r, 1, place_name, PLACES),
				   reader_text(r, 2) };

		load_number(r, 0, places->len);
		g_array_append_val(places, p);
	}
	return places;
}

/* Whose a row is: its process, and the task if there is one. */
static struct task_place load_whose(struct loading *l, int process, int task)
{
	struct reader *r = &l->r;
	uint32_t number = load_index_or_none(r, task, l->tasks->len);
	struct task_place at = { load_index(r, process, l->report->processes->len), UINT32_MAX };

	if (r->err || number == UINT32_MAX)
		return at;
	if (g_array_index(l->tasks, struct task_place, number).process != at.process)
		reader_wrong(r, task, "a task of another process");
	return g_array_index(l->tasks, struct task_place, number);
}

static void load_entries(struct loading *l, struct profile *p, const GArray *places)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st =
		reader_query(r, "entries",
			     "SELECT number, process, task, kind, cause, node, place, count, grown,"
			     " live_peak, live_end, tally FROM entries ORDER BY number",
			     0);

	while (reader_next(r)) {
		struct task_place at = load_whose(l, 1, 2);
		struct profile_entry e = {
			.process = at.process,
			.task = at.task,
			.kind = (uint32_t)reader_one_of(r, 3, kind_name, TARE_KINDS),
			.cause = load_index_or_none(r, 4, p->causes->len),
			.node = load_index_or_none(r, 5, p->nodes->len),
			.count = (uint64_t)reader_bytes(r, 7, 0),
			.tally = load_index_or_none(r, 11, UINT32_MAX),
		};
		uint32_t place = load_index(r, 6, places->len);

		for (int i = 0; i < PICTURES; i++)
			e.bytes[i] = reader_bytes(r, 8 + i, -READER_MOST);
		load_number(r, 0, p->entries->len);
		if (r->err)
			return;
		e.place = g_array_index(places, struct place, place).kind;
		e.place_label = g_strdup(g_array_index(places, struct place, place).label);
		g_array_append_val(p->entries, e);
	}
}

static void load_asked(struct loading *l, struct profile *p)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt)
		st = reader_query(r, "asked",
				  "SELECT number, process, task, cause, node, label, count, bytes,"
				  " untouched FROM asked ORDER BY number",
				  0);

	while (reader_next(r)) {
		struct task_place at = load_whose(l, 1, 2);
		struct profile_asked a = {
			.process = at.process,
			.task = at.task,
			.cause = load_index_or_none(r, 3, p->causes->len),
			.node = load_index_or_none(r, 4, p->nodes->len),
			.place_label = reader_text(r, 5),
			.count = (uint64_t)reader_bytes(r, 6, 0),
			.bytes = reader_bytes(r, 7, 0),
			.untouched = reader_is_null(r, 8) ? 0 : reader_bytes(r, 8, 0),
		};

		load_number(r, 0, p->asked->len);
		g_array_append_val(p->asked, a);
	}
}

static void load_ticks(struct reader *r, struct profile *p)
{
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "ticks", "SELECT slot, entry, came, went FROM ticks ORDER BY slot, entry", 0);

	while (reader_next(r)) {
		struct profile_tick t = {
			.slot = load_index(r, 0, TIMELINE_SLOTS),
			.entry = load_index(r, 1, p->entries->len),
			.in = (uint64_t)reader_bytes(r, 2, 0),
			.out = (uint64_t)reader_bytes(r, 3, 0),
		};

		if (p->ticks->len >= TIMELINE_READ)
			reader_wrong(r, 0, "one of too many rows");
		if (r->err)
			return;
		g_array_append_val(p->ticks, t);
	}
}

void load_profile(struct loading *l)
{
	struct profile *p = l->report->profile;
	struct reader *r = &l->r;
	g_autoptr(GArray) places = NULL;

	if (!p->slot_ns && !r->err) {
		error("%s: figures: profile.slot_ns is 0", r->db.path);
		r->err = -EBADMSG;
	}
	load_modules(r, p);
	load_causes(r, p);
	load_frames(r, p);
	load_nodes(r, p);
	places = load_places(r);
	load_entries(l, p, places);
	load_asked(l, p);
	load_ticks(r, p);
}
