/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/sketch.h"

struct sketch_bucket {
	uint32_t number;
	uint64_t count;
};

struct sketch *sketch_new(void)
{
	struct sketch *s = g_new0(struct sketch, 1);

	s->buckets = g_array_new(FALSE, FALSE, sizeof(struct sketch_bucket));
	return s;
}

void sketch_free(struct sketch *s)
{
	if (!s)
		return;
	g_array_unref(s->buckets);
	g_free(s);
}

/* Values are shifted until SKETCH_STEPS <= value < 2 x SKETCH_STEPS. */
static uint32_t number_of(uint64_t value)
{
	uint32_t shift = 0;

	while (value >> shift >= 2 * SKETCH_STEPS)
		shift++;
	return shift * SKETCH_STEPS + (uint32_t)(value >> shift);
}

static uint32_t shift_of(uint32_t number)
{
	return number < 2 * SKETCH_STEPS ? 0 : number / SKETCH_STEPS - 1;
}

static uint64_t start_of(uint32_t number)
{
	uint32_t shift = shift_of(number);

	return (uint64_t)(number - shift * SKETCH_STEPS) << shift;
}

static void count_in_bucket(struct sketch *s, uint32_t number, uint64_t n)
{
	const struct sketch_bucket new = { number, n };
	unsigned low = 0, high = s->buckets->len;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		struct sketch_bucket *b = &g_array_index(s->buckets, struct sketch_bucket, mid);

		if (b->number == number) {
			b->count += n;
			return;
		}
		if (b->number < number)
			low = mid + 1;
		else
			high = mid;
	}
	g_array_insert_val(s->buckets, low, new);
}

static void note_values(struct sketch *s, int64_t min, int64_t max, uint64_t n)
{
	s->min = s->count ? MIN(s->min, min) : min;
	s->max = s->count ? MAX(s->max, max) : max;
	s->count += n;
}

void sketch_add(struct sketch *s, int64_t value)
{
	value = MAX(value, 0);
	note_values(s, value, value, 1);
	count_in_bucket(s, number_of((uint64_t)value), 1);
}

void sketch_merge(struct sketch *s, const struct sketch *other)
{
	if (!other->count)
		return;
	note_values(s, other->min, other->max, other->count);
	for (unsigned i = 0; i < other->buckets->len; i++) {
		struct sketch_bucket b = g_array_index(other->buckets, struct sketch_bucket, i);

		count_in_bucket(s, b.number, b.count);
	}
}

/* The value of this rank, from 0 up. The values of a bucket are taken as evenly distributed. */
static int64_t value_of_rank(const struct sketch *s, uint64_t rank)
{
	for (unsigned i = 0; i < s->buckets->len; i++) {
		struct sketch_bucket b = g_array_index(s->buckets, struct sketch_bucket, i);
		double part = ((double)rank + 0.5) / (double)b.count;
		double width = (double)(1ULL << shift_of(b.number));

		if (rank < b.count)
			return CLAMP((int64_t)(start_of(b.number) + (uint64_t)(part * width)),
				     s->min, s->max);
		rank -= b.count;
	}
	return s->max;
}

int64_t sketch_median(const struct sketch *s)
{
	int64_t low, high;

	if (!s->count)
		return 0;
	low = value_of_rank(s, (s->count - 1) / 2);
	high = value_of_rank(s, s->count / 2);
	return low + (high - low) / 2;
}
