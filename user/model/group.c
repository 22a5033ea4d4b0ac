/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/group.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

char *group_pattern(const char *name)
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

static void group_free(gpointer p)
{
	struct group *g = p;

	g_free(g->name);
	g_ptr_array_unref(g->members);
	g_free(g);
}

/* Takes `name`. */
static struct group *group_new(char *name)
{
	struct group *g = g_new0(struct group, 1);

	g->name = name;
	g->members = g_ptr_array_new();
	return g;
}

static int by_value(gconstpointer a, gconstpointer b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

struct spread group_spread(const GPtrArray *items, group_value_fn value)
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

static void weigh(GArray *values, int64_t value, uint64_t count)
{
	struct weighed one = { value, count };

	if (count)
		g_array_append_val(values, one);
}

static int64_t ranked(const GArray *values, uint64_t rank)
{
	for (unsigned i = 0; i < values->len; i++) {
		const struct weighed *v = &g_array_index(values, struct weighed, i);

		if (rank < v->count)
			return v->value;
		rank -= v->count;
	}
	return 0;
}

struct spread group_spread_parts(const struct spread_part *parts, unsigned n)
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
		weigh(values, p->min, p->count > 2);
		weigh(values, p->median, p->count > 2 ? p->count - 2 : p->count);
		weigh(values, p->max, p->count > 2);
	}
	if (!count)
		return (struct spread){ 0 };
	g_array_sort(values, by_weighed);
	s.median = ranked(values, (count - 1) / 2);
	s.median += (ranked(values, count / 2) - s.median) / 2;
	return s;
}

static bool same_name(const struct group *g, group_name_fn name)
{
	const char *first = name(g_ptr_array_index(g->members, 0));

	for (unsigned i = 1; i < g->members->len; i++)
		if (strcmp(first, name(g_ptr_array_index(g->members, i))))
			return false;
	return true;
}

/* The groups of one pattern, in the order of their first members. */
static GPtrArray *collect(const GPtrArray *items, group_name_fn name, group_count_fn count)
{
	g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);

	for (unsigned i = 0; i < items->len; i++) {
		void *item = g_ptr_array_index(items, i);
		char *pattern = group_pattern(name(item));
		struct group *g = g_hash_table_lookup(index, pattern);

		if (g) {
			g_free(pattern);
		} else {
			g = group_new(pattern);
			g_hash_table_insert(index, pattern, g);
			g_ptr_array_add(groups, g);
		}
		g_ptr_array_add(g->members, item);
		g->count += count ? count(item) : 1;
	}
	return groups;
}

/* Stable: merge sort by g_ptr_array_sort is (GLib documents it so). */
static int by_sum(gconstpointer a, gconstpointer b)
{
	const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;

	return (x->spread.sum < y->spread.sum) - (x->spread.sum > y->spread.sum);
}

void group_sort(GPtrArray *groups)
{
	g_ptr_array_sort(groups, by_sum);
}

GPtrArray *group_by_pattern(const GPtrArray *items, group_name_fn name, group_value_fn value,
			    group_count_fn count, unsigned least)
{
	g_autoptr(GPtrArray) patterns = collect(items, name, count);
	GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);

	for (unsigned i = 0; i < patterns->len; i++) {
		struct group *p = g_ptr_array_index(patterns, i), *g;

		if (p->count >= least && p->members->len > 1) {
			g = group_new(g_strdup(same_name(p, name) ?
						       name(g_ptr_array_index(p->members, 0)) :
						       p->name));
			g_ptr_array_extend(g->members, p->members, NULL, NULL);
			g->count = p->count;
			g_ptr_array_add(groups, g);
			continue;
		}
		for (unsigned j = 0; j < p->members->len; j++) {
			void *item = g_ptr_array_index(p->members, j);

			g = group_new(g_strdup(name(item)));
			g_ptr_array_add(g->members, item);
			g->count = count ? count(item) : 1;
			g_ptr_array_add(groups, g);
		}
	}
	for (unsigned i = 0; i < groups->len; i++) {
		struct group *g = g_ptr_array_index(groups, i);

		g->spread = group_spread(g->members, value);
	}
	group_sort(groups);
	return groups;
}
