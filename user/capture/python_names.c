/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads the names of Python threads, and stores them in the process table.
 */
#include "capture/sampler_state.h"

#define LOOKS 4 /* attempts for a new thread, which may have no name yet */
/* Processes to read at a time; a hostile one takes up to 20 ms (python_threads.c). */
#define PROCESSES_MOST 8
#define PROCESSES_REPORT 256 /* for a report */

static void name_thread(void *ctx, uint32_t tid, const char *name)
{
	const struct proctable_proc *p = ctx;

	if (tid == p->pid) /* "MainThread" is less useful than the program's name */
		return;
	for (unsigned i = 0; i < p->tasks->len; i++) {
		struct proctable_task *t = p->tasks->pdata[i];

		if (!t->ended && t->state->tid == tid)
			proctable_title(t, name);
	}
}

/* Does the process have threads that were tried fewer than LOOKS times? Counts the attempt. */
static bool has_new(const struct proctable_proc *p)
{
	bool found = false;

	for (unsigned i = 0; i < p->tasks->len; i++) {
		struct proctable_task *t = p->tasks->pdata[i];

		if (t->ended || t->state->tid == p->pid || t->titles >= LOOKS || t->title)
			continue;
		t->titles++;
		found = true;
	}
	return found;
}

struct looking {
	struct proctable *proctable;
	bool all;
	unsigned left; /* processes that may still be read */
};

static void *process_of(void *ctx, uint64_t proc)
{
	struct looking *l = ctx;
	struct proctable_proc *p = l->left ? proctable_find_proc(l->proctable, proc) : NULL;

	if (!p || p->living < 2 || p->fold || !(has_new(p) || l->all))
		return NULL;
	l->left--;
	return p;
}

void sampler_name_threads(struct sampler *s, struct proctable *proctable, bool all)
{
	struct looking l = { proctable, all, all ? PROCESSES_REPORT : PROCESSES_MOST };

	pythons_threads(s->pythons, process_of, &l, name_thread);
}
