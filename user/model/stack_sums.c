/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/stack_sums.h"

#include <string.h>

#include "model/frame_rules.h"
#include "model/rollup.h"
#include "model/stack_sums_impl.h"

#define OTHER "[other]"
#define LABELS_REST 64 /* takes */

struct stack_sums *stack_sums_new(bool kernel, unsigned most)
{
	struct stack_sums *s = g_new0(struct stack_sums, 1);

	s->kernel = kernel;
	s->most = most;
	sums_names_new(&s->names);
	s->keys = intern_new(sizeof(struct sums_key));
	s->sums = g_array_new(FALSE, TRUE, sizeof(struct sum));
	s->gone = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	s->marks = g_ptr_array_new();
	return s;
}

void stack_sums_free(struct stack_sums *s)
{
	if (!s)
		return;
	sums_names_free(&s->names);
	intern_free(s->keys);
	g_array_unref(s->sums);
	g_hash_table_unref(s->gone);
	g_ptr_array_unref(s->marks);
	g_free(s);
}

unsigned stack_sums_count(const struct stack_sums *s)
{
	return s->sums->len;
}

unsigned stack_sums_labels(const struct stack_sums *s)
{
	return intern_count(s->names.whos);
}

/* While a report is taken. */
struct taking {
	struct stack_sums *s;
	const struct report *r;
	const struct profile *p;
	sums_group_fn group;
	void *ctx;
	uint32_t *depth;        /* of each node of the profile: frames up to the outermost one */
	uint32_t *node_now;     /* its number here; NO_NODE: not known yet */
	uint32_t *function_now; /* the same of each frame */
	uint32_t *first_task;   /* of each process: index of its first task */
	uint32_t *who;          /* by task and kind: a set of labels; UINT32_MAX: none yet */
	GArray *stack;          /* uint32_t */
};

static bool is_wanted(const struct stack_sums *s, uint32_t kind)
{
	bool kernel = kind == TARE_PAGETABLE || kind == TARE_KSTACK || kind == TARE_KMEM;
	bool user = kind == TARE_ANON || kind == TARE_FILE || kind == TARE_SHMEM;

	return s->kernel ? kernel : user;
}

/* The key that these names and labels have. A key that was removed goes on from where it was. */
static struct sum *sum_of(struct stack_sums *s, uint32_t node, uint32_t who)
{
	struct sums_key key = { node, who };
	uint32_t number = intern_put(s->keys, &key);
	uint64_t hash, *was;

	if (number < s->sums->len)
		return sums_at(s, number);
	g_array_set_size(s->sums, number + 1);
	if (!g_hash_table_size(s->gone))
		return sums_at(s, number);
	hash = sums_hash(&s->names, node, who);
	was = g_hash_table_lookup(s->gone, &hash);
	if (was) {
		sums_at(s, number)->grown = sums_at(s, number)->restored = *was;
		g_hash_table_remove(s->gone, &hash);
	}
	return sums_at(s, number);
}

static uint32_t function_of(struct taking *t, uint32_t frame)
{
	uint32_t *now = &t->function_now[frame];

	if (*now == NO_NODE)
		*now = sums_frame(&t->s->names, t->p,
				  &g_array_index(t->p->frames, struct profile_frame, frame));
	return *now;
}

static uint32_t named_node(struct taking *t, const char *name)
{
	struct sums_function f = { .name = sums_text(&t->s->names, name) };

	return sums_push(&t->s->names, NO_NODE, sums_function(&t->s->names, &f));
}

/* A stack deeper than SUMS_DEPTH: its innermost functions. */
static uint32_t deep_node(struct taking *t, uint32_t node)
{
	uint32_t at = named_node(t, "[truncated]");

	profile_stack(t->p, node, t->stack);
	for (unsigned i = MIN(t->stack->len, SUMS_DEPTH - 1); i-- > 0;)
		at = sums_push(&t->s->names, at,
			       function_of(t, g_array_index(t->stack, uint32_t, i)));
	return at;
}

/* The number of a profile's node here. */
static uint32_t node_of(struct taking *t, uint32_t node)
{
	const struct stack_node *nodes = (const void *)t->p->nodes->data;
	uint32_t at = node;

	if (node == NO_NODE)
		return named_node(t, "[no stack]");
	if (t->depth[node] > SUMS_DEPTH)
		return deep_node(t, node);
	g_array_set_size(t->stack, 0);
	for (; at != NO_NODE && t->node_now[at] == NO_NODE; at = nodes[at].parent)
		g_array_append_val(t->stack, at);
	for (unsigned i = t->stack->len; i-- > 0;) {
		uint32_t one = g_array_index(t->stack, uint32_t, i), parent = nodes[one].parent;

		t->node_now[one] = sums_push(&t->s->names,
					     parent == NO_NODE ? NO_NODE : t->node_now[parent],
					     function_of(t, nodes[one].frame));
	}
	return t->node_now[node];
}

static void measure_depths(struct taking *t)
{
	const struct stack_node *nodes = (const void *)t->p->nodes->data;

	for (unsigned i = 0; i < t->p->nodes->len; i++)
		t->depth[i] = nodes[i].parent == NO_NODE ? 1 : t->depth[nodes[i].parent] + 1;
}

/* A new set of labels. Of too many, those of names that processes gave themselves are left out
 * first, then all. */
static uint32_t put_who(struct stack_sums *s, struct sums_who *w)
{
	uint32_t number = intern_find(s->names.whos, w);

	if (number != INTERN_NONE)
		return number;
	if (stack_sums_labels(s) >= SUMS_LABELED) {
		w->label[SUMS_COMM] = sums_text(&s->names, OTHER);
		w->label[SUMS_THREAD] = SUMS_NO_TEXT;
	}
	if (stack_sums_labels(s) >= 2 * SUMS_LABELED &&
	    intern_find(s->names.whos, w) == INTERN_NONE)
		return 0;
	return intern_put(s->names.whos, w);
}

static uint32_t thread_text(struct stack_sums *s, const struct report_process *p,
			    const struct report_task *t)
{
	g_autofree char *pattern = g_strcmp0(t->comm, p->comm) ? rollup_pattern(t->comm ?: "") :
								 NULL;

	return sums_text(&s->names, pattern ?: t->comm);
}

static uint32_t new_who(struct taking *t, const struct profile_entry *e)
{
	const struct report_process *p = t->r->processes->pdata[e->process];
	struct sums_names *n = &t->s->names;
	struct sums_group g = { NULL };
	struct sums_who w = { .label[SUMS_COMM] = sums_text(n, p->comm) };

	if (t->group)
		t->group(t->ctx, p, &g);
	if (e->task < p->tasks->len)
		w.label[SUMS_THREAD] = thread_text(t->s, p, p->tasks->pdata[e->task]);
	w.label[SUMS_CONTAINER] = sums_text(n, g.container);
	w.label[SUMS_POD] = sums_text(n, g.pod);
	w.label[SUMS_UNIT] = sums_text(n, g.unit);
	w.label[SUMS_KIND] = t->s->kernel ? sums_text(n, kind_name[e->kind]) : SUMS_NO_TEXT;
	w.path = sums_text(n, g.path);
	return put_who(t->s, &w);
}

static uint32_t who_of(struct taking *t, const struct profile_entry *e)
{
	const struct report_process *p = t->r->processes->pdata[e->process];
	uint32_t at = t->first_task[e->process] + MIN(e->task, p->tasks->len);
	uint32_t *who = &t->who[at * TARE_KINDS + (t->s->kernel ? e->kind : 0)];

	if (*who == UINT32_MAX)
		*who = new_who(t, e);
	return *who;
}

/* A place for each task, and one of each process for memory of no task. */
static void number_tasks(struct taking *t)
{
	uint32_t n = 0;

	t->first_task = g_new(uint32_t, t->r->processes->len + 1);
	for (unsigned i = 0; i < t->r->processes->len; i++) {
		t->first_task[i] = n;
		n += ((const struct report_process *)t->r->processes->pdata[i])->tasks->len + 1;
	}
	t->who = g_new(uint32_t, (size_t)n * TARE_KINDS + 1);
	memset(t->who, 0xff, (size_t)n * TARE_KINDS * sizeof(uint32_t));
}

static void take_entries(struct taking *t)
{
	for (unsigned i = 0; i < t->p->entries->len; i++) {
		const struct profile_entry *e =
			&g_array_index(t->p->entries, struct profile_entry, i);
		uint64_t held = (uint64_t)MAX(e->bytes[SAMPLE_TYPE_LIVE_END], 0);
		const char *via;
		struct sum *sum;
		uint32_t node;

		if (!is_wanted(t->s, e->kind) || (!held && !e->fresh))
			continue;
		node = node_of(t, e->node == NO_NODE ? NO_NODE :
						       frame_rules_owner(t->p, e->node, &via));
		sum = sum_of(t->s, node, who_of(t, e));
		sum->held += held;
		sum->grown += e->fresh;
		sum->recent += e->fresh;
	}
}

static uint64_t grown_by_ledger(const struct stack_sums *s, const struct report *r)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		for (unsigned j = 0; j < p->tasks->len; j++) {
			const struct report_task *t = p->tasks->pdata[j];

			for (unsigned k = 0; k < TARE_KINDS; k++)
				sum += is_wanted(s, k) ? t->flow[k].in : 0;
		}
	}
	return sum;
}

void stack_sums_take(struct stack_sums *s, const struct report *r, sums_group_fn group, void *ctx)
{
	const struct profile *p = r->profile;
	struct taking t = { .s = s, .r = r, .p = p, .group = group, .ctx = ctx };

	s->ledger = grown_by_ledger(s, r);
	t.depth = g_new0(uint32_t, p->nodes->len + 1);
	t.node_now = g_new(uint32_t, p->nodes->len + 1);
	t.function_now = g_new(uint32_t, p->frames->len + 1);
	memset(t.node_now, 0xff, p->nodes->len * sizeof(uint32_t));
	memset(t.function_now, 0xff, p->frames->len * sizeof(uint32_t));
	t.stack = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	measure_depths(&t);
	number_tasks(&t);
	for (unsigned i = 0; i < s->sums->len; i++)
		sums_at(s, i)->held = 0;
	s->other_held = 0;
	take_entries(&t);
	g_free(t.depth);
	g_free(t.node_now);
	g_free(t.function_now);
	g_free(t.first_task);
	g_free(t.who);
	g_array_unref(t.stack);
	s->rest -= s->rest > 0;
	if (s->sums->len > s->most || (!s->rest && stack_sums_labels(s) >= SUMS_LABELED)) {
		s->rest = LABELS_REST;
		stack_sums_shrink(s);
	}
	sums_settle_other(s);
}

static bool is_below(const char *path, const char *above)
{
	size_t len = strlen(above);

	while (len && above[len - 1] == '/')
		len--;
	return !strncmp(path, above, len) && (!path[len] || path[len] == '/');
}

static bool is_selected(const struct stack_sums *s, const struct sums_who *w,
			const struct sums_query *q)
{
	const char *group = q->cgroup;

	if (q->comm && strcmp(stack_sums_text(s, w->label[SUMS_COMM]), q->comm))
		return false;
	if (!group)
		return true;
	if (*group == '/')
		return w->path && is_below(stack_sums_text(s, w->path), group);
	for (int i = SUMS_CONTAINER; i <= SUMS_UNIT; i++)
		if (w->label[i] && !strcmp(stack_sums_text(s, w->label[i]), group))
			return true;
	return false;
}

/* What a key has, or what came since the mark. */
static struct sums_row row_of(const struct stack_sums *s, uint32_t key, const struct sums_mark *m)
{
	const struct sums_key *k = intern_key(s->keys, key);
	const struct sum *sum = sums_at(s, key);
	struct sums_row row = { k->node, k->who, sum->grown, sum->held };
	struct sum then = { .grown = sum->restored };

	if (!m)
		return row;
	if (key < m->sums->len)
		then = g_array_index(m->sums, struct sum, key);
	row.grown -= MIN(row.grown, then.grown);
	row.held -= MIN(row.held, then.held);
	return row;
}

/* Of a difference, `other` is what the ledger grew more than the keys that there are now. */
static void add_other(struct stack_sums *s, const struct sums_query *q, GArray *rows)
{
	struct sums_function f = { .name = sums_text(&s->names, OTHER) };
	struct sums_row row = { .grown = s->other_grown, .held = s->other_held };

	if (q->comm || q->cgroup)
		return;
	if (q->since) {
		row.grown = s->ledger - MIN(q->since->ledger, s->ledger);
		for (unsigned i = 0; i < rows->len; i++)
			row.grown -= MIN(row.grown, g_array_index(rows, struct sums_row, i).grown);
		row.held -= MIN(row.held, q->since->other_held);
	}
	row.node = sums_push(&s->names, NO_NODE, sums_function(&s->names, &f));
	if (row.grown || row.held)
		g_array_append_val(rows, row);
}

/* What tells two rows apart. */
struct shown {
	uint32_t node, label[SUMS_LABELS];
};

/* Keys whose control groups differ, and no label, are one row. */
GArray *stack_sums_rows(struct stack_sums *s, const struct sums_query *q)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct sums_row));
	struct intern *merged = intern_new(sizeof(struct shown));

	for (uint32_t i = 0; i < s->sums->len; i++) {
		struct sums_row row = row_of(s, i, q->since);
		const struct sums_who *w = intern_key(s->names.whos, row.who);
		struct shown shown = { .node = row.node };
		uint32_t at;

		if ((!row.grown && !row.held) || !is_selected(s, w, q))
			continue;
		memcpy(shown.label, w->label, sizeof(shown.label));
		at = intern_put(merged, &shown);
		if (at < rows->len) {
			struct sums_row *to = &g_array_index(rows, struct sums_row, at);

			to->grown += row.grown;
			to->held += row.held;
			continue;
		}
		g_array_append_val(rows, row);
	}
	intern_free(merged);
	add_other(s, q, rows);
	return rows;
}
