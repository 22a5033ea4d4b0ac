/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The table of address spaces: from an mm's key to its struct tare_mm. It must
 * not know what a key is.
 *
 * It is a hash table in two array maps, because it is searched at every update: the verifier
 * inlines array lookups, so finding an mm makes no call; a hash map's helper would
 * cost 15 ns of an update's 70. A key may be in either of two buckets.
 */
#ifndef TARE_TABLE_BPF_H
#define TARE_TABLE_BPF_H

#include "arch.bpf.h"
#include "state.bpf.h"

/* A copy of a number that the verifier does not relate to the original. So a branch on the
 * original does not change what the verifier knows of the copy, and it can merge both paths of
 * the branch. */
static __always_inline __u64 opaque_copy(__u64 n)
{
	asm volatile("%0 ^= 0" : "+r"(n));
	return n;
}

/* Multiplicative hashing (Knuth 6.4) with two odd constants: one for each bucket of a key. */
static __always_inline __u32 bucket_of(__u64 key, int second)
{
	__u64 hash = key * (second ? 0xd6e8feb86659fd93ULL : 0x9e3779b97f4a7c15ULL);

	return cfg_bucket_bits ? hash >> (64 - cfg_bucket_bits) : 0;
}

static __always_inline struct tare_mm *table_find(__u64 key)
{
	struct tare_mm *m;
	int second;
	__u32 i;

	for (second = 0; second < 2; second++) {
		__u32 at = bucket_of(key, second);
		struct bucket *bucket = bpf_map_lookup_elem(&tare_keys, &at);

		if (!bucket)
			return NULL;
#pragma unroll
		for (i = 0; i < TARE_BUCKET; i++)
			if (bucket->key[i] == key)
				break;
		if (i == TARE_BUCKET)
			continue;
		at = at * TARE_BUCKET + i;
		m = bpf_map_lookup_elem(&tare_mms, &at);
		/* The key in the element is set last and cleared first. */
		return m && m->key == key ? ARCH_AFTER(m, m->key) : NULL;
	}
	return NULL;
}

/* The same off the hot path: the index of the element, or -1. Global: the verifier checks it
 * once for each program, not for each state in which it is called. */
__weak __noinline long place_of(__u64 key)
{
	struct tare_mm *m = table_find(key);

	return m ? (long)m->at : -1;
}

static __always_inline struct tare_mm *mm_find(__u64 key)
{
	long place = place_of(key);
	__u32 at = place;
	struct tare_mm *m = place < 0 ? NULL : bpf_map_lookup_elem(&tare_mms, &at);

	return m && m->key == key ? m : NULL;
}

/* The slot of one CPU and member, behind the struct. NULL for a CPU that was not possible at
 * load. */
static __always_inline __s32 *mm_slot(struct tare_mm *m, __u32 cpu, __u32 member)
{
	__u64 at = (__u64)cpu * cfg_slots_size + (member & 3) * sizeof(__s32);

	/* So that the register that is checked is the one that is added. */
	asm volatile("" : "+r"(at));
	if (at > cfg_cpus * cfg_slots_size - sizeof(__s32))
		return NULL;
	return (__s32 *)((char *)(m + 1) + at);
}

/* The table has TARE_CHUNKS chunks; a chunk has 2^chunk_bits() buckets. */
static __always_inline __u32 chunk_bits(void)
{
	return cfg_bucket_bits > 6 ? cfg_bucket_bits - 6 : 0;
}
_Static_assert(TARE_CHUNKS == 1 << 6, "chunk_bits");

static __always_inline void chunk_count(__u32 bucket, __s32 more)
{
	__u64 chunk = bucket >> chunk_bits();

	/* So that the register that is checked is the one that indexes. */
	asm volatile("" : "+r"(chunk));
	if (chunk < TARE_CHUNKS)
		__sync_fetch_and_add(&chunk_used[chunk], more);
}

static long clear_slots(__u32 cpu, struct tare_mm **m)
{
	__u32 member;

	for (member = 0; member < TARE_MEMBERS; member++) {
		__s32 *slot = mm_slot(*m, cpu, member);

		if (slot)
			*slot = 0;
	}
	return 0;
}

/* Prepare element `at`, whose key place_take() has just set. Global, as place_take() is. */
__weak __noinline int place_clear(__u32 at, __u64 key, __u32 flags)
{
	struct tare_mm *m = bpf_map_lookup_elem(&tare_mms, &at);

	if (!m)
		return 0;
	__builtin_memset(m, 0, sizeof(*m));
	bpf_loop(cfg_cpus, clear_slots, &m, 0);
	m->at = at;
	m->id = next_id();
	m->peak_seq = workload.peak_seq;
	m->flags = flags;
	__sync_lock_test_and_set(&m->key, key); /* other CPUs see it after all of the above */
	chunk_count(at / TARE_BUCKET, 1);
	return 0;
}

/* The number of keys in a bucket. Without branches: the verifier would follow 2^8 paths. */
static __always_inline __u64 places_taken(const struct bucket *bucket)
{
	__u64 n = 0;
	__u32 i;

#pragma unroll
	for (i = 0; i < TARE_BUCKET; i++) {
		__u64 key = bucket->key[i], minus = -key;

		asm volatile("" : "+r"(minus)); /* else the compiler makes a branch of it */
		n += (key | minus) >> 63;
	}
	return n;
}

/* Put a key into the emptier of its two buckets: so the table is nearly full before both buckets
 * of any key are full. Returns the index of the element, or -1 when both are full, which is
 * counted. Global: the verifier checks it once for each program. */
__weak __noinline long place_take(__u64 key, __u32 flags)
{
	__u32 at = bucket_of(key, 0), other = bucket_of(key, 1), i;
	struct bucket *bucket = bpf_map_lookup_elem(&tare_keys, &at);
	struct bucket *second = bpf_map_lookup_elem(&tare_keys, &other);

	if (!bucket || !second)
		return -1;
	if (places_taken(second) < places_taken(bucket)) {
		bucket = second;
		at = other;
	}
	for (i = 0; i < TARE_BUCKET; i++)
		if (!__sync_val_compare_and_swap(&bucket->key[i], 0, key)) {
			place_clear(at * TARE_BUCKET + i, key, flags);
			return at * TARE_BUCKET + i;
		}
	count_lost(TARE_LOST_MM);
	return -1;
}

/* A new address space, which has its flags (TARE_MM_…) before an event can find it. NULL if there
 * is no room, which is counted. */
static __always_inline struct tare_mm *mm_create(__u64 key, __u32 flags)
{
	long place = place_take(key, flags);
	__u32 at = place;

	return place < 0 ? NULL : bpf_map_lookup_elem(&tare_mms, &at);
}

static __noinline __attribute__((unused)) int mm_delete(struct tare_mm *m)
{
	__u32 at = m->at / TARE_BUCKET;
	struct bucket *bucket = bpf_map_lookup_elem(&tare_keys, &at);

	m->key = 0;
	chunk_count(at, -1);
	if (bucket) /* other CPUs see it after m->key: the next user of the element sets that */
		__sync_lock_test_and_set(&bucket->key[m->at % TARE_BUCKET], 0);
	return 0;
}

#endif
