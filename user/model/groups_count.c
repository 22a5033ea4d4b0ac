/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What tasks and address spaces did since they were counted last. The sums of a task only rise, and
 * the difference to what was counted is counted where the task is now: a task that moves, or whose
 * process gets another name, takes nothing with it.
 */
#include <string.h>

#include "model/groups_impl.h"

/* Counted so far of one task. */
struct task_seen {
	uint64_t id, tick;
	__u64 faults, faults_major;
	unsigned n;
	struct tare_cause cause[]; /* pages */
};

/* … of one address space. */
struct mm_seen {
	uint64_t id, tick;
	__u64 forked; /* pages */
	struct tare_flow others[TARE_NONOWNERS];
};

void groups_flow_add(struct groups_counts *c, uint32_t cause, uint64_t in, uint64_t out)
{
	unsigned i = 0;

	if (!in && !out)
		return;
	while (i < c->flows && c->flow[i].cause != cause)
		i++;
	if (i == c->flows && c->flows >= GROUPS_CAUSES - 1 && cause != TARE_CAUSE_OTHER) {
		groups_flow_add(c, TARE_CAUSE_OTHER, in, out);
		return;
	}
	if (i == c->flows)
		c->flow[c->flows++] = (struct groups_flow){ .cause = cause };
	c->flow[i].in += in;
	c->flow[i].out += out;
}

void groups_counts_add(struct groups_counts *to, const struct groups_counts *c)
{
	for (unsigned i = 0; i < c->flows; i++)
		groups_flow_add(to, c->flow[i].cause, c->flow[i].in, c->flow[i].out);
	to->faults += c->faults;
	to->faults_major += c->faults_major;
	to->started += c->started;
	to->oom_kills += c->oom_kills;
}

static uint64_t sum_of(const struct groups_counts *c, bool in)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < c->flows; i++)
		sum += in ? c->flow[i].in : c->flow[i].out;
	return sum;
}

uint64_t groups_in(const struct groups_counts *c)
{
	return sum_of(c, true);
}

uint64_t groups_out(const struct groups_counts *c)
{
	return sum_of(c, false);
}

static uint64_t rise(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

/* The difference of a sum to what was counted, which it becomes. */
static uint64_t take_rise(uint64_t now, __u64 *counted)
{
	uint64_t more = rise(now, *counted);

	*counted += more;
	return more;
}

/* What the counters have of a task whose sums are in the account of lost records from now on. */
static void owe_task(struct groups *g, const struct task_seen *s)
{
	for (unsigned i = 0; i < s->n; i++)
		groups_flow_add(&g->owed, s->cause[i].id, s->cause[i].pages.in * g->page_size,
				s->cause[i].pages.out * g->page_size);
	g->owed.faults += s->faults;
	g->owed.faults_major += s->faults_major;
}

static void owe_mm(struct groups *g, const struct mm_seen *s)
{
	groups_flow_add(&g->owed, GROUPS_FORK, s->forked * g->page_size, 0);
	for (unsigned i = 0; i < TARE_NONOWNERS; i++)
		groups_flow_add(&g->owed, GROUPS_NONOWNER + i, s->others[i].in * g->page_size,
				s->others[i].out * g->page_size);
}

static void settle(uint64_t *value, uint64_t *owed)
{
	uint64_t less = MIN(*value, *owed);

	*value -= less;
	*owed -= less;
}

/* The sums of an account of lost records have all that its tasks did, also what was counted while
 * they lived. */
static void settle_owed(struct groups *g, struct groups_counts *c)
{
	for (unsigned i = 0; i < c->flows; i++)
		for (unsigned j = 0; j < g->owed.flows; j++) {
			if (g->owed.flow[j].cause != c->flow[i].cause)
				continue;
			settle(&c->flow[i].in, &g->owed.flow[j].in);
			settle(&c->flow[i].out, &g->owed.flow[j].out);
		}
	settle(&c->faults, &g->owed.faults);
	settle(&c->faults_major, &g->owed.faults_major);
}

static struct task_seen *task_seen(struct groups *g, uint64_t id, unsigned n)
{
	struct task_seen *s = g_hash_table_lookup(g->tasks, &id), *larger;

	if (s && s->n >= n)
		return s;
	larger = g_malloc0(sizeof(*s) + n * sizeof(s->cause[0]));
	if (s)
		memcpy(larger, s, sizeof(*s) + s->n * sizeof(s->cause[0]));
	larger->id = id;
	larger->n = n;
	g_hash_table_replace(g->tasks, &larger->id, larger);
	return larger;
}

static void count_task(struct groups *g, const struct proctable_proc *p,
		       const struct proctable_task *t)
{
	const struct tare_task *now = t->state;
	bool met = g_hash_table_contains(g->tasks, &t->id);
	struct task_seen *s = task_seen(g, t->id, now->n_causes);
	struct groups_counts c = {
		.faults = take_rise(now->faults, &s->faults),
		.faults_major = take_rise(now->faults_major, &s->faults_major),
		.started = !met && t->id == p->id && !(now->flags & TARE_TASK_ATTACHED),
	};

	s->tick = g->ticks;
	for (unsigned i = 0; i < now->n_causes; i++) {
		const struct tare_cause *cause = &now->causes[i];

		if (!cause->used)
			continue;
		s->cause[i].id = cause->id;
		groups_flow_add(&c, cause->id,
				take_rise(cause->pages.in, &s->cause[i].pages.in) * g->page_size,
				take_rise(cause->pages.out, &s->cause[i].pages.out) * g->page_size);
	}
	if (t->lost)
		settle_owed(g, &c);
	if (t->ended && now->flags & TARE_TASK_EXITING && now->exit_code & TARE_EXIT_OOM)
		c.oom_kills = 1;
	g->count(g, now->cgroup, p->comm, &c);
}

/* Pages that a fork copied: the initial balance of an address space, unless tare found it. */
static uint64_t forked_pages(const struct proctable_proc *p, const struct tare_mm *m)
{
	int64_t sum = m->initial[TARE_FILE] + m->initial[TARE_ANON] + m->initial[TARE_SHMEM];

	return p->attached || sum < 0 ? 0 : (uint64_t)sum;
}

static void count_mm(struct groups *g, uint64_t cgroup, const struct proctable_proc *p,
		     const struct proctable_mm *m)
{
	struct mm_seen *s = g_hash_table_lookup(g->mms, &m->state.id);
	struct groups_counts c = { .flows = 0 };

	if (!s) {
		s = g_new0(struct mm_seen, 1);
		s->id = m->state.id;
		g_hash_table_insert(g->mms, &s->id, s);
	}
	s->tick = g->ticks;
	groups_flow_add(&c, GROUPS_FORK,
			take_rise(forked_pages(p, &m->state), &s->forked) * g->page_size, 0);
	for (unsigned i = 0; i < TARE_NONOWNERS; i++) {
		const struct tare_flow *f = &m->state.nonowner_cause[i];

		groups_flow_add(&c, GROUPS_NONOWNER + i,
				take_rise(f->in, &s->others[i].in) * g->page_size,
				take_rise(f->out, &s->others[i].out) * g->page_size);
	}
	if (m->lost)
		settle_owed(g, &c);
	g->count(g, cgroup, p->comm, &c);
}

uint64_t groups_of_process(const struct proctable *pt, const struct proctable_proc *p)
{
	const struct proctable_task *t = g_hash_table_lookup(pt->tasks, &p->id);

	for (unsigned i = 0; (!t || !t->state->cgroup) && i < p->tasks->len; i++)
		t = p->tasks->pdata[i];
	return t ? t->state->cgroup : 0;
}

/* Count those that are, or are not, rows of accounts. */
static void count_living(struct groups *g, const struct books_input *in, bool lost)
{
	const struct proctable *pt = in->proctable;
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, pt->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct proctable_proc *p = value;
		uint64_t cgroup = groups_of_process(pt, p);

		if (p->fold || (lost && !p->lost))
			continue;
		for (unsigned i = 0; i < p->tasks->len; i++) {
			const struct proctable_task *t = p->tasks->pdata[i];

			if (!t->fold && (lost ? t->lost > 0 : !t->ended))
				count_task(g, p, t);
		}
		for (unsigned i = 0; i < p->mms->len; i++) {
			const struct proctable_mm *m = p->mms->pdata[i];

			if (lost ? m->lost > 0 : !m->closed)
				count_mm(g, cgroup, p, m);
		}
	}
}

/* What is not in the table any more, and had no final record, is in an account. */
static void forget_dropped(struct groups *g)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, g->tasks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct task_seen *s = value;

		if (s->tick == g->ticks || s->id & PROCTABLE_REST)
			continue;
		owe_task(g, s);
		g_hash_table_iter_remove(&iter);
	}
	g_hash_table_iter_init(&iter, g->mms);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct mm_seen *s = value;

		if (s->tick == g->ticks || s->id & PROCTABLE_REST)
			continue;
		owe_mm(g, s);
		g_hash_table_iter_remove(&iter);
	}
}

void groups_count_tick(struct groups *g, const struct books_input *in)
{
	g->ticks++;
	count_living(g, in, false);
	forget_dropped(g);
	count_living(g, in, true);
}

void groups_count_task_end(void *ctx, const struct proctable_proc *p,
			   const struct proctable_task *t)
{
	struct groups *g = ctx;

	count_task(g, p, t);
	g_hash_table_remove(g->tasks, &t->id);
}

void groups_count_mm_end(void *ctx, const struct proctable_proc *p, const struct proctable_mm *m)
{
	struct groups *g = ctx;
	uint64_t cgroup = 0;

	for (unsigned i = 0; !cgroup && i < p->tasks->len; i++)
		cgroup = ((const struct proctable_task *)p->tasks->pdata[i])->state->cgroup;
	count_mm(g, cgroup, p, m);
	g_hash_table_remove(g->mms, &m->state.id);
}
