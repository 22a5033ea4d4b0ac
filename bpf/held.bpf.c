// SPDX-License-Identifier: GPL-2.0-only
/* Sums of what all live address spaces hold now, by kind. User space runs it at each interval
 * while the workload runs. Only chunks of the table that hold address spaces are walked. */
#include "table.bpf.h"

struct tare_held held;

struct summing {
	struct tare_held sum;
	__u32 first; /* bucket of the chunk */
	__u32 bucket;
	struct tare_mm *m;
};

static long sum_slots(__u32 cpu, struct summing *s)
{
	__s32 *slot = mm_slot(s->m, cpu, 0);

	if (!slot || !mm_slot(s->m, cpu, TARE_MEMBERS - 1))
		return 1;
	s->sum.kind[TARE_FILE] += *slot;
	slot = mm_slot(s->m, cpu, TARE_ANON);
	if (slot)
		s->sum.kind[TARE_ANON] += *slot;
	slot = mm_slot(s->m, cpu, TARE_SWAP);
	if (slot)
		s->sum.kind[TARE_SWAP] += *slot;
	slot = mm_slot(s->m, cpu, TARE_SHMEM);
	if (slot)
		s->sum.kind[TARE_SHMEM] += *slot;
	return 0;
}

/* Add the ledger's sums of one address space: the counts as last seen, and with percpu_counters
 * also each CPU's slot as last seen. */
static long sum_place(__u32 i, struct summing *s)
{
	__u32 at = s->bucket, member;
	struct bucket *bucket = bpf_map_lookup_elem(&tare_keys, &at);
	struct tare_mm *m;

	i &= TARE_BUCKET - 1;
	if (!bucket || !bucket->key[i])
		return 0;
	at = at * TARE_BUCKET + i;
	m = bpf_map_lookup_elem(&tare_mms, &at);
	if (!m || !m->key || m->flags & (TARE_MM_IGNORE | TARE_MM_ATTACHING | TARE_MM_DEAD))
		return 0;
	for (member = 0; member < TARE_MEMBERS; member++)
		s->sum.kind[member] += m->seen[member];
	s->sum.kind[TARE_PAGETABLE] += m->seen_pagetable;
	s->sum.mms++;
	s->m = m;
	if (cfg_backend == BACKEND_PERCPU)
		bpf_loop(cfg_cpus, sum_slots, s, 0);
	return 0;
}

static long sum_bucket(__u32 i, struct summing *s)
{
	__u32 at = s->first + i;
	struct bucket *bucket = bpf_map_lookup_elem(&tare_keys, &at);
	__u64 any = 0;

	for (i = 0; bucket && i < TARE_BUCKET; i++)
		any |= bucket->key[i];
	s->bucket = at;
	if (any)
		bpf_loop(TARE_BUCKET, sum_place, s, 0);
	return 0;
}

static long sum_chunk(__u32 chunk, struct summing *s)
{
	if (chunk >= TARE_CHUNKS || !chunk_used[chunk])
		return 0;
	s->first = chunk << chunk_bits();
	bpf_loop(1 << chunk_bits(), sum_bucket, s, 0);
	return 0;
}

SEC("raw_tp")
int tare_sum(void *ctx)
{
	struct summing s = {};

	bpf_loop(TARE_CHUNKS, sum_chunk, &s, 0);
	s.sum.stacks = workload.stacks;
	s.sum.nonrss = workload.nonrss;
	held = s.sum;
	return 0;
}
