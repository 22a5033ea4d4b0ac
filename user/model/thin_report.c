/* SPDX-License-Identifier: GPL-2.0-only
 *
 * report_thin(): fewer rows of processes and threads.
 */
#include <string.h>

#include "model/thin.h"

#define OTHERS "[others]"
#define NAMES_SHARE 4 /* one in 4 of the rows of processes is for folds by name */

/* A value that `count` members have, to compute a median. */
struct value {
	int64_t value;
	uint64_t count;
};

static int by_value(gconstpointer a, gconstpointer b)
{
	const struct value *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

static int64_t median(GArray *values)
{
	uint64_t sum = 0, upto = 0;

	for (unsigned i = 0; i < values->len; i++)
		sum += g_array_index(values, struct value, i).count;
	g_array_sort(values, by_value);
	for (unsigned i = 0; i < values->len; i++) {
		const struct value *v = &g_array_index(values, struct value, i);

		upto += v->count;
		if (upto * 2 >= sum)
			return v->value;
	}
	return 0;
}

/* Add `count` members: with spread `s`, or with the value `one` if it is a single one. */
static void spread_add(struct report_spread *to, GArray *values, const struct report_spread *s,
		       uint64_t count, int64_t one)
{
	struct report_spread from = { one, one, one };
	struct value v;

	if (count > 1)
		from = *s;
	v = (struct value){ from.median, count };
	to->min = values->len ? MIN(to->min, from.min) : from.min;
	to->max = values->len ? MAX(to->max, from.max) : from.max;
	g_array_append_val(values, v);
}

static void flow_add(struct flow *to, struct flow f)
{
	to->in += f.in;
	to->out += f.out;
}

static void add_cause(struct report_task *to, const struct report_cause *c)
{
	struct report_cause new = { NULL, c->flow };

	for (unsigned i = 0; i < to->causes->len; i++) {
		struct report_cause *old = &g_array_index(to->causes, struct report_cause, i);

		if (strcmp(old->name, c->name))
			continue;
		flow_add(&old->flow, c->flow);
		return;
	}
	new.name = g_strdup(c->name);
	g_array_append_val(to->causes, new);
}

static int by_size(gconstpointer a, gconstpointer b)
{
	const struct report_cause *x = a, *y = b;
	uint64_t size_x = x->flow.in + x->flow.out, size_y = y->flow.in + y->flow.out;

	return size_x < size_y ? 1 : size_x > size_y ? -1 : 0;
}

/* A fold that is being made. */
struct many {
	struct report_process *process; /* NULL: of tasks */
	struct report_task *task;
	GArray *peaks, *ins; /* struct value */
};

static struct many *many_new(bool processes)
{
	struct many *m = g_new0(struct many, 1);

	m->task = report_task_new();
	m->task->count = 0;
	m->peaks = g_array_new(FALSE, FALSE, sizeof(struct value));
	m->ins = g_array_new(FALSE, FALSE, sizeof(struct value));
	if (!processes)
		return m;
	m->process = report_process_new();
	m->process->count = 0;
	g_ptr_array_add(m->process->tasks, m->task);
	return m;
}

static void many_end(struct many *m)
{
	g_array_sort(m->task->causes, by_size);
	m->task->in_spread.median = median(m->ins);
	if (m->process)
		m->process->rss_peak_spread.median = median(m->peaks);
	g_array_unref(m->peaks);
	g_array_unref(m->ins);
	g_free(m);
}

static void set_comm(char **comm, const char *with, bool first)
{
	if (first)
		*comm = g_strdup(with);
	else if (g_strcmp0(*comm, with) && strcmp(*comm, OTHERS)) {
		g_free(*comm);
		*comm = g_strdup(OTHERS);
	}
}

static void times_add(uint64_t *start, uint64_t *end, bool *alive, bool first, uint64_t s,
		      uint64_t e, bool a)
{
	*start = first ? s : MIN(*start, s);
	*alive |= a;
	*end = *alive ? 0 : MAX(*end, e);
}

static void add_task(struct many *m, const struct report_task *t)
{
	struct report_task *to = m->task;
	bool first = !to->count;
	int64_t in =
		(int64_t)(t->flow[TARE_ANON].in + t->flow[TARE_FILE].in + t->flow[TARE_SHMEM].in);

	spread_add(&to->in_spread, m->ins, &t->in_spread, t->count, in);
	set_comm(&to->comm, t->comm ? t->comm : "", first);
	times_add(&to->start_ns, &to->end_ns, &to->alive, first, t->start_ns, t->end_ns, t->alive);
	to->id = first ? t->id : MIN(to->id, t->id);
	to->count += t->count;
	to->attached |= t->attached;
	for (int k = 0; k < TARE_KINDS; k++) {
		flow_add(&to->flow[k], t->flow[k]);
		to->at_peak[k] += t->at_peak[k];
	}
	to->faults_user += t->faults_user;
	to->faults_kernel += t->faults_kernel;
	to->faults_major += t->faults_major;
	to->mapped += t->mapped;
	to->unmapped += t->unmapped;
	to->brk_up += t->brk_up;
	to->brk_down += t->brk_down;
	for (unsigned i = 0; i < t->causes->len; i++)
		add_cause(to, &g_array_index(t->causes, struct report_cause, i));
}

static bool has_failed(const struct report_exit *e)
{
	return e->known && (e->code || e->signal);
}

static void add_exit(struct report_process *to, const struct report_process *p, bool first)
{
	if (first)
		to->exit = p->exit;
	else if (memcmp(&to->exit, &p->exit, sizeof(p->exit)))
		to->exit = (struct report_exit){ 0 };
}

static void add_process(struct many *m, const struct report_process *p)
{
	struct report_process *to = m->process;
	bool first = !to->count;

	spread_add(&to->rss_peak_spread, m->peaks, &p->rss_peak_spread, p->count, p->rss_peak);
	set_comm(&to->comm, p->comm ? p->comm : "", first);
	times_add(&to->start_ns, &to->end_ns, &to->alive, first, p->start_ns, p->end_ns, p->alive);
	add_exit(to, p, first);
	if (first)
		to->parent = g_strdup(p->parent);
	else if (g_strcmp0(to->parent, p->parent))
		g_clear_pointer(&to->parent, g_free);
	to->id = first ? p->id : MIN(to->id, p->id);
	to->count += p->count;
	to->failed += p->count > 1 ? p->failed : has_failed(&p->exit);
	if (first || p->rss_peak > to->rss_peak) {
		to->rss_peak = p->rss_peak;
		to->rss_peak_ns = p->rss_peak_ns;
	}
	to->vm_peak = MAX(to->vm_peak, p->vm_peak);
	for (int k = 0; k < TARE_KINDS; k++) {
		struct balance *b = &to->balance[k];

		to->at_peak[k] += p->at_peak[k];
		b->initial += p->balance[k].initial;
		flow_add(&b->tasks, p->balance[k].tasks);
		flow_add(&b->nonowner, p->balance[k].nonowner);
		b->unattributed += p->balance[k].unattributed;
		b->net += p->balance[k].net;
	}
	for (int i = 0; i < TARE_NONOWNERS; i++)
		flow_add(&to->nonowner_cause[i], p->nonowner_cause[i]);
	for (unsigned i = 0; i < p->tasks->len; i++)
		add_task(m, p->tasks->pdata[i]);
}

/* The new position of a row of the report. */
struct position {
	uint32_t process, task;
};

struct moved {
	GArray *first; /* for each old process: index in `positions` of its first task */
	GArray *positions;
};

static void moved_begin(struct moved *m, const struct report *r)
{
	m->first = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	m->positions = g_array_new(FALSE, FALSE, sizeof(struct position));
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		g_array_append_val(m->first, m->positions->len);
		/* One more: for entries that belong to no task of the process. */
		for (uint32_t j = 0; j <= p->tasks->len; j++) {
			struct position at = { i, j < p->tasks->len ? j : UINT32_MAX };

			g_array_append_val(m->positions, at);
		}
	}
}

static struct position *moved_at(const struct moved *m, uint32_t process, uint32_t task)
{
	uint32_t first = g_array_index(m->first, uint32_t, process);
	uint32_t next = process + 1 < m->first->len ?
				g_array_index(m->first, uint32_t, process + 1) :
				m->positions->len;

	return &g_array_index(m->positions, struct position,
			      task == UINT32_MAX ? next - 1 : first + task);
}

static void moved_end(struct moved *m, struct profile *p)
{
	for (unsigned i = 0; p && i < p->entries->len; i++) {
		struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);
		struct position at = *moved_at(m, e->process, e->task);

		e->process = at.process;
		e->task = at.task;
	}
	for (unsigned i = 0; p && i < p->virtual->len; i++) {
		struct profile_virtual *a = &g_array_index(p->virtual, struct profile_virtual, i);
		struct position at = *moved_at(m, a->process, a->task);

		a->process = at.process;
		a->task = at.task;
	}
	g_array_unref(m->first);
	g_array_unref(m->positions);
}

/* The fold for a process: by its name; "[others]" if there are too many names. */
static uint32_t row_of(GPtrArray *rows, GHashTable *by_name, const char *name, unsigned names)
{
	gpointer at;

	name = name ? name : "";
	if (!g_hash_table_contains(by_name, name) && g_hash_table_size(by_name) >= names)
		name = OTHERS;
	if (!g_hash_table_lookup_extended(by_name, name, NULL, &at)) {
		at = GUINT_TO_POINTER(rows->len);
		g_ptr_array_add(rows, many_new(true));
		g_hash_table_insert(by_name, g_strdup(name), at);
	}
	return GPOINTER_TO_UINT(at);
}

static void fold_processes(struct report *r, unsigned keep)
{
	g_autoptr(GHashTable)
		by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) rows = g_ptr_array_new();
	unsigned names = keep / NAMES_SHARE, head = keep - MIN(keep, names + 1);
	struct moved moved;

	if (r->processes->len <= MAX(keep, 1))
		return;
	moved_begin(&moved, r);
	for (unsigned i = head; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];
		uint32_t row = row_of(rows, by_name, p->comm, names);

		add_process(rows->pdata[row], p);
		for (unsigned j = 0; j < p->tasks->len; j++)
			*moved_at(&moved, i, j) = (struct position){ head + row, 0 };
		moved_at(&moved, i, UINT32_MAX)->process = head + row;
	}
	g_ptr_array_remove_range(r->processes, head, r->processes->len - head);
	for (unsigned i = 0; i < rows->len; i++) {
		g_ptr_array_add(r->processes, ((struct many *)rows->pdata[i])->process);
		many_end(rows->pdata[i]);
	}
	moved_end(&moved, r->profile);
}

static uint64_t rows_of_tasks(const struct report *r, unsigned most)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->processes->len; i++)
		sum += MIN(((const struct report_process *)r->processes->pdata[i])->tasks->len,
			   most);
	return sum;
}

static void fold_tasks_of(struct report_process *p, uint32_t process, unsigned most,
			  struct moved *moved)
{
	struct many *m;

	if (p->tasks->len <= most)
		return;
	m = many_new(false);
	for (unsigned j = most - 1; j < p->tasks->len; j++) {
		add_task(m, p->tasks->pdata[j]);
		moved_at(moved, process, j)->task = most - 1;
	}
	g_ptr_array_remove_range(p->tasks, most - 1, p->tasks->len - (most - 1));
	g_ptr_array_add(p->tasks, m->task);
	many_end(m);
}

static void fold_tasks(struct report *r, unsigned keep)
{
	unsigned most = MAX(keep, 1);
	struct moved moved;

	if (rows_of_tasks(r, UINT_MAX) <= keep)
		return;
	while (most > 1 && rows_of_tasks(r, most) > keep)
		most -= (most + 3) / 4;
	moved_begin(&moved, r);
	for (unsigned i = 0; i < r->processes->len; i++)
		fold_tasks_of(r->processes->pdata[i], i, most, &moved);
	moved_end(&moved, r->profile);
}

void report_thin(struct report *r, unsigned processes, unsigned tasks)
{
	fold_processes(r, processes);
	fold_tasks(r, tasks);
}
