/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The figures of fleet.h: sum, median, deviation and outliers of a row over all recordings.
 */
#include "model/fleet.h"

#include <math.h>

/* Of a normal distribution, standard deviation / median absolute deviation. */
#define MAD_SCALE 1.4826
#define OUTLIER_DEVIATIONS 3
#define OUTLIER_LEAST (256 << 10)
#define CHANGE_DEVIATIONS 2
#define CHANGE_LEAST (64 << 10)

struct value {
	int64_t bytes;
	uint32_t source;
};

static bool is_known(const struct fleet_source *s, enum fleet_sort sort, enum fleet_part part)
{
	const bool *known = s->known[sort];

	return part == FLEET_WEIGHT ? known[FLEET_USER] && known[FLEET_KERNEL] : known[part];
}

unsigned fleet_measured(const struct fleet *f, enum fleet_sort sort, enum fleet_part part)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->sources->len; i++)
		n += is_known(f->sources->pdata[i], sort, part);
	return n;
}

static bool has_user(const struct fleet_row *row)
{
	for (unsigned i = 0; i < row->cells->len; i++) {
		const struct fleet_cell *c = &g_array_index(row->cells, struct fleet_cell, i);

		for (int t = 0; t < SAMPLE_TYPES; t++)
			if (c->bytes[t][FLEET_USER])
				return true;
	}
	return false;
}

bool fleet_whole(const struct fleet *f, enum fleet_sort sort)
{
	return fleet_measured(f, sort, FLEET_WEIGHT) == fleet_measured(f, sort, FLEET_USER);
}

enum fleet_part fleet_part_of(const struct fleet *f, const struct fleet_row *row)
{
	if (fleet_whole(f, row->sort))
		return FLEET_WEIGHT;
	return has_user(row) ? FLEET_USER : FLEET_KERNEL;
}

static int64_t cell_bytes(const struct fleet_cell *c, enum sample_type t, enum fleet_part part)
{
	if (part == FLEET_WEIGHT)
		return c->bytes[t][FLEET_USER] + c->bytes[t][FLEET_KERNEL];
	return c->bytes[t][part];
}

/* A value for each source that measured this; *in: how many of these have the row. */
static GArray *values_of(const struct fleet *f, const struct fleet_row *row, enum sample_type t,
			 enum fleet_part part, unsigned *in)
{
	GArray *values = g_array_new(FALSE, FALSE, sizeof(struct value));
	unsigned at = 0;

	for (uint32_t i = 0; i < f->sources->len; i++) {
		const struct fleet_cell *c = NULL;
		struct value v = { 0, i };

		if (at < row->cells->len)
			c = &g_array_index(row->cells, struct fleet_cell, at);
		if (c && c->source != i)
			c = NULL;
		at += c != NULL;
		if (!is_known(f->sources->pdata[i], row->sort, part))
			continue;
		v.bytes = c ? cell_bytes(c, t, part) : 0;
		*in += c != NULL;
		g_array_append_val(values, v);
	}
	return values;
}

static int by_bytes(gconstpointer a, gconstpointer b)
{
	const struct value *x = a, *y = b;

	return x->bytes == y->bytes ? (x->source > y->source) - (x->source < y->source) :
	       x->bytes < y->bytes  ? -1 :
				      1;
}

/* The value below which `share` of the sorted values are, between two of them if need be. */
static int64_t quantile(const GArray *values, double share)
{
	double at = share * (values->len - 1);
	unsigned i = (unsigned)at;
	int64_t low = g_array_index(values, struct value, i).bytes;
	int64_t high = g_array_index(values, struct value, MIN(i + 1, values->len - 1)).bytes;

	return low + (int64_t)llround((at - i) * (double)(high - low));
}

static int64_t median_deviation(const GArray *values, int64_t median)
{
	g_autoptr(GArray) far = g_array_new(FALSE, FALSE, sizeof(struct value));

	for (unsigned i = 0; i < values->len; i++) {
		struct value v = g_array_index(values, struct value, i);

		v.bytes = ABS(v.bytes - median);
		g_array_append_val(far, v);
	}
	g_array_sort(far, by_bytes);
	return quantile(far, 0.5);
}

/* Variance of a sampled sum; see profile_error(). */
static double variance(const struct fleet *f, enum fleet_sort sort, uint32_t source, int64_t bytes)
{
	const struct fleet_source *s = f->sources->pdata[source];

	return sort == FLEET_FUNCTIONS && bytes > 0 ? (double)bytes * (double)s->period : 0;
}

/* Of two values none is one: both are as far from their median as mad. */
static void find_outliers(const struct fleet *f, enum fleet_sort sort, const GArray *values,
			  struct fleet_figure *figure)
{
	double least = MAX(OUTLIER_DEVIATIONS * MAD_SCALE * (double)figure->mad, OUTLIER_LEAST);

	least = MAX(least, fabs((double)figure->median) / 10);
	for (unsigned i = 0; i < values->len; i++) {
		const struct value *v = &g_array_index(values, struct value, i);
		int64_t away = v->bytes - figure->median;
		double error = sqrt(variance(f, sort, v->source, v->bytes));

		if (fabs((double)away) <= MAX(least, OUTLIER_DEVIATIONS * error))
			continue;
		figure->outliers++;
		if (figure->outlier == FLEET_NONE || ABS(away) > ABS(figure->outlying)) {
			figure->outlier = v->source;
			figure->outlying = away;
		}
	}
}

struct fleet_figure fleet_figure(const struct fleet *f, const struct fleet_row *row,
				 enum sample_type sample_type, enum fleet_part part)
{
	struct fleet_figure figure = { .largest = FLEET_NONE, .outlier = FLEET_NONE };
	g_autoptr(GArray) values = values_of(f, row, sample_type, part, &figure.in);
	double sum = 0;

	figure.measured = values->len;
	if (!values->len)
		return figure;
	g_array_sort(values, by_bytes);
	for (unsigned i = 0; i < values->len; i++) {
		const struct value *v = &g_array_index(values, struct value, i);

		figure.sum = fleet_sum(figure.sum, v->bytes);
		sum += variance(f, row->sort, v->source, v->bytes);
	}
	figure.min = g_array_index(values, struct value, 0).bytes;
	figure.max = g_array_index(values, struct value, values->len - 1).bytes;
	figure.largest = g_array_index(values, struct value, values->len - 1).source;
	figure.q1 = quantile(values, 0.25);
	figure.median = quantile(values, 0.5);
	figure.q3 = quantile(values, 0.75);
	figure.mad = median_deviation(values, figure.median);
	figure.error = sqrt(sum / values->len);
	find_outliers(f, row->sort, values, &figure);
	return figure;
}

/* Two fleets. */

static void set_verdict(struct fleet_change *c)
{
	double deviation[FLEET_SIDES], variance = 0;

	c->change = c->side[FLEET_AFTER].median - c->side[FLEET_BEFORE].median;
	if (c->side[FLEET_BEFORE].measured < 2 && c->side[FLEET_AFTER].measured < 2) {
		c->spread = -1;
		return;
	}
	for (int i = 0; i < FLEET_SIDES; i++)
		deviation[i] = MAD_SCALE * (double)c->side[i].mad;
	for (int i = 0; i < FLEET_SIDES; i++) {
		double own = c->side[i].measured < 2 ? deviation[!i] : deviation[i];

		variance += own * own + c->side[i].error * c->side[i].error;
	}
	c->spread = sqrt(variance);
	c->beyond = fabs((double)c->change) > MAX(CHANGE_DEVIATIONS * c->spread, CHANGE_LEAST);
}

static int by_change(gconstpointer a, gconstpointer b)
{
	const struct fleet_change *x = a, *y = b;
	int64_t s = ABS(x->change), t = ABS(y->change);

	if (x->beyond != y->beyond)
		return x->beyond ? -1 : 1;
	return s == t ? g_strcmp0(x->name, y->name) : s < t ? 1 : -1;
}

static void add_change(GArray *changes, const struct fleet *const fleet[FLEET_SIDES],
		       const struct fleet_row *const row[FLEET_SIDES], enum sample_type sample_type)
{
	const struct fleet_row none = {
		.sort = (row[0] ?: row[1])->sort,
		.cells = g_array_new(FALSE, FALSE, sizeof(struct fleet_cell)),
	};
	const struct fleet_row *any = row[FLEET_AFTER] ?: row[FLEET_BEFORE];
	struct fleet_change c = { .name = any->name, .part = FLEET_WEIGHT };

	if (!fleet_whole(fleet[0], any->sort) || !fleet_whole(fleet[1], any->sort))
		c.part = (row[0] && has_user(row[0])) || (row[1] && has_user(row[1])) ?
				 FLEET_USER :
				 FLEET_KERNEL;
	for (int i = 0; i < FLEET_SIDES; i++)
		c.side[i] = fleet_figure(fleet[i], row[i] ?: &none, sample_type, c.part);
	set_verdict(&c);
	if (c.side[FLEET_BEFORE].measured && c.side[FLEET_AFTER].measured)
		g_array_append_val(changes, c);
	g_array_unref(none.cells);
}

GArray *fleet_changes(const struct fleet *before, const struct fleet *after, enum fleet_sort sort,
		      enum sample_type sample_type)
{
	const struct fleet *const fleet[FLEET_SIDES] = { before, after };
	GArray *changes = g_array_new(FALSE, TRUE, sizeof(struct fleet_change));

	for (int side = 0; side < FLEET_SIDES; side++)
		for (unsigned i = 0; i < fleet[side]->rows[sort]->len; i++) {
			const struct fleet_row *row = fleet[side]->rows[sort]->pdata[i];
			const struct fleet_row *other =
				g_hash_table_lookup(fleet[!side]->known[sort], row->key);
			const struct fleet_row *const both[FLEET_SIDES] = {
				side == FLEET_BEFORE ? row : other,
				side == FLEET_BEFORE ? other : row,
			};

			if (side == FLEET_AFTER && other)
				continue; /* it came with the first fleet */
			add_change(changes, fleet, both, sample_type);
		}
	g_array_sort(changes, by_change);
	return changes;
}
