/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Removes keys, and with them the names that no other key has. Also what came since a mark, which
 * refers to keys by their numbers.
 */
#include "model/stack_sums_impl.h"

struct sums_mark *stack_sums_mark(struct stack_sums *s)
{
	struct sums_mark *m = g_new0(struct sums_mark, 1);

	m->sums = g_array_copy(s->sums);
	m->ledger = s->ledger;
	m->other_held = s->other_held;
	g_ptr_array_add(s->marks, m);
	return m;
}

void stack_sums_unmark(struct stack_sums *s, struct sums_mark *m)
{
	if (!m)
		return;
	g_ptr_array_remove_fast(s->marks, m);
	g_array_unref(m->sums);
	g_free(m);
}

struct rank {
	uint64_t size;
	uint32_t key;
};

static int by_size(gconstpointer a, gconstpointer b)
{
	const struct rank *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return x->key < y->key ? -1 : x->key > y->key;
}

/* Keys without any bytes are in no rank. */
static GArray *rank_keys(const struct stack_sums *s)
{
	GArray *ranks = g_array_new(FALSE, FALSE, sizeof(struct rank));

	for (uint32_t i = 0; i < s->sums->len; i++) {
		const struct sum *sum = sums_at(s, i);
		struct rank r = { sum->held + sum->recent, i };

		if (sum->held || sum->grown)
			g_array_append_val(ranks, r);
	}
	g_array_sort(ranks, by_size);
	return ranks;
}

/* From old numbers to new ones. */
struct renaming {
	struct sums_names *from, to;
	uint32_t *text, *function, *node; /* UINT32_MAX: not known yet */
};

static uint32_t new_text(struct renaming *n, uint32_t text)
{
	if (n->text[text] == UINT32_MAX)
		n->text[text] = sums_text(&n->to, n->from->texts->pdata[text]);
	return n->text[text];
}

static uint32_t new_function(struct renaming *n, uint32_t number)
{
	struct sums_function f =
		*(const struct sums_function *)intern_key(n->from->functions, number);

	if (n->function[number] != UINT32_MAX)
		return n->function[number];
	f = (struct sums_function){ new_text(n, f.name), new_text(n, f.file),
				    new_text(n, f.module) };
	return n->function[number] = sums_function(&n->to, &f);
}

/* At most SUMS_DEPTH levels deep. */
static uint32_t new_node(struct renaming *n, uint32_t number)
{
	struct stack_node node;

	if (number == NO_NODE)
		return NO_NODE;
	if (n->node[number] != UINT32_MAX)
		return n->node[number];
	node = *(const struct stack_node *)intern_key(n->from->nodes, number);
	node.parent = new_node(n, node.parent);
	return n->node[number] = sums_push(&n->to, node.parent, new_function(n, node.frame));
}

static uint32_t new_who(struct renaming *n, uint32_t number)
{
	struct sums_who w = *(const struct sums_who *)intern_key(n->from->whos, number);

	for (int i = 0; i < SUMS_LABELS; i++)
		w.label[i] = new_text(n, w.label[i]);
	w.path = new_text(n, w.path);
	return intern_put(n->to.whos, &w);
}

static uint32_t *unknown(uint32_t n)
{
	uint32_t *numbers = g_new(uint32_t, n + 1);

	for (uint32_t i = 0; i <= n; i++)
		numbers[i] = UINT32_MAX;
	return numbers;
}

static void remember(struct stack_sums *s, uint32_t key)
{
	const struct sums_key *k = intern_key(s->keys, key);
	uint64_t hash = sums_hash(&s->names, k->node, k->who), grown = sums_at(s, key)->grown;

	if (!grown)
		return;
	if (g_hash_table_size(s->gone) >= SUMS_GONE)
		g_hash_table_remove_all(s->gone);
	g_hash_table_replace(s->gone, g_memdup2(&hash, sizeof(hash)),
			     g_memdup2(&grown, sizeof(grown)));
}

static void forget(struct stack_sums *s, const GArray *ranks, unsigned keep)
{
	for (unsigned i = keep; i < ranks->len; i++) {
		uint32_t key = g_array_index(ranks, struct rank, i).key;

		remember(s, key);
		s->other_held += sums_at(s, key)->held;
	}
}

/* Marks have the sums of keys, by their numbers. */
static void renumber_mark(struct sums_mark *m, const GArray *ranks, unsigned keep,
			  const GArray *sums)
{
	GArray *now = g_array_new(FALSE, TRUE, sizeof(struct sum));

	for (unsigned i = 0; i < keep; i++) {
		uint32_t key = g_array_index(ranks, struct rank, i).key;
		struct sum then = { .grown = g_array_index(sums, struct sum, key).restored };

		if (key < m->sums->len)
			then = g_array_index(m->sums, struct sum, key);
		g_array_append_val(now, then);
	}
	g_array_unref(m->sums);
	m->sums = now;
}

static void rebuild(struct stack_sums *s, const GArray *ranks, unsigned keep)
{
	g_autofree uint32_t *text = unknown(s->names.texts->len);
	g_autofree uint32_t *function = unknown(intern_count(s->names.functions));
	g_autofree uint32_t *node = unknown(intern_count(s->names.nodes));
	struct renaming n = { &s->names, { NULL }, text, function, node };
	struct intern *keys = intern_new(sizeof(struct sums_key));
	GArray *sums = g_array_new(FALSE, TRUE, sizeof(struct sum));

	sums_names_new(&n.to);
	for (unsigned i = 0; i < keep; i++) {
		uint32_t key = g_array_index(ranks, struct rank, i).key;
		struct sums_key k = *(const struct sums_key *)intern_key(s->keys, key);
		struct sum sum = *sums_at(s, key);

		k = (struct sums_key){ new_node(&n, k.node), new_who(&n, k.who) };
		intern_put(keys, &k);
		sum.recent /= 2;
		g_array_append_val(sums, sum);
	}
	sums_names_free(&s->names);
	intern_free(s->keys);
	g_array_unref(s->sums);
	s->names = n.to;
	s->keys = keys;
	s->sums = sums;
}

void sums_settle_other(struct stack_sums *s)
{
	uint64_t keys = 0;

	for (unsigned i = 0; i < s->sums->len; i++)
		keys += sums_at(s, i)->grown;
	s->other_grown = MAX(s->other_grown, s->ledger - MIN(s->ledger, keys));
}

void stack_sums_shrink(struct stack_sums *s)
{
	g_autoptr(GArray) ranks = rank_keys(s);
	unsigned keep = MIN(ranks->len, MIN(s->most, s->sums->len) / 4 * 3);

	forget(s, ranks, keep);
	for (unsigned i = 0; i < s->marks->len; i++)
		renumber_mark(s->marks->pdata[i], ranks, keep, s->sums);
	rebuild(s, ranks, keep);
	sums_settle_other(s);
}
