/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tasks and address spaces that ended and whose final records were lost: the kernel side kept
 * their sums, by process. In the process table these are one task and one address space of
 * that process, and the lost ones themselves are dropped, as they are in the sums.
 */
#include <string.h>

#include "model/world_impl.h"

#define LOST_TASKS "(lost records)"
#define LOST_PROCESSES "(lost records)"

static struct world_proc *process_of(struct world *w, uint64_t id, const struct tare_task *last)
{
	struct world_proc *p = world_find_proc(w, id) ?: world_proc_add(w, id);

	p->lost = true;
	if (id == WORLD_REST && !p->comm)
		p->comm = g_strdup(LOST_PROCESSES);
	if (id != WORLD_REST && last->end_ns)
		world_introduce(p, last);
	if (last->end_ns >= p->end_ns && last->end_ns) {
		p->end_ns = last->end_ns;
		p->status = last->exit_code;
	}
	return p;
}

static void lost_tasks(struct world *w, struct world_proc *p, const struct tare_ended *e)
{
	uint64_t id = p->id | WORLD_REST;
	struct world_task *t = g_hash_table_lookup(w->tasks, &id);

	if (!t) {
		t = world_task_add(w, p, id, g_new0(struct tare_task, 1));
		t->ended = true;
	}
	if (t->lost != e->tasks)
		t->sweep = w->sweep; /* not quiet */
	*t->state = e->task;
	t->state->id = id;
	t->state->proc = p->id;
	t->state->tid = 0;
	t->state->n_causes = TARE_TASK_CAUSES;
	memset(t->state->comm, 0, sizeof(t->state->comm));
	memcpy(t->state->comm, LOST_TASKS, sizeof(LOST_TASKS));
	t->lost = e->tasks;
	t->lost_attached = e->attached;
}

static void lost_mms(struct world *w, struct world_proc *p, const struct tare_ended *e)
{
	uint64_t id = p->id | WORLD_REST;
	struct world_mm *m = g_hash_table_lookup(w->mms, &id) ?: world_mm_add(w, p, id);

	m->state = e->mm;
	m->state.id = id;
	m->state.proc = p->id;
	m->closed = true;
	m->lost = e->mms;
	m->sweep = w->sweep;
}

void world_lost(struct world *w, uint64_t proc, const struct tare_ended *e)
{
	struct world_proc *p = process_of(w, proc ? proc : WORLD_REST, &e->task);

	if (e->tasks)
		lost_tasks(w, p, e);
	if (e->mms)
		lost_mms(w, p, e);
}

/* Both looks met it, or it was born since. */
static bool met(const struct world *w, const struct world_task *t)
{
	return t->sweep == w->sweep && t->looked == w->sweep;
}

static void drop_tasks(struct world *w, struct world_proc *p, const struct world_task *into)
{
	for (unsigned i = p->tasks->len;
	     i-- > 0;) { /* what is removed leaves its place to the last */
		struct world_task *t = p->tasks->pdata[i];

		if (t->ended || met(w, t))
			continue;
		if (w->folded)
			w->folded(w->folded_ctx, t->id, into->id, into->proc);
		p->end_lost |= into->proc == WORLD_REST && !p->final;
		p->living--;
		world_task_remove(w, p, t);
	}
}

static void drop_mms(struct world *w, struct world_proc *p)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->mms->len; i++) {
		struct world_mm *m = p->mms->pdata[i];

		if (m->closed || m->sweep == w->sweep)
			p->mms->pdata[kept++] = m;
		else
			g_hash_table_remove(w->mms, &m->state.id);
	}
	g_ptr_array_set_size(p->mms, (gint)kept);
}

void world_drop_lost(struct world *w)
{
	uint64_t rest = WORLD_REST;
	const struct world_task *rest_task = g_hash_table_lookup(w->tasks, &rest), *t;
	const struct world_mm *rest_mm = g_hash_table_lookup(w->mms, &rest);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, w->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct world_proc *p = value;
		uint64_t id = p->id | WORLD_REST;

		if (p->fold || p->id == WORLD_REST)
			continue;
		t = g_hash_table_lookup(w->tasks, &id) ?: rest_task;
		if (t)
			drop_tasks(w, p, t);
		if (rest_mm || g_hash_table_contains(w->mms, &id))
			drop_mms(w, p);
		world_proc_dropped(w, p);
	}
}

const struct world_task *world_lost_row(const struct world *w, uint64_t task, uint64_t proc)
{
	/* A process's first task has its number. */
	const uint64_t rows[] = { task | WORLD_REST, proc | WORLD_REST, WORLD_REST };
	const struct world_task *t = NULL;

	if (task & FOLD_ID || g_hash_table_contains(w->tasks, &task))
		return NULL;
	for (unsigned i = 0; !t && i < G_N_ELEMENTS(rows); i++)
		t = g_hash_table_lookup(w->tasks, &rows[i]);
	return t;
}

unsigned world_met(const struct world *w)
{
	return world_count_live(w, met);
}
