/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/proctable_impl.h"

#include <errno.h>
#include <string.h>

#include "bpf/ledger.h"

static struct proctable_proc *proc_get(struct proctable *pt, uint64_t id)
{
	return proctable_find_proc(pt, id) ?: proctable_proc_add(pt, id);
}

static char *name_of(const char *field, size_t size)
{
	return g_strndup(field, size);
}

/* The task with this id, added if this is the first record of it (its first record may have
 * been lost). */
static struct proctable_task *task_get(struct proctable *pt, uint64_t id, uint64_t proc)
{
	struct proctable_task *t = g_hash_table_lookup(pt->tasks, &id);
	struct proctable_proc *p;

	if (t)
		return t;
	p = proc_get(pt, proc);
	p->living++;
	return proctable_task_add(pt, p, id, g_new0(struct tare_task, 1));
}

/* Called for the first record of each task, and for later ones in case the first was lost. */
void proctable_introduce(struct proctable_proc *p, const struct tare_task *first)
{
	if (p->comm)
		return;
	p->pid = first->tgid;
	p->ppid = first->ppid;
	p->start_ns = first->start_ns;
	p->comm = name_of(first->comm, sizeof(first->comm));
}

/* The present name of the process of this task. A GRefString, or NULL. */
static char *parent_name(struct proctable *pt, uint64_t task)
{
	const struct proctable_task *t = g_hash_table_lookup(pt->tasks, &task);
	const struct proctable_proc *p = t ? proctable_find_proc(pt, t->proc) : NULL;

	return p && p->comm ? g_ref_string_new_intern(p->comm) : NULL;
}

static int on_task_new(struct proctable *pt, const struct tare_task_new *rec)
{
	struct proctable_task *t = task_get(pt, rec->id, rec->proc);
	struct proctable_proc *p = proc_get(pt, rec->proc);

	t->state->tid = rec->tid;
	t->state->tgid = rec->tgid;
	t->state->ppid = rec->ppid;
	t->state->start_ns = rec->start_ns;
	t->sweep = t->looked = pt->sweep;
	memcpy(t->state->comm, rec->comm, sizeof(rec->comm));
	if (!p->comm)
		p->attached = !rec->parent;
	if (!p->parent)
		p->parent = parent_name(pt, rec->parent);
	proctable_introduce(p, t->state);
	return 0;
}

/* Takes ownership of `name`. If there are too many names, one in the middle is removed. */
static void keep_name(GPtrArray *names, char *name)
{
	g_ptr_array_add(names, name);
	if (names->len > PROCTABLE_NAMES)
		g_ptr_array_remove_index(names, PROCTABLE_NAMES / 2);
}

static void remember_name(struct proctable_task *t)
{
	if (!t->names)
		t->names = g_ptr_array_new_with_free_func(g_free);
	keep_name(t->names, name_of(t->state->comm, sizeof(t->state->comm)));
}

static int on_rename(struct proctable *pt, const struct tare_rename *rec)
{
	struct proctable_task *t = g_hash_table_lookup(pt->tasks, &rec->id);
	struct proctable_proc *p;

	if (!t || !strncmp(t->state->comm, rec->comm, sizeof(rec->comm)))
		return 0;
	remember_name(t);
	memcpy(t->state->comm, rec->comm, sizeof(rec->comm));
	t->stamp = ++pt->stamp;
	p = proc_get(pt, t->proc);
	if (t->state->tid == p->pid) {
		p->stamp++;
		g_free(p->comm);
		p->comm = name_of(rec->comm, sizeof(rec->comm));
	}
	return 0;
}

static void split_argv(struct proctable_proc *p, const char *args, size_t len)
{
	const char *end = args + len;

	p->stamp++;
	g_ptr_array_set_size(p->argv, 0);
	while (end > args + 1 && !end[-1] && !end[-2]) /* of a title: what was there before */
		end--;
	while (args < end) {
		size_t n = strnlen(args, end - args);

		g_ptr_array_add(p->argv, g_strndup(args, n));
		args += n + 1;
	}
}

void proctable_describe(struct proctable_proc *p, const char *exe, const char *cmdline, size_t len)
{
	if (exe) {
		g_free(p->exe);
		p->exe = g_strdup(exe);
	}
	if (cmdline)
		split_argv(p, cmdline, len);
}

void proctable_title(struct proctable_task *t, const char *title)
{
	if (!g_strcmp0(t->title, title))
		return;
	g_free(t->title);
	t->title = g_strdup(title);
	t->stamp += 1ULL << 40; /* no sweep comes so far */
}

static int on_exec(struct proctable *pt, const struct tare_exec *rec)
{
	struct proctable_task *t;
	struct proctable_proc *p;
	bool launch;

	if (rec->argv_len > sizeof(rec->argv))
		return -EINVAL;
	t = task_get(pt, rec->id, rec->proc);
	p = proc_get(pt, rec->proc);
	launch = pt->launched && p->attached && !p->exe;
	t->state->tid = rec->tid;
	memcpy(t->state->comm, rec->comm, sizeof(rec->comm));
	t->stamp = ++pt->stamp;
	p->pid = rec->tgid;
	g_free(p->comm);
	p->comm = name_of(rec->comm, sizeof(rec->comm));
	if (p->exe)
		keep_name(p->images, g_steal_pointer(&p->exe));
	p->exe = name_of(rec->interp[0] ? rec->interp : rec->path, sizeof(rec->path));
	split_argv(p, rec->argv, rec->argv_len);
	p->argv_truncated = rec->argv_truncated;
	if (launch) { /* before this execve it was tare's own image: forget that */
		g_clear_pointer(&t->names, g_ptr_array_unref);
		p->start_ns = rec->head.time_ns;
		t->state->start_ns = rec->head.time_ns;
	}
	return 0;
}

/* The second look at a task. `in` and `out` only grow, so a task with the same sums was quiet
 * between the looks. */
static void look_again(struct proctable *pt, const struct tare_task *state)
{
	struct proctable_task *t = g_hash_table_lookup(pt->tasks, &state->id);

	if (t)
		t->looked = pt->sweep;
	if (t && !t->ended && t->sweep == pt->sweep &&
	    !memcmp(t->state->flow, state->flow, sizeof(state->flow)) &&
	    !memcmp(t->state->cached, state->cached, sizeof(state->cached)))
		t->still = pt->sweep;
}

/* Most tasks are idle. A new one has no thread group yet. */
static bool is_same(const struct tare_task *old, const struct tare_task *state, uint32_t causes,
		    size_t size)
{
	return old->n_causes == causes && state->n_causes == causes && old->tgid &&
	       !memcmp(old, state, size);
}

static int on_task(struct proctable *pt, const struct tare_record *head,
		   const struct tare_task *state, bool second)
{
	size_t size = head->size - sizeof(*head);
	uint32_t n = (head->size - ledger_record_size(0)) / sizeof(struct tare_cause);
	struct proctable_task *t;
	struct proctable_proc *p;

	/* A running task may have got another cause while its record was written. */
	if (state->n_causes > TARE_TASK_CAUSES || state->n_causes < n ||
	    head->size != ledger_record_size(n))
		return -EINVAL;
	if (second) {
		look_again(pt, state);
		return 0;
	}
	t = task_get(pt, state->id, state->proc);
	if (t->ended)
		return 0;
	if (is_same(t->state, state, n, size) && head->type == TARE_REC_TASK) {
		t->sweep = pt->sweep;
		t->time_ns = head->time_ns;
		return 0;
	}
	t->stamp = ++pt->stamp;
	t->state = g_realloc(t->state, size);
	memcpy(t->state, state, size);
	t->state->n_causes = n;
	t->sweep = pt->sweep;
	t->time_ns = head->time_ns;
	pt->peak_seq = MAX(pt->peak_seq, state->peak_seq);
	p = proc_get(pt, t->proc);
	proctable_introduce(p, state);
	if (head->type != TARE_REC_TASK_END)
		return 0;
	t->ended = true;
	p->living--;
	p->status = state->exit_code;
	p->end_ns = state->end_ns;
	p->final |= state->flags & TARE_TASK_EXITING;
	p->end_lost &= !p->final;
	proctable_task_ended(pt, t);
	return 0;
}

static struct proctable_mm *mm_get(struct proctable *pt, const struct tare_mm *state)
{
	return g_hash_table_lookup(pt->mms, &state->id) ?:
		       proctable_mm_add(pt, proc_get(pt, state->proc), state->id);
}

/* Did non-owners take more from an address space than they gave to it? */
static bool freed_by_nonowner(const struct tare_mm *m)
{
	for (int k = 0; k < TARE_MM_KINDS; k++)
		if (m->nonowner[k].out > m->nonowner[k].in)
			return true;
	return false;
}

static int on_mm(struct proctable *pt, const struct tare_mm_end *rec, bool second)
{
	struct proctable_mm *m = mm_get(pt, &rec->mm);
	struct tare_mm rec_mm = rec->mm;

	if (m->closed)
		return 0;
	if (second) {
		m->quiet = m->sweep == pt->sweep && m->state.sums_valid && rec->mm.sums_valid &&
			   !memcmp(m->state.kernel, rec->mm.kernel, sizeof(rec->mm.kernel)) &&
			   !memcmp(m->state.nonowner, rec->mm.nonowner, sizeof(rec->mm.nonowner)) &&
			   m->state.rss == rec->mm.rss;
		return 0;
	}
	rec_mm.sweep = m->state.sweep; /* the only member that each sweep changes */
	if (memcmp(&m->state, &rec_mm, sizeof(rec_mm)) || rec->head.type == TARE_REC_MM_END)
		m->stamp = ++pt->stamp;
	m->state = rec->mm;
	m->sweep = pt->sweep;
	m->quiet = false;
	m->closed = rec->head.type == TARE_REC_MM_END;
	if (!m->closed)
		return 0;
	if (freed_by_nonowner(&m->state))
		proc_get(pt, m->proc)->freed_ns = rec->head.time_ns;
	proctable_mm_closed(pt, m);
	return 0;
}

/* Ids with these bits are made by user space, so no record may have them. If one had, its state,
 * which is cut after its causes, would be taken for a fold's, which is larger. */
#define OURS (FOLD_ID | PROCTABLE_REST)

static bool is_ours(const struct tare_record *head)
{
	const struct tare_task *task = (const void *)(head + 1);

	switch (head->type) {
	case TARE_REC_TASK_NEW:
		return (((const struct tare_task_new *)head)->id |
			((const struct tare_task_new *)head)->proc) &
		       OURS;
	case TARE_REC_EXEC:
		return (((const struct tare_exec *)head)->id |
			((const struct tare_exec *)head)->proc) &
		       OURS;
	case TARE_REC_MM:
	case TARE_REC_MM_END:
		return (((const struct tare_mm_end *)head)->mm.id |
			((const struct tare_mm_end *)head)->mm.proc) &
		       OURS;
	case TARE_REC_RENAME:
		return ((const struct tare_rename *)head)->id & OURS;
	default:
		return (task->id | task->proc) & OURS;
	}
}

/* Size of a record of this type (for a task: the smallest size); 0: no such type. */
static size_t size_of(uint32_t type)
{
	switch (type) {
	case TARE_REC_TASK_NEW:
		return sizeof(struct tare_task_new);
	case TARE_REC_TASK:
	case TARE_REC_TASK_END:
		return ledger_record_size(0);
	case TARE_REC_MM:
	case TARE_REC_MM_END:
		return sizeof(struct tare_mm_end);
	case TARE_REC_EXEC:
		return sizeof(struct tare_exec);
	case TARE_REC_RENAME:
		return sizeof(struct tare_rename);
	default:
		return 0;
	}
}

static int take_record(struct proctable *pt, const void *data, size_t size, bool second)
{
	const struct tare_record *head = data;
	size_t want;

	if (size < sizeof(*head) || head->size > size)
		return -EINVAL;
	want = size_of(head->type);
	if (!want || head->size < want)
		return -EINVAL;
	if (head->type != TARE_REC_TASK && head->type != TARE_REC_TASK_END && head->size != want)
		return -EINVAL;
	if (is_ours(head))
		return -EINVAL;
	switch (head->type) {
	case TARE_REC_TASK_NEW:
		return on_task_new(pt, data);
	case TARE_REC_EXEC:
		return on_exec(pt, data);
	case TARE_REC_RENAME:
		return on_rename(pt, data);
	case TARE_REC_MM:
	case TARE_REC_MM_END:
		return on_mm(pt, data, second);
	default:
		return on_task(pt, head, (const struct tare_task *)(head + 1), second);
	}
}

int proctable_record(struct proctable *pt, const void *data, size_t size)
{
	int err = take_record(pt, data, size, false);

	if (err)
		pt->malformed++;
	return err;
}

void proctable_sweep_begin(struct proctable *pt)
{
	pt->sweep++;
}

int proctable_sweep(struct proctable *pt, const void *data, size_t size, bool second)
{
	const char *at = data;

	while (size) {
		const struct tare_record *head = (const void *)at;

		if (take_record(pt, at, size, second)) {
			pt->malformed++;
			return -EINVAL; /* where the next begins is not known */
		}
		at += head->size;
		size -= head->size;
	}
	return 0;
}
