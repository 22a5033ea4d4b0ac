/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/claims.h"

#include <glib.h>
#include <stdlib.h>

static int largest_first(gconstpointer a, gconstpointer b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y) - (x > y);
}

/* The height to which claims must be cut so that all add up to `total`, which is less than they
 * add up to now; *rest: units left over, fewer than there are claims above the height. */
static int64_t height_of(const int64_t *claims, unsigned n, int64_t total, int64_t *rest)
{
	g_autofree int64_t *sorted = g_memdup2(claims, n * sizeof(*claims));
	int64_t below = 0;
	unsigned above;

	qsort(sorted, n, sizeof(*sorted), largest_first);
	for (unsigned i = 0; i < n; i++)
		below += sorted[i];
	for (above = 1; above < n; above++) {
		below -= sorted[above - 1];
		if (below + (int64_t)above * sorted[above] <= total)
			break;
	}
	if (above == n)
		below = 0;
	*rest = (total - below) % above;
	return (total - below) / above;
}

int64_t claims_settle(int64_t *claims, unsigned n, int64_t total)
{
	int64_t sum = 0, height, rest;

	total = MAX(total, 0);
	for (unsigned i = 0; i < n; i++) {
		claims[i] = MAX(claims[i], 0);
		sum += claims[i];
	}
	if (sum <= total)
		return total - sum;
	height = height_of(claims, n, total, &rest);
	for (unsigned i = 0; i < n; i++) {
		if (claims[i] <= height)
			continue;
		claims[i] = height + (rest > 0);
		rest -= rest > 0;
	}
	return 0;
}
