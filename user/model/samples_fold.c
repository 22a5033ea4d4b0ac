/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The bounds of samples. Whatever is to be put together waits for one pass over all tallies,
 * which gives each its new key; what then has the same key becomes one. What refers to those
 * by number (lives, ticks, what is asked for) is gone over once after that.
 */
#include <string.h>

#include "model/fold.h"
#include "model/samples_impl.h"

#define FOLDS_MOST 256 /* tasks that wait */
#define FOLD_CHAIN 8   /* a fold may have been folded itself */

struct fold {
	uint64_t into_task, into_proc;
};

void samples_fold(struct samples *s, uint64_t task, uint64_t into_task, uint64_t into_proc)
{
	struct fold fold = { into_task, into_proc };

	if (task == into_task)
		return;
	if (!(task & FOLD_ID)) /* its last record may be lost */
		samples_task_ended(s, task, s->time_ns, s->peak_seq);
	g_hash_table_replace(s->folds, g_memdup2(&task, sizeof(task)),
			     g_memdup2(&fold, sizeof(fold)));
	if (g_hash_table_size(s->folds) >= FOLDS_MOST)
		samples_settle(s);
}

static void told(void *ctx, uint32_t id, uint32_t into_id)
{
	const struct samples *s = ctx;

	if (s->watch.folded)
		s->watch.folded(s->watch.ctx, id, into_id);
}

static void to_fold(void *ctx, struct tally *t)
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
	tallies_rekey(s->tallies, to_fold, s, told, s);
	tallies_rekey(s->asked_tallies, to_fold, s, NULL, NULL);
	g_hash_table_remove_all(s->folds);
}

#define LIVE_WEIGHT 64

/* How much a tally matters: most look at what lives, or lived at the peak. */
static uint64_t size_of(const struct tally *t, uint64_t peak_seq)
{
	uint64_t live = (uint64_t)MAX(t->live, 0);

	if (t->peak_seq == peak_seq)
		live += t->at_peak;
	return t->grown + LIVE_WEIGHT * live;
}

/* The smallest of a task and kind become one, below a mark in place of a stack. */
struct thinning {
	uint32_t node;
	uint64_t peak_seq;
	uint64_t least; /* those above stay, and so many that have just this */
	unsigned equal;
	uint64_t moved;
};

static void to_mark(void *ctx, struct tally *t)
{
	struct thinning *thin = ctx;
	struct tally_key mark = {
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
	t->key = mark;
	thin->moved++;
}

static int downwards(gconstpointer a, gconstpointer b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x > y ? -1 : x < y;
}

static void thin(struct samples *s, struct tallies *t, unsigned keep)
{
	struct frame frame = { .address = MARK_SMALLER, .file = NO_FILE, .flags = FRAME_MARK };
	struct thinning thin = { .node = samples_push(s, NO_NODE, &frame),
				 .peak_seq = s->peak_seq };
	g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	for (uint32_t i = 0; i < tallies_count(t); i++) {
		uint64_t size = size_of(tallies_at(t, i), thin.peak_seq);

		if (tallies_at(t, i)->into == TALLY_USED)
			g_array_append_val(sizes, size);
	}
	if (sizes->len <= keep)
		return;
	g_array_sort(sizes, downwards);
	thin.least = g_array_index(sizes, uint64_t, keep);
	while (thin.equal < keep &&
	       g_array_index(sizes, uint64_t, keep - 1 - thin.equal) == thin.least)
		thin.equal++;
	tallies_rekey(t, to_mark, &thin, t == s->tallies ? told : NULL, s);
	s->smaller += thin.moved;
}

/* How many stay when there are as many as allowed. */
static unsigned most(uint32_t limit)
{
	return limit / 8 * 5;
}

bool samples_full(const struct samples *s)
{
	return s->tallies->used > s->limit.tallies / 4 * 3;
}

/* When to look again: later, if little was gained. */
static uint32_t next_time(uint32_t limit, uint32_t used)
{
	return MAX(limit, used + used / 2);
}

static void thin_tallies(struct samples *s)
{
	if (s->tallies->used > s->next.tallies) {
		thin(s, s->tallies, most(s->limit.tallies));
		s->next.tallies = next_time(s->limit.tallies, s->tallies->used);
	}
	if (s->asked_tallies->used > s->next.asked) {
		thin(s, s->asked_tallies, most(s->limit.asked));
		s->next.asked = next_time(s->limit.asked, s->asked_tallies->used);
	}
}

/* Of two live samples of one stack one stays, and stands for the bytes of both. Which one is
 * drawn in proportion to their bytes, so that in the mean none ends too soon. */
struct pairing {
	struct samples *s;
	GArray *kept;      /* struct life */
	GHashTable *alone; /* tally -> 1 + index in kept */
};

static void pair_up(void *ctx, struct life *l)
{
	struct pairing *p = ctx;
	gpointer key = GUINT_TO_POINTER(l->tally);
	unsigned at = GPOINTER_TO_UINT(g_hash_table_lookup(p->alone, key));
	struct life *other = at ? &g_array_index(p->kept, struct life, at - 1) : NULL;
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

static void thin_lives(struct samples *s)
{
	GHashTableIter iter;
	gpointer lives;

	if (s->live_count <= s->next.lives)
		return;
	g_hash_table_iter_init(&iter, s->lives);
	while (g_hash_table_iter_next(&iter, NULL, &lives)) {
		g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(struct life));
		g_autoptr(GHashTable) alone = g_hash_table_new(NULL, NULL);
		struct pairing pairing = { s, kept, alone };

		s->live_count -= lives_count(lives);
		lives_cut(lives, 0, UINT64_MAX, pair_up, &pairing);
		for (unsigned i = 0; i < kept->len; i++)
			lives_put(lives, &g_array_index(kept, struct life, i), NULL);
		s->live_count += kept->len;
	}
	s->next.lives = MAX(s->limit.lives, s->live_count + s->live_count / 2);
}

static uint32_t now(const void *tallies, uint32_t number)
{
	return tallies_now(tallies, number);
}

static void renumber_life(void *tallies, struct life *l)
{
	l->tally = tallies_now(tallies, l->tally);
}

/* Whoever refers to a tally that was moved. */
static void renumber(struct samples *s)
{
	GHashTableIter iter;
	gpointer lives;

	if (s->tallies->moved) {
		g_hash_table_iter_init(&iter, s->lives);
		while (g_hash_table_iter_next(&iter, NULL, &lives))
			lives_each(lives, 0, UINT64_MAX, renumber_life, s->tallies);
		timeline_renumber(s->timeline, now, s->tallies);
		tallies_release(s->tallies);
	}
	if (s->asked_tallies->moved) {
		asked_renumber(s->asked, now, s->asked_tallies);
		tallies_release(s->asked_tallies);
	}
}

struct into_rows {
	samples_row_fn row;
	void *ctx;
};

static void to_row(void *ctx, struct tally *t)
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

	fold_tasks(s); /* of those it is known already */
	tallies_rekey(s->tallies, to_row, &into, told, s);
	tallies_rekey(s->asked_tallies, to_row, &into, NULL, NULL);
	renumber(s);
}

/* What of each kind is in use, by number. */
struct in_use {
	struct samples *s;
	char *nodes, *names, *files;
	uint32_t *now;    /* of a node: its number then */
	uint32_t *frames; /* likewise */
};

static void use_place(struct in_use *use, uint32_t name, uint32_t file)
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

static void use_tallies(struct in_use *use, const struct tallies *t)
{
	for (uint32_t i = 0; i < tallies_count(t); i++) {
		const struct tally *one = tallies_at(t, i);

		if (one->into != TALLY_USED)
			continue;
		use_node(use, one->key.node);
		use_place(use, one->key.name, one->key.file);
	}
}

static void use_spaces(struct in_use *use)
{
	GHashTableIter iter;
	gpointer space;

	g_hash_table_iter_init(&iter, use->s->spaces);
	while (g_hash_table_iter_next(&iter, NULL, &space)) {
		const GArray *ranges = ((const struct space *)space)->ranges;

		for (unsigned i = 0; i < ranges->len; i++) {
			const struct range *r = &g_array_index(ranges, struct range, i);

			use_place(use, r->name, r->file);
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

/* Code in no file of an address space that is gone: by its name, or as any such. */
static struct frame settled(struct samples *s, const struct frame *f)
{
	uint64_t start = 0;
	const char *name;

	if (f->file != NO_FILE || !f->space || f->flags & (FRAME_KERNEL | FRAME_MARK) ||
	    g_hash_table_contains(s->spaces, &f->space))
		return *f;
	name = s->watch.code_name ? s->watch.code_name(s->watch.ctx, f->space, f->address, &start) :
				    NULL;
	if (!name)
		return (struct frame){ .file = NO_FILE, .flags = f->flags & FRAME_GUESS };
	return (struct frame){ .address = start,
			       .file = samples_name(s, name),
			       .flags = (f->flags & FRAME_GUESS) | FRAME_NAMED };
}

/* Parents come before their children. */
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
		f = settled(s, intern_key(s->frames, n.frame));
		n.parent = n.parent == NO_NODE ? NO_NODE : use->now[n.parent];
		n.frame = use->frames[n.frame] = intern_put(frames, &f);
		use->now[i] = intern_put(nodes, &n);
	}
	intern_free(s->frames);
	intern_free(s->nodes);
	s->frames = frames;
	s->nodes = nodes;
}

static void to_node(void *ctx, struct tally *t)
{
	const struct in_use *use = ctx;

	if (t->key.node != NO_NODE)
		t->key.node = use->now[t->key.node];
}

/* Frames have names too, now that only those in use are left. */
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

static void collect(struct samples *s)
{
	uint32_t n = intern_count(s->nodes), n_frames = intern_count(s->frames);
	g_autofree char *nodes = g_malloc0(n + 1);
	/* Frames of code may get names that are new. */
	g_autofree char *names = g_malloc0(s->names->len + n_frames + 1);
	g_autofree char *files = g_malloc0(s->files->len + 1);
	g_autofree uint32_t *node_now = g_new(uint32_t, n + 1);
	g_autofree uint32_t *frame_now = g_new(uint32_t, n_frames + 1);
	struct in_use use = { s, nodes, names, files, node_now, frame_now };

	memset(frame_now, 0xff, n_frames * sizeof(*frame_now));

	use_tallies(&use, s->tallies);
	use_tallies(&use, s->asked_tallies);
	use_early(&use);
	use_spaces(&use);
	collect_stacks(&use);
	tallies_rekey(s->tallies, to_node, &use, told, s);
	tallies_rekey(s->asked_tallies, to_node, &use, NULL, NULL);
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
	unsigned keep = most(s->limit.tallies);

	collect(s);
	/* Too many nodes still: the stacks are deep and all differ. Keep fewer of them. */
	while (intern_count(s->nodes) > s->limit.nodes && keep >= 64) {
		keep /= 2;
		thin(s, s->tallies, keep);
		thin(s, s->asked_tallies, keep);
		collect(s);
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

static void settle(struct samples *s, bool stacks)
{
	fold_tasks(s);
	thin_tallies(s);
	if (stacks)
		limit_stacks(s);
	renumber(s);
	thin_lives(s);
}

void samples_settle(struct samples *s)
{
	settle(s, stacks_crowded(s));
}

void samples_collect(struct samples *s)
{
	settle(s, true);
}
