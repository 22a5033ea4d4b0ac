/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keeps ended tasks and processes in bounded memory: which of them keep a row of their own, and
 * into which row each other one is folded. fold.c does the sums.
 */
#include <stdlib.h>
#include <string.h>

#include "bpf/ledger.h"
#include "model/rollup.h"
#include "model/proctable_impl.h"

#define PROC_FOLDS 1024  /* most folds of processes; the last quarter ignores the parent */
#define TASK_FOLDS 2048  /* folds of tasks by name; beyond, one fold for each process */
#define OTHERS "(other)" /* name of a fold of everything else */
#define WAITING_MOST 256 /* most processes kept because they hold pages after their end */
#define MMS_MANY 8       /* more closed address spaces of a process are merged */
#define RANK_PAGE 4096   /* bytes of a page, used only to rank */

/* The properties of a task or process that decide whether it keeps its row. */
struct rank {
	void *item;
	int64_t weight, size; /* weight at the last peak; largest size */
	uint64_t start_ns, end_ns, id;
	bool failed, stays;
	bool waits; /* it still holds pages */
};

void proctable_keep(struct proctable *pt, uint32_t keep, proctable_folded_fn folded, void *ctx)
{
	pt->keep = keep;
	pt->folded = folded;
	pt->folded_ctx = ctx;
}

/* The task was a guest in another process's address space (vfork) and had pages of it cached (on
 * kernels that cache). Both processes' books need the task's own record, so both keep their
 * rows. */
static bool was_caching_guest(const struct tare_task *t)
{
	static const int64_t none[TARE_MEMBERS];

	return t->mm_proc && t->mm_proc != t->proc &&
	       (memcmp(t->cached, none, sizeof(none)) || memcmp(t->cached0, none, sizeof(none)));
}

static bool has_ended(const struct proctable_proc *p)
{
	if (p->living || p->guests || p->lost || p->fold || (!p->tasks->len && !p->end_lost))
		return false;
	for (unsigned i = 0; i < p->mms->len; i++)
		if (!((const struct proctable_mm *)p->mms->pdata[i])->closed)
			return false;
	return true;
}

/* Put a process among the candidates for folding if it has ended. */
static void note_if_ended(struct proctable *pt, struct proctable_proc *p)
{
	if (p->candidate || !has_ended(p))
		return;
	p->candidate = true;
	g_ptr_array_add(pt->ended_procs, p);
}

void proctable_proc_dropped(struct proctable *pt, struct proctable_proc *p)
{
	note_if_ended(pt, p);
}

void proctable_task_ended(struct proctable *pt, struct proctable_task *t)
{
	struct proctable_proc *p = proctable_find_proc(pt, t->proc), *other;

	if (was_caching_guest(t->state)) {
		other = proctable_find_proc(pt, t->state->mm_proc);
		p->guests = true;
		if (other)
			other->guests = true;
	} else if (t->id != p->id) { /* the first task keeps its row as long as the process */
		g_ptr_array_add(pt->ended_tasks, t);
		t->candidate = pt->ended_tasks->len;
	}
	note_if_ended(pt, p);
}

/* Merge the closed address spaces of one process: each execve leaves one. */
static void merge_closed(struct proctable *pt, struct proctable_proc *p)
{
	struct proctable_mm *sum = NULL;
	unsigned closed = 0, kept = 0;

	for (unsigned i = 0; i < p->mms->len; i++)
		closed += ((const struct proctable_mm *)p->mms->pdata[i])->closed;
	if (closed <= MMS_MANY)
		return;
	for (unsigned i = 0; i < p->mms->len; i++) {
		struct proctable_mm *m = p->mms->pdata[i];

		if (m->closed && !m->lost && sum) {
			fold_mm(&sum->state, &m->state);
			g_hash_table_remove(pt->mms, &m->state.id);
			continue;
		}
		sum = m->closed && !m->lost ? m : sum;
		p->mms->pdata[kept++] = m;
	}
	g_ptr_array_set_size(p->mms, (gint)kept);
}

void proctable_mm_closed(struct proctable *pt, const struct proctable_mm *m)
{
	struct proctable_proc *p = proctable_find_proc(pt, m->proc);

	merge_closed(pt, p);
	note_if_ended(pt, p);
}

void proctable_task_remove(struct proctable *pt, struct proctable_proc *p, struct proctable_task *t)
{
	struct proctable_task *moved;

	if (t->candidate) {
		g_ptr_array_remove_index_fast(pt->ended_tasks, t->candidate - 1);
		if (t->candidate <= pt->ended_tasks->len) {
			moved = pt->ended_tasks->pdata[t->candidate - 1];
			moved->candidate = t->candidate;
		}
	}
	g_ptr_array_remove_index_fast(p->tasks, t->place);
	if (t->place < p->tasks->len) {
		moved = p->tasks->pdata[t->place];
		moved->place = t->place;
	}
	pt->task_folds -= !!t->fold;
	g_hash_table_remove(pt->tasks, &t->id);
}

static uint64_t fold_id(struct proctable *pt)
{
	return FOLD_ID | ++pt->next_fold;
}

static struct proctable_task *task_fold_of(struct proctable *pt, struct proctable_proc *p,
					   char *key)
{
	struct proctable_task *t;

	if (!p->folds)
		p->folds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	t = g_hash_table_lookup(p->folds, key);
	if (t) {
		g_free(key);
		return t;
	}
	t = proctable_task_add(pt, p, fold_id(pt), g_new0(struct tare_task, 1));
	t->fold = task_fold_new();
	t->ended = true;
	pt->task_folds++;
	g_hash_table_insert(p->folds, key, t);
	return t;
}

static void set_name(char name[TARE_COMM_LEN], const char *to)
{
	memset(name, 0, TARE_COMM_LEN);
	memcpy(name, to, strnlen(to, TARE_COMM_LEN)); /* without a NUL if it is full */
}

/* The name of a fold: the common name of its members, or their pattern. */
static void common_name(char name[TARE_COMM_LEN], const char *next, bool first)
{
	g_autofree char *whole = g_strndup(next, TARE_COMM_LEN), *pattern = NULL;

	if (first && !*name)
		set_name(name, whole);
	if (!strncmp(name, whole, TARE_COMM_LEN) || !strncmp(name, OTHERS, TARE_COMM_LEN))
		return;
	pattern = rollup_pattern(whole);
	set_name(name, pattern);
}

/* The fold in process `p` for this task of process `from`, which may be `p` itself. First tasks
 * of processes have a fold of their own. */
static struct proctable_task *row_for_task(struct proctable *pt, struct proctable_proc *p,
					   const struct proctable_task *t,
					   const struct proctable_proc *from)
{
	g_autofree char *name = g_strndup(t->state->comm, TARE_COMM_LEN);
	struct proctable_task *row;

	if (t->id == from->id)
		return task_fold_of(pt, p, g_strdup("\n"));
	if (pt->task_folds < TASK_FOLDS)
		return task_fold_of(pt, p, rollup_pattern(name));
	row = task_fold_of(pt, p, g_strdup(OTHERS));
	set_name(row->state->comm, OTHERS);
	return row;
}

/* Fold a task of process `from` into process `p`. */
static void fold_one_task(struct proctable *pt, struct proctable_proc *p,
			  struct proctable_proc *from, struct proctable_task *t)
{
	struct proctable_task *into = row_for_task(pt, p, t, from);
	bool first = !into->fold->count;

	into->state->tid = first && !t->fold ? t->state->tid : 0;
	common_name(into->state->comm, t->state->comm, first);
	into->sweep = MAX(into->sweep, t->sweep); /* not quiet if it ended in this sweep */
	fold_task(into->state, into->fold, t->state, t->fold);
	if (pt->folded)
		pt->folded(pt->folded_ctx, t->id, into->id, p->id);
	proctable_task_remove(pt, from, t);
}

/* A process's peak of RSS. */
static int64_t rss_peak(const struct proctable_proc *p)
{
	int64_t peak = 0;

	for (unsigned i = 0; i < p->mms->len; i++) {
		const struct tare_mm *m = &((const struct proctable_mm *)p->mms->pdata[i])->state;

		peak = MAX(peak, MAX(m->peak, m->rss));
	}
	return peak;
}

/* Pages that an ended process still holds by the ledger; 0 if its books balance. */
static uint64_t off_pages(const struct proctable_proc *p)
{
	uint64_t off = 0;

	for (int k = 0; k < TARE_MEMBERS; k++) {
		int64_t left = 0;

		for (unsigned i = 0; i < p->mms->len; i++) {
			const struct tare_mm *m =
				&((const struct proctable_mm *)p->mms->pdata[i])->state;

			left += m->initial[k] + ledger_net(&m->nonowner[k]);
		}
		for (unsigned i = 0; i < p->tasks->len; i++) {
			const struct proctable_task *t = p->tasks->pdata[i];

			left += ledger_net(&t->state->flow[k]);
			left += t->fold ? ledger_net(&t->fold->cached[k]) :
					  t->state->cached[k] - t->state->cached0[k];
		}
		off += (uint64_t)llabs(left);
	}
	return off;
}

static struct proctable_proc *proc_fold_of(struct proctable *pt, const struct proctable_proc *p)
{
	unsigned n = g_hash_table_size(pt->proc_folds);
	g_autofree char *parent =
		rollup_pattern(n < PROC_FOLDS / 4 * 3 && p->parent ? p->parent : "");
	g_autofree char *name = rollup_pattern(n < PROC_FOLDS && p->comm ? p->comm : OTHERS);
	g_autofree char *key = g_strdup_printf("%s\n%s", parent, name);
	struct proctable_proc *into = g_hash_table_lookup(pt->proc_folds, key);
	struct proctable_mm *sum;

	if (into)
		return into;
	into = proctable_proc_add(pt, fold_id(pt));
	into->fold = proc_fold_new();
	into->parent = *parent ? g_ref_string_new_intern(p->parent) : NULL;
	into->comm = g_malloc0(TARE_COMM_LEN + 1);
	into->start_ns = p->start_ns;
	if (n >= PROC_FOLDS)
		set_name(into->comm, OTHERS);
	sum = proctable_mm_add(pt, into, fold_id(pt));
	sum->state.peak_seq = TARE_PEAK_NEVER;
	sum->closed = true;
	g_hash_table_insert(pt->proc_folds, g_steal_pointer(&key), into);
	return into;
}

static void add_process(struct proctable_proc *into, const struct proctable_proc *p)
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

static void fold_process(struct proctable *pt, struct proctable_proc *p)
{
	struct proctable_proc *into = proc_fold_of(pt, p);
	struct tare_mm *sum = &((struct proctable_mm *)into->mms->pdata[0])->state;

	add_process(into, p);
	for (unsigned i = 0; i < p->mms->len; i++) {
		struct proctable_mm *m = p->mms->pdata[i];

		fold_mm(sum, &m->state);
		g_hash_table_remove(pt->mms, &m->state.id);
	}
	while (p->tasks->len)
		fold_one_task(pt, into, p, p->tasks->pdata[p->tasks->len - 1]);
	g_hash_table_remove(pt->procs, &p->id);
}

/* Choosing the rows that stay. */

static void add_weight(struct rank *r, int64_t pages_or_bytes, int kind)
{
	r->weight += kind < TARE_MEMBERS ? pages_or_bytes * RANK_PAGE : pages_or_bytes;
}

static void add_task_weight(struct rank *r, const struct proctable *pt,
			    const struct proctable_task *t)
{
	for (int k = 0; k < TARE_KINDS; k++)
		add_weight(r, ledger_at_peak(t->state, k, pt->peak_seq), k);
}

static struct rank task_rank(const struct proctable *pt, struct proctable_task *t)
{
	struct rank r = {
		.item = t,
		.id = t->id,
		.size = fold_in(t->state),
		.start_ns = t->state->start_ns,
		.end_ns = t->state->end_ns,
	};

	add_task_weight(&r, pt, t);
	return r;
}

static struct rank proc_rank(const struct proctable *pt, struct proctable_proc *p)
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
		add_task_weight(&r, pt, p->tasks->pdata[i]);
	for (unsigned i = 0; i < p->mms->len; i++) {
		const struct tare_mm *m = &((const struct proctable_mm *)p->mms->pdata[i])->state;

		for (int k = 0; k < TARE_MM_KINDS; k++)
			add_weight(&r,
				   m->peak_seq == pt->peak_seq ?
					   m->at_peak[k] :
					   m->initial[k] + ledger_net(&m->nonowner[k]),
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

static uint64_t lifetime(const struct rank *r)
{
	return r->end_ns - MIN(r->start_ns, r->end_ns);
}

static int by_lifetime(const void *a, const void *b)
{
	uint64_t x = lifetime(a), y = lifetime(b);

	return (x < y) - (x > y) ?: by_weight(a, b);
}

/* Those that wait come first, by their end, the latest first. */
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

/* Let the first `most` in this order stay, of those that do not yet. Returns how many. */
static unsigned mark_staying(GArray *ranks, unsigned most, int (*order)(const void *, const void *))
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
static void choose_staying(GArray *ranks, unsigned keep)
{
	unsigned n = mark_staying(ranks, keep / 2, by_weight);

	n += mark_staying(ranks, keep / 4, by_failure);
	n += mark_staying(ranks, keep / 8, by_lifetime);
	n += mark_staying(ranks, keep / 8, by_age);
	mark_staying(ranks, keep - MIN(n, keep), by_weight);
}

static bool too_many(const struct proctable *pt, unsigned ended, bool tight)
{
	return pt->keep != PROCTABLE_KEEP_ALL && ended > (tight ? pt->keep : 2ULL * pt->keep);
}

/* A process may hold pages after its end. Either its address space outlives it, because another
 * task reads its /proc files, and closes later; or its books are off. The latest of these
 * processes stay in addition to the others. */
static void fold_processes(struct proctable *pt, bool tight)
{
	g_autoptr(GArray) ranks = NULL;

	if (!too_many(pt, pt->ended_procs->len - MIN(pt->waiting, pt->ended_procs->len), tight))
		return;
	ranks = g_array_new(FALSE, FALSE, sizeof(struct rank));
	for (unsigned i = 0; i < pt->ended_procs->len; i++) {
		struct proctable_proc *p = pt->ended_procs->pdata[i];
		struct rank r;

		p->candidate = has_ended(p); /* false if a task of it was found since */
		if (!p->candidate)
			continue;
		r = proc_rank(pt, p);
		g_array_append_val(ranks, r);
	}
	pt->waiting = mark_staying(ranks, WAITING_MOST, by_end);
	choose_staying(ranks, pt->keep);
	g_ptr_array_set_size(pt->ended_procs, 0);
	for (unsigned i = 0; i < ranks->len; i++) {
		const struct rank *r = &g_array_index(ranks, struct rank, i);

		if (r->stays)
			g_ptr_array_add(pt->ended_procs, r->item);
		else
			fold_process(pt, r->item);
	}
}

static void fold_tasks(struct proctable *pt, bool tight)
{
	g_autoptr(GArray) ranks = NULL;

	if (!too_many(pt, pt->ended_tasks->len, tight))
		return;
	ranks = g_array_new(FALSE, FALSE, sizeof(struct rank));
	for (unsigned i = 0; i < pt->ended_tasks->len; i++) {
		struct rank r = task_rank(pt, pt->ended_tasks->pdata[i]);

		g_array_append_val(ranks, r);
	}
	choose_staying(ranks, pt->keep);
	for (unsigned i = 0; i < ranks->len; i++) {
		const struct rank *r = &g_array_index(ranks, struct rank, i);
		struct proctable_task *t = r->item;
		struct proctable_proc *p;

		if (r->stays)
			continue;
		p = proctable_find_proc(pt, t->proc);
		fold_one_task(pt, p, p, t);
	}
}

void proctable_fold(struct proctable *pt, bool tight)
{
	fold_processes(pt, tight); /* first: it also folds their threads */
	fold_tasks(pt, tight);
}
