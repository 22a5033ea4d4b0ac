/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "model/live_view.h"
#include "model/report.h"
#include "store/reader.h"
#include "store/recording_format.h"
#include "store/recording_limits.h"

#define WINDOW_NS 66000000000ULL /* a seek feeds the model so much before its time */
#define CAUSES_MOST 4096
#define NOWHERE UINT32_MAX
#define PID_MOST INT32_MAX

struct name {
	int64_t number;
	struct live_row row; /* with the latest counts, if it lives */
	char *name, *comm, *cgroup;
	bool attached, lives;
};

struct replay {
	struct reader r;
	GArray *points;    /* struct replay_point */
	GHashTable *names; /* number -> struct name */
	GPtrArray *causes; /* names; index = id */
	GHashTable *cause_ids;
	GArray *rows, *before; /* of the round that is given to the model */
	unsigned at;           /* index of the round that `names` are as of; NOWHERE: none */
	const struct live *fed;
};

static void name_free(gpointer p)
{
	struct name *n = p;

	g_free(n->name);
	g_free(n->comm);
	g_free(n->cgroup);
	g_free(n);
}

/* Each operation reads for itself, so that a tare that writes the file is not held up. */
static void begin(struct replay *p)
{
	p->r.db.since = g_get_monotonic_time();
	p->r.text = 0;
	p->r.sum = 0;
}

static void load_points(struct replay *p)
{
	struct reader *r = &p->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "rounds",
		"SELECT number, time_ns, \"full\", weight FROM rounds WHERE number > ?1"
		" ORDER BY number",
		0);
	int64_t taken = 0;
	uint64_t last = 0;

	while (reader_next(r)) {
		struct replay_point point = {
			.number = reader_size(r, 0),
			.time_ns = (uint64_t)reader_size(r, 1),
			.full = reader_integer(r, 2, 0, 1),
			.weight = reader_integer(r, 3, -READER_MOST, READER_MOST),
		};

		reader_count(r, &taken, (int64_t)recording_limits.rows);
		if (point.time_ns < last)
			reader_wrong(r, 1, "before the one before it");
		last = point.time_ns;
		/* What was before the first full round can't be known. */
		if (p->points->len || point.full)
			g_array_append_val(p->points, point);
	}
}

static void load_name(struct replay *p)
{
	struct reader *r = &p->r;
	struct name *n = g_new0(struct name, 1);

	n->number = reader_size(r, 0);
	n->row.id = (uint64_t)n->number;
	n->row.proc = (uint64_t)reader_size(r, 1);
	n->row.pid = (pid_t)reader_integer(r, 2, 0, PID_MOST);
	n->row.ppid = (pid_t)reader_integer(r, 3, 0, PID_MOST);
	n->row.tid = (pid_t)reader_integer(r, 4, 0, PID_MOST);
	n->comm = reader_text(r, 5);
	n->name = reader_text(r, 6);
	n->row.uid = reader_is_null(r, 7) ? LIVE_NO_UID :
					    (uint32_t)reader_integer(r, 7, 0, UINT32_MAX);
	n->cgroup = reader_text_or_null(r, 8);
	n->attached = reader_integer(r, 9, 0, 1);
	n->row.name = n->name;
	n->row.comm = n->comm;
	n->row.cgroup = n->cgroup;
	if (!n->row.tid && n->row.proc != n->row.id)
		reader_wrong(r, 1, "not its own number, and it is a process");
	g_hash_table_replace(p->names, &n->number, n);
}

static void load_names(struct replay *p)
{
	struct reader *r = &p->r;
	g_autoptr(sqlite3_stmt)
		st = reader_query(r, "round_names",
				  "SELECT number, process, pid, ppid, tid, comm, name, uid, cgroup,"
				  " attached FROM round_names WHERE number > ?1",
				  0);
	int64_t taken = 0;

	while (reader_next(r)) {
		reader_count(r, &taken, (int64_t)recording_limits.rows);
		load_name(p);
	}
}

static uint32_t cause_id(struct replay *p, int column)
{
	g_autofree char *name = reader_text_or_null(&p->r, column);
	gpointer id;

	if (!name || !*name)
		return LIVE_NO_CAUSE;
	if (g_hash_table_lookup_extended(p->cause_ids, name, NULL, &id))
		return GPOINTER_TO_UINT(id);
	if (p->causes->len == CAUSES_MOST) {
		reader_wrong(&p->r, column, "one of too many");
		return LIVE_NO_CAUSE;
	}
	g_ptr_array_add(p->causes, name);
	g_hash_table_insert(p->cause_ids, name, GUINT_TO_POINTER(p->causes->len - 1));
	g_steal_pointer(&name);
	return p->causes->len - 1;
}

char *replay_cause(const struct replay *r, uint32_t id)
{
	return g_strdup(id < r->causes->len ? r->causes->pdata[id] : "?");
}

static void take_row(struct replay *p)
{
	struct reader *r = &p->r;
	int64_t number = reader_size(r, 0);
	struct name *n = g_hash_table_lookup(p->names, &number);

	if (!n)
		return; /* it was thinned since the names were read */
	n->lives = !reader_is_null(r, 1);
	if (!n->lives)
		return;
	for (unsigned k = 0; k < TARE_KINDS; k++)
		n->row.kind[kind_order[k]] = reader_bytes(r, 1 + (int)k, -READER_MOST);
	n->row.now.in = (uint64_t)reader_size(r, 8);
	n->row.now.out = (uint64_t)reader_size(r, 9);
	n->row.now.faults = (uint64_t)reader_size(r, 10);
	n->row.threads = (unsigned)reader_integer(r, 11, 0, PID_MOST);
	n->row.cause = cause_id(p, 12);
}

static void none_live(struct replay *p)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, p->names);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		((struct name *)value)->lives = false;
}

/* Let `names` be as of this round: the one after p->at, or a full one. */
static void take_round(struct replay *p, unsigned index)
{
	const struct replay_point *point = &g_array_index(p->points, struct replay_point, index);
	struct reader *r = &p->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "round_rows",
		"SELECT who, anon, file, shmem, swap, pagetable, kstack, kmem, came, went, faults,"
		" threads, cause FROM round_rows WHERE round = ?1",
		point->number);

	if (point->full)
		none_live(p);
	r->sum = 0;
	while (reader_next(r))
		take_row(p);
	p->at = index;
}

/* Rows of all that live; of threads only those whose process lives. */
static void collect_rows(struct replay *p)
{
	GHashTableIter iter;
	gpointer value;

	g_array_set_size(p->rows, 0);
	g_array_set_size(p->before, 0);
	g_hash_table_iter_init(&iter, p->names);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct name *n = value, *process = n;
		int64_t number = (int64_t)n->row.proc;

		if (n->row.tid)
			process = g_hash_table_lookup(p->names, &number);
		if (!n->lives || !process || !process->lives || process->row.tid)
			continue;
		g_array_append_val(p->rows, n->row);
		g_array_append_val(p->before, n->attached);
	}
}

static void feed(struct replay *p, struct live *l, bool resumed)
{
	const struct replay_point *point = &g_array_index(p->points, struct replay_point, p->at);
	struct reader *r = &p->r;
	struct live_round round = { .resumed = resumed, .rows = p->rows, .before = p->before };
	g_autoptr(sqlite3_stmt) st =
		reader_query(r, "rounds",
			     "SELECT came, went, faults, born, ended, lost, kmem_rest FROM rounds"
			     " WHERE number = ?1",
			     point->number);

	if (!reader_next(r)) {
		if (!r->err) {
			log_error("%s: it has changed: it is still being written", r->db.path);
			log_hint("replay it when tare has ended, or start again");
			r->err = -ESTALE;
		}
		return;
	}
	round.in = (uint64_t)reader_size(r, 0);
	round.out = (uint64_t)reader_size(r, 1);
	round.faults = (uint64_t)reader_size(r, 2);
	round.born = (uint64_t)reader_size(r, 3);
	round.ended = (uint64_t)reader_size(r, 4);
	round.lost = (uint64_t)reader_size(r, 5);
	round.kmem = !reader_is_null(r, 6);
	if (round.kmem)
		round.kmem_rest = reader_integer(r, 6, -READER_MOST, READER_MOST);
	round.origin_ns = 1; /* any time */
	round.now_ns = point->time_ns + round.origin_ns;
	collect_rows(p);
	if (!r->err)
		live_replay(l, &round);
}

static const struct replay_point *point_at(const struct replay *p, unsigned index)
{
	return &g_array_index(p->points, struct replay_point, index);
}

/* The model has forgotten everything: the weights before the first round that it gets. */
static void feed_curve(const struct replay *p, struct live *l, unsigned first)
{
	int64_t weight[LIVE_CURVE];
	unsigned n = MIN(first, LIVE_CURVE);

	for (unsigned i = 0; i < n; i++)
		weight[i] = point_at(p, first - n + i)->weight;
	live_curve(l, weight, n);
}

static void jump(struct replay *p, unsigned index, struct live *l)
{
	unsigned first = index, full;

	while (first && point_at(p, index)->time_ns - point_at(p, first)->time_ns < WINDOW_NS)
		first--;
	full = first;
	while (full && !point_at(p, full)->full)
		full--;
	live_clear(l);
	feed_curve(p, l, first);
	for (unsigned i = full; i <= index && !p->r.err; i++) {
		take_round(p, i);
		if (i >= first)
			feed(p, l, i == first && first);
	}
}

int replay_seek(struct replay *p, unsigned index, struct live *l)
{
	begin(p);
	if (p->fed == l && p->at != NOWHERE && index == p->at)
		return 0;
	if (p->fed == l && p->at != NOWHERE && index == p->at + 1) {
		take_round(p, index);
		feed(p, l, false);
	} else {
		jump(p, index, l);
	}
	p->fed = l;
	return p->r.err;
}

const GArray *replay_points(const struct replay *p)
{
	return p->points;
}

static int refuse_old(const char *path, uint32_t schema)
{
	log_error("%s: it was recorded by an older tare (schema %u), and holds no processes over"
		  " time",
		  path, schema);
	log_hint("`tare report %s` shows it; a new recording can be replayed", path);
	return -ENODATA;
}

static int load(struct replay *p)
{
	static const char *const tables[] = { "rounds", "round_names", "round_rows" };
	struct reader *r = &p->r;

	r->most_text = recording_limits.texts;
	begin(p);
	for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
		g_autofree char *sql = g_strdup_printf("PRAGMA integrity_check(%s)", tables[i]);

		reader_check_sound(r, sql);
	}
	load_points(p);
	load_names(p);
	if (r->err || p->points->len)
		return r->err;
	log_error("%s: it holds no processes over time: tare ended too soon, or there was no room",
		  r->db.path);
	log_hint("record again, if need be with a larger --max-size");
	return -ENODATA;
}

int replay_open(struct replay **out, const char *path)
{
	uint32_t schema = recording_format_of(AT_FDCWD, path)->schema;
	struct replay *p;
	int err;

	if (schema < RECORDING_ROUNDS_SINCE)
		return refuse_old(path, schema);
	p = g_new0(struct replay, 1);
	err = db_open(&p->r.db, path, &recording_rounds_format);
	if (err) {
		g_free(p);
		return err;
	}
	p->points = g_array_new(FALSE, FALSE, sizeof(struct replay_point));
	p->names = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, name_free);
	p->causes = g_ptr_array_new_with_free_func(g_free);
	p->cause_ids = g_hash_table_new(g_str_hash, g_str_equal);
	p->rows = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	p->before = g_array_new(FALSE, FALSE, sizeof(bool));
	p->at = NOWHERE;
	err = load(p);
	if (err)
		replay_close(p);
	else
		*out = p;
	return err;
}

void replay_close(struct replay *p)
{
	if (!p)
		return;
	db_close(&p->r.db);
	g_array_unref(p->points);
	g_hash_table_unref(p->names);
	g_hash_table_unref(p->cause_ids);
	g_ptr_array_unref(p->causes);
	g_array_unref(p->rows);
	g_array_unref(p->before);
	g_free(p);
}
