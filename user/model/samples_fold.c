/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keeps samples bounded. Merges of aggregates are collected and done in one pass over all
 * aggregates: the pass gives each aggregate its new key, and aggregates with the same key become
 * one. After that, everything that refers to aggregates by number (live samples, ticks, mapped
 * address space) is renumbered once.
 */
#include <string.h>

#include "model/fold.h"
#include "model/samples_impl.h"

#define FOLDS_MOST 256 /* tasks that wait to be folded, at most */
#define FOLD_CHAIN 8   /* a task's fold may have been folded too: follow at most so many */

struct fold {
	uint64_t into_task, into_proc;
};

void samples_fold(struct samples *s, uint64_t task, uint64_t into_task, uint64_t into_proc)
{
	struct fold fold = { into_task, into_proc };

	if (task == into_task)
		return;
	if (!(task & FOLD_ID)) /* in case its final record was lost */
		samples_task_ended(s, task, s->time_ns, s->peak_seq);
	g_hash_table_replace(s->folds, g_memdup2(&task, sizeof(task)),
			     g_memdup2(&fold, sizeof(fold)));
	if (g_hash_table_size(s->folds) >= FOLDS_MOST)
		samples_settle(s);
}

static void report_folded(void *ctx, uint32_t id, uint32_t into_id)
{
	const struct samples *s = ctx;

	if (s->watch.folded)
		s->watch.folded(s->watch.ctx, id, into_id);
}

static void to_fold(void *ctx, struct aggregate *t)
{
	const struct samples *s = ctx;
	const struct fold *fold;

	for (int i = 0; i < FOLD_CHAIN; i++) {
		fold = g_hash_table_lookup(s->folds, &t->key.task);
		if (!fold)
			return;
		t->key.task = fold->into_task;
		t->proc = fold->into_proc;
	}
}

static void fold_tasks(struct samples *s)
{
	if (!g_hash_table_size(s->folds))
		return;
	aggregates_rekey(s->aggregates, to_fold, s, report_folded, s);
	aggregates_rekey(s->virtual_aggregates, to_fold, s, NULL, NULL);
	g_hash_table_remove_all(s->folds);
}

#define LIVE_WEIGHT 64

/* How much an aggregate matters. Memory that is live, or was live at the peak, weighs most, since
 * most users look at that. */
static uint64_t size_of(const struct aggregate *t, uint64_t peak_seq)
{
	uint64_t live = (uint64_t)MAX(t->live, 0);

	if (t->peak_seq == peak_seq)
		live += t->at_peak;
	return t->grown + LIVE_WEIGHT * live;
}

/* The smallest aggregates of a task and kind become one, with a synthetic frame as its stack. */
struct thinning {
	uint32_t node; /* the synthetic frame's */
	uint64_t peak_seq;
	uint64_t least; /* aggregates with a larger size stay … */
	unsigned equal; /* … and so many with this size */
	uint64_t moved; /* result: aggregates that do not stay */
};

static void to_synthetic(void *ctx, struct aggregate *t)
{
	struct thinning *thin = ctx;
	struct aggregate_key synthetic = {
		.task = t->key.task,
		.kind = t->key.kind,
		.cause = ANY_CAUSE,
		.node = thin->node,
		.file = NO_FILE,
	};
	uint64_t size = size_of(t, thin->peak_seq);

	if (size > thin->least || t->key.node == thin->node)
		return;
	if (size == thin->least && thin->equal) {
		thin->equal--;
		return;
	}
	t->key = synthetic;
	thin->moved++;
}

static int downwards(gconstpointer a, gconstpointer b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x > y ? -1 : x < y;
}

static void thin_to(struct samples *s, struct aggregates *t, unsigned keep)
{
	struct frame frame = { .address = SYNTHETIC_SMALLER,
			       .file = NO_FILE,
			       .flags = FRAME_SYNTHETIC };
	struct thinning thin = { .node = samples_push(s, NO_NODE, &frame),
				 .peak_seq = s->peak_seq };
	g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	for (uint32_t i = 0; i < aggregates_count(t); i++) {
		uint64_t size = size_of(aggregates_at(t, i), thin.peak_seq);

		if (aggregates_at(t, i)->into == AGGREGATE_USED)
			g_array_append_val(sizes, size);
	}
	if (sizes->len <= keep)
		return;
	g_array_sort(sizes, downwards);
	thin.least = g_array_index(sizes, uint64_t, keep);
	while (thin.equal < keep &&
	       g_array_index(sizes, uint64_t, keep - 1 - thin.equal) == thin.least)
		thin.equal++;
	aggregates_rekey(t, to_synthetic, &thin, t == s->aggregates ? report_folded : NULL, s);
	s->smaller += thin.moved;
}

/* How many aggregates stay when the limit is reached: so few that it is not reached again soon. */
static unsigned most_kept(uint32_t limit)
{
	return limit / 8 * 5;
}

bool samples_full(const struct samples *s)
{
	return s->aggregates->used > s->limit.aggregates / 4 * 3;
}

/* The number at which to thin again: higher than the limit, if thinning left too many. */
static uint32_t next_time(uint32_t limit, uint32_t used)
{
	return MAX(limit, used + used / 2);
}

static void thin_aggregates(struct samples *s)
{
	if (s->aggregates->used > s->next.aggregates) {
		thin_to(s, s->aggregates, most_kept(s->limit.aggregates));
		s->next.aggregates = next_time(s->limit.aggregates, s->aggregates->used);
	}
	if (s->virtual_aggregates->used > s->next.virtual) {
		thin_to(s, s->virtual_aggregates, most_kept(s->limit.virtual));
		s->next.virtual = next_time(s->limit.virtual, s->virtual_aggregates->used);
	}
}

/* Of two live samples of one aggregate one stays, and stands for the bytes of both. It is drawn
 * at random, in proportion to their bytes, so that the mean of the bytes that end at any time
 * does not change. */
struct pairing {
	struct samples *s;
	GArray *kept;      /* struct live_sample */
	GHashTable *alone; /* aggregate -> 1 + index in `kept` of a sample without a partner */
};

static void pair_up(void *ctx, struct live_sample *l)
{
	struct pairing *p = ctx;
	gpointer key = GUINT_TO_POINTER(l->aggregate);
	unsigned at = GPOINTER_TO_UINT(g_hash_table_lookup(p->alone, key));
	struct live_sample *other = at ? &g_array_index(p->kept, struct live_sample, at - 1) : NULL;
	uint64_t bytes = l->bytes + (other ? other->bytes : 0), *x = &p->s->random;

	if (!other) {
		g_array_append_vals(p->kept, l, 1);
		g_hash_table_insert(p->alone, key, GUINT_TO_POINTER(p->kept->len));
		return;
	}
	*x ^= *x << 13; /* xorshift64, G. Marsaglia 2003 */
	*x ^= *x >> 7;
	*x ^= *x << 17;
	if (bytes && *x % bytes < l->bytes)
		*other = *l;
	other->bytes = bytes;
	g_hash_table_remove(p->alone, key);
}

static void thin_live(struct samples *s)
{
	GHashTableIter iter;
	gpointer live_samples;

	if (s->live_count <= s->next.live_samples)
		return;
	g_hash_table_iter_init(&iter, s->live_samples);
	while (g_hash_table_iter_next(&iter, NULL, &live_samples)) {
		g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(struct live_sample));
		g_autoptr(GHashTable) alone = g_hash_table_new(NULL, NULL);
		struct pairing pairing = { s, kept, alone };

		s->live_count -= live_samples_count(live_samples);
		live_samples_cut(live_samples, 0, UINT64_MAX, pair_up, &pairing);
		for (unsigned i = 0; i < kept->len; i++)
			live_samples_put(live_samples, &g_array_index(kept, struct live_sample, i),
					 NULL);
		s->live_count += kept->len;
	}
	s->next.live_samples = MAX(s->limit.live_samples, s->live_count + s->live_count / 2);
}

static uint32_t number_now(const void *aggregates, uint32_t number)
{
	return aggregates_now(aggregates, number);
}

static void renumber_live(void *aggregates, struct live_sample *l)
{
	l->aggregate = aggregates_now(aggregates, l->aggregate);
}

/* Give new numbers to everything that refers to a moved aggregate. */
static void renumber_all(struct samples *s)
{
	GHashTableIter iter;
	gpointer live_samples;

	if (s->aggregates->moved) {
		g_hash_table_iter_init(&iter, s->live_samples);
		while (g_hash_table_iter_next(&iter, NULL, &live_samples))
			live_samples_each(live_samples, 0, UINT64_MAX, renumber_live,
					  s->aggregates);
		timeline_renumber(s->timeline, number_now, s->aggregates);
		aggregates_release(s->aggregates);
	}
	if (s->virtual_aggregates->moved) {
		virtual_renumber(s->virtual, number_now, s->virtual_aggregates);
		aggregates_release(s->virtual_aggregates);
	}
}

struct into_rows {
	samples_row_fn row;
	void *ctx;
};

static void to_row(void *ctx, struct aggregate *t)
{
	const struct into_rows *into = ctx;
	uint64_t task, proc;

	if (!into->row(into->ctx, t->key.task, t->proc, &task, &proc))
		return;
	t->key.task = task;
	t->proc = proc;
}

void samples_fold_into(struct samples *s, samples_row_fn row, void *ctx)
{
	struct into_rows into = { row, ctx };

	fold_tasks(s); /* tasks of samples_fold() have their rows already */
	aggregates_rekey(s->aggregates, to_row, &into, report_folded, s);
	aggregates_rekey(s->virtual_aggregates, to_row, &into, NULL, NULL);
	renumber_all(s);
}

/* Which nodes, names and files are in use, by number. */
struct in_use {
	struct samples *s;
	char *nodes, *names, *files;
	uint32_t *now;    /* new number of each node in use */
	uint32_t *frames; /* new number of each frame; UINT32_MAX: not in use */
};

static void use_mapping(struct in_use *use, uint32_t name, uint32_t file)
{
	use->names[name] = 1;
	if (file != NO_FILE)
		use->files[file] = 1;
}

static void use_node(struct in_use *use, uint32_t node)
{
	while (node != NO_NODE && !use->nodes[node]) {
		use->nodes[node] = 1;
		node = ((const struct stack_node *)intern_key(use->s->nodes, node))->parent;
	}
}

static void use_aggregates(struct in_use *use, const struct aggregates *t)
{
	for (uint32_t i = 0; i < aggregates_count(t); i++) {
		const struct aggregate *one = aggregates_at(t, i);

		if (one->into != AGGREGATE_USED)
			continue;
		use_node(use, one->key.node);
		use_mapping(use, one->key.name, one->key.file);
	}
}

static void use_spaces(struct in_use *use)
{
	GHashTableIter iter;
	gpointer space;

	g_hash_table_iter_init(&iter, use->s->spaces);
	while (g_hash_table_iter_next(&iter, NULL, &space)) {
		const GArray *vmas = ((const struct space *)space)->vmas;

		for (unsigned i = 0; i < vmas->len; i++) {
			const struct vma *r = &g_array_index(vmas, struct vma, i);

			use_mapping(use, r->name, r->file);
		}
	}
}

static void use_early(struct in_use *use)
{
	for (unsigned i = 0; i < use->s->early->len; i++) {
		const struct early *e = &g_array_index(use->s->early, struct early, i);

		use_node(use, e->node);
		use->names[e->thread_name] = 1;
	}
}

/* The frame with which to replace `f`: code that is in no file, of an address space that is gone,
 * is known by its name from now on, or not at all. Other frames stay as they are. */
static struct frame named_frame(struct samples *s, const struct frame *f)
{
	uint64_t start = 0;
	const char *name;

	if (f->file != NO_FILE || !f->space || f->flags & (FRAME_KERNEL | FRAME_SYNTHETIC) ||
	    g_hash_table_contains(s->spaces, &f->space))
		return *f;
	name = s->watch.code_name ? s->watch.code_name(s->watch.ctx, f->space, f->address, &start) :
				    NULL;
	if (!name)
		return (struct frame){ .file = NO_FILE, .flags = f->flags & FRAME_FALLBACK };
	return (struct frame){ .address = start,
			       .file = samples_name(s, name),
			       .flags = (f->flags & FRAME_FALLBACK) | FRAME_NAMED };
}

/* Number the nodes in use anew. One pass is enough: a parent has a smaller number. */
static void collect_stacks(struct in_use *use)
{
	struct samples *s = use->s;
	struct intern *frames = intern_new(sizeof(struct frame));
	struct intern *nodes = intern_new(sizeof(struct stack_node));

	for (uint32_t i = 0; i < intern_count(s->nodes); i++) {
		struct stack_node n = *(const struct stack_node *)intern_key(s->nodes, i);
		struct frame f;

		if (!use->nodes[i])
			continue;
		f = named_frame(s, intern_key(s->frames, n.frame));
		n.parent = n.parent == NO_NODE ? NO_NODE : use->now[n.parent];
		n.frame = use->frames[n.frame] = intern_put(frames, &f);
		use->now[i] = intern_put(nodes, &n);
	}
	intern_free(s->frames);
	intern_free(s->nodes);
	s->frames = frames;
	s->nodes = nodes;
}

static void to_node(void *ctx, struct aggregate *t)
{
	const struct in_use *use = ctx;

	if (t->key.node != NO_NODE)
		t->key.node = use->now[t->key.node];
}

/* Forget names and files not in use. After collect_stacks(), so that only frames in use count. */
static void collect_names(struct in_use *use)
{
	struct samples *s = use->s;
	unsigned names = s->names->len;

	for (uint32_t i = 0; i < intern_count(s->frames); i++) {
		const struct frame *f = intern_key(s->frames, i);

		if (f->file == NO_FILE)
			continue;
		if (!(f->flags & FRAME_NAMED))
			use->files[f->file] = 1;
		else if (f->file < names)
			use->names[f->file] = 1;
	}
	for (uint32_t i = 1; i < names; i++)
		if (s->names->pdata[i] && !use->names[i])
			samples_forget_name(s, i);
	for (uint32_t i = 0; i < s->files->len; i++)
		if (s->files->pdata[i] && !use->files[i] &&
		    !((const struct sample_file *)s->files->pdata[i])->pinned)
			samples_forget_file(s, i);
}

static void collect_unused(struct samples *s)
{
	uint32_t n = intern_count(s->nodes), n_frames = intern_count(s->frames);
	g_autofree char *nodes = g_malloc0(n + 1);
	/* named_frame() may add names. */
	g_autofree char *names = g_malloc0(s->names->len + n_frames + 1);
	g_autofree char *files = g_malloc0(s->files->len + 1);
	g_autofree uint32_t *node_now = g_new(uint32_t, n + 1);
	g_autofree uint32_t *frame_now = g_new(uint32_t, n_frames + 1);
	struct in_use use = { s, nodes, names, files, node_now, frame_now };

	memset(frame_now, 0xff, n_frames * sizeof(*frame_now));

	use_aggregates(&use, s->aggregates);
	use_aggregates(&use, s->virtual_aggregates);
	use_early(&use);
	use_spaces(&use);
	collect_stacks(&use);
	aggregates_rekey(s->aggregates, to_node, &use, report_folded, s);
	aggregates_rekey(s->virtual_aggregates, to_node, &use, NULL, NULL);
	for (unsigned i = 0; i < s->early->len; i++) {
		struct early *e = &g_array_index(s->early, struct early, i);

		if (e->node != NO_NODE)
			e->node = use.now[e->node];
	}
	collect_names(&use);
	if (s->watch.collected)
		s->watch.collected(s->watch.ctx, frame_now, n_frames);
}

static void limit_stacks(struct samples *s)
{
	unsigned keep = most_kept(s->limit.aggregates);

	collect_unused(s);
	/* Still too many nodes: the stacks are deep and all differ. Keep fewer aggregates. */
	while (intern_count(s->nodes) > s->limit.nodes && keep >= 64) {
		keep /= 2;
		thin_to(s, s->aggregates, keep);
		thin_to(s, s->virtual_aggregates, keep);
		collect_unused(s);
	}
	s->next.nodes = next_time(s->limit.nodes, intern_count(s->nodes));
	s->next.names = next_time(s->limit.names, s->names->len - s->free_names->len);
	s->next.files = next_time(s->limit.files, s->files->len - s->free_files->len);
}

static bool stacks_crowded(const struct samples *s)
{
	return intern_count(s->nodes) > s->next.nodes ||
	       s->names->len - s->free_names->len > s->next.names ||
	       s->files->len - s->free_files->len > s->next.files;
}

static void fold_and_thin(struct samples *s, bool stacks)
{
	fold_tasks(s);
	thin_aggregates(s);
	if (stacks)
		limit_stacks(s);
	renumber_all(s);
	thin_live(s);
}

void samples_settle(struct samples *s)
{
	fold_and_thin(s, stacks_crowded(s));
}

void samples_collect(struct samples *s)
{
	fold_and_thin(s, true);
}
