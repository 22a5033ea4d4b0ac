/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A difference made small enough for a page.
 */
#include <math.h>
#include <string.h>

#include "model/diff.h"

#define SMALLER "[smaller stacks]"

/* The most that a stack held, before or after, of any sample type. */
static int64_t stack_size(const struct diff_stack *s)
{
	int64_t most = 0;

	for (int k = 0; k < SAMPLE_TYPES; k++)
		for (int time = 0; time < DIFF_TIMES; time++)
			most = MAX(most, s->held[k].bytes[time]);
	return most;
}

static int by_size(gconstpointer a, gconstpointer b, gpointer stacks)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int64_t p = stack_size(&g_array_index((GArray *)stacks, struct diff_stack, x));
	int64_t q = stack_size(&g_array_index((GArray *)stacks, struct diff_stack, y));

	return p != q ? (p < q) - (p > q) : (x > y) - (x < y);
}

static unsigned depth_of(const struct diff *d, uint32_t path)
{
	unsigned depth = 0;

	for (; path < d->paths->len; depth++)
		path = g_array_index(d->paths, struct stack_node, path).parent;
	return depth;
}

/* The path of the one frame SMALLER, which the samples may have already. */
static uint32_t smaller_path(struct diff *d)
{
	struct stack_node node = { NO_NODE, 0 };

	while (node.frame < d->names->len && strcmp(d->names->pdata[node.frame], SMALLER))
		node.frame++;
	if (node.frame == d->names->len)
		g_ptr_array_add(d->names, g_strdup(SMALLER));
	for (uint32_t i = 0; i < d->paths->len; i++)
		if (!memcmp(&g_array_index(d->paths, struct stack_node, i), &node, sizeof(node)))
			return i;
	g_array_append_val(d->paths, node);
	return d->paths->len - 1;
}

static void add_stack(struct diff_stack *sum, const struct diff_stack *s)
{
	for (int k = 0; k < SAMPLE_TYPES; k++) {
		for (int time = 0; time < DIFF_TIMES; time++)
			sum->held[k].bytes[time] += s->held[k].bytes[time];
		sum->held[k].error = hypot(sum->held[k].error, s->held[k].error);
	}
}

/* Mark the stacks to keep. Returns how many others there are. */
static unsigned keep_largest(const struct diff *d, const struct diff_limits *limits, bool *keep)
{
	unsigned n = d->stacks->len, kept = 0;
	g_autofree uint32_t *order = g_new(uint32_t, n + 1);
	uint64_t frames = 0;

	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	g_qsort_with_data(order, (gint)n, sizeof(*order), by_size, d->stacks);
	while (kept < MIN(n, limits->stacks)) {
		uint32_t path = g_array_index(d->stacks, struct diff_stack, order[kept]).path;

		frames += depth_of(d, path);
		if (frames > limits->frames)
			break;
		keep[order[kept++]] = true;
	}
	return n - kept;
}

static void thin_stacks(struct diff *d, const struct diff_limits *limits)
{
	g_autofree bool *keep = g_new0(bool, d->stacks->len + 1);
	struct diff_stack sum = { 0 };
	unsigned to = 0;

	d->left.stacks = keep_largest(d, limits, keep);
	if (!d->left.stacks)
		return;
	sum.path = sum.owner = smaller_path(d);
	for (unsigned i = 0; i < d->stacks->len; i++) {
		const struct diff_stack s = g_array_index(d->stacks, struct diff_stack, i);

		if (keep[i] && s.path != sum.path)
			g_array_index(d->stacks, struct diff_stack, to++) = s;
		else
			add_stack(&sum, &s);
	}
	g_array_set_size(d->stacks, to);
	g_array_append_val(d->stacks, sum);
}

struct ranking {
	bool self;
	int sample_type;
};

static int64_t change_of(const struct diff_function *f, const struct ranking *by)
{
	return ABS(diff_change(by->self ? &f->self[by->sample_type] : &f->total[by->sample_type]));
}

static int by_rank(gconstpointer a, gconstpointer b, gpointer ranking)
{
	const struct diff_function *x = *(struct diff_function *const *)a;
	const struct diff_function *y = *(struct diff_function *const *)b;
	int64_t p = change_of(x, ranking), q = change_of(y, ranking);

	return p != q ? (p < q) - (p > q) : strcmp(x->name, y->name);
}

/* A function is kept if it is among the first by any ranking. The order does not change. */
static void thin_functions(struct diff *d, unsigned most)
{
	g_autoptr(GHashTable) kept = g_hash_table_new(NULL, NULL);
	g_autoptr(GPtrArray) ranked = NULL;
	unsigned to = 0;

	if (d->functions->len <= most)
		return;
	ranked = g_ptr_array_copy(d->functions, NULL, NULL);
	g_ptr_array_set_free_func(ranked, NULL);
	for (int k = 0; k < 2 * SAMPLE_TYPES; k++) {
		struct ranking by = { k % 2, k / 2 };

		g_ptr_array_sort_with_data(ranked, by_rank, &by);
		for (unsigned i = 0; i < most && change_of(ranked->pdata[i], &by); i++)
			g_hash_table_add(kept, ranked->pdata[i]);
	}
	d->left.functions = d->functions->len - g_hash_table_size(kept);
	for (unsigned i = 0; i < d->functions->len; i++) {
		gpointer f = d->functions->pdata[i];

		if (!g_hash_table_contains(kept, f))
			continue;
		d->functions->pdata[i] = d->functions->pdata[to];
		d->functions->pdata[to++] = f;
	}
	g_ptr_array_set_size(d->functions, (gint)to);
}

static unsigned thin_rows(GPtrArray *rows, unsigned most)
{
	unsigned left = rows->len > most ? rows->len - most : 0;

	if (left)
		g_ptr_array_remove_range(rows, most, left);
	return left;
}

void diff_thin(struct diff *d, const struct diff_limits *limits)
{
	if (d->stacks->len)
		thin_stacks(d, limits);
	thin_functions(d, limits->functions);
	d->left.processes = thin_rows(d->processes, limits->whose);
	d->left.threads = thin_rows(d->threads, limits->whose);
}
