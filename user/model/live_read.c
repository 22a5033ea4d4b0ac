/* SPDX-License-Identifier: GPL-2.0-only
 *
 * From the process table to the rows of the live model: what each process and thread holds now.
 */
#include <string.h>

#include "model/claims.h"
#include "model/live_impl.h"
#include "model/title.h"

#define NAME_MOST 256 /* bytes of a name with its arguments */
#define CAUSES 32     /* of a process */

/* Sums of one process while its tasks are read. */
struct reading {
	struct entity *process; /* NULL: it has ended, and has no row */
	int64_t flow[TARE_KINDS];
	uint64_t in, out, faults;
	struct {
		uint32_t id;
		uint64_t in;
	} cause[CAUSES];
	unsigned causes;
};

static bool is_rss(unsigned kind)
{
	return kind == TARE_FILE || kind == TARE_ANON || kind == TARE_SHMEM;
}

static int64_t to_bytes(const struct books_input *in, unsigned kind, int64_t n)
{
	return kind < TARE_MEMBERS ? n * (int64_t)in->page_size : n;
}

/* A task that uses another process's address space has no part in its own process's sums. */
static bool is_guest(const struct tare_task *s)
{
	return s->mm_proc && s->mm_proc != s->proc;
}

/* Sum of a kind's updates, with those that the task, or the tasks of a fold, have cached (kernels
 * up to 6.1). */
static struct tare_flow flow_of(const struct proctable_task *t, unsigned kind)
{
	const struct tare_task *s = t->state;
	struct tare_flow f = fold_flow(&s->flow[kind]);
	int64_t cached;

	if (kind >= TARE_MEMBERS)
		return f;
	if (t->fold) {
		f.in += t->fold->cached[kind].in;
		f.out += t->fold->cached[kind].out;
		return f;
	}
	cached = is_guest(s) ? 0 : s->cached[kind] - s->cached0[kind];
	if (cached > 0)
		f.in += (uint64_t)cached;
	else
		f.out -= (uint64_t)cached;
	return f;
}

/* Bytes: the net of each kind, and what came in and went out of resident memory. */
struct sums {
	int64_t net[TARE_KINDS];
	uint64_t in, out;
};

static struct sums sums_of(const struct proctable_task *t, const struct books_input *in)
{
	struct sums sums = { .in = 0 };

	for (unsigned k = 0; k < TARE_KINDS; k++) {
		struct tare_flow f = flow_of(t, k);

		sums.net[k] = to_bytes(in, k, (int64_t)(f.in - f.out));
		if (is_rss(k)) {
			sums.in += (uint64_t)to_bytes(in, k, (int64_t)f.in);
			sums.out += (uint64_t)to_bytes(in, k, (int64_t)f.out);
		}
	}
	return sums;
}

static void add_cause(struct reading *r, uint32_t id, uint64_t bytes)
{
	unsigned i = 0;

	while (i < r->causes && r->cause[i].id != id)
		i++;
	if (i == CAUSES)
		return; /* with so many, the rest is small */
	if (i == r->causes)
		r->cause[r->causes++].id = id;
	r->cause[i].in += bytes;
}

static uint32_t main_cause(const struct tare_cause *causes, unsigned n, struct reading *process,
			   const struct books_input *in)
{
	uint64_t most = 0;
	uint32_t id = LIVE_NO_CAUSE;

	for (unsigned i = 0; i < n; i++) {
		const struct tare_cause *c = &causes[i];

		if (!c->used || !c->pages.in)
			continue;
		add_cause(process, c->id, c->pages.in * in->page_size);
		if (c->pages.in > most) {
			most = c->pages.in;
			id = c->id;
		}
	}
	return id;
}

static void read_thread(struct live *l, const struct proctable_task *t, const struct reading *r,
			const struct sums *sums, uint32_t cause, const struct books_input *in)
{
	const struct tare_task *s = t->state;
	struct entity *e = live_meet(l, l->tasks, t->id);
	struct live_row *row = &e->row;

	e->process = r->process;
	row->proc = s->proc;
	row->pid = (pid_t)s->tgid;
	row->tid = (pid_t)s->tid;
	row->ppid = (pid_t)s->ppid;
	row->cause = cause;
	row->threads = 1;
	memcpy(e->comm, s->comm, TARE_COMM_LEN);
	if (g_strcmp0(e->name, t->title)) {
		g_free(e->name);
		e->name = g_strdup(t->title);
	}
	row->comm = e->comm;
	row->name = e->name ? e->name : e->comm;
	row->now = (struct live_counts){ .in = sums->in, .out = sums->out, .faults = s->faults };
	memcpy(row->kind, sums->net, sizeof(row->kind));
	row->kind[TARE_KMEM] = 0; /* see settle_kmem() */
	row->kind[TARE_KSTACK] = (int64_t)in->workload.stack_bytes;
	e->claim = sums->net[TARE_KMEM];
	e->before = s->flags & TARE_TASK_ATTACHED && !in->proctable->launched;
}

static void read_task(struct live *l, const struct proctable_task *t, struct reading *r,
		      const struct books_input *in)
{
	const struct tare_task *s = t->state;
	const struct tare_cause *causes = t->fold ? (const void *)t->fold->causes->data : s->causes;
	uint32_t cause = main_cause(causes, t->fold ? t->fold->causes->len : s->n_causes, r, in);
	struct sums sums = sums_of(t, in);

	for (unsigned k = 0; k < TARE_KINDS; k++)
		r->flow[k] += sums.net[k];
	r->in += sums.in;
	r->out += sums.out;
	r->faults += s->faults;
	if (r->process && !t->ended) {
		read_thread(l, t, r, &sums, cause, in);
		r->process->row.threads++;
	}
}

/* The kernel's own counters of its address spaces, read in this sweep. */
static void read_spaces(const struct proctable_proc *wp, struct reading *r,
			const struct books_input *in)
{
	int64_t kernel[TARE_MM_KINDS] = { 0 }, ledger[TARE_MM_KINDS] = { 0 };
	bool valid = in->sums_valid;

	for (unsigned i = 0; i < wp->mms->len; i++) {
		const struct proctable_mm *m = wp->mms->pdata[i];

		for (unsigned k = 0; k < TARE_MM_KINDS; k++) {
			struct tare_flow others = fold_flow(&m->state.nonowner[k]);

			ledger[k] += to_bytes(
				in, k, m->state.initial[k] + (int64_t)(others.in - others.out));
			if (!m->closed)
				kernel[k] += to_bytes(in, k, m->state.kernel[k]);
			if (is_rss(k)) {
				r->in += (uint64_t)to_bytes(in, k, (int64_t)others.in);
				r->out += (uint64_t)to_bytes(in, k, (int64_t)others.out);
			}
		}
		valid = valid && (m->closed || m->state.sums_valid);
	}
	if (!r->process)
		return;
	for (unsigned k = 0; k < TARE_MM_KINDS; k++)
		r->process->row.kind[k] = valid ? kernel[k] : ledger[k] + r->flow[k];
}

/* Pages that its living tasks have cached and not added to the kernel's counters yet. */
static void add_cached(const struct proctable_proc *wp, struct live_row *row,
		       const struct books_input *in)
{
	for (unsigned i = 0; i < wp->tasks->len; i++) {
		const struct proctable_task *t = wp->tasks->pdata[i];

		for (unsigned k = 0; k < TARE_MEMBERS && !t->ended && !is_guest(t->state); k++)
			row->kind[k] += to_bytes(in, k, t->state->cached[k]);
	}
}

/* Its title; else its name, and what follows it on its command line. */
static char *process_name(const struct proctable_proc *wp)
{
	char *title = title_of(wp->comm ? wp->comm : "", wp->argv);
	GString *name;

	if (title)
		return title;
	name = g_string_new(wp->comm);
	for (unsigned i = 1; i < wp->argv->len && name->len < NAME_MOST; i++)
		g_string_append_printf(name, " %s", (const char *)wp->argv->pdata[i]);
	return g_string_free(name, FALSE);
}

static void begin_process(struct live *l, const struct proctable_proc *wp, struct reading *r)
{
	struct entity *e = live_meet(l, l->procs, wp->id);

	r->process = e;
	if (!e->causes)
		e->causes = live_causes_new();
	g_free(e->name);
	e->name = process_name(wp);
	g_strlcpy(e->comm, wp->comm ? wp->comm : "", sizeof(e->comm));
	e->before = wp->attached;
	e->row.proc = wp->id;
	e->row.pid = (pid_t)wp->pid;
	e->row.ppid = (pid_t)wp->ppid;
	e->row.name = e->name;
	e->row.comm = e->comm;
	e->row.threads = 0;
	e->row.processes = 1;
	memset(e->row.kind, 0, sizeof(e->row.kind));
}

static int by_in(gconstpointer a, gconstpointer b)
{
	const struct cause *x = a, *y = b;

	return x->c.in < y->c.in ? 1 : x->c.in > y->c.in ? -1 : 0;
}

static void set_cause(GArray *causes, uint32_t id, uint64_t in)
{
	struct cause new = { .c = { .id = id, .in = in } };

	for (unsigned i = 0; i < causes->len; i++) {
		struct cause *c = &g_array_index(causes, struct cause, i);

		if (c->c.id == id) {
			c->c.in = in;
			return;
		}
	}
	if (causes->len < CAUSES)
		g_array_append_val(causes, new);
}

static void end_process(struct reading *r, const struct books_input *in)
{
	struct live_row *row = &r->process->row;
	GArray *causes = r->process->causes;

	for (unsigned i = 0; i < r->causes; i++)
		set_cause(causes, r->cause[i].id, r->cause[i].in);
	g_array_sort(causes, by_in);
	row->cause = causes->len ? g_array_index(causes, struct cause, 0).c.id : LIVE_NO_CAUSE;
	row->kind[TARE_KSTACK] = row->threads * (int64_t)in->workload.stack_bytes;
	row->now = (struct live_counts){ .in = r->in, .out = r->out, .faults = r->faults };
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

/* Another one after each change of what is read of a living process. 0: that is not known. */
static uint64_t signature_of(const struct proctable_proc *wp, const struct books_input *in)
{
	uint64_t hash = mix(mix(wp->stamp, wp->tasks->len), wp->mms->len << 1 | in->sums_valid);

	for (unsigned i = 0; i < wp->tasks->len; i++) {
		const struct proctable_task *t = wp->tasks->pdata[i];

		if (t->lost || t->fold)
			return 0;
		hash = mix(hash, t->stamp);
	}
	for (unsigned i = 0; i < wp->mms->len; i++) {
		const struct proctable_mm *m = wp->mms->pdata[i];

		if (m->lost)
			return 0;
		hash = mix(hash, m->stamp);
	}
	return hash;
}

/* Most processes are idle: their rows and those of their threads are as they were. */
static bool keep_unchanged(struct live *l, struct entity *e, uint64_t signature)
{
	bool same = e && signature && e->signature == signature;

	if (e)
		e->signature = signature;
	if (!same)
		return false;
	e->seen = e->unchanged = l->total.ticks;
	e->row.kind[TARE_KMEM] = 0;
	l->all.row.now.in += e->row.now.in;
	l->all.row.now.out += e->row.now.out;
	l->all.row.now.faults += e->row.now.faults;
	return true;
}

static void read_process(struct live *l, const struct proctable_proc *wp,
			 const struct books_input *in)
{
	struct reading r = { 0 };
	uint64_t count = wp->fold ? wp->fold->count : 1;
	bool living = wp->living && !wp->fold;

	l->total.born += count;
	l->total.ended += living ? 0 : count;
	if (living &&
	    keep_unchanged(l, g_hash_table_lookup(l->procs, &wp->id), signature_of(wp, in)))
		return;
	if (living)
		begin_process(l, wp, &r);
	for (unsigned i = 0; i < wp->tasks->len; i++)
		read_task(l, wp->tasks->pdata[i], &r, in);
	read_spaces(wp, &r, in);
	l->all.row.now.in += r.in;
	l->all.row.now.out += r.out;
	l->all.row.now.faults += r.faults;
	if (!living)
		return;
	if (in->sums_valid)
		add_cached(wp, &r.process->row, in);
	end_process(&r, in);
}

/* What its threads have of the kernel memory, before it is cut to what there is. */
static void collect_claims(struct live *l)
{
	GHashTableIter iter;
	gpointer value;

	g_array_set_size(l->claims, 0);
	g_ptr_array_set_size(l->claimants, 0);
	g_hash_table_iter_init(&iter, l->tasks);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct entity *e = value;

		if (e->seen != l->total.ticks && !live_unchanged(l, e))
			continue;
		g_array_append_val(l->claims, e->claim);
		g_ptr_array_add(l->claimants, e);
	}
}

/* Kernel memory that no task's own frees tell of: limit the accounts to what there is. */
static void settle_kmem(struct live *l, const struct books_input *in)
{
	const struct books_kmem *k = &in->kmem;
	const struct tare_cgroup *g = &in->workload.cgroup;
	int64_t charged = k->by_cgroup != CGROUP_UNKNOWN ? k->by_cgroup : k->initial + g->events;
	int64_t initial = in->proctable->launched ? 0 : k->initial - g->attached + k->elsewhere;
	int64_t *kind = l->all.row.kind, total = charged + MAX(k->elsewhere, 0), sum = 0;
	GArray *claims = l->claims;

	l->total.kmem = k->level == KMEM_EVENTS;
	kind[TARE_KMEM] = 0;
	if (k->whole)
		total -= kind[TARE_PAGETABLE] + kind[TARE_KSTACK];
	l->total.kmem_rest = 0;
	if (!l->total.kmem)
		return; /* no row has any */
	collect_claims(l);
	g_array_append_val(claims, initial);
	claims_settle((int64_t *)(void *)claims->data, claims->len, MAX(total, 0));
	for (unsigned i = 0; i < l->claimants->len; i++) {
		struct live_row *row = &((struct entity *)l->claimants->pdata[i])->row;
		struct entity *process = g_hash_table_lookup(l->procs, &row->proc);

		row->kind[TARE_KMEM] = g_array_index(claims, int64_t, i);
		sum += row->kind[TARE_KMEM];
		if (process)
			process->row.kind[TARE_KMEM] += row->kind[TARE_KMEM];
	}
	kind[TARE_KMEM] = sum;
	l->total.kmem_rest = k->whole ? MAX(total, 0) - sum : 0;
}

void live_read(struct live *l, const struct books_input *in)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, in->proctable->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		read_process(l, value, in);
	g_hash_table_iter_init(&iter, l->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct entity *e = value;

		for (unsigned k = 0; k < TARE_KMEM && e->seen == l->total.ticks; k++)
			l->all.row.kind[k] += e->row.kind[k];
	}
	settle_kmem(l, in);
}
