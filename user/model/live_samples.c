/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/live_samples.h"

#include <glib.h>
#include <string.h>

#include "base/search.h"

#define PIECE_MOST 256 /* most live samples of a piece, so most that an insertion moves */
#define PIECE_LEAST 4

/* Never empty. */
struct piece {
	struct live_sample *live_sample; /* by page */
	unsigned n, room;
};

struct live_samples {
	GArray *pieces; /* struct piece, by page */
	unsigned count;
};

static struct piece *piece_at(const struct live_samples *l, unsigned i)
{
	return &g_array_index(l->pieces, struct piece, i);
}

struct live_samples *live_samples_new(void)
{
	struct live_samples *l = g_new0(struct live_samples, 1);

	l->pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
	return l;
}

void live_samples_free(void *p)
{
	struct live_samples *l = p;

	if (!l)
		return;
	for (unsigned i = 0; i < l->pieces->len; i++)
		g_free(piece_at(l, i)->live_sample);
	g_array_unref(l->pieces);
	g_free(l);
}

unsigned live_samples_count(const struct live_samples *l)
{
	return l->count;
}

static bool begins_behind(const void *l, unsigned i, uint64_t page)
{
	return piece_at(l, i)->live_sample[0].page > page;
}

/* The index of the piece for a page: the last piece that begins at or before it. */
static unsigned piece_of(const struct live_samples *l, uint64_t page)
{
	unsigned behind = search_first(l->pieces->len, begins_behind, l, page);

	return behind ? behind - 1 : 0;
}

static bool not_before(const void *piece, unsigned i, uint64_t page)
{
	return ((const struct piece *)piece)->live_sample[i].page >= page;
}

static unsigned index_in(const struct piece *p, uint64_t page)
{
	/* Fast path: memory mostly grows upwards. */
	if (p->live_sample[p->n - 1].page < page)
		return p->n;
	return search_first(p->n, not_before, p, page);
}

static void make_room(struct piece *p, unsigned room)
{
	p->room = room;
	p->live_sample = g_renew(struct live_sample, p->live_sample, room);
}

static struct piece *add_piece(struct live_samples *l, unsigned at, const struct live_sample *first,
			       unsigned n)
{
	struct piece new = { 0 };

	make_room(&new, MAX(n, PIECE_LEAST));
	memcpy(new.live_sample, first, n * sizeof(*first));
	new.n = n;
	g_array_insert_val(l->pieces, at, new);
	return piece_at(l, at);
}

/* Insert into a full piece: its upper half becomes a new piece; or the new live sample alone, if it
 * comes after all others. */
static void put_in_full(struct live_samples *l, unsigned i, unsigned at,
			const struct live_sample *live_sample)
{
	struct piece *p = piece_at(l, i);

	if (at == p->n) {
		add_piece(l, i + 1, live_sample, 1);
		return;
	}
	add_piece(l, i + 1, p->live_sample + p->n / 2, p->n - p->n / 2);
	p = piece_at(l, i);
	p->n /= 2;
	l->count--; /* live_samples_put() counts it again */
	live_samples_put(l, live_sample, NULL);
}

bool live_samples_put(struct live_samples *l, const struct live_sample *live_sample,
		      struct live_sample *old)
{
	unsigned i = piece_of(l, live_sample->page), at;
	struct piece *p;

	if (!l->pieces->len) {
		add_piece(l, 0, live_sample, 1);
		l->count++;
		return false;
	}
	p = piece_at(l, i);
	at = index_in(p, live_sample->page);
	if (at < p->n && p->live_sample[at].page == live_sample->page) {
		if (old)
			*old = p->live_sample[at];
		p->live_sample[at] = *live_sample;
		return true;
	}
	l->count++;
	if (p->n == PIECE_MOST) {
		put_in_full(l, i, at, live_sample);
		return false;
	}
	if (p->n == p->room)
		make_room(p, MIN(p->room * 2, PIECE_MOST));
	memmove(p->live_sample + at + 1, p->live_sample + at, (p->n - at) * sizeof(*live_sample));
	p->live_sample[at] = *live_sample;
	p->n++;
	return false;
}

/* Remove the live samples [from, to), by index, from a piece. */
static void cut_piece(struct live_samples *l, struct piece *p, unsigned from, unsigned to)
{
	memmove(p->live_sample + from, p->live_sample + to, (p->n - to) * sizeof(*p->live_sample));
	p->n -= to - from;
	l->count -= to - from;
	if (p->n && p->n <= p->room / 4 && p->room > PIECE_LEAST)
		make_room(p, MAX(p->n * 2, PIECE_LEAST));
}

void live_samples_cut(struct live_samples *l, uint64_t start, uint64_t end, live_sample_fn fn,
		      void *ctx)
{
	unsigned i = piece_of(l, start), empty = 0, first_empty = 0;

	for (; i < l->pieces->len && piece_at(l, i)->live_sample[0].page < end; i++) {
		struct piece *p = piece_at(l, i);
		unsigned from = index_in(p, start), to = index_in(p, end);

		for (unsigned k = from; k < to; k++)
			fn(ctx, &p->live_sample[k]);
		if (to > from)
			cut_piece(l, p, from, to);
		if (p->n)
			continue;
		g_free(p->live_sample);
		if (!empty++)
			first_empty = i;
	}
	if (empty) /* they are neighbours: all between the first and the last piece that was cut */
		g_array_remove_range(l->pieces, first_empty, empty);
}

void live_samples_each(const struct live_samples *l, uint64_t start, uint64_t end,
		       live_sample_fn fn, void *ctx)
{
	for (unsigned i = piece_of(l, start); i < l->pieces->len; i++) {
		const struct piece *p = piece_at(l, i);

		if (p->live_sample[0].page >= end)
			return;
		for (unsigned k = index_in(p, start); k < p->n && p->live_sample[k].page < end; k++)
			fn(ctx, &p->live_sample[k]);
	}
}
