/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Binary search for keys that are not in a plain array. Pure.
 */
#ifndef TARE_SEARCH_H
#define TARE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

/* Is element i at or behind the key? Must be false for the first elements, true for the rest. */
typedef bool (*search_fn)(const void *ctx, unsigned i, uint64_t key);

/* Index of the first of `n` elements for which `behind` is true; `n`: there is none. Inlined
 * together with `behind`. */
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
