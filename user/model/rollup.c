/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/rollup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

char *rollup_pattern(const char *name)
{
	GString *out = g_string_new(NULL);

	for (const char *s = name; *s;) {
		size_t digits = strspn(s, "0123456789");
		bool separated = s != name && strchr("-_/#:[", s[-1]);
		bool last = s != name && !s[digits];

		if (digits && (separated || last)) {
			g_string_append_c(out, '*');
			s += digits;
		} else {
			g_string_append_len(out, s, (gssize)MAX(digits, 1));
			s += MAX(digits, 1);
		}
	}
	return g_string_free(out, FALSE);
}

static void rollup_free(gpointer p)
{
	struct rollup *g = p;

	g_free(g->name);
	g_ptr_array_unref(g->members);
	g_free(g);
}

/* Takes ownership of `name`. */
static struct rollup *rollup_new(char *name)
{
	struct rollup *g = g_new0(struct rollup, 1);

	g->name = name;
	g->members = g_ptr_array_new();
	return g;
}

static int by_value(gconstpointer a, gconstpointer b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

struct spread spread_of(const GPtrArray *items, rollup_value_fn value)
{
	unsigned n = items->len;
	g_autofree int64_t *values = g_new(int64_t, n);
	struct spread s = { 0 };

	if (!n)
		return s;
	for (unsigned i = 0; i < n; i++) {
		values[i] = value(g_ptr_array_index(items, i));
		s.sum += values[i];
	}
	qsort(values, n, sizeof(*values), by_value);
	s.min = values[0];
	s.max = values[n - 1];
	s.median = values[n / 2];
	if (n % 2 == 0)
		s.median = values[n / 2 - 1] + (values[n / 2] - values[n / 2 - 1]) / 2;
	return s;
}

/* One value, `count` times. */
struct weighed {
	int64_t value;
	uint64_t count;
};

static int by_weighed(gconstpointer a, gconstpointer b)
{
	const struct weighed *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

static void add_weighted(GArray *values, int64_t value, uint64_t count)
{
	struct weighed one = { value, count };

	if (count)
		g_array_append_val(values, one);
}

static int64_t value_of_rank(const GArray *values, uint64_t rank)
{
	for (unsigned i = 0; i < values->len; i++) {
		const struct weighed *v = &g_array_index(values, struct weighed, i);

		if (rank < v->count)
			return v->value;
		rank -= v->count;
	}
	return 0;
}

struct spread spread_merge(const struct spread_part *parts, unsigned n)
{
	g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(struct weighed));
	struct spread s = { .min = INT64_MAX, .max = INT64_MIN };
	uint64_t count = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct spread_part *p = &parts[i];

		if (!p->count)
			continue;
		s.min = MIN(s.min, p->min);
		s.max = MAX(s.max, p->max);
		count += p->count;
		add_weighted(values, p->min, p->count > 2);
		add_weighted(values, p->median, p->count > 2 ? p->count - 2 : p->count);
		add_weighted(values, p->max, p->count > 2);
	}
	if (!count)
		return (struct spread){ 0 };
	g_array_sort(values, by_weighed);
	s.median = value_of_rank(values, (count - 1) / 2);
	s.median += (value_of_rank(values, count / 2) - s.median) / 2;
	return s;
}

static bool same_name(const struct rollup *g, rollup_name_fn name)
{
	const char *first = name(g_ptr_array_index(g->members, 0));

	for (unsigned i = 1; i < g->members->len; i++)
		if (strcmp(first, name(g_ptr_array_index(g->members, i))))
			return false;
	return true;
}

/* The rollups of one pattern, in the order of their first members. */
static GPtrArray *collect_patterns(const GPtrArray *items, rollup_name_fn name,
				   rollup_count_fn count)
{
	g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *rollups = g_ptr_array_new_with_free_func(rollup_free);

	for (unsigned i = 0; i < items->len; i++) {
		void *item = g_ptr_array_index(items, i);
		char *pattern = rollup_pattern(name(item));
		struct rollup *g = g_hash_table_lookup(index, pattern);

		if (g) {
			g_free(pattern);
		} else {
			g = rollup_new(pattern);
			g_hash_table_insert(index, pattern, g);
			g_ptr_array_add(rollups, g);
		}
		g_ptr_array_add(g->members, item);
		g->count += count ? count(item) : 1;
	}
	return rollups;
}

/* Stable: merge sort by g_ptr_array_sort is (GLib documents it so). */
static int by_sum(gconstpointer a, gconstpointer b)
{
	const struct rollup *x = *(struct rollup *const *)a, *y = *(struct rollup *const *)b;

	return (x->spread.sum < y->spread.sum) - (x->spread.sum > y->spread.sum);
}

void rollup_sort(GPtrArray *rollups)
{
	g_ptr_array_sort(rollups, by_sum);
}

GPtrArray *rollup_by_pattern(const GPtrArray *items, rollup_name_fn name, rollup_value_fn value,
			     rollup_count_fn count, unsigned least)
{
	g_autoptr(GPtrArray) patterns = collect_patterns(items, name, count);
	GPtrArray *rollups = g_ptr_array_new_with_free_func(rollup_free);

	for (unsigned i = 0; i < patterns->len; i++) {
		struct rollup *p = g_ptr_array_index(patterns, i), *g;

		if (p->count >= least && p->members->len > 1) {
			g = rollup_new(g_strdup(same_name(p, name) ?
							name(g_ptr_array_index(p->members, 0)) :
							p->name));
			g_ptr_array_extend(g->members, p->members, NULL, NULL);
			g->count = p->count;
			g_ptr_array_add(rollups, g);
			continue;
		}
		for (unsigned j = 0; j < p->members->len; j++) {
			void *item = g_ptr_array_index(p->members, j);

			g = rollup_new(g_strdup(name(item)));
			g_ptr_array_add(g->members, item);
			g->count = count ? count(item) : 1;
			g_ptr_array_add(rollups, g);
		}
	}
	for (unsigned i = 0; i < rollups->len; i++) {
		struct rollup *g = g_ptr_array_index(rollups, i);

		g->spread = spread_of(g->members, value);
	}
	rollup_sort(rollups);
	return rollups;
}
