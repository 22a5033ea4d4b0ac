/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/stacks.h"

#include <string.h>

#define STACKS_MOST 8192 /* a power of two */

/* A slot of the cache. Stacks are compared only by a hash of 128 bits with a random seed, so
 * that a hostile program cannot construct a collision. */
struct met {
	uint64_t hash[2];
	uint32_t node, n; /* n: number of frames; 0: the slot is free */
};

struct stacks {
	uint64_t seed[2];
	struct met met[STACKS_MOST];
};

struct stacks *stacks_new(void)
{
	struct stacks *st = g_new0(struct stacks, 1);

	for (int i = 0; i < 2; i++)
		st->seed[i] = (uint64_t)g_random_int() << 32 | g_random_int();
	return st;
}

void stacks_free(struct stacks *st)
{
	g_free(st);
}

void stacks_forget(struct stacks *st)
{
	memset(st->met, 0, sizeof(st->met));
}

static void hash_frames(const struct stacks *st, const struct frame *frames, unsigned n,
			uint64_t hash[2])
{
	const char *at = (const char *)frames;
	uint64_t a = st->seed[0], b = st->seed[1], word;

	for (size_t left = n * sizeof(*frames) / sizeof(word); left; left--, at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		a = (a ^ word) * 0x9e3779b97f4a7c15ULL;
		a ^= a >> 32;
		b = (b + word) * 0xc2b2ae3d27d4eb4fULL;
		b ^= b >> 29;
	}
	hash[0] = a;
	hash[1] = b;
}
_Static_assert(sizeof(struct frame) == 24, "words without padding");

uint32_t stacks_push(struct stacks *st, struct samples *s, const struct frame *frames, unsigned n)
{
	uint64_t hash[2];
	uint32_t node = NO_NODE;
	struct met *met;

	hash_frames(st, frames, n, hash);
	met = &st->met[hash[0] % STACKS_MOST];
	if (n && met->n == n && met->hash[0] == hash[0] && met->hash[1] == hash[1])
		return met->node;
	for (unsigned i = n; i-- > 0;)
		node = samples_push(s, node, &frames[i]);
	*met = (struct met){ { hash[0], hash[1] }, node, n };
	return node;
}
