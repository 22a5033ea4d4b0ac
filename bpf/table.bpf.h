/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The table of address spaces: from an mm's key to its struct tare_mm. It must
 * not know what a key is.
 *
 * A hash table of our own in two array maps, since it is looked up at every
 * update: array lookups are inlined by the verifier, so that finding an mm makes
 * no call at all, where a hash map's helper costs 15 ns of an update's 70. Each
 * key has two buckets that it may be in.
 */
#ifndef TARE_TABLE_BPF_H
#define TARE_TABLE_BPF_H

#include "arch.bpf.h"
#include "state.bpf.h"

/* The same number. The verifier does not connect the two: what a branch on the one tells it, it
 * does not learn of the other, and so need not follow the branches apart any longer. */
static __always_inline __u64 opaque_copy(__u64 n)
{
	asm volatile("%0 ^= 0" : "+r"(n));
	return n;
}

/* Multiplicative hashing (Knuth 6.4) by two odd constants. */
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
		/* The element's own key is set last and cleared first. */
		return m && m->key == key ? ARCH_AFTER(m, m->key) : NULL;
	}
	return NULL;
}

/* The same for where it is not hot: its place, or -1. Global: the verifier takes it once for
 * each program, not for each state in which it is called. */
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

/* Slot of one CPU and member, behind the struct. NULL for a CPU that was not
 * possible at load. */
static __always_inline __s32 *mm_slot(struct tare_mm *m, __u32 cpu, __u32 member)
{
	__u64 at = (__u64)cpu * cfg_slots_size + (member & 3) * sizeof(__s32);

	/* The register that is checked is to be the one that is added. */
	asm volatile("" : "+r"(at));
	if (at > cfg_cpus * cfg_slots_size - sizeof(__s32))
		return NULL;
	return (__s32 *)((char *)(m + 1) + at);
}

/* In which part of the table a bucket is: of TARE_CHUNKS, each of so many buckets. */
static __always_inline __u32 chunk_bits(void)
{
	return cfg_bucket_bits > 6 ? cfg_bucket_bits - 6 : 0;
}
_Static_assert(TARE_CHUNKS == 1 << 6, "chunk_bits");

static __always_inline void chunk_count(__u32 bucket, __s32 more)
{
	__u64 chunk = bucket >> chunk_bits();

	/* The register that is checked is to be the one that indexes. */
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

/* Prepare the element that belongs to a place just taken. Global, as place_take() is. */
__weak __noinline int place_clear(__u32 at, __u64 key)
{
	struct tare_mm *m = bpf_map_lookup_elem(&tare_mms, &at);

	if (!m)
		return 0;
	__builtin_memset(m, 0, sizeof(*m));
	bpf_loop(cfg_cpus, clear_slots, &m, 0);
	m->at = at;
	m->id = next_id();
	m->peak_seq = workload.peak_seq;
	__sync_lock_test_and_set(&m->key, key); /* after all of the above, on any CPU */
	chunk_count(at / TARE_BUCKET, 1);
	return 0;
}

/* Counted without a branch: the verifier would follow 2^8 ways through them. */
static __always_inline __u64 places_taken(const struct bucket *bucket)
{
	__u64 n = 0;
	__u32 i;

#pragma unroll
	for (i = 0; i < TARE_BUCKET; i++) {
		__u64 key = bucket->key[i], minus = -key;

		asm volatile("" : "+r"(minus)); /* or the compiler sees through it */
		n += (key | minus) >> 63;
	}
	return n;
}

/* Take a place in the emptier of a key's two buckets: so the table is nearly full before
 * both of any key's are. Returns its number, or -1, counted, when they are. Global: the
 * verifier takes it once for each program, too. */
__weak __noinline long place_take(__u64 key)
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
			place_clear(at * TARE_BUCKET + i, key);
			return at * TARE_BUCKET + i;
		}
	count_lost(TARE_LOST_MM);
	return -1;
}

/* A new address space; NULL, counted, where there is no room. */
static __always_inline struct tare_mm *mm_create(__u64 key)
{
	long place = place_take(key);
	__u32 at = place;

	return place < 0 ? NULL : bpf_map_lookup_elem(&tare_mms, &at);
}

static __noinline __attribute__((unused)) int mm_delete(struct tare_mm *m)
{
	__u32 at = m->at / TARE_BUCKET;
	struct bucket *bucket = bpf_map_lookup_elem(&tare_keys, &at);

	m->key = 0;
	chunk_count(at, -1);
	if (bucket) /* after the key, on any CPU: who takes the place sets another */
		__sync_lock_test_and_set(&bucket->key[m->at % TARE_BUCKET], 0);
	return 0;
}

#endif
