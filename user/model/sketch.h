/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A histogram in bounded memory, to compute the median of any number of values. Pure. It must not
 * know what the values are.
 *
 * Values below 2 x SKETCH_STEPS are counted one by one, larger ones in SKETCH_STEPS
 * buckets between a power of two and the next. So the width of a bucket is at most 1/SKETCH_STEPS
 * of its values, and the median is right within that. Least and largest are exact.
 */
#ifndef TARE_SKETCH_H
#define TARE_SKETCH_H

#include <glib.h>
#include <stdint.h>

#define SKETCH_STEPS 32

struct sketch {
	uint64_t count;
	int64_t min, max;
	GArray *buckets; /* struct sketch_bucket, ascending, without empty ones */
};

struct sketch *sketch_new(void);
void sketch_free(struct sketch *s); /* takes NULL */

/* A value below 0 counts as 0. */
void sketch_add(struct sketch *s, int64_t value);
/* Add all values of `other`. */
void sketch_merge(struct sketch *s, const struct sketch *other);

/* The median: for an even number of values the mean of the middle two; for none 0. */
int64_t sketch_median(const struct sketch *s);

#endif
