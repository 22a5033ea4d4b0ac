/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A report into the tables of recording.sql.
 */
#include <stdio.h>

#include "store/recording_figures.h"
#include "store/recording_format.h"

static struct db_value u64(uint64_t n)
{
	return db_count(n);
}

/* A figure that is not measured is not 0. */
static struct db_value u64_if(bool measured, uint64_t n)
{
	return measured ? u64(n) : db_text(NULL);
}

static struct db_value kind(int k)
{
	return db_text(kind_name[k]);
}

struct insert insert_into(const struct db *db, const char *table, const char *columns)
{
	char sql[256];
	struct insert in = { .db = db };

	snprintf(sql, sizeof(sql), "DELETE FROM %s", table);
	in.err = db_exec(db, sql);
	snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (%s)", table, columns);
	if (!in.err)
		in.err = db_prepare(db, &in.st, sql);
	return in;
}

int insert_done(struct insert *in)
{
	sqlite3_finalize(in->st);
	return in->err;
}

static void put_figure(void *ctx, const struct figure *f)
{
	struct insert *in = ctx;
	bool null;
	int64_t value = figure_get(f, &null);

	insert_row(in, db_text(f->name), null ? db_text(NULL) : db_integer(value));
}

static void put_text(void *ctx, const char *name, char **at)
{
	struct insert *in = ctx;

	insert_row(in, db_text(name), db_text(*at));
}

static int write_singles(const struct db *db, struct report *r)
{
	struct insert in = insert_into(db, "figures", "?1, ?2");

	figures_each(r, put_figure, &in);
	if (insert_done(&in))
		return in.err;
	in = insert_into(db, "texts", "?1, ?2");
	figures_each_text(r, put_text, &in);
	return insert_done(&in);
}

static int write_command(const struct db *db, const struct report *r)
{
	struct insert in = insert_into(db, "command", "?1, ?2");

	for (unsigned i = 0; i < r->command->len; i++)
		insert_row(&in, db_integer(i), db_text(r->command->pdata[i]));
	if (insert_done(&in))
		return in.err;
	in = insert_into(db, "features", "?1, ?2, ?3, ?4");
	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = r->features->pdata[i];

		insert_row(&in, db_integer(i), db_text(f->name), db_text(f->state),
			   db_text(f->why));
	}
	return insert_done(&in);
}

static void put_balances(struct insert *in, const struct report *r, int64_t process,
			 const struct balance *b, const int64_t *at_peak)
{
	for (int k = 0; k < TARE_KINDS; k++)
		if ((process == WORKLOAD ? report_held(r, k) : report_kind(r, k)))
			insert_row(in, db_integer(process), kind(k), db_integer(b[k].opening),
				   u64(b[k].tasks.in), u64(b[k].tasks.out), u64(b[k].foreign.in),
				   u64(b[k].foreign.out), db_integer(b[k].unattributed),
				   db_integer(b[k].net), db_integer(at_peak ? at_peak[k] : 0));
}

static int write_balances(const struct db *db, const struct report *r)
{
	struct insert in = insert_into(db, "balances", "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10");

	put_balances(&in, r, WORKLOAD, r->totals, NULL);
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		put_balances(&in, r, i, p->balance, p->at_peak);
	}
	return insert_done(&in);
}

static void put_foreigners(struct insert *in, int64_t process, int what, const struct flow *f)
{
	for (int i = 0; i < TARE_FOREIGNERS; i++)
		insert_row(in, db_integer(process), db_text(foreign_name[i]),
			   db_text(foreign_what_name[what]), u64(f[i].in), u64(f[i].out));
}

static int write_foreigners(const struct db *db, const struct report *r)
{
	struct insert in = insert_into(db, "foreigners", "?1, ?2, ?3, ?4, ?5");

	put_foreigners(&in, WORKLOAD, 0, r->foreign_cause);
	put_foreigners(&in, WORKLOAD, 1, r->kmem.foreign);
	for (unsigned i = 0; i < r->processes->len; i++)
		put_foreigners(
			&in, i, 0,
			((const struct report_process *)r->processes->pdata[i])->foreign_cause);
	return insert_done(&in);
}

static void put_texts(struct insert *in, int64_t process, int what, const GPtrArray *texts)
{
	for (unsigned i = 0; i < texts->len; i++)
		insert_row(in, db_text(NULL), db_integer(process), db_text(process_text_name[what]),
			   db_text(texts->pdata[i]));
}

static int write_processes(const struct db *db, const struct report *r)
{
	struct insert in = insert_into(
		db, "processes", "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14");

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		insert_row(&in, db_integer(i), db_integer(p->pid), db_integer(p->ppid),
			   db_text_or_empty(p->comm), db_text(p->exe),
			   db_integer(p->argv_truncated), db_integer(p->alive), u64(p->start_ns),
			   u64(p->end_ns), db_integer(p->exit.known), db_integer(p->exit.code),
			   db_integer(p->exit.signal), db_integer(p->rss_peak),
			   u64(p->rss_peak_ns));
	}
	if (insert_done(&in))
		return in.err;
	in = insert_into(db, "process_texts", "?1, ?2, ?3, ?4");
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		put_texts(&in, i, 0, p->argv);
		put_texts(&in, i, 1, p->images);
	}
	return insert_done(&in);
}

struct task_inserts {
	struct insert tasks, names, kinds, causes;
	bool faults, kernel_faults, virtual; /* measured */
};

static void put_task(struct task_inserts *in, const struct report *r, int64_t number,
		     int64_t process, const struct report_task *t)
{
	insert_row(&in->tasks, db_integer(number), db_integer(process), db_integer(t->tid),
		   db_text_or_empty(t->comm), db_integer(t->alive), db_integer(t->attached),
		   u64(t->start_ns), u64(t->end_ns),
		   u64_if(in->faults,
			  in->kernel_faults ? t->faults_user : t->faults_user + t->faults_kernel),
		   u64_if(in->kernel_faults, t->faults_kernel), u64_if(in->faults, t->faults_major),
		   u64_if(in->virtual, t->mapped), u64_if(in->virtual, t->unmapped),
		   u64_if(in->virtual, t->brk_up), u64_if(in->virtual, t->brk_down));
	for (unsigned i = 0; i < t->names->len; i++)
		insert_row(&in->names, db_text(NULL), db_integer(number),
			   db_text(t->names->pdata[i]));
	for (int k = 0; k < TARE_KINDS; k++)
		if (report_kind(r, k))
			insert_row(&in->kinds, db_integer(number), kind(k), u64(t->flow[k].in),
				   u64(t->flow[k].out), db_integer(t->at_peak[k]));
	for (unsigned i = 0; i < t->causes->len; i++) {
		const struct report_cause *c = &g_array_index(t->causes, struct report_cause, i);

		insert_row(&in->causes, db_text(NULL), db_integer(number), db_text(c->name),
			   u64(c->flow.in), u64(c->flow.out));
	}
}

static int write_tasks(const struct db *db, const struct report *r)
{
	struct task_inserts in = {
		.tasks = insert_into(
			db, "tasks",
			"?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15"),
		.names = insert_into(db, "task_names", "?1, ?2, ?3"),
		.kinds = insert_into(db, "task_kinds", "?1, ?2, ?3, ?4, ?5"),
		.causes = insert_into(db, "task_causes", "?1, ?2, ?3, ?4, ?5"),
	};
	struct insert *all[] = { &in.tasks, &in.names, &in.kinds, &in.causes };
	bool faults = report_measured(r, "faults");
	int64_t number = 0;
	int err = 0;

	in.faults = faults;
	in.kernel_faults = faults && report_measured(r, "faults_kernel");
	in.virtual = report_measured(r, "virtual");
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		for (unsigned j = 0; j < p->tasks->len; j++)
			put_task(&in, r, number++, i, p->tasks->pdata[j]);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
		if (insert_done(all[i]) && !err)
			err = all[i]->err;
	return err;
}

static int write_series(const struct db *db, const struct report *r)
{
	struct insert in =
		insert_into(db, "series", "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11");

	for (unsigned i = 0; i < r->series->len; i++) {
		const struct report_point *p = &g_array_index(r->series, struct report_point, i);
		struct db_value k[TARE_KINDS];

		for (int j = 0; j < TARE_KINDS; j++)
			k[j] = p->kinds && report_held(r, kind_order[j]) ?
				       db_integer(p->kind[kind_order[j]]) :
				       db_text(NULL);
		insert_row(&in, db_integer(i), u64(p->time_ns), db_integer(p->rss),
			   db_integer(p->beside), k[0], k[1], k[2], k[3], k[4], k[5], k[6]);
	}
	return insert_done(&in);
}

static int write_slabs(const struct db *db, const struct report *r)
{
	struct insert in = insert_into(db, "slabs", "?1, ?2, ?3, ?4, ?5");

	for (unsigned i = 0; r->slabs && i < r->slabs->len; i++) {
		const struct report_slab *s = &g_array_index(r->slabs, struct report_slab, i);

		insert_row(&in, db_integer(i), db_text(s->name), u64(s->object_size),
			   db_integer(s->objects), db_integer(s->bytes));
	}
	return insert_done(&in);
}

int recording_write_report(const struct db *db, struct report *r)
{
	int err = write_singles(db, r);

	err = err ?: write_command(db, r);
	err = err ?: write_balances(db, r);
	err = err ?: write_foreigners(db, r);
	err = err ?: write_processes(db, r);
	err = err ?: write_tasks(db, r);
	err = err ?: write_series(db, r);
	return err ?: write_slabs(db, r);
}
