/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where in a task's growth its samples are taken: pure arithmetic, compiled by the
 * BPF programs and by the unit tests alike. It must not know what a sample holds.
 *
 * Growth is cut into periods of equal size. In each, one byte drawn at random is
 * the one that is sampled, and stands for the whole period. So every byte of growth
 * has the same chance, whatever the rhythm of the program (one fixed distance
 * would always meet the same line of a loop that grows by it), and the number of
 * samples is right within one.
 *
 * When samples come faster than user space takes them, the period doubles, again and again,
 * before one is lost: of the samples that are due every 2^level-th is taken, from a random
 * one on, and stands for 2^level periods.
 */
#ifndef TARE_SAMPLING_H
#define TARE_SAMPLING_H

#include "ledger.h"

/* A task's place between two samples. */
struct sampling_state {
	__s64 left; /* bytes to the byte that is sampled next, that one included */
	__u64 rest; /* bytes behind it, to the end of its period */
};

/* 1 to `period`, all alike: 32 random bits scaled, as periods are below 2^32. */
LEDGER_INLINE __u64 sampling_draw(__u32 random, __u32 period)
{
	return (((__u64)random * period) >> 32) + 1;
}

LEDGER_INLINE void sampling_begin(struct sampling_state *s, __u32 period, __u32 random)
{
	s->left = sampling_draw(random, period);
	s->rest = period - s->left;
}

/* The sampled byte was passed: `left` is 0 or less. Draw the next.
 * Returns how many periods had their byte in what was grown; at least 1. */
LEDGER_INLINE __u64 sampling_passed(struct sampling_state *s, __u32 period, __u32 random)
{
	__u64 over = -s->left, n = 1, byte = sampling_draw(random, period);

	if (!period)
		return 0;
	if (over < s->rest) { /* grown to somewhere behind it in the same period */
		s->left = s->rest - over + byte;
		s->rest = period - byte;
		return n;
	}
	over -= s->rest;
	n += over / period;
	over %= period;
	if (byte <= over) { /* passed too: the next is in the period after */
		n++;
		s->left = period - over;
		byte = sampling_draw(random * 2654435761u + 1, period);
		s->left += byte;
	} else {
		s->left = byte - over;
	}
	s->rest = period - byte;
	return n;
}

/* How often the period is doubled, by how full the ring is: at a quarter of it once, then
 * once more for each sixteenth, up to three quarters, from where on samples are lost. */
LEDGER_INLINE __u32 sampling_level(__u64 used, __u64 ring)
{
	__u64 part = used / (ring / 16);

	if (part < 4)
		return 0;
	return part - 3 < TARE_THIN_LEVELS ? part - 3 : TARE_THIN_LEVELS;
}

/* Of `n` samples that are due, how many are taken at this level, each for 2^level of them.
 * The division is rounded at random, so that it is right in the mean for every n. */
LEDGER_INLINE __u64 sampling_thinned(__u64 n, __u32 level, __u32 random)
{
	return (n + (random & ((1U << level) - 1))) >> level;
}

/* The period that the error of a sum follows from: the mean over bytes, as the variance of a
 * sum is at most the sum of its samples' squares. */
LEDGER_INLINE __u64 sampling_mean_period(const struct tare_sampling *s, __u32 period)
{
	/* In units that keep it within 64 bits: periods are 2^30 at most, and thinned 2^9. */
	__u64 all = s->bytes / period, sum = all;
	__u32 i;

	for (i = 0; i < TARE_THIN_LEVELS; i++) {
		__u64 n = s->thinned[i].bytes / period;

		sum += n * ((2ULL << i) - 1);
	}
	return all ? sum / all * period + sum % all * period / all : period;
}

#endif
