/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How many values there were of each size, in bounded memory: enough for the median of
 * any number of them. Pure. It must not know what the values are.
 *
 * Values below 2 x SKETCH_STEPS are counted one by one, larger ones in SKETCH_STEPS
 * buckets between a power of two and the next: a bucket is at most 1/SKETCH_STEPS of its
 * values wide, and no answer is further off than that. Least and largest are exact.
 */
#ifndef TARE_SKETCH_H
#define TARE_SKETCH_H

#include <glib.h>
#include <stdint.h>

#define SKETCH_STEPS 32

struct sketch {
	uint64_t count;
	int64_t min, max;
	GArray *buckets; /* struct sketch_bucket, ascending; those that have some */
};

struct sketch *sketch_new(void);
void sketch_free(struct sketch *s); /* takes NULL */

/* A value below 0 counts as 0. */
void sketch_add(struct sketch *s, int64_t value);
/* All that `other` has. */
void sketch_merge(struct sketch *s, const struct sketch *other);

/* Of an even number the mean of the middle two. Of none 0. */
int64_t sketch_median(const struct sketch *s);

#endif
