/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A sum refers to a handle, and the handle has the aggregate's number. When aggregate A is folded
 * into B, A's handle gets B's number or, if B has a handle, becomes its child. A handle is
 * free when no sum and no child refers to it. Each root has a sum below it, and a handle that
 * became a child lives at most until all sums of that time are dropped. So there are at most three
 * times as many handles as sums.
 */
#include "model/history_samples.h"

#include <glib.h>

#define SUM_NS 100000000ULL
#define NONE UINT32_MAX
#define HANDLES 3 /* for each sum */

struct sum {
	uint64_t time_ns, bytes;
	uint32_t handle;
};

struct handle {
	uint32_t aggregate;  /* of a root */
	uint32_t parent;     /* NONE: a root; also the next free one of a free list */
	uint32_t refs, last; /* sums and children; its last sum, which may be another's now */
};

struct history_samples {
	uint32_t size, next, n, free, mask;
	uint64_t dropped_ns; /* 0: no sum was dropped */
	struct sum *sum;
	struct handle *handle;
	uint32_t *root; /* hash table: aggregate -> handle of a root; NONE */
};

struct history_samples *history_samples_new(uint32_t size)
{
	struct history_samples *s = g_new0(struct history_samples, 1);
	uint32_t roots = 1;

	while (roots < 4 * size)
		roots *= 2;
	s->size = size;
	s->mask = roots - 1;
	s->sum = g_new0(struct sum, size);
	s->handle = g_new0(struct handle, HANDLES * size);
	s->root = g_new(uint32_t, roots);
	for (uint32_t i = 0; i < roots; i++)
		s->root[i] = NONE;
	for (uint32_t i = 0; i < HANDLES * size; i++)
		s->handle[i].parent = i + 1 < HANDLES * size ? i + 1 : NONE;
	return s;
}

void history_samples_free(struct history_samples *s)
{
	if (!s)
		return;
	g_free(s->sum);
	g_free(s->handle);
	g_free(s->root);
	g_free(s);
}

uint64_t history_samples_bytes(const struct history_samples *s)
{
	return sizeof(*s) + s->size * (sizeof(*s->sum) + HANDLES * sizeof(*s->handle)) +
	       (s->mask + 1) * sizeof(*s->root);
}

static uint32_t place_of(const struct history_samples *s, uint32_t aggregate)
{
	return (uint32_t)((aggregate * 0x9e3779b97f4a7c15ULL) >> 32) & s->mask;
}

/* The element of the aggregate's root, or the free one where it would be. The table is at most half
 * full. */
static uint32_t find(const struct history_samples *s, uint32_t aggregate)
{
	uint32_t at = place_of(s, aggregate);

	while (s->root[at] != NONE && s->handle[s->root[at]].aggregate != aggregate)
		at = (at + 1) & s->mask;
	return at;
}

/* Free an element, and move those behind it up that could not be found any more. */
static void forget_root(struct history_samples *s, uint32_t at)
{
	uint32_t hole = at;

	s->root[hole] = NONE;
	for (uint32_t i = (at + 1) & s->mask; s->root[i] != NONE; i = (i + 1) & s->mask) {
		uint32_t home = place_of(s, s->handle[s->root[i]].aggregate);

		if (((i - home) & s->mask) < ((i - hole) & s->mask))
			continue;
		s->root[hole] = s->root[i];
		s->root[i] = NONE;
		hole = i;
	}
}

static void release(struct history_samples *s, uint32_t handle)
{
	while (handle != NONE && !--s->handle[handle].refs) {
		struct handle *h = &s->handle[handle];
		uint32_t parent = h->parent;

		if (parent == NONE)
			forget_root(s, find(s, h->aggregate));
		h->parent = s->free;
		s->free = handle;
		handle = parent;
	}
}

static uint32_t handle_for(struct history_samples *s, uint32_t aggregate)
{
	uint32_t at = find(s, aggregate), handle = s->root[at];

	if (handle == NONE) {
		handle = s->free;
		s->free = s->handle[handle].parent;
		s->handle[handle] = (struct handle){ aggregate, NONE, 0, NONE };
		s->root[at] = handle;
	}
	return handle;
}

void history_samples_add(struct history_samples *s, uint64_t time_ns, uint32_t aggregate,
			 uint64_t bytes)
{
	uint32_t at = find(s, aggregate), handle = s->root[at], last;
	struct sum *sum;

	last = handle == NONE ? NONE : s->handle[handle].last;
	if (last != NONE && s->sum[last].handle == handle &&
	    time_ns / SUM_NS == s->sum[last].time_ns / SUM_NS) {
		s->sum[last].bytes += bytes;
		return;
	}
	sum = &s->sum[s->next];
	if (s->n == s->size) {
		s->dropped_ns = sum->time_ns;
		release(s, sum->handle);
	} else {
		s->n++;
	}
	handle = handle_for(s, aggregate);
	*sum = (struct sum){ time_ns, bytes, handle };
	s->handle[handle].refs++;
	s->handle[handle].last = s->next;
	s->next = (s->next + 1) % s->size;
}

void history_samples_fold(struct history_samples *s, uint32_t aggregate, uint32_t into)
{
	uint32_t at = find(s, aggregate), handle = s->root[at], other;

	if (handle == NONE || aggregate == into)
		return;
	forget_root(s, at);
	at = find(s, into);
	other = s->root[at];
	if (other == NONE) {
		s->handle[handle].aggregate = into;
		s->root[at] = handle;
		return;
	}
	s->handle[handle].parent = other;
	s->handle[other].refs++;
}

static uint32_t aggregate_of(const struct history_samples *s, uint32_t handle)
{
	while (s->handle[handle].parent != NONE)
		handle = s->handle[handle].parent;
	return s->handle[handle].aggregate;
}

/* The newest first. */
void history_samples_each(const struct history_samples *s, uint64_t from_ns, uint64_t to_ns,
			  history_sample_fn fn, void *ctx)
{
	for (uint32_t i = 1; i <= s->n; i++) {
		const struct sum *sum = &s->sum[(s->next + s->size - i) % s->size];

		if (sum->time_ns >= from_ns && sum->time_ns <= to_ns)
			fn(ctx, aggregate_of(s, sum->handle), sum->bytes);
	}
}

uint64_t history_samples_oldest(const struct history_samples *s)
{
	return s->dropped_ns ? s->sum[s->next % s->size].time_ns : 0;
}
