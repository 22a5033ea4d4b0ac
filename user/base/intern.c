/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/intern.h"

#include <glib.h>
#include <string.h>

#define FREE INTERN_NONE

struct intern {
	size_t key_size;
	GByteArray *keys;
	uint32_t *slots; /* numbers; FREE */
	uint32_t mask, count;
};

static uint64_t hash_key(const void *key, size_t size)
{
	const unsigned char *at = key;
	uint64_t hash = size, word;

	for (; size; size -= MIN(size, 8), at += 8) {
		word = 0;
		memcpy(&word, at, MIN(size, 8));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash ^ hash >> 32;
}

static void make_slots(struct intern *in, uint32_t n)
{
	g_free(in->slots);
	in->slots = g_new(uint32_t, n);
	in->mask = n - 1;
	memset(in->slots, 0xff, n * sizeof(uint32_t));
}

struct intern *intern_new(size_t key_size)
{
	struct intern *in = g_new0(struct intern, 1);

	in->key_size = key_size;
	in->keys = g_byte_array_new();
	make_slots(in, 64);
	return in;
}

void intern_free(struct intern *in)
{
	if (!in)
		return;
	g_byte_array_unref(in->keys);
	g_free(in->slots);
	g_free(in);
}

const void *intern_key(const struct intern *in, uint32_t number)
{
	return in->keys->data + (size_t)number * in->key_size;
}

uint32_t intern_count(const struct intern *in)
{
	return in->count;
}

/* Compared inline: keys are short, and a call of memcmp() would cost more than the comparison. */
static bool keys_equal(const void *a, const void *b, size_t size)
{
	const char *x = a, *y = b;
	uint64_t v, w;

	if (size % sizeof(v))
		return !memcmp(a, b, size);
	for (; size; size -= sizeof(v), x += sizeof(v), y += sizeof(v)) {
		memcpy(&v, x, sizeof(v));
		memcpy(&w, y, sizeof(w));
		if (v != w)
			return false;
	}
	return true;
}

static uint32_t *slot_of(const struct intern *in, const void *key)
{
	uint32_t at = hash_key(key, in->key_size) & in->mask;

	while (in->slots[at] != FREE &&
	       !keys_equal(intern_key(in, in->slots[at]), key, in->key_size))
		at = (at + 1) & in->mask;
	return &in->slots[at];
}

uint32_t intern_put(struct intern *in, const void *key)
{
	uint32_t *slot = slot_of(in, key);

	if (*slot != FREE)
		return *slot;
	*slot = in->count++;
	g_byte_array_append(in->keys, key, in->key_size);
	if (in->count > in->mask / 2) {
		make_slots(in, (in->mask + 1) * 2);
		for (uint32_t i = 0; i < in->count; i++)
			*slot_of(in, intern_key(in, i)) = i;
	}
	return in->count - 1;
}

uint32_t intern_find(const struct intern *in, const void *key)
{
	return *slot_of(in, key);
}
