/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/virtual.h"

struct piece {
	uint64_t start, end;
	double weight;
	uint32_t who;
};

struct virtual
{
	GHashTable *trees; /* id of mm -> GTree of struct piece by start; none overlap */
};

static int by_start(gconstpointer a, gconstpointer b, gpointer unused)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	(void)unused;
	return x < y ? -1 : x > y;
}

static void tree_free(gpointer tree)
{
	g_tree_unref(tree);
}

struct virtual *virtual_new(void)
{
	struct virtual *a = g_new0(struct virtual, 1);

	a->trees = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, tree_free);
	return a;
}

void virtual_free(struct virtual *a)
{
	if (!a)
		return;
	g_hash_table_unref(a->trees);
	g_free(a);
}

static void put_piece(GTree *tree, struct piece piece)
{
	struct piece *p = g_memdup2(&piece, sizeof(piece));

	g_tree_replace(tree, &p->start, p);
}

/* The last piece that starts at or before `at`; NULL: none does. */
static struct piece *piece_before(GTree *tree, uint64_t at)
{
	GTreeNode *node = g_tree_upper_bound(tree, &at);

	node = node ? g_tree_node_previous(node) : g_tree_node_last(tree);
	return node ? g_tree_node_value(node) : NULL;
}

static void unset_pieces(GTree *tree, uint64_t start, uint64_t end)
{
	struct piece *p = piece_before(tree, start), rest;
	GTreeNode *node;

	if (p && p->start < start && p->end > start) {
		rest = *p;
		p->end = start;
		rest.start = end;
		if (rest.end > end) {
			put_piece(tree, rest);
			return;
		}
	}
	while ((node = g_tree_lower_bound(tree, &start))) {
		p = g_tree_node_value(node);
		if (p->start >= end)
			return;
		rest = *p;
		g_tree_remove(tree, &rest.start);
		rest.start = end;
		if (rest.end > end)
			put_piece(tree, rest);
	}
}

static double bytes_of(const struct piece *p)
{
	return p->weight * (double)(p->end - p->start);
}

/* Neighbouring pieces of the same stack become one: heaps and mappings that grow would make an
 * unlimited number of pieces. */
static void set_pieces(GTree *tree, struct piece new)
{
	double bytes = bytes_of(&new);
	struct piece *p;

	unset_pieces(tree, new.start, new.end);
	p = g_tree_lookup(tree, &new.end);
	if (p && p->who == new.who) {
		bytes += bytes_of(p);
		new.end = p->end;
		g_tree_remove(tree, &p->start);
	}
	p = piece_before(tree, new.start);
	if (p && p->end == new.start && p->who == new.who) {
		bytes += bytes_of(p);
		new.start = p->start;
	}
	new.weight = bytes / (double)(new.end - new.start);
	put_piece(tree, new);
}

void virtual_add(struct virtual *a, uint64_t mm, uint64_t start, uint64_t size, uint64_t bytes,
		 uint32_t who)
{
	struct piece new = { start, start + size, 0, who };
	GTree *tree = g_hash_table_lookup(a->trees, &mm);

	if (new.end <= start)
		return;
	new.weight = (double)bytes / (double)size;
	if (!tree) {
		tree = g_tree_new_full(by_start, NULL, NULL, g_free);
		g_hash_table_insert(a->trees, g_memdup2(&mm, sizeof(mm)), tree);
	}
	set_pieces(tree, new);
}

void virtual_unset(struct virtual *a, uint64_t mm, uint64_t start, uint64_t end)
{
	GTree *tree = g_hash_table_lookup(a->trees, &mm);

	if (tree && end > start)
		unset_pieces(tree, start, end);
}

void virtual_move(struct virtual *a, uint64_t mm, uint64_t from, uint64_t size, uint64_t to,
		  uint64_t new_size)
{
	GTree *tree = g_hash_table_lookup(a->trees, &mm);
	g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(struct piece));
	uint64_t at = from, end = from + MIN(size, new_size);
	const struct piece *first;
	GTreeNode *node;

	if (!tree || from + size < from || to + new_size < to)
		return;
	first = piece_before(tree, from);
	if (first && first->end > from)
		at = first->start;
	for (node = g_tree_lower_bound(tree, &at); node; node = g_tree_node_next(node)) {
		struct piece p = *(const struct piece *)g_tree_node_value(node);

		if (p.start >= end)
			break;
		p.start = MAX(p.start, from) - from + to;
		p.end = MIN(p.end, end) - from + to;
		g_array_append_val(kept, p);
	}
	unset_pieces(tree, from, from + size);
	unset_pieces(tree, to, to + new_size);
	for (unsigned i = 0; i < kept->len; i++)
		set_pieces(tree, g_array_index(kept, struct piece, i));
}

void virtual_gone(struct virtual *a, uint64_t mm)
{
	g_hash_table_remove(a->trees, &mm);
}

static void each_piece(GTree *tree, uint64_t mm, virtual_fn fn, void *ctx)
{
	for (GTreeNode *node = g_tree_node_first(tree); node; node = g_tree_node_next(node)) {
		const struct piece *p = g_tree_node_value(node);

		fn(ctx, mm, p->start, p->end, p->weight, p->who);
	}
}

void virtual_each(const struct virtual *a, virtual_fn fn, void *ctx)
{
	GHashTableIter iter;
	gpointer mm, tree;

	g_hash_table_iter_init(&iter, a->trees);
	while (g_hash_table_iter_next(&iter, &mm, &tree))
		each_piece(tree, *(const uint64_t *)mm, fn, ctx);
}

void virtual_each_of(const struct virtual *a, uint64_t mm, virtual_fn fn, void *ctx)
{
	GTree *tree = g_hash_table_lookup(a->trees, &mm);

	if (tree)
		each_piece(tree, mm, fn, ctx);
}

struct renumbering {
	uint32_t (*now)(const void *ctx, uint32_t who);
	const void *ctx;
};

static gboolean renumber_piece(gpointer start, gpointer piece, gpointer data)
{
	const struct renumbering *r = data;
	struct piece *p = piece;

	(void)start;
	p->who = r->now(r->ctx, p->who);
	return FALSE;
}

void virtual_renumber(struct virtual *a, uint32_t (*now)(const void *ctx, uint32_t who),
		      const void *ctx)
{
	struct renumbering r = { now, ctx };
	GHashTableIter iter;
	gpointer tree;

	g_hash_table_iter_init(&iter, a->trees);
	while (g_hash_table_iter_next(&iter, NULL, &tree))
		g_tree_foreach(tree, renumber_piece, &r);
}
