/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/lives.h"

#include <glib.h>
#include <string.h>

#include "base/search.h"

#define PIECE_MOST 256 /* lives; what is moved for one that comes between */
#define PIECE_LEAST 4

/* Never empty. */
struct piece {
	struct life *life; /* by page */
	unsigned n, room;
};

struct lives {
	GArray *pieces; /* struct piece, by page */
	unsigned count;
};

static struct piece *piece_at(const struct lives *l, unsigned i)
{
	return &g_array_index(l->pieces, struct piece, i);
}

struct lives *lives_new(void)
{
	struct lives *l = g_new0(struct lives, 1);

	l->pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
	return l;
}

void lives_free(void *p)
{
	struct lives *l = p;

	if (!l)
		return;
	for (unsigned i = 0; i < l->pieces->len; i++)
		g_free(piece_at(l, i)->life);
	g_array_unref(l->pieces);
	g_free(l);
}

unsigned lives_count(const struct lives *l)
{
	return l->count;
}

static bool begins_behind(const void *l, unsigned i, uint64_t page)
{
	return piece_at(l, i)->life[0].page > page;
}

/* Index of the piece that has the page, or would: the last that begins before it. */
static unsigned piece_of(const struct lives *l, uint64_t page)
{
	unsigned behind = search_first(l->pieces->len, begins_behind, l, page);

	return behind ? behind - 1 : 0;
}

static bool not_before(const void *piece, unsigned i, uint64_t page)
{
	return ((const struct piece *)piece)->life[i].page >= page;
}

static unsigned index_in(const struct piece *p, uint64_t page)
{
	/* Memory mostly grows upwards. */
	if (p->life[p->n - 1].page < page)
		return p->n;
	return search_first(p->n, not_before, p, page);
}

static void make_room(struct piece *p, unsigned room)
{
	p->room = room;
	p->life = g_renew(struct life, p->life, room);
}

static struct piece *add_piece(struct lives *l, unsigned at, const struct life *first, unsigned n)
{
	struct piece new = { 0 };

	make_room(&new, MAX(n, PIECE_LEAST));
	memcpy(new.life, first, n * sizeof(*first));
	new.n = n;
	g_array_insert_val(l->pieces, at, new);
	return piece_at(l, at);
}

/* Of a piece that is full: its upper half, or what comes behind all, begins another. */
static void put_in_full(struct lives *l, unsigned i, unsigned at, const struct life *life)
{
	struct piece *p = piece_at(l, i);

	if (at == p->n) {
		add_piece(l, i + 1, life, 1);
		return;
	}
	add_piece(l, i + 1, p->life + p->n / 2, p->n - p->n / 2);
	p = piece_at(l, i);
	p->n /= 2;
	l->count--; /* counted once more by the next */
	lives_put(l, life, NULL);
}

bool lives_put(struct lives *l, const struct life *life, struct life *old)
{
	unsigned i = piece_of(l, life->page), at;
	struct piece *p;

	if (!l->pieces->len) {
		add_piece(l, 0, life, 1);
		l->count++;
		return false;
	}
	p = piece_at(l, i);
	at = index_in(p, life->page);
	if (at < p->n && p->life[at].page == life->page) {
		if (old)
			*old = p->life[at];
		p->life[at] = *life;
		return true;
	}
	l->count++;
	if (p->n == PIECE_MOST) {
		put_in_full(l, i, at, life);
		return false;
	}
	if (p->n == p->room)
		make_room(p, MIN(p->room * 2, PIECE_MOST));
	memmove(p->life + at + 1, p->life + at, (p->n - at) * sizeof(*life));
	p->life[at] = *life;
	p->n++;
	return false;
}

/* Take [from, to) out of a piece. */
static void cut_piece(struct lives *l, struct piece *p, unsigned from, unsigned to)
{
	memmove(p->life + from, p->life + to, (p->n - to) * sizeof(*p->life));
	p->n -= to - from;
	l->count -= to - from;
	if (p->n && p->n <= p->room / 4 && p->room > PIECE_LEAST)
		make_room(p, MAX(p->n * 2, PIECE_LEAST));
}

void lives_cut(struct lives *l, uint64_t start, uint64_t end, life_fn fn, void *ctx)
{
	unsigned i = piece_of(l, start), empty = 0, first_empty = 0;

	for (; i < l->pieces->len && piece_at(l, i)->life[0].page < end; i++) {
		struct piece *p = piece_at(l, i);
		unsigned from = index_in(p, start), to = index_in(p, end);

		for (unsigned k = from; k < to; k++)
			fn(ctx, &p->life[k]);
		if (to > from)
			cut_piece(l, p, from, to);
		if (p->n)
			continue;
		g_free(p->life);
		if (!empty++)
			first_empty = i;
	}
	if (empty) /* they stand together: all between two that were cut */
		g_array_remove_range(l->pieces, first_empty, empty);
}

void lives_each(const struct lives *l, uint64_t start, uint64_t end, life_fn fn, void *ctx)
{
	for (unsigned i = piece_of(l, start); i < l->pieces->len; i++) {
		const struct piece *p = piece_at(l, i);

		if (p->life[0].page >= end)
			return;
		for (unsigned k = index_in(p, start); k < p->n && p->life[k].page < end; k++)
			fn(ctx, &p->life[k]);
	}
}
