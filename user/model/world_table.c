/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The process table itself: rows come and are found.
 */
#include "model/world_impl.h"

static void task_free(gpointer p)
{
	struct world_task *t = p;

	g_free(t->state);
	if (t->names)
		g_ptr_array_unref(t->names);
	task_fold_free(t->fold);
	g_free(t);
}

static void proc_free(gpointer data)
{
	struct world_proc *p = data;

	g_free(p->comm);
	g_clear_pointer(&p->parent, g_ref_string_release);
	g_free(p->exe);
	proc_fold_free(p->fold);
	g_clear_pointer(&p->folds, g_hash_table_unref);
	g_ptr_array_unref(p->argv);
	g_ptr_array_unref(p->images);
	g_ptr_array_unref(p->tasks);
	g_ptr_array_unref(p->mms);
	g_free(p);
}

struct world *world_new(bool launched)
{
	struct world *w = g_new0(struct world, 1);

	w->tasks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, task_free);
	w->mms = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	w->procs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, proc_free);
	w->launched = launched;
	w->keep = WORLD_KEEP_ALL;
	w->ended_tasks = g_ptr_array_new();
	w->ended_procs = g_ptr_array_new();
	w->proc_folds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return w;
}

void world_free(struct world *w)
{
	if (!w)
		return;
	g_ptr_array_unref(w->ended_tasks);
	g_ptr_array_unref(w->ended_procs);
	g_hash_table_unref(w->proc_folds);
	g_hash_table_unref(w->procs);
	g_hash_table_unref(w->mms);
	g_hash_table_unref(w->tasks);
	g_free(w);
}

struct world_proc *world_find_proc(struct world *w, uint64_t id)
{
	return g_hash_table_lookup(w->procs, &id);
}

struct world_proc *world_proc_add(struct world *w, uint64_t id)
{
	struct world_proc *p = g_new0(struct world_proc, 1);

	p->id = id;
	p->argv = g_ptr_array_new_with_free_func(g_free);
	p->images = g_ptr_array_new_with_free_func(g_free);
	p->tasks = g_ptr_array_new();
	p->mms = g_ptr_array_new();
	g_hash_table_insert(w->procs, &p->id, p);
	return p;
}

struct world_task *world_task_add(struct world *w, struct world_proc *p, uint64_t id,
				  struct tare_task *state)
{
	struct world_task *t = g_new0(struct world_task, 1);

	t->state = state;
	t->id = state->id = id;
	t->proc = state->proc = p->id;
	t->place = p->tasks->len;
	g_hash_table_insert(w->tasks, &t->id, t);
	g_ptr_array_add(p->tasks, t);
	return t;
}

struct world_mm *world_mm_add(struct world *w, struct world_proc *p, uint64_t id)
{
	struct world_mm *m = g_new0(struct world_mm, 1);

	m->proc = p->id;
	m->state.id = id;
	g_hash_table_insert(w->mms, &m->state.id, m);
	g_ptr_array_add(p->mms, m);
	return m;
}

unsigned world_count_live(const struct world *w, world_task_fn is)
{
	GHashTableIter iter;
	unsigned n = 0;
	gpointer value;

	g_hash_table_iter_init(&iter, w->tasks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct world_task *t = value;

		n += !t->ended && is(w, t);
	}
	return n;
}

static bool missed(const struct world *w, const struct world_task *t)
{
	return t->sweep != w->sweep;
}

unsigned world_limbo(const struct world *w)
{
	return world_count_live(w, missed);
}

unsigned world_living(const struct world *w)
{
	GHashTableIter iter;
	unsigned n = 0;
	gpointer value;

	g_hash_table_iter_init(&iter, w->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		n += ((const struct world_proc *)value)->living > 0;
	return n;
}
