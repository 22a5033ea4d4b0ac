/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Binary search, for where the keys are not in a plain array. Pure.
 */
#ifndef TARE_SEARCH_H
#define TARE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

/* Whether element i lies behind what is looked for: false of the first ones, true of the rest. */
typedef bool (*search_fn)(const void *ctx, unsigned i, uint64_t key);

/* Index of the first of `n` elements of which it is true; `n`: of none. Inlined, and `behind`
 * with it. */
static inline __attribute__((always_inline)) unsigned search_first(unsigned n, search_fn behind,
								   const void *ctx, uint64_t key)
{
	unsigned low = 0, high = n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (behind(ctx, middle, key))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

#endif
