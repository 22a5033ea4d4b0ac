/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/recording_rounds.h"

#include <string.h>

#include "model/report.h"
#include "store/recording_rows.h"

#define FULL_EACH 64  /* rounds: a reader begins at a full one */
#define ROW_BYTES 56  /* in the file, estimate */
#define NAME_BYTES 32 /* the same, without texts */
#define ROUND_BYTES 64
#define LOOK_ROWS 128       /* rows written between two calls of `room` */
#define KEPT_MOST (1 << 18) /* rows in memory, if another program has the file locked */
#define NAME_MOST 512       /* bytes */
#define CGROUP_MOST 4096

/* A row of the last round. */
struct met {
	uint64_t key;
	int64_t who;
	uint64_t counts, names; /* hashes of what the file has */
	int64_t round;          /* the last one that had it */
};

struct round {
	int64_t number, weight, kmem_rest;
	uint64_t time_ns, in, out, faults, born, ended, lost;
	bool full, kmem;
};

struct round_row {
	int64_t round, who;
	int64_t kind[TARE_KINDS];
	uint64_t in, out, faults;
	unsigned threads;
	const char *cause; /* NULL: none */
	bool ended;
};

struct round_name {
	int64_t who, process;
	pid_t pid, ppid, tid;
	uint32_t uid;
	bool attached;
	const char *comm, *name, *cgroup;
};

void rounds_init(struct rounds *r, const struct recording_limits *limits, uint64_t seed)
{
	*r = (struct rounds){
		.limits = limits,
		.seed = seed,
		.met = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free),
		.causes = g_hash_table_new_full(NULL, NULL, NULL, g_free),
		.rounds = g_array_new(FALSE, FALSE, sizeof(struct round)),
		.rows = g_array_new(FALSE, FALSE, sizeof(struct round_row)),
		.names = g_array_new(FALSE, FALSE, sizeof(struct round_name)),
		.texts = g_string_chunk_new(16384),
		.stale = true,
	};
}

void rounds_clear(struct rounds *r)
{
	g_hash_table_unref(r->met);
	g_hash_table_unref(r->causes);
	g_array_unref(r->rounds);
	g_array_unref(r->rows);
	g_array_unref(r->names);
	g_string_chunk_free(r->texts);
}

static const char *cause_of(struct rounds *r, uint32_t id, char *(*cause_name)(uint32_t id))
{
	gpointer name;

	if (id == LIVE_NO_CAUSE)
		return NULL;
	if (!g_hash_table_lookup_extended(r->causes, GUINT_TO_POINTER(id), NULL, &name)) {
		name = cause_name(id);
		g_hash_table_insert(r->causes, GUINT_TO_POINTER(id), name);
	}
	return name;
}

static uint64_t hash_counts(uint64_t seed, const struct live_row *row)
{
	uint64_t hash = hash_word(seed, row->cause);

	for (unsigned k = 0; k < TARE_KINDS; k++)
		hash = hash_word(hash, (uint64_t)row->kind[k]);
	hash = hash_word(hash_word(hash, row->now.in), row->now.out);
	return hash_word(hash_word(hash, row->now.faults), row->threads);
}

static uint64_t hash_names(uint64_t seed, const struct live_row *row)
{
	uint64_t hash = hash_text(hash_text(seed, row->name), row->comm);

	hash = hash_text(hash, row->cgroup);
	return hash_word(hash_word(hash, row->uid), (uint64_t)row->ppid);
}

static struct met *meet(struct rounds *r, const struct live_row *row)
{
	uint64_t key = live_row_key(row);
	struct met *m = g_hash_table_lookup(r->met, &key);

	if (!m) {
		m = g_new0(struct met, 1);
		m->key = key;
		m->who = ++r->next_who;
		g_hash_table_insert(r->met, &m->key, m);
	}
	m->round = r->number;
	return m;
}

static const char *keep_text(struct rounds *r, const char *text, size_t most)
{
	g_autofree char *cut = NULL;

	if (!text)
		return NULL;
	if (strlen(text) <= most)
		return g_string_chunk_insert(r->texts, text);
	cut = g_utf8_make_valid(text, (gssize)most);
	return g_string_chunk_insert(r->texts, cut);
}

static void add_name(struct rounds *r, const struct live *l, const struct live_row *row,
		     int64_t who, int64_t process)
{
	struct round_name name = {
		.who = who,
		.process = process,
		.pid = row->pid,
		.ppid = row->ppid,
		.tid = row->tid,
		.uid = row->uid,
		.attached = live_before(l, row),
		.comm = keep_text(r, row->comm ? row->comm : "", NAME_MOST),
		.name = keep_text(r, row->name ? row->name : "", NAME_MOST),
		.cgroup = keep_text(r, row->cgroup, CGROUP_MOST),
	};

	g_array_append_val(r->names, name);
}

/* `process`: the number of its process; 0: it is one. */
static int64_t add_row(struct rounds *r, const struct live *l, const struct live_row *row,
		       int64_t process, bool full, char *(*cause_name)(uint32_t id))
{
	struct met *m = meet(r, row);
	uint64_t counts = hash_counts(r->seed, row), names = hash_names(r->seed, row);
	struct round_row new = {
		.round = r->number,
		.who = m->who,
		.in = row->now.in,
		.out = row->now.out,
		.faults = row->now.faults,
		.threads = row->threads,
	};

	if (names != m->names)
		add_name(r, l, row, m->who, process ? process : m->who);
	if (full || counts != m->counts) {
		memcpy(new.kind, row->kind, sizeof(new.kind));
		new.cause = cause_of(r, row->cause, cause_name);
		g_array_append_val(r->rows, new);
	}
	m->counts = counts;
	m->names = names;
	return m->who;
}

static void add_rows(struct rounds *r, const struct live *l, bool full,
		     char *(*cause_name)(uint32_t id))
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	g_autoptr(GHashTable)
		several = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, NULL);
	g_autoptr(GArray) threads = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	g_autoptr(GArray) numbers = NULL;

	live_processes(l, rows);
	numbers = g_array_sized_new(FALSE, TRUE, sizeof(int64_t), rows->len);
	g_array_set_size(numbers, rows->len);
	for (unsigned i = 0; i < rows->len; i++) {
		struct live_row *row = &g_array_index(rows, struct live_row, i);
		int64_t *number = &g_array_index(numbers, int64_t, i);

		*number = add_row(r, l, row, 0, full, cause_name);
		if (row->threads > 1)
			g_hash_table_insert(several, &row->id, number);
	}
	live_threads(l, threads);
	for (unsigned i = 0; i < threads->len; i++) {
		const struct live_row *row = &g_array_index(threads, struct live_row, i);
		const int64_t *process = g_hash_table_lookup(several, &row->proc);

		if (process)
			add_row(r, l, row, *process, full, cause_name);
	}
}

static void add_ended(struct rounds *r, bool full)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, r->met);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct met *m = value;
		struct round_row row = { .round = r->number, .who = m->who, .ended = true };

		if (m->round == r->number)
			continue;
		if (!full)
			g_array_append_val(r->rows, row);
		g_hash_table_iter_remove(&iter);
	}
}

void rounds_add(struct rounds *r, const struct live *l, char *(*cause_name)(uint32_t id))
{
	const struct live_total *t = live_total(l);
	struct round round = {
		.time_ns = t->now_ns - MIN(t->now_ns, t->origin_ns),
		.weight = live_weight(&t->sum),
		.kmem = t->kmem,
		.kmem_rest = t->kmem_rest,
		.in = t->sum.now.in,
		.out = t->sum.now.out,
		.faults = t->sum.now.faults,
		.lost = t->lost,
	};

	if (r->off || !t->ticks || (r->number && round.time_ns <= r->time_ns))
		return;
	if (r->rows->len > KEPT_MOST)
		rounds_forget(r, false);
	round.number = ++r->number;
	round.full = r->stale || r->number % FULL_EACH == 0;
	live_counted(l, &round.born, &round.ended);
	r->time_ns = round.time_ns;
	r->stale = false;
	g_array_append_val(r->rounds, round);
	add_rows(r, l, round.full, cause_name);
	add_ended(r, round.full);
}

void rounds_forget(struct rounds *r, bool written)
{
	if (!written && r->rounds->len) {
		r->stale = true;
		g_hash_table_remove_all(r->met); /* names may not be in the file: new numbers */
	}
	if (written && r->rounds->len)
		r->written = r->number;
	g_array_set_size(r->rounds, 0);
	g_array_set_size(r->rows, 0);
	g_array_set_size(r->names, 0);
	g_string_chunk_clear(r->texts);
}

static struct db_value bounded(const struct rounds *r, int64_t n)
{
	return db_integer(CLAMP(n, -r->limits->number, r->limits->number));
}

static struct db_value counted(const struct rounds *r, uint64_t n)
{
	return db_integer((int64_t)MIN(n, (uint64_t)r->limits->number));
}

static int write_rounds(struct rounds *r, const struct db *db)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	int err = db_prepare(db, &st,
			     "INSERT INTO rounds VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
			     " ?11)");

	for (unsigned i = 0; !err && i < r->rounds->len; i++) {
		const struct round *o = &g_array_index(r->rounds, struct round, i);

		err = db_run(db, st, db_integer(o->number), counted(r, o->time_ns),
			     db_integer(o->full), bounded(r, o->weight), counted(r, o->in),
			     counted(r, o->out), counted(r, o->faults), counted(r, o->born),
			     counted(r, o->ended), counted(r, o->lost),
			     o->kmem ? bounded(r, o->kmem_rest) : db_text(NULL));
		r->bytes += ROUND_BYTES;
	}
	return err;
}

static int write_names(struct rounds *r, const struct db *db)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	int err = db_prepare(
		db, &st,
		"REPLACE INTO round_names VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");

	for (unsigned i = 0; !err && i < r->names->len; i++) {
		const struct round_name *n = &g_array_index(r->names, struct round_name, i);

		err = db_run(db, st, db_integer(n->who), db_integer(n->process), db_integer(n->pid),
			     db_integer(n->ppid), db_integer(n->tid), db_text(n->comm),
			     db_text(n->name), db_known(n->uid, LIVE_NO_UID), db_text(n->cgroup),
			     db_integer(n->attached));
		r->bytes += NAME_BYTES + strlen(n->name) + strlen(n->comm) +
			    (n->cgroup ? strlen(n->cgroup) : 0);
	}
	return err;
}

static int write_row(const struct rounds *r, const struct db *db, sqlite3_stmt *st,
		     const struct round_row *row)
{
	struct db_value v[12] = { db_integer(row->round), db_integer(row->who) };

	for (unsigned i = 2; i < G_N_ELEMENTS(v); i++)
		v[i] = db_text(NULL);
	if (!row->ended) {
		for (unsigned k = 0; k < TARE_KINDS; k++)
			v[2 + k] = bounded(r, row->kind[kind_order[k]]);
		v[9] = counted(r, row->in);
		v[10] = counted(r, row->out);
		v[11] = counted(r, row->faults);
	}
	return db_run(db, st, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10],
		      v[11], row->ended ? db_text(NULL) : db_integer(row->threads),
		      db_text(row->cause));
}

static int write_rows(struct rounds *r, const struct db *db, int (*room)(void *ctx), void *ctx)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	int err = db_prepare(db, &st,
			     "REPLACE INTO round_rows VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
			     " ?10, ?11, ?12, ?13, ?14)");

	for (unsigned i = 0; !err && !r->off && i < r->rows->len; i++) {
		err = write_row(r, db, st, &g_array_index(r->rows, struct round_row, i));
		r->bytes += ROW_BYTES;
		r->kept++;
		if (!err && i % LOOK_ROWS == 0)
			err = room(ctx);
	}
	return err;
}

int rounds_write(struct rounds *r, const struct db *db, int (*room)(void *ctx), void *ctx)
{
	int err;

	if (r->off || !r->rounds->len)
		return 0;
	r->writing = true;
	err = write_rounds(r, db);
	err = err ?: write_names(r, db);
	err = err ?: write_rows(r, db, room, ctx);
	r->writing = false;
	return err;
}

int rounds_take_back(struct rounds *r, const struct db *db)
{
	int err = db_change(db, "DELETE FROM rounds WHERE number > ?1", db_integer(r->written));

	r->dropped += r->rounds->len;
	return err   ?:
		       db_change(db, "DELETE FROM round_rows WHERE round > ?1",
				 db_integer(r->written));
}

static int64_t first_number(const struct db *db, const char *sql, int64_t of, int *err)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	int64_t number = 0;

	if (*err)
		return 0;
	*err = db_prepare(db, &st, sql);
	if (*err)
		return 0;
	sqlite3_bind_int64(st, 1, of);
	if (sqlite3_step(st) == SQLITE_ROW)
		number = sqlite3_column_int64(st, 0);
	return number;
}

static int change(const struct db *db, const char *sql, int64_t a, int64_t b, uint64_t *changed)
{
	int err = db_change(db, sql, db_integer(a), db_integer(b));

	if (!err && changed)
		*changed += (uint64_t)sqlite3_changes64(db->sqlite);
	return err;
}

/* Remove round `from`: its rows move into `to`, the next one, unless that has newer ones. A full
 * round needs no rows of what has ended. */
static int merge_round(const struct db *db, int64_t from, int64_t to, uint64_t *rows)
{
	int err = 0;
	int64_t from_full =
		first_number(db, "SELECT \"full\" FROM rounds WHERE number = ?1", from, &err);
	int64_t to_full =
		first_number(db, "SELECT \"full\" FROM rounds WHERE number = ?1", to, &err);

	if (!err && !to_full)
		err = change(db, "UPDATE OR IGNORE round_rows SET round = ?2 WHERE round = ?1",
			     from, to, NULL);
	err = err ?: change(db, "DELETE FROM round_rows WHERE round = ?1 AND ?2", from, 1, rows);
	if (!err && from_full && !to_full) {
		err = change(db, "DELETE FROM round_rows WHERE round = ?1 AND anon IS NULL AND ?2",
			     to, 1, rows);
		err = err   ?:
			      change(db, "UPDATE rounds SET \"full\" = ?2 WHERE number = ?1", to, 1,
				     NULL);
	}
	return err ?: change(db, "DELETE FROM rounds WHERE number = ?1 AND ?2", from, 1, NULL);
}

static void rows_gone(struct rounds *r, uint64_t rows, uint64_t rounds)
{
	uint64_t bytes = rows * ROW_BYTES + rounds * ROUND_BYTES;

	r->bytes -= MIN(r->bytes, bytes);
	r->kept -= MIN(r->kept, rows);
}

/* Every second round goes, from the oldest on; at the end it begins again there. So the recent ones
 * are nearest to each other. */
int rounds_thin(struct rounds *r, const struct db *db, uint64_t rows, uint64_t *gone)
{
	static const char next_sql[] = "SELECT min(number) FROM rounds WHERE number > ?1";
	uint64_t removed = 0, rounds = 0;
	bool again = r->thinned > 0;
	int err = 0;

	while (!err && removed < rows) {
		int64_t keep = first_number(db, next_sql, r->thinned, &err);
		int64_t drop = keep ? first_number(db, next_sql, keep, &err) : 0;
		int64_t next = drop ? first_number(db, next_sql, drop, &err) : 0;

		if (!err && next && next <= r->written) {
			err = merge_round(db, drop, next, &removed);
			rounds++;
			r->thinned = drop;
		} else if (again) {
			again = false;
			r->thinned = 0;
		} else {
			break;
		}
	}
	if (!err && rounds && !r->writing)
		err = db_exec(db, "DELETE FROM round_names WHERE number NOT IN"
				  " (SELECT who FROM round_rows) AND number NOT IN"
				  " (SELECT n.process FROM round_names n JOIN round_rows w"
				  " ON w.who = n.number)");
	r->dropped += rounds;
	rows_gone(r, removed, rounds);
	*gone = removed + rounds;
	return err;
}

int rounds_give_up(struct rounds *r, const struct db *db)
{
	r->off = true;
	r->bytes = r->kept = 0;
	return db_exec(db, "DELETE FROM round_rows; DELETE FROM round_names; DELETE FROM rounds");
}
