/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The rows of the process table: adding, finding, counting and freeing them.
 */
#include "model/proctable_impl.h"

static void task_free(gpointer p)
{
	struct proctable_task *t = p;

	g_free(t->state);
	g_free(t->title);
	if (t->names)
		g_ptr_array_unref(t->names);
	task_fold_free(t->fold);
	g_free(t);
}

static void proc_free(gpointer data)
{
	struct proctable_proc *p = data;

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

struct proctable *proctable_new(bool launched)
{
	struct proctable *pt = g_new0(struct proctable, 1);

	pt->tasks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, task_free);
	pt->mms = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	pt->procs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, proc_free);
	pt->launched = launched;
	pt->keep = PROCTABLE_KEEP_ALL;
	pt->ended_tasks = g_ptr_array_new();
	pt->ended_procs = g_ptr_array_new();
	pt->proc_folds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return pt;
}

void proctable_free(struct proctable *pt)
{
	if (!pt)
		return;
	g_ptr_array_unref(pt->ended_tasks);
	g_ptr_array_unref(pt->ended_procs);
	g_hash_table_unref(pt->proc_folds);
	g_hash_table_unref(pt->procs);
	g_hash_table_unref(pt->mms);
	g_hash_table_unref(pt->tasks);
	g_free(pt);
}

struct proctable_proc *proctable_find_proc(struct proctable *pt, uint64_t id)
{
	return g_hash_table_lookup(pt->procs, &id);
}

struct proctable_proc *proctable_proc_add(struct proctable *pt, uint64_t id)
{
	struct proctable_proc *p = g_new0(struct proctable_proc, 1);

	p->id = id;
	p->argv = g_ptr_array_new_with_free_func(g_free);
	p->images = g_ptr_array_new_with_free_func(g_free);
	p->tasks = g_ptr_array_new();
	p->mms = g_ptr_array_new();
	g_hash_table_insert(pt->procs, &p->id, p);
	return p;
}

struct proctable_task *proctable_task_add(struct proctable *pt, struct proctable_proc *p,
					  uint64_t id, struct tare_task *state)
{
	struct proctable_task *t = g_new0(struct proctable_task, 1);

	t->state = state;
	t->id = state->id = id;
	t->proc = state->proc = p->id;
	t->place = p->tasks->len;
	g_hash_table_insert(pt->tasks, &t->id, t);
	g_ptr_array_add(p->tasks, t);
	return t;
}

struct proctable_mm *proctable_mm_add(struct proctable *pt, struct proctable_proc *p, uint64_t id)
{
	struct proctable_mm *m = g_new0(struct proctable_mm, 1);

	m->proc = p->id;
	m->state.id = id;
	g_hash_table_insert(pt->mms, &m->state.id, m);
	g_ptr_array_add(p->mms, m);
	return m;
}

unsigned proctable_count_live(const struct proctable *pt, proctable_task_fn is)
{
	GHashTableIter iter;
	unsigned n = 0;
	gpointer value;

	g_hash_table_iter_init(&iter, pt->tasks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct proctable_task *t = value;

		n += !t->ended && is(pt, t);
	}
	return n;
}

static bool was_missed(const struct proctable *pt, const struct proctable_task *t)
{
	return t->sweep != pt->sweep;
}

unsigned proctable_exiting(const struct proctable *pt)
{
	return proctable_count_live(pt, was_missed);
}

static bool is_outdated(const struct proctable *pt, const struct proctable_task *t)
{
	const struct proctable_proc *p = g_hash_table_lookup(pt->procs, &t->proc);

	return !(t->state->flags & TARE_TASK_EXITING) && p && p->freed_ns > t->time_ns;
}

static bool is_stale(const struct proctable *pt, const struct proctable_task *t)
{
	return is_outdated(pt, t) || (was_missed(pt, t) && !(t->state->flags & TARE_TASK_EXITING));
}

unsigned proctable_outdated(const struct proctable *pt)
{
	return proctable_count_live(pt, is_outdated);
}

unsigned proctable_stale(const struct proctable *pt)
{
	return proctable_count_live(pt, is_stale);
}

unsigned proctable_living(const struct proctable *pt)
{
	GHashTableIter iter;
	unsigned n = 0;
	gpointer value;

	g_hash_table_iter_init(&iter, pt->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		n += ((const struct proctable_proc *)value)->living > 0;
	return n;
}
