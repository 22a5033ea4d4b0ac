/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names are kept as 64-bit hashes with a random seed, in a hash table with linear probing. A name
 * that no tick of the last HISTORY_TICKS had is replaced.
 */
#include "model/history.h"

#include <glib.h>
#include <string.h>

#include "model/history_samples.h"

const struct history_limits history_limits = { .names = 4096, .samples = 1 << 16 };

#define PROBES 64 /* elements that a name may be in */

struct name {
	uint64_t hash;               /* 0: free */
	uint64_t tick;               /* number of the last tick that had it */
	int64_t held[HISTORY_TICKS]; /* at tick number n: [n % HISTORY_TICKS] */
};

struct history {
	uint32_t size;
	uint64_t seed, ticks, left_out;
	uint64_t time[HISTORY_TICKS];
	struct history_samples *samples;
	struct name name[];
};

struct history *history_new(const struct history_limits *limits)
{
	size_t names = limits->names * sizeof(struct name);
	struct history *h = g_malloc0(sizeof(*h) + names);

	h->size = limits->names;
	h->seed = (uint64_t)g_random_int() << 32 | g_random_int();
	h->samples = history_samples_new(limits->samples);
	return h;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	history_samples_free(h->samples);
	g_free(h);
}

uint64_t history_bytes(const struct history *h)
{
	return sizeof(*h) + h->size * sizeof(struct name) + history_samples_bytes(h->samples);
}

static uint64_t add_text(uint64_t hash, const char *text)
{
	for (const char *at = text ? text : "\1"; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3ULL;
	return (hash ^ 0xff) * 0x9e3779b97f4a7c15ULL;
}

static uint64_t hash_of(const struct history *h, const char *cgroup, const char *process,
			const char *thread)
{
	uint64_t hash = add_text(add_text(add_text(h->seed, cgroup), process), thread);

	hash ^= hash >> 32;
	return hash ? hash : 1;
}

/* The last tick's number is h->ticks; numbers begin at 1. */
static bool is_kept(const struct history *h, uint64_t tick)
{
	return tick + HISTORY_TICKS > h->ticks;
}

static const struct name *find(const struct history *h, uint64_t hash)
{
	for (uint32_t i = 0; i < PROBES && i < h->size; i++) {
		const struct name *n = &h->name[(hash + i) & (h->size - 1)];

		if (n->hash == hash)
			return n;
	}
	return NULL;
}

static struct name *find_or_make(struct history *h, uint64_t hash)
{
	struct name *old = (struct name *)find(h, hash);

	if (old)
		return old;
	for (uint32_t i = 0; i < PROBES && i < h->size; i++) {
		struct name *n = &h->name[(hash + i) & (h->size - 1)];

		if (n->hash && is_kept(h, n->tick))
			continue;
		memset(n, 0, sizeof(*n));
		n->hash = hash;
		n->tick = h->ticks;
		return n;
	}
	return NULL;
}

void history_begin(struct history *h, uint64_t now_ns)
{
	h->ticks++;
	h->time[h->ticks % HISTORY_TICKS] = now_ns;
}

/* Ticks that did not have the name: it held nothing then. */
static void fill_gap(const struct history *h, struct name *n)
{
	uint64_t from = MAX(n->tick + 1, h->ticks - MIN(h->ticks, HISTORY_TICKS - 1));

	for (uint64_t t = from; t <= h->ticks; t++)
		n->held[t % HISTORY_TICKS] = 0;
	n->tick = h->ticks;
}

void history_add(struct history *h, const char *cgroup, const char *process, const char *thread,
		 int64_t held)
{
	struct name *n = find_or_make(h, hash_of(h, cgroup, process, thread));

	if (!n) {
		h->left_out++;
		return;
	}
	if (n->tick != h->ticks)
		fill_gap(h, n);
	n->held[h->ticks % HISTORY_TICKS] += held;
}

static uint64_t oldest(const struct history *h)
{
	return h->ticks < HISTORY_TICKS ? 1 : h->ticks - HISTORY_TICKS + 1;
}

uint64_t history_first(const struct history *h)
{
	return h->ticks ? h->time[oldest(h) % HISTORY_TICKS] : UINT64_MAX;
}

uint64_t history_last(const struct history *h)
{
	return h->ticks ? h->time[h->ticks % HISTORY_TICKS] : 0;
}

static int64_t held_at(const struct name *n, uint64_t tick)
{
	return tick <= n->tick ? n->held[tick % HISTORY_TICKS] : 0;
}

int64_t history_held(const struct history *h, const char *cgroup, const char *process,
		     const char *thread, uint64_t time_ns)
{
	const struct name *n = find(h, hash_of(h, cgroup, process, thread));
	uint64_t tick = h->ticks, before, after;
	int64_t from, to;

	if (!n || !h->ticks || !is_kept(h, n->tick))
		return 0;
	while (tick > oldest(h) && h->time[tick % HISTORY_TICKS] > time_ns)
		tick--;
	from = held_at(n, tick);
	before = h->time[tick % HISTORY_TICKS];
	if (tick == h->ticks || time_ns <= before)
		return from;
	after = h->time[(tick + 1) % HISTORY_TICKS];
	to = held_at(n, tick + 1);
	return from + (int64_t)((double)(to - from) * (double)(time_ns - before) /
				(double)MAX(after - before, 1));
}

uint64_t history_left_out(const struct history *h)
{
	return h->left_out;
}

void history_sample(struct history *h, uint64_t time_ns, uint32_t aggregate, uint64_t bytes)
{
	history_samples_add(h->samples, time_ns, aggregate, bytes);
}

void history_folded(struct history *h, uint32_t aggregate, uint32_t into)
{
	history_samples_fold(h->samples, aggregate, into);
}

void history_samples(const struct history *h, uint64_t from_ns, uint64_t to_ns,
		     history_sample_fn fn, void *ctx)
{
	history_samples_each(h->samples, from_ns, to_ns, fn, ctx);
}

uint64_t history_samples_first(const struct history *h)
{
	return history_samples_oldest(h->samples);
}
