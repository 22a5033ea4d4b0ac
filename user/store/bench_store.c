/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The writer. Values are checked by the CHECK constraints in bench.sql, not here.
 */
#include "store/bench_store.h"

#include <errno.h>

#include "base/log.h"
#include "store/bench_format.h"

extern const char bench_sql[];

static const char *const tables[] = { "bench",     "workloads", "published", "runs",
				      "weighings", "measures",  NULL };
const struct db_format bench_format = {
	.what = "tare bench",
	.application_id = 0x74617265,
	.schema = BENCH_SCHEMA,
	.tables = tables,
};

struct bench_store {
	struct db db;
};

static int insert_bench(const struct db *db, const void *bench)
{
	const struct bench *b = bench;
	const struct bench_machine *m = &b->machine;

	return db_change(
		db,
		"INSERT INTO bench (one, started, complete, touch, memory_max, kernel,"
		" distribution, cpu, cpus, memory, page_size, tare_version, measured, limits)"
		" VALUES (1, ?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
		db_text_or_empty(b->started), db_count(b->touch), db_count(b->memory_max),
		db_text_or_empty(m->kernel), db_text(m->distribution), db_text(m->cpu),
		db_integer(m->cpus), db_integer(m->memory), db_integer(m->page_size),
		db_text_or_empty(m->tare_version), db_text_or_empty(m->measured),
		db_text_or_empty(m->limits));
}

int bench_store_create_output(struct bench_store **s, const struct fileout *out,
			      const struct bench *b)
{
	int err = db_create(out, bench_sql, insert_bench, b);

	return err ? err : bench_store_open_output(s, out);
}

static int set_complete(struct bench_store *s, bool complete)
{
	int err = db_begin(&s->db);

	if (err)
		return err;
	err = db_change(&s->db, "UPDATE bench SET complete = ?1", db_integer(complete));
	return db_end(&s->db, err);
}

int bench_store_open_output(struct bench_store **s, const struct fileout *out)
{
	struct bench_store *new = g_new0(struct bench_store, 1);
	int err = db_open_output(&new->db, out, &bench_format);

	if (!err)
		err = set_complete(new, false);
	if (err)
		bench_store_close(new);
	else
		*s = new;
	return err;
}

void bench_store_close(struct bench_store *s)
{
	if (!s)
		return;
	db_close(&s->db);
	g_free(s);
}

int bench_store_finish(struct bench_store *s)
{
	return set_complete(s, true);
}

static int write_published(const struct db *db, const char *id, const struct bench_published *p)
{
	return db_change(db,
			 "INSERT INTO published (workload, source, version, tasks, rss)"
			 " SELECT number, ?2, ?3, ?4, ?5 FROM workloads WHERE id = ?1",
			 db_text(id), db_text_or_empty(p->source), db_text(p->version),
			 db_count(p->tasks), db_known(p->rss, BENCH_UNKNOWN));
}

static int write_row(const struct db *db, const struct bench_row *row)
{
	int err = db_change(
		db,
		"INSERT INTO workloads (id, title, language, family, task, root, version,"
		" command, missing, twin) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
		" ON CONFLICT (id) DO UPDATE SET title = ?2, language = ?3, family = ?4,"
		" task = ?5, root = ?6, version = ?7, command = ?8, missing = ?9,"
		" twin = ?10",
		db_text(row->id), db_text_or_empty(row->title), db_text_or_empty(row->language),
		db_text_or_empty(row->family), db_text_or_empty(row->task), db_text(row->root),
		db_text(row->version), db_text(row->command), db_text(row->missing),
		db_text(row->twin));

	if (!err)
		err = db_change(db,
				"DELETE FROM published WHERE workload ="
				" (SELECT number FROM workloads WHERE id = ?1)",
				db_text(row->id));
	for (unsigned i = 0; !err && i < row->published->len; i++)
		err = write_published(db, row->id, row->published->pdata[i]);
	return err;
}

int bench_store_row(struct bench_store *s, const struct bench_row *row)
{
	int err = db_begin(&s->db);

	return err ? err : db_end(&s->db, write_row(&s->db, row));
}

static int write_weighing(const struct db *db, int64_t run, enum bench_state state,
			  const struct bench_weighing *w)
{
	struct db_value number = db_integer(run), name = db_text(bench_state_name[state]);
	int err = db_change(db,
			    "INSERT INTO weighings (run, state, settled, time_s)"
			    " VALUES (?1, ?2, ?3, ?4)",
			    number, name, db_integer(w->settled), db_real(w->time_s));

	for (int p = 0; !err && p < BENCH_PARTS; p++)
		err = db_change(db,
				"INSERT INTO measures (run, state, part, bytes)"
				" VALUES (?1, ?2, ?3, ?4)",
				number, name, db_text(bench_part_name[p]),
				db_known(w->part[p], BENCH_UNKNOWN));
	return err;
}

/* *number: the number of the new row. */
static int insert_run(const struct db *db, const char *id, const struct bench_run *run,
		      int64_t *number)
{
	int err = db_change(db,
			    "DELETE FROM runs WHERE workload = (SELECT number FROM workloads"
			    " WHERE id = ?1) AND tasks = ?2 AND repeat = ?3 AND after = ?4",
			    db_text(id), db_count(run->tasks), db_integer(run->repeat),
			    db_integer(run->after));

	if (err)
		return err;
	err = db_change(
		db,
		"INSERT INTO runs (workload, tasks, repeat, after, outcome, stopped_by,"
		" stopped_at, ready_s, cpu_s, others)"
		" SELECT number, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 FROM workloads WHERE id = ?1",
		db_text(id), db_count(run->tasks), db_integer(run->repeat), db_integer(run->after),
		db_text(bench_outcome_name[run->outcome]), db_text(run->stopped_by),
		db_known(run->stopped_at, BENCH_UNKNOWN), db_real(run->ready_s),
		db_real(run->cpu_s), db_real(run->others));
	if (!err && !sqlite3_changes(db->sqlite)) {
		log_error("%s: no workload '%s' was stored for this run", db->path, id);
		err = -ENOENT;
	}
	*number = sqlite3_last_insert_rowid(db->sqlite);
	return err;
}

static int write_run(const struct db *db, const char *id, const struct bench_run *run)
{
	int64_t number;
	int err = insert_run(db, id, run, &number);

	for (int s = 0; !err && s < BENCH_STATES; s++)
		if (run->at[s].taken)
			err = write_weighing(db, number, s, &run->at[s]);
	return err;
}

int bench_store_run(struct bench_store *s, const char *id, const struct bench_run *run)
{
	int err = db_begin(&s->db);

	return err ? err : db_end(&s->db, write_run(&s->db, id, run));
}
