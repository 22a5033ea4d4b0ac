/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "model/container.h"
#include "model/live_impl.h"

static void entity_free(gpointer p)
{
	struct entity *e = p;

	g_free(e->name);
	g_free(e->cgroup);
	if (e->causes)
		g_array_unref(e->causes);
	g_free(e);
}

struct live *live_new(void)
{
	struct live *l = g_new0(struct live, 1);

	l->procs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, entity_free);
	l->tasks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, entity_free);
	l->claims = g_array_new(FALSE, FALSE, sizeof(int64_t));
	l->claimants = g_ptr_array_new();
	return l;
}

void live_free(struct live *l)
{
	if (!l)
		return;
	g_hash_table_unref(l->procs);
	g_hash_table_unref(l->tasks);
	g_array_unref(l->claims);
	g_ptr_array_unref(l->claimants);
	g_free(l);
}

/* Forget what this tick did not meet. */
static void forget(const struct live *l, GHashTable *in)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, in);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((const struct entity *)value)->seen != l->total.ticks)
			g_hash_table_iter_remove(&iter);
}

static void close_row(struct live_row *row)
{
	row->now.user = kinds_user(row->kind);
	row->now.kernel = kinds_kernel(row->kind);
}

static void close_all(const struct live *l, GHashTable *in, uint64_t now_ns)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, in);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct entity *e = value;

		close_row(&e->row);
		if (e->before && e->since == now_ns)
			e->base = e->row.now;
		live_rates(l, e, now_ns);
	}
}

static void add_point(struct live_total *t, int64_t weight)
{
	if (t->points == LIVE_CURVE)
		memmove(t->curve, t->curve + 1, (LIVE_CURVE - 1) * sizeof(t->curve[0]));
	else
		t->points++;
	t->curve[t->points - 1] = weight;
}

static void close_total(struct live *l, const struct books_input *in)
{
	struct live_total *t = &l->total;
	struct entity *all = &l->all;
	uint64_t processes = t->born, ended = t->ended;

	t->born = t->ticks == 1 ? 0 : processes - MIN(processes, l->processes);
	t->ended = t->ticks == 1 ? 0 : ended - MIN(ended, l->ended);
	l->processes = processes;
	l->ended = ended;
	close_row(&all->row);
	all->row.now.kernel += t->kmem_rest;
	all->row.processes = g_hash_table_size(l->procs);
	all->row.threads = g_hash_table_size(l->tasks);
	if (t->ticks == 1)
		all->since = t->now_ns;
	live_rates(l, all, t->now_ns);
	t->lost = 0;
	for (unsigned i = 0; i < TARE_LOSSES; i++)
		t->lost += in->workload.lost[i];
	t->sum = all->row;
	add_point(t, live_weight(&t->sum));
}

void live_tick(struct live *l, const struct books_input *in)
{
	l->total.now_ns = in->now_ns;
	l->total.origin_ns = in->origin_ns;
	l->total.ticks++;
	live_windows_begin(l, in->now_ns);
	live_read(l, in);
	forget(l, l->procs);
	forget(l, l->tasks);
	close_all(l, l->procs, in->now_ns);
	close_all(l, l->tasks, in->now_ns);
	close_total(l, in);
	live_windows_end(l, in->now_ns);
}

const struct live_total *live_total(const struct live *l)
{
	return &l->total;
}

static int by_id(gconstpointer a, gconstpointer b)
{
	const struct live_row *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void copy_rows(const struct live *l, GHashTable *in, GArray *rows)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, in);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct entity *e = value;
		struct live_row row = e->row;
		const struct entity *process = e;

		if (in == l->tasks)
			process = g_hash_table_lookup(l->procs, &row.proc);
		row.cgroup = process ? process->cgroup : NULL;
		row.uid = process ? process->row.uid : LIVE_NO_UID;
		g_array_append_val(rows, row);
	}
	g_array_sort(rows, by_id);
}

void live_processes(const struct live *l, GArray *rows)
{
	copy_rows(l, l->procs, rows);
}

void live_threads(const struct live *l, GArray *rows)
{
	copy_rows(l, l->tasks, rows);
}

bool live_causes(const struct live *l, uint64_t proc, GArray *causes)
{
	const struct entity *e = g_hash_table_lookup(l->procs, &proc);

	if (e)
		g_array_append_vals(causes, e->causes->data, e->causes->len);
	return e != NULL;
}

bool live_process(const struct live *l, uint64_t proc, struct live_row *row)
{
	const struct entity *e = g_hash_table_lookup(l->procs, &proc);

	if (!e)
		return false;
	*row = e->row;
	row->cgroup = e->cgroup;
	return true;
}

bool live_unknown(const struct live *l, uint64_t age_ns, uint64_t *id, pid_t *pid)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, l->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct entity *e = value;

		if (e->about_ns && l->total.now_ns - e->about_ns < age_ns)
			continue;
		*id = e->row.id;
		*pid = e->row.pid;
		return true;
	}
	return false;
}

void live_know(struct live *l, uint64_t id, uint32_t uid, const char *cgroup)
{
	struct entity *e = g_hash_table_lookup(l->procs, &id);

	if (!e)
		return;
	e->about_ns = MAX(l->total.now_ns, 1);
	e->row.uid = uid;
	g_free(e->cgroup);
	e->cgroup = g_strdup(cgroup);
}

char *live_unit(const char *cgroup)
{
	return container_title(cgroup);
}
