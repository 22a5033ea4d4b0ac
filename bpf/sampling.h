/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where in a task's growth its samples are taken: pure arithmetic, compiled by the
 * BPF programs and by the unit tests alike. It must not know what a sample holds.
 *
 * Growth is cut into periods of equal size. In each period one byte, drawn at random, is
 * sampled and stands for the whole period. So every byte of growth has the same chance,
 * whatever the rhythm of the program: with a fixed distance between samples, a loop that
 * grows by this distance would always be sampled at the same line. And the number of
 * samples is right within one.
 *
 * When samples come faster than user space takes them, the period doubles, several times if
 * needed, before a sample is lost: at level L every 2^L-th of the samples that are due is taken,
 * beginning with a random one, and stands for 2^L periods.
 */
#ifndef TARE_SAMPLING_H
#define TARE_SAMPLING_H

#include "ledger.h"

/* A task's position between two samples. */
struct sampling_state {
	__s64 left; /* bytes up to and including the byte that is sampled next */
	__u64 rest; /* bytes from there to the end of its period */
};

/* A number from 1 to `period`, each with the same chance: 32 random bits, scaled. Periods
 * are below 2^32. */
LEDGER_INLINE __u64 sampling_draw(__u32 random, __u32 period)
{
	return (((__u64)random * period) >> 32) + 1;
}

LEDGER_INLINE void sampling_begin(struct sampling_state *s, __u32 period, __u32 random)
{
	s->left = sampling_draw(random, period);
	s->rest = period - s->left;
}

/* Call it when the sampled byte was passed (`left` is 0 or less): draws the next one.
 * Returns how many sampled bytes, one for each period, the growth has passed; at least 1. */
LEDGER_INLINE __u64 sampling_passed(struct sampling_state *s, __u32 period, __u32 random)
{
	__u64 over = -s->left, n = 1, byte = sampling_draw(random, period);

	if (!period)
		return 0;
	if (over < s->rest) { /* the growth ended in the same period */
		s->left = s->rest - over + byte;
		s->rest = period - byte;
		return n;
	}
	over -= s->rest;
	n += over / period;
	over %= period;
	if (byte <= over) { /* this period's byte was passed too: the next is one period later */
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

/* How many times the period is doubled, by the bytes used of the ring: once when a quarter is
 * used, then once more for each sixteenth. From three quarters on samples are lost. */
LEDGER_INLINE __u32 sampling_level(__u64 used, __u64 ring)
{
	__u64 part = used / (ring / 16);

	if (part < 4)
		return 0;
	return part - 3 < TARE_THIN_LEVELS ? part - 3 : TARE_THIN_LEVELS;
}

/* How many of `n` due samples are taken at this level; each stands for 2^level of them.
 * The division is rounded at random, so its mean is right for every n. */
LEDGER_INLINE __u64 sampling_thinned(__u64 n, __u32 level, __u32 random)
{
	return (n + (random & ((1U << level) - 1))) >> level;
}

/* The period to estimate the error of a sum with: the mean of the samples' periods, weighted
 * by bytes, because the variance of a sum is at most the sum of the squares of its samples. */
LEDGER_INLINE __u64 sampling_mean_period(const struct tare_sampling *s, __u32 period)
{
	/* In units of `period`, to stay within 64 bits: a period is at most 2^30, 2^9 times as
	 * long when thinned. */
	__u64 all = s->bytes / period, sum = all;
	__u32 i;

	for (i = 0; i < TARE_THIN_LEVELS; i++) {
		__u64 n = s->thinned[i].bytes / period;

		sum += n * ((2ULL << i) - 1);
	}
	return all ? sum / all * period + sum % all * period / all : period;
}

#endif
