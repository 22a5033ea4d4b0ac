/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Makes records of samples.
 */
#ifndef TARE_TESTS_SAMPLES_FIXTURE_H
#define TARE_TESTS_SAMPLES_FIXTURE_H

#include "model/profile.h"

#define PAGE 4096ULL
#define FOLD (1ULL << 63)

static uint64_t seed = 1;

static inline uint32_t draw(uint32_t n)
{
	seed ^= seed << 13; /* xorshift64, G. Marsaglia 2003 */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % n;
}

static inline void vma(struct samples *s, uint64_t mm, unsigned what, uint64_t start, uint64_t size,
		       uint64_t a, uint64_t b, uint64_t seq)
{
	struct tare_vma r = {
		.head = { TARE_REC_VMA, sizeof(r), 1000 + seq },
		.mm = mm,
		.what = what,
		.start = start,
		.size = size,
		.a = a,
		.b = b,
		.peak_seq = seq,
	};

	samples_vma(s, &r);
}

static inline uint32_t stack_of(struct samples *s, uint64_t mm, uint32_t i)
{
	uint32_t node = NO_NODE;

	for (uint32_t depth = 0; depth <= i % 5; depth++) {
		struct frame f = { .address = i + depth, .file = NO_FILE };

		if (i % 7 == 3 && depth == 2) /* code outside any file */
			f = (struct frame){ .address = mm + i, .space = mm, .file = NO_FILE };
		node = samples_push(s, node, &f);
	}
	return node;
}

struct one {
	uint64_t task, mm, address, bytes, seq, time_ns;
	uint32_t kind, cause, stack, flags;
};

static inline void sample(struct samples *s, const struct one *o)
{
	struct tare_sample t = {
		.head = { .time_ns = o->time_ns },
		.task = o->task,
		.proc = o->mm,
		.mm = o->mm,
		.kind = o->kind,
		.cause = o->cause,
		.bytes = o->bytes,
		.address = o->address,
		.peak_seq = o->seq,
		.flags = o->flags,
	};

	samples_add(s, &t, stack_of(s, o->mm, o->stack), 0);
}

static inline void ask(struct samples *s, const struct one *o)
{
	struct tare_sample t = {
		.task = o->task,
		.proc = o->mm,
		.mm = o->mm,
		.bytes = o->bytes,
		.address = o->address,
		.size = 8 * PAGE,
		.flags = TARE_SAMPLE_VIRTUAL,
	};

	samples_virtual(s, &t, stack_of(s, o->mm, o->stack));
}

#endif
