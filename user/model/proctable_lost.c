/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Ended tasks and address spaces whose final records were lost. BPF keeps their sums in an
 * account for each process. In the process table, an account is one task and one address space of
 * the process; the tasks and address spaces that it includes are removed.
 */
#include <string.h>

#include "model/proctable_impl.h"

#define LOST_TASKS "(lost records)"
#define LOST_PROCESSES "(lost records)"

static struct proctable_proc *process_of(struct proctable *pt, uint64_t id,
					 const struct tare_task *last)
{
	struct proctable_proc *p = proctable_find_proc(pt, id) ?: proctable_proc_add(pt, id);

	p->lost = true;
	if (id == PROCTABLE_REST && !p->comm)
		p->comm = g_strdup(LOST_PROCESSES);
	if (id != PROCTABLE_REST && last->end_ns)
		proctable_introduce(p, last);
	if (last->end_ns >= p->end_ns && last->end_ns) {
		p->end_ns = last->end_ns;
		p->status = last->exit_code;
	}
	return p;
}

static void lost_tasks(struct proctable *pt, struct proctable_proc *p, const struct tare_ended *e)
{
	uint64_t id = p->id | PROCTABLE_REST;
	struct proctable_task *t = g_hash_table_lookup(pt->tasks, &id);

	if (!t) {
		t = proctable_task_add(pt, p, id, g_new0(struct tare_task, 1));
		t->ended = true;
	}
	if (t->lost != e->tasks)
		t->sweep = pt->sweep; /* not quiet */
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

static void lost_mms(struct proctable *pt, struct proctable_proc *p, const struct tare_ended *e)
{
	uint64_t id = p->id | PROCTABLE_REST;
	struct proctable_mm *m = g_hash_table_lookup(pt->mms, &id) ?: proctable_mm_add(pt, p, id);

	m->state = e->mm;
	m->state.id = id;
	m->state.proc = p->id;
	m->closed = true;
	m->lost = e->mms;
	m->sweep = pt->sweep;
}

void proctable_lost(struct proctable *pt, uint64_t proc, const struct tare_ended *e)
{
	struct proctable_proc *p = process_of(pt, proc ? proc : PROCTABLE_REST, &e->task);

	if (e->tasks)
		lost_tasks(pt, p, e);
	if (e->mms)
		lost_mms(pt, p, e);
}

/* It was in both looks of the current sweep, or began since. */
static bool was_met(const struct proctable *pt, const struct proctable_task *t)
{
	return t->sweep == pt->sweep && t->looked == pt->sweep;
}

static void drop_tasks(struct proctable *pt, struct proctable_proc *p,
		       const struct proctable_task *into)
{
	for (unsigned i = p->tasks->len;
	     i-- > 0;) { /* backwards: a removal moves the last element to its index */
		struct proctable_task *t = p->tasks->pdata[i];

		if (t->ended || was_met(pt, t))
			continue;
		if (pt->folded)
			pt->folded(pt->folded_ctx, t->id, into->id, into->proc);
		p->end_lost |= into->proc == PROCTABLE_REST && !p->final;
		p->living--;
		proctable_task_remove(pt, p, t);
	}
}

static void drop_mms(struct proctable *pt, struct proctable_proc *p)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->mms->len; i++) {
		struct proctable_mm *m = p->mms->pdata[i];

		if (m->closed || m->sweep == pt->sweep)
			p->mms->pdata[kept++] = m;
		else
			g_hash_table_remove(pt->mms, &m->state.id);
	}
	g_ptr_array_set_size(p->mms, (gint)kept);
}

void proctable_drop_lost(struct proctable *pt)
{
	uint64_t rest = PROCTABLE_REST;
	const struct proctable_task *rest_task = g_hash_table_lookup(pt->tasks, &rest), *t;
	const struct proctable_mm *rest_mm = g_hash_table_lookup(pt->mms, &rest);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, pt->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct proctable_proc *p = value;
		uint64_t id = p->id | PROCTABLE_REST;

		if (p->fold || p->id == PROCTABLE_REST)
			continue;
		t = g_hash_table_lookup(pt->tasks, &id) ?: rest_task;
		if (t)
			drop_tasks(pt, p, t);
		if (rest_mm || g_hash_table_contains(pt->mms, &id))
			drop_mms(pt, p);
		proctable_proc_dropped(pt, p);
	}
}

const struct proctable_task *proctable_lost_row(const struct proctable *pt, uint64_t task,
						uint64_t proc)
{
	/* A process's first task has its number. */
	const uint64_t rows[] = { task | PROCTABLE_REST, proc | PROCTABLE_REST, PROCTABLE_REST };
	const struct proctable_task *t = NULL;

	if (task & FOLD_ID || g_hash_table_contains(pt->tasks, &task))
		return NULL;
	for (unsigned i = 0; !t && i < G_N_ELEMENTS(rows); i++)
		t = g_hash_table_lookup(pt->tasks, &rows[i]);
	return t;
}

unsigned proctable_met(const struct proctable *pt)
{
	return proctable_count_live(pt, was_met);
}
