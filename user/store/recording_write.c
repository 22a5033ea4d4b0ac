/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writes a report into the tables of recording.sql.
 */
#include "store/recording_figures.h"
#include "store/recording_format.h"
#include "store/recording_writer.h"

static struct db_value kind_value(int k)
{
	return db_text(kind_name[k]);
}

/* Rows that are known by their position. Rows of the last checkpoint behind the last are
 * removed. */
struct list {
	struct table table;
	enum placed_sort sort;
	uint32_t n;
};

static struct list list_begin(struct writer *w, const char *table, enum placed_sort sort)
{
	return (struct list){ table_begin(w, table, NULL), sort, 0 };
}

static void list_next(struct list *l)
{
	table_placed(&l->table, l->sort, l->n++);
}

/* Did the last checkpoint have more rows? */
static bool list_shorter(const struct list *l)
{
	const struct writer *w = l->table.w;

	return !w->err && !w->last && w->rows->placed[l->sort]->len > l->n;
}

static void list_end(struct list *l)
{
	struct writer *w = l->table.w;

	if (list_shorter(l)) {
		g_autofree char *sql =
			g_strdup_printf("DELETE FROM %s WHERE number >= ?1", l->table.name);

		w->err = db_change(w->db, sql, db_integer(l->n));
		g_array_set_size(w->rows->placed[l->sort], l->n);
	}
	table_end(&l->table);
}

/* The same for rows that have names: all are written again. */
static bool list_end_named(struct list *l)
{
	struct writer *w = l->table.w;
	bool again = list_shorter(l);

	if (again) {
		g_autofree char *sql = g_strdup_printf("DELETE FROM %s", l->table.name);

		w->err = db_exec(w->db, sql);
		g_array_set_size(w->rows->placed[l->sort], 0);
	}
	table_end(&l->table);
	return again && !w->err;
}

static void put_figure(void *ctx, const struct figure *f)
{
	struct list *l = ctx;
	bool null;
	int64_t value = figure_get(f, &null);

	table_row(&l->table, db_text(f->name),
		  null ? db_text(NULL) : writer_vma(l->table.w, value, f->least, f->most));
	list_next(l);
}

static void put_text(void *ctx, const char *name, char **at)
{
	struct list *l = ctx;

	table_row(&l->table, db_text(name), writer_text(l->table.w, *at));
	list_next(l);
}

static bool write_figures(struct writer *w)
{
	struct list l = list_begin(w, "figures", PLACED_FIGURES);

	figures_each(w->report, put_figure, &l);
	for (unsigned i = 0; i < w->figures; i++) {
		table_row(&l.table, db_text(w->figure[i].name),
			  writer_vma(w, w->figure[i].value, 0, w->limits->number));
		list_next(&l);
	}
	return list_end_named(&l);
}

static bool write_texts(struct writer *w)
{
	struct list l = list_begin(w, "texts", PLACED_TEXTS);

	figures_each_text(w->report, put_text, &l);
	return list_end_named(&l);
}

static void write_command(struct writer *w)
{
	const GPtrArray *command = w->report->command;
	struct list l = list_begin(w, "command", PLACED_COMMAND);

	for (unsigned i = 0; i < command->len; i++) {
		struct db_value v = writer_extra(w, command->pdata[i]);
		bool fits = v.type == SQLITE_TEXT && l.n + 1 < w->limits->rows;

		table_row(&l.table, db_integer(l.n), fits ? v : db_text("[more]"));
		list_next(&l);
		if (!fits) {
			w->texts_cut += command->len - i - 1;
			break;
		}
	}
	list_end(&l);
}

static void write_features(struct writer *w)
{
	const GPtrArray *features = w->report->features;
	struct list l = list_begin(w, "features", PLACED_FEATURES);

	for (unsigned i = 0; i < features->len; i++) {
		const struct report_feature *f = features->pdata[i];

		table_row(&l.table, db_integer(l.n), writer_text(w, f->name),
			  writer_text(w, f->state), writer_text(w, f->why));
		list_next(&l);
	}
	if (w->note) {
		table_row(&l.table, db_integer(l.n), db_text("recording"), db_text("thinned"),
			  writer_text(w, w->note));
		list_next(&l);
	}
	list_end(&l);
}

static void add_balances(struct table *t, const struct report *r, int64_t process,
			 const struct balance *b, const int64_t *at_peak)
{
	for (int k = 0; k < TARE_KINDS; k++)
		if (process == WORKLOAD ? report_held(r, k) : report_kind(r, k))
			table_row(t, db_integer(process), kind_value(k),
				  table_bytes(t, b[k].initial), table_count(t, b[k].tasks.in),
				  table_count(t, b[k].tasks.out), table_count(t, b[k].nonowner.in),
				  table_count(t, b[k].nonowner.out),
				  table_bytes(t, b[k].unattributed), table_bytes(t, b[k].net),
				  table_bytes(t, at_peak ? at_peak[k] : 0));
}

static void add_nonowners(struct table *t, int64_t process, int what, const struct flow *f)
{
	for (int i = 0; i < TARE_NONOWNERS; i++)
		table_row(t, db_integer(process), db_text(nonowner_name[i]),
			  db_text(nonowner_what_name[what]), table_count(t, f[i].in),
			  table_count(t, f[i].out));
}

/* False: a text did not fit. */
static bool add_texts(struct table *t, uint32_t process, int what, const GPtrArray *texts)
{
	unsigned position = 0;

	for (unsigned i = 0; i < texts->len; i++) {
		struct db_value v = writer_extra(t->w, texts->pdata[i]);

		if (v.type != SQLITE_TEXT)
			return false;
		table_row(t, db_integer(process), db_text(process_text_name[what]),
			  db_integer(position++), v);
	}
	return true;
}

struct process_tables {
	struct table processes, texts, balances, nonowners;
};

static void put_spread(struct table *t, struct db_value v[3], uint64_t count,
		       const struct report_spread *s)
{
	v[0] = count > 1 ? table_bytes(t, s->min) : db_text(NULL);
	v[1] = count > 1 ? table_bytes(t, s->median) : db_text(NULL);
	v[2] = count > 1 ? table_bytes(t, s->max) : db_text(NULL);
}

static void put_process(struct process_tables *in, const struct report_process *p, uint32_t number,
			bool cut)
{
	struct table *t = &in->processes;
	struct writer *w = t->w;
	struct db_value spread[3];

	put_spread(t, spread, p->count, &p->rss_peak_spread);
	table_row(t, db_integer(number), writer_vma(w, p->pid, 0, INT32_MAX),
		  writer_vma(w, p->ppid, 0, INT32_MAX), writer_text(w, p->comm ? p->comm : ""),
		  writer_extra(w, p->exe), db_integer(p->argv_truncated || cut),
		  db_integer(p->alive), writer_size(w, p->start_ns), writer_size(w, p->end_ns),
		  db_integer(p->exit.oom ? 2 : p->exit.known), writer_vma(w, p->exit.code, 0, 255),
		  writer_vma(w, p->exit.signal, 0, 127), table_bytes(t, p->rss_peak),
		  writer_size(w, p->rss_peak_ns), writer_size(w, MAX(p->count, 1)),
		  writer_size(w, p->failed), writer_extra(w, p->parent), spread[0], spread[1],
		  spread[2], p->vm_peak ? table_bytes(t, p->vm_peak) : db_text(NULL));
}

static uint64_t process_id(const struct writer *w, const struct report_process *p)
{
	uint64_t id = hash_word(w->rows->seed, p->id);

	if (p->id)
		return id;
	id = hash_word(hash_word(id, (uint64_t)p->pid), p->start_ns);
	return hash_text(hash_text(id, p->comm), p->parent);
}

static void write_process(struct process_tables *in, unsigned i)
{
	struct writer *w = in->processes.w;
	const struct report_process *p = w->report->processes->pdata[i];
	struct thing thing = writer_thing(w, KNOWN_PROCESSES, process_id(w, p), false, i);
	bool whole;

	w->process_number[i] = thing.number;
	whole = add_texts(&in->texts, thing.number, 0, p->argv);
	add_texts(&in->texts, thing.number, 1, p->images);
	put_process(in, p, thing.number, !whole);
	table_flush(&in->processes, thing.hash[0], thing.number);
	table_flush(&in->texts, thing.hash[1], thing.number);
	add_balances(&in->balances, w->report, thing.number, p->balance, p->at_peak);
	table_flush(&in->balances, thing.hash[2], thing.number);
	add_nonowners(&in->nonowners, thing.number, 0, p->nonowner_cause);
	table_flush(&in->nonowners, thing.hash[3], thing.number);
}

static void write_processes(struct writer *w)
{
	const struct report *r = w->report;
	struct process_tables in = {
		.processes = table_begin(w, "processes", NULL),
		.texts = table_begin(w, "process_texts", "process"),
		.balances = table_begin(w, "balances", "process"),
		.nonowners = table_begin(w, "foreigners", "process"),
	};
	uint64_t none[2] = { 0 };

	w->process_number = g_new0(uint32_t, r->processes->len + 1);
	add_balances(&in.balances, r, WORKLOAD, r->totals, NULL);
	table_flush(&in.balances, w->last ? &none[0] : placed_at(w->rows, PLACED_WORKLOAD, 0),
		    WORKLOAD);
	add_nonowners(&in.nonowners, WORKLOAD, 0, r->nonowner_cause);
	add_nonowners(&in.nonowners, WORKLOAD, 1, r->kmem.nonowner);
	table_flush(&in.nonowners, w->last ? &none[1] : placed_at(w->rows, PLACED_WORKLOAD, 1),
		    WORKLOAD);
	for (unsigned i = 0; !w->err && i < r->processes->len; i++)
		write_process(&in, i);
	table_end(&in.processes);
	table_end(&in.texts);
	table_end(&in.balances);
	table_end(&in.nonowners);
}

struct task_tables {
	struct table tasks, names, kinds, causes;
	bool faults, kernel_faults, virtual; /* measured */
};

static void put_task(struct task_tables *in, const struct report_task *t, uint32_t number,
		     uint32_t process)
{
	struct table *to = &in->tasks;
	struct writer *w = to->w;
	struct db_value spread[3];

	put_spread(to, spread, t->count, &t->in_spread);
	table_row(to, db_integer(number), db_integer(process), writer_vma(w, t->tid, 0, INT32_MAX),
		  writer_text(w, t->comm ? t->comm : ""), db_integer(t->alive),
		  db_integer(t->attached), writer_size(w, t->start_ns), writer_size(w, t->end_ns),
		  in->faults ?
			  table_count(to, in->kernel_faults ? t->faults_user :
							      t->faults_user + t->faults_kernel) :
			  db_text(NULL),
		  in->kernel_faults ? table_count(to, t->faults_kernel) : db_text(NULL),
		  in->faults ? table_count(to, t->faults_major) : db_text(NULL),
		  in->virtual ? table_count(to, t->mapped) : db_text(NULL),
		  in->virtual ? table_count(to, t->unmapped) : db_text(NULL),
		  in->virtual ? table_count(to, t->brk_up) : db_text(NULL),
		  in->virtual ? table_count(to, t->brk_down) : db_text(NULL),
		  writer_size(w, MAX(t->count, 1)), spread[0], spread[1], spread[2]);
}

static void add_task_kinds(struct table *to, const struct report *r, uint32_t number,
			   const struct report_task *t)
{
	for (int k = 0; k < TARE_KINDS; k++)
		if (report_kind(r, k))
			table_row(to, db_integer(number), kind_value(k),
				  table_count(to, t->flow[k].in), table_count(to, t->flow[k].out),
				  table_bytes(to, t->at_peak[k]));
}

static void add_task_causes(struct table *to, uint32_t number, const struct report_task *t)
{
	for (unsigned i = 0; i < t->causes->len; i++) {
		const struct report_cause *c = &g_array_index(t->causes, struct report_cause, i);

		table_row(to, db_integer(number), db_integer(i), writer_text(to->w, c->name),
			  table_count(to, c->flow.in), table_count(to, c->flow.out));
	}
}

static void add_task_names(struct table *to, uint32_t number, const struct report_task *t)
{
	for (unsigned i = 0; i < t->names->len; i++) {
		struct db_value v = writer_extra(to->w, t->names->pdata[i]);

		if (v.type != SQLITE_TEXT)
			return;
		table_row(to, db_integer(number), db_integer(i), v);
	}
}

static uint64_t task_id(const struct writer *w, const struct report_task *t, uint32_t process)
{
	uint64_t id = hash_word(hash_word(w->rows->seed, t->id), process);

	if (t->id)
		return id;
	return hash_text(hash_word(hash_word(id, (uint64_t)t->tid), t->start_ns), t->comm);
}

static void write_task(struct task_tables *in, const struct report_task *t, uint32_t process,
		       uint32_t at)
{
	struct writer *w = in->tasks.w;
	uint32_t of = w->process_number[process];
	struct thing thing = writer_thing(w, KNOWN_TASKS, task_id(w, t, of), false, at);

	w->task_number[at] = thing.number;
	put_task(in, t, thing.number, of);
	table_flush(&in->tasks, thing.hash[0], thing.number);
	add_task_names(&in->names, thing.number, t);
	table_flush(&in->names, thing.hash[1], thing.number);
	add_task_kinds(&in->kinds, w->report, thing.number, t);
	table_flush(&in->kinds, thing.hash[2], thing.number);
	add_task_causes(&in->causes, thing.number, t);
	table_flush(&in->causes, thing.hash[3], thing.number);
}

/* Give tasks their numbers: in the file one sequence for all processes. */
static uint32_t place_tasks(struct writer *w)
{
	const GPtrArray *processes = w->report->processes;
	uint32_t n = 0;

	w->first_task = g_new0(uint32_t, processes->len + 1);
	for (unsigned i = 0; i < processes->len; i++) {
		w->first_task[i] = n;
		n += ((const struct report_process *)processes->pdata[i])->tasks->len;
	}
	return n;
}

static void write_tasks(struct writer *w)
{
	const struct report *r = w->report;
	struct task_tables in = {
		.tasks = table_begin(w, "tasks", NULL),
		.names = table_begin(w, "task_names", "task"),
		.kinds = table_begin(w, "task_kinds", "task"),
		.causes = table_begin(w, "task_causes", "task"),
		.faults = report_measured(r, "faults"),
		.virtual = report_measured(r, "virtual"),
	};

	in.kernel_faults = in.faults && report_measured(r, "faults_kernel");
	w->task_number = g_new0(uint32_t, place_tasks(w) + 1);
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		for (unsigned j = 0; !w->err && j < p->tasks->len; j++)
			write_task(&in, p->tasks->pdata[j], i, w->first_task[i] + j);
	}
	table_end(&in.tasks);
	table_end(&in.names);
	table_end(&in.kinds);
	table_end(&in.causes);
}

static void write_series(struct writer *w)
{
	const struct report *r = w->report;
	struct list l = list_begin(w, "series", PLACED_SERIES);
	uint64_t before = 0;

	for (unsigned i = 0; !w->err && i < r->series->len && l.n < w->limits->rows; i++) {
		const struct report_point *p = &g_array_index(r->series, struct report_point, i);
		struct table *t = &l.table;
		struct db_value k[TARE_KINDS];

		before = MAX(before, p->time_ns);
		for (int j = 0; j < TARE_KINDS; j++)
			k[j] = p->kinds && report_held(r, kind_order[j]) ?
				       table_bytes(t, p->kind[kind_order[j]]) :
				       db_text(NULL);
		table_row(t, db_integer(i), writer_size(w, before), table_bytes(t, p->rss),
			  table_bytes(t, p->nonrss), k[0], k[1], k[2], k[3], k[4], k[5], k[6]);
		list_next(&l);
	}
	list_end(&l);
}

static void write_growers(struct writer *w)
{
	const GArray *rows = w->report->incident ? w->report->incident->rows : NULL;
	struct list l = list_begin(w, "growers", PLACED_GROWERS);

	for (unsigned i = 0; rows && i < rows->len; i++) {
		const struct incident_row *row = &g_array_index(rows, struct incident_row, i);

		table_row(&l.table, db_integer(l.n), db_text(incident_sort_name[row->sort]),
			  writer_text(w, row->name), writer_text(w, row->thread),
			  writer_text(w, row->cgroup), writer_text(w, row->function),
			  table_bytes(&l.table, row->held), table_bytes(&l.table, row->grown[0]),
			  table_bytes(&l.table, row->grown[1]),
			  table_bytes(&l.table, row->grown[2]));
		list_next(&l);
	}
	list_end(&l);
}

static void write_slabs(struct writer *w)
{
	const GArray *slabs = w->report->slabs;
	struct list l = list_begin(w, "slabs", PLACED_SLABS);

	for (unsigned i = 0; slabs && i < slabs->len && l.n < w->limits->rows; i++) {
		const struct report_slab *s = &g_array_index(slabs, struct report_slab, i);

		table_row(&l.table, db_integer(i), writer_text(w, s->name),
			  writer_size(w, s->object_size), table_bytes(&l.table, s->objects),
			  table_bytes(&l.table, s->bytes));
		list_next(&l);
	}
	list_end(&l);
}

void writer_who(struct writer *w)
{
	write_command(w);
	write_processes(w);
	write_tasks(w);
}

void writer_singles(struct writer *w)
{
	while (write_figures(w))
		;
	while (write_texts(w))
		;
	write_features(w);
	write_series(w);
	write_slabs(w);
	write_growers(w);
}
