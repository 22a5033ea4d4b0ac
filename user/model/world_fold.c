/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What ended, in bounded memory: which tasks and processes stay by themselves, and into
 * which row the others are folded. The sums are fold.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "bpf/ledger.h"
#include "model/group.h"
#include "model/world_impl.h"

#define PROC_FOLDS 1024  /* rows of processes; the last quarter not by parent */
#define TASK_FOLDS 2048  /* rows of tasks; then one for each process */
#define OTHERS "(other)" /* names of what found no row of its own */
#define WAITING_MOST 256 /* processes that hold something after their end */
#define MMS_MANY 8       /* closed address spaces of a process */
#define RANK_PAGE 4096   /* bytes, as far as the order is concerned */

/* What decides who stays. */
struct rank {
	void *item;
	int64_t weight, size; /* at the last peak; what it was at most */
	uint64_t start_ns, end_ns, id;
	bool failed, stays;
	bool waits; /* it holds something still */
};

void world_keep(struct world *w, uint32_t keep, world_folded_fn folded, void *ctx)
{
	w->keep = keep;
	w->folded = folded;
	w->folded_ctx = ctx;
}

/* Pages of another process's address space that the task had not told it (vfork, on
 * kernels that cache): they go with the task's own record, so both stay. */
static bool left_elsewhere(const struct tare_task *t)
{
	static const int64_t none[TARE_MEMBERS];

	return t->mm_proc && t->mm_proc != t->proc &&
	       (memcmp(t->cached, none, sizeof(none)) || memcmp(t->cached0, none, sizeof(none)));
}

static bool has_ended(const struct world_proc *p)
{
	if (p->living || p->guests || p->lost || p->fold || (!p->tasks->len && !p->end_lost))
		return false;
	for (unsigned i = 0; i < p->mms->len; i++)
		if (!((const struct world_mm *)p->mms->pdata[i])->closed)
			return false;
	return true;
}

/* Its last task may have ended, or its last address space been closed. */
static void look_at(struct world *w, struct world_proc *p)
{
	if (p->candidate || !has_ended(p))
		return;
	p->candidate = true;
	g_ptr_array_add(w->ended_procs, p);
}

void world_proc_dropped(struct world *w, struct world_proc *p)
{
	look_at(w, p);
}

void world_task_ended(struct world *w, struct world_task *t)
{
	struct world_proc *p = world_find_proc(w, t->proc), *other;

	if (left_elsewhere(t->state)) {
		other = world_find_proc(w, t->state->mm_proc);
		p->guests = true;
		if (other)
			other->guests = true;
	} else if (t->id != p->id) { /* the first one is what the process is known by */
		g_ptr_array_add(w->ended_tasks, t);
		t->candidate = w->ended_tasks->len;
	}
	look_at(w, p);
}

/* Closed address spaces of one process, as each execve leaves one, are put together. */
static void merge_closed(struct world *w, struct world_proc *p)
{
	struct world_mm *sum = NULL;
	unsigned closed = 0, kept = 0;

	for (unsigned i = 0; i < p->mms->len; i++)
		closed += ((const struct world_mm *)p->mms->pdata[i])->closed;
	if (closed <= MMS_MANY)
		return;
	for (unsigned i = 0; i < p->mms->len; i++) {
		struct world_mm *m = p->mms->pdata[i];

		if (m->closed && !m->lost && sum) {
			fold_mm(&sum->state, &m->state);
			g_hash_table_remove(w->mms, &m->state.id);
			continue;
		}
		sum = m->closed && !m->lost ? m : sum;
		p->mms->pdata[kept++] = m;
	}
	g_ptr_array_set_size(p->mms, (gint)kept);
}

void world_mm_closed(struct world *w, const struct world_mm *m)
{
	struct world_proc *p = world_find_proc(w, m->proc);

	merge_closed(w, p);
	look_at(w, p);
}

void world_task_remove(struct world *w, struct world_proc *p, struct world_task *t)
{
	struct world_task *moved;

	if (t->candidate) {
		g_ptr_array_remove_index_fast(w->ended_tasks, t->candidate - 1);
		if (t->candidate <= w->ended_tasks->len) {
			moved = w->ended_tasks->pdata[t->candidate - 1];
			moved->candidate = t->candidate;
		}
	}
	g_ptr_array_remove_index_fast(p->tasks, t->place);
	if (t->place < p->tasks->len) {
		moved = p->tasks->pdata[t->place];
		moved->place = t->place;
	}
	w->task_folds -= !!t->fold;
	g_hash_table_remove(w->tasks, &t->id);
}

static uint64_t fold_id(struct world *w)
{
	return FOLD_ID | ++w->next_fold;
}

static struct world_task *task_fold_of(struct world *w, struct world_proc *p, char *key)
{
	struct world_task *t;

	if (!p->folds)
		p->folds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	t = g_hash_table_lookup(p->folds, key);
	if (t) {
		g_free(key);
		return t;
	}
	t = world_task_add(w, p, fold_id(w), g_new0(struct tare_task, 1));
	t->fold = task_fold_new();
	t->ended = true;
	w->task_folds++;
	g_hash_table_insert(p->folds, key, t);
	return t;
}

static void set_name(char name[TARE_COMM_LEN], const char *to)
{
	memset(name, 0, TARE_COMM_LEN);
	memcpy(name, to, strnlen(to, TARE_COMM_LEN)); /* not ended where it is full */
}

/* The name of a row of many: their common name, or their pattern. */
static void common_name(char name[TARE_COMM_LEN], const char *next, bool first)
{
	g_autofree char *whole = g_strndup(next, TARE_COMM_LEN), *pattern = NULL;

	if (first && !*name)
		set_name(name, whole);
	if (!strncmp(name, whole, TARE_COMM_LEN) || !strncmp(name, OTHERS, TARE_COMM_LEN))
		return;
	pattern = group_pattern(whole);
	set_name(name, pattern);
}

/* The row for this task of `from` in `p`, which may be that process itself. A process's
 * first tasks have a row of their own. */
static struct world_task *row_for_task(struct world *w, struct world_proc *p,
				       const struct world_task *t, const struct world_proc *from)
{
	g_autofree char *name = g_strndup(t->state->comm, TARE_COMM_LEN);
	struct world_task *row;

	if (t->id == from->id)
		return task_fold_of(w, p, g_strdup("\n"));
	if (w->task_folds < TASK_FOLDS)
		return task_fold_of(w, p, group_pattern(name));
	row = task_fold_of(w, p, g_strdup(OTHERS));
	set_name(row->state->comm, OTHERS);
	return row;
}

/* Of process `from`; into `p`. */
static void fold_one_task(struct world *w, struct world_proc *p, struct world_proc *from,
			  struct world_task *t)
{
	struct world_task *into = row_for_task(w, p, t, from);
	bool first = !into->fold->count;

	into->state->tid = first && !t->fold ? t->state->tid : 0;
	common_name(into->state->comm, t->state->comm, first);
	into->sweep = MAX(into->sweep, t->sweep); /* not quiet, if that is the present one */
	fold_task(into->state, into->fold, t->state, t->fold);
	if (w->folded)
		w->folded(w->folded_ctx, t->id, into->id, p->id);
	world_task_remove(w, from, t);
}

/* A process's peak of RSS. */
static int64_t rss_peak(const struct world_proc *p)
{
	int64_t peak = 0;

	for (unsigned i = 0; i < p->mms->len; i++) {
		const struct tare_mm *m = &((const struct world_mm *)p->mms->pdata[i])->state;

		peak = MAX(peak, MAX(m->peak, m->rss));
	}
	return peak;
}

/* Pages that a process which ended should not have left. */
static uint64_t off_pages(const struct world_proc *p)
{
	uint64_t off = 0;

	for (int k = 0; k < TARE_MEMBERS; k++) {
		int64_t left = 0;

		for (unsigned i = 0; i < p->mms->len; i++) {
			const struct tare_mm *m =
				&((const struct world_mm *)p->mms->pdata[i])->state;

			left += m->opening[k] + ledger_net(&m->foreign[k]);
		}
		for (unsigned i = 0; i < p->tasks->len; i++) {
			const struct world_task *t = p->tasks->pdata[i];

			left += ledger_net(&t->state->flow[k]);
			left += t->fold ? ledger_net(&t->fold->cached[k]) :
					  t->state->cached[k] - t->state->cached0[k];
		}
		off += (uint64_t)llabs(left);
	}
	return off;
}

static struct world_proc *proc_fold_of(struct world *w, const struct world_proc *p)
{
	unsigned n = g_hash_table_size(w->proc_folds);
	g_autofree char *parent =
		group_pattern(n < PROC_FOLDS / 4 * 3 && p->parent ? p->parent : "");
	g_autofree char *name = group_pattern(n < PROC_FOLDS && p->comm ? p->comm : OTHERS);
	g_autofree char *key = g_strdup_printf("%s\n%s", parent, name);
	struct world_proc *into = g_hash_table_lookup(w->proc_folds, key);
	struct world_mm *sum;

	if (into)
		return into;
	into = world_proc_add(w, fold_id(w));
	into->fold = proc_fold_new();
	into->parent = *parent ? g_ref_string_new_intern(p->parent) : NULL;
	into->comm = g_malloc0(TARE_COMM_LEN + 1);
	into->start_ns = p->start_ns;
	if (n >= PROC_FOLDS)
		set_name(into->comm, OTHERS);
	sum = world_mm_add(w, into, fold_id(w));
	sum->state.peak_seq = TARE_PEAK_NEVER;
	sum->closed = true;
	g_hash_table_insert(w->proc_folds, g_steal_pointer(&key), into);
	return into;
}

static void add_process(struct world_proc *into, const struct world_proc *p)
{
	struct proc_fold *f = into->fold;
	bool first = !f->count;

	into->pid = first ? p->pid : 0;
	into->ppid = first ? p->ppid : 0;
	f->mixed |= p->end_lost || (!first && into->status != p->status);
	into->status = p->status;
	f->count++;
	f->failed += p->status != 0;
	f->off += off_pages(p);
	sketch_add(f->peak, rss_peak(p));
	common_name(into->comm, p->comm ? p->comm : "", first);
	into->start_ns = MIN(into->start_ns, p->start_ns);
	into->end_ns = MAX(into->end_ns, p->end_ns);
}

static void fold_process(struct world *w, struct world_proc *p)
{
	struct world_proc *into = proc_fold_of(w, p);
	struct tare_mm *sum = &((struct world_mm *)into->mms->pdata[0])->state;

	add_process(into, p);
	for (unsigned i = 0; i < p->mms->len; i++) {
		struct world_mm *m = p->mms->pdata[i];

		fold_mm(sum, &m->state);
		g_hash_table_remove(w->mms, &m->state.id);
	}
	while (p->tasks->len)
		fold_one_task(w, into, p, p->tasks->pdata[p->tasks->len - 1]);
	g_hash_table_remove(w->procs, &p->id);
}

/* Which ones stay. */

static void add_weight(struct rank *r, int64_t pages_or_bytes, int kind)
{
	r->weight += kind < TARE_MEMBERS ? pages_or_bytes * RANK_PAGE : pages_or_bytes;
}

static void add_task_weight(struct rank *r, const struct world *w, const struct world_task *t)
{
	for (int k = 0; k < TARE_KINDS; k++)
		add_weight(r, ledger_at_peak(t->state, k, w->peak_seq), k);
}

static struct rank task_rank(const struct world *w, struct world_task *t)
{
	struct rank r = {
		.item = t,
		.id = t->id,
		.size = fold_in(t->state),
		.start_ns = t->state->start_ns,
		.end_ns = t->state->end_ns,
	};

	add_task_weight(&r, w, t);
	return r;
}

static struct rank proc_rank(const struct world *w, struct world_proc *p)
{
	struct rank r = {
		.item = p,
		.id = p->id,
		.size = rss_peak(p),
		.start_ns = p->start_ns,
		.end_ns = p->end_ns,
		.failed = p->status != 0,
		.waits = off_pages(p),
	};

	for (unsigned i = 0; i < p->tasks->len; i++)
		add_task_weight(&r, w, p->tasks->pdata[i]);
	for (unsigned i = 0; i < p->mms->len; i++) {
		const struct tare_mm *m = &((const struct world_mm *)p->mms->pdata[i])->state;

		for (int k = 0; k < TARE_MM_KINDS; k++)
			add_weight(&r,
				   m->peak_seq == w->peak_seq ?
					   m->at_peak[k] :
					   m->opening[k] + ledger_net(&m->foreign[k]),
				   k);
	}
	return r;
}

static int by_weight(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static int by_failure(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	return (int)y->failed - (int)x->failed ?: by_weight(a, b);
}

static uint64_t life(const struct rank *r)
{
	return r->end_ns - MIN(r->start_ns, r->end_ns);
}

static int by_life(const void *a, const void *b)
{
	uint64_t x = life(a), y = life(b);

	return (x < y) - (x > y) ?: by_weight(a, b);
}

/* Those that wait first, the latest end before others. */
static int by_end(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;
	int order = (int)y->waits - (int)x->waits;

	return order ?: (x->end_ns < y->end_ns) - (x->end_ns > y->end_ns) ?: by_weight(a, b);
}

static int by_age(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns) ?: by_weight(a, b);
}

/* The first `most` in this order that do not stay yet. Returns how many there were. */
static unsigned stay(GArray *ranks, unsigned most, int (*order)(const void *, const void *))
{
	unsigned n = 0;

	g_array_sort(ranks, order);
	for (unsigned i = 0; i < ranks->len && n < most; i++) {
		struct rank *r = &g_array_index(ranks, struct rank, i);

		if (r->stays)
			continue;
		if ((order == by_failure && !r->failed) || (order == by_end && !r->waits))
			break;
		r->stays = true;
		n++;
	}
	return n;
}

/* Half of those that stay are the heaviest, a quarter failed, the others are the
 * longest-lived and the oldest. */
static void choose(GArray *ranks, unsigned keep)
{
	unsigned n = stay(ranks, keep / 2, by_weight);

	n += stay(ranks, keep / 4, by_failure);
	n += stay(ranks, keep / 8, by_life);
	n += stay(ranks, keep / 8, by_age);
	stay(ranks, keep - MIN(n, keep), by_weight);
}

static bool too_many(const struct world *w, unsigned ended, bool tight)
{
	return w->keep != WORLD_KEEP_ALL && ended > (tight ? w->keep : 2ULL * w->keep);
}

/* A process that holds pages after its end: its address space outlives it, because another
 * task reads its /proc files, and will be closed later; or its books are off. Only the latest
 * of these stay besides the others. */
static void fold_processes(struct world *w, bool tight)
{
	g_autoptr(GArray) ranks = NULL;

	if (!too_many(w, w->ended_procs->len - MIN(w->waiting, w->ended_procs->len), tight))
		return;
	ranks = g_array_new(FALSE, FALSE, sizeof(struct rank));
	for (unsigned i = 0; i < w->ended_procs->len; i++) {
		struct world_proc *p = w->ended_procs->pdata[i];
		struct rank r;

		p->candidate = has_ended(p); /* a task whose birth was lost may have come */
		if (!p->candidate)
			continue;
		r = proc_rank(w, p);
		g_array_append_val(ranks, r);
	}
	w->waiting = stay(ranks, WAITING_MOST, by_end);
	choose(ranks, w->keep);
	g_ptr_array_set_size(w->ended_procs, 0);
	for (unsigned i = 0; i < ranks->len; i++) {
		const struct rank *r = &g_array_index(ranks, struct rank, i);

		if (r->stays)
			g_ptr_array_add(w->ended_procs, r->item);
		else
			fold_process(w, r->item);
	}
}

static void fold_tasks(struct world *w, bool tight)
{
	g_autoptr(GArray) ranks = NULL;

	if (!too_many(w, w->ended_tasks->len, tight))
		return;
	ranks = g_array_new(FALSE, FALSE, sizeof(struct rank));
	for (unsigned i = 0; i < w->ended_tasks->len; i++) {
		struct rank r = task_rank(w, w->ended_tasks->pdata[i]);

		g_array_append_val(ranks, r);
	}
	choose(ranks, w->keep);
	for (unsigned i = 0; i < ranks->len; i++) {
		const struct rank *r = &g_array_index(ranks, struct rank, i);
		struct world_task *t = r->item;
		struct world_proc *p;

		if (r->stays)
			continue;
		p = world_find_proc(w, t->proc);
		fold_one_task(w, p, p, t);
	}
}

void world_fold(struct world *w, bool tight)
{
	fold_processes(w, tight); /* first: that takes their threads */
	fold_tasks(w, tight);
}
