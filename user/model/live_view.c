/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/live_view.h"

#include <math.h>
#include <string.h>

const char *const live_sort_name[LIVE_SORTS] = {
	[LIVE_BY_GROWTH] = "growth", [LIVE_BY_WEIGHT] = "weight",   [LIVE_BY_USER] = "user",
	[LIVE_BY_KERNEL] = "kernel", [LIVE_BY_IN] = "in",           [LIVE_BY_OUT] = "out",
	[LIVE_BY_FAULTS] = "faults", [LIVE_BY_THREADS] = "threads", [LIVE_BY_PID] = "pid",
	[LIVE_BY_NAME] = "name",
};

/* Steady order: changes below this, and below a twentieth, move no row. */
#define STEADY_SIZE (256.0 * 1024)
#define STEADY_RATE (16.0 * 1024)
#define STEADY_SHARE 0.05

#define GROUP_ID (1ULL << 62) /* in the id of a group's row: no process has such an id */

/* A row while it is sorted. */
struct item {
	struct live_row row;
	double value, weight; /* what decides the order, and what decides among equals */
	GArray *below;        /* indices of items: threads and children; NULL: none */
	unsigned parent;      /* of a member of a group: index + 1 of the group's item; else 0 */
	bool placed;
};

/* What a row is sorted by in a steady order, and whether the last call had it. */
struct steady {
	uint64_t key;
	double value, weight;
	unsigned call;
};

struct live_view {
	GArray *rows;
	GHashTable *steady; /* key -> struct steady */
	enum live_sort sort;
	enum live_window window;
	unsigned call;
	GStringChunk *names; /* of groups */
};

struct live_view *live_view_new(void)
{
	struct live_view *v = g_new0(struct live_view, 1);

	v->rows = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	v->steady = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	v->names = g_string_chunk_new(4096);
	return v;
}

void live_view_free(struct live_view *v)
{
	if (!v)
		return;
	g_array_unref(v->rows);
	g_hash_table_unref(v->steady);
	g_string_chunk_free(v->names);
	g_free(v);
}

uint64_t live_row_key(const struct live_row *r)
{
	return r->id << 1 | (r->tid != 0);
}

double live_row_value(const struct live_row *r, enum live_sort sort, enum live_window window)
{
	const struct live_rate *rate = &r->rate[window];
	const double value[LIVE_SORTS] = {
		[LIVE_BY_GROWTH] = rate->growth,
		[LIVE_BY_WEIGHT] = (double)live_weight(r),
		[LIVE_BY_USER] = (double)r->now.user,
		[LIVE_BY_KERNEL] = (double)r->now.kernel,
		[LIVE_BY_IN] = rate->in,
		[LIVE_BY_OUT] = rate->out,
		[LIVE_BY_FAULTS] = rate->faults,
		[LIVE_BY_THREADS] = r->threads,
		[LIVE_BY_PID] = -(double)(r->tid ? r->tid : r->pid), /* ascending */
	};

	return value[sort];
}

static bool has_text(const char *in, const char *text)
{
	return in && *text && strcasestr(in, text);
}

bool live_row_matches(const struct live_row *r, const char *text)
{
	char pid[16];

	g_snprintf(pid, sizeof(pid), "%d", r->tid ? r->tid : r->pid);
	return has_text(r->name, text) || has_text(r->comm, text) || has_text(r->cgroup, text) ||
	       (r->pid && !strcmp(pid, text));
}

/* The older value, if it has hardly changed since. */
static double steady_size(double old, double now, double margin)
{
	return fabs(now - old) > margin + fabs(old) * STEADY_SHARE ? now : old;
}

/* Small rates are none: of the rows that hardly grow the heaviest comes first. */
static double steady_rate(double old, double now)
{
	double least = fabs(old) >= STEADY_RATE ? STEADY_RATE / 2 : STEADY_RATE;

	return fabs(now) < least ? 0 : steady_size(old, now, STEADY_RATE);
}

/* Set the values that decide the order. */
static void hold_steady(struct live_view *v, struct item *item, enum live_sort sort)
{
	uint64_t key = live_row_key(&item->row);
	struct steady *s = g_hash_table_lookup(v->steady, &key);
	double now = item->value;

	if (!s) {
		s = g_new(struct steady, 1);
		*s = (struct steady){ .key = key, .value = now, .weight = item->weight };
		g_hash_table_insert(v->steady, &s->key, s);
	}
	s->call = v->call;
	s->weight = steady_size(s->weight, item->weight, STEADY_SIZE);
	if (sort == LIVE_BY_WEIGHT || sort == LIVE_BY_USER || sort == LIVE_BY_KERNEL)
		s->value = steady_size(s->value, now, STEADY_SIZE);
	else if (sort == LIVE_BY_GROWTH || sort == LIVE_BY_IN || sort == LIVE_BY_OUT)
		s->value = steady_rate(s->value, now);
	else
		s->value = steady_size(s->value, now, 0);
	item->value = s->value;
	item->weight = s->weight;
}

static gboolean is_old(gpointer key, gpointer value, gpointer call)
{
	(void)key;
	return ((const struct steady *)value)->call != *(const unsigned *)call;
}

static void begin_steady(struct live_view *v, const struct live_query *q)
{
	if (!q->steady || v->sort != q->sort || v->window != q->window)
		g_hash_table_remove_all(v->steady);
	v->sort = q->sort;
	v->window = q->window;
	v->call++;
}

struct order {
	const GArray *items;
	const struct live_query *query;
};

static int by_value(gconstpointer a, gconstpointer b, gpointer data)
{
	const struct order *o = data;
	const struct item *x = &g_array_index(o->items, struct item, *(const unsigned *)a);
	const struct item *y = &g_array_index(o->items, struct item, *(const unsigned *)b);
	int order = 0;

	if (o->query->sort == LIVE_BY_NAME)
		order = g_strcmp0(x->row.name, y->row.name);
	else if (x->value != y->value)
		order = x->value > y->value ? -1 : 1;
	if (order)
		return o->query->inverted ? -order : order;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->row.id < y->row.id ? -1 : x->row.id > y->row.id;
}

static void add_below(struct item *parent, unsigned child)
{
	if (!parent->below)
		parent->below = g_array_new(FALSE, FALSE, sizeof(unsigned));
	g_array_append_val(parent->below, child);
}

/* Append the items in order, each with those below it. */
static void place(struct live_view *v, GArray *items, GArray *these, const struct live_query *q,
		  unsigned depth)
{
	struct order order = { items, q };

	g_array_sort_with_data(these, by_value, &order);
	for (unsigned i = 0; i < these->len; i++) {
		struct item *item =
			&g_array_index(items, struct item, g_array_index(these, unsigned, i));

		if (item->placed)
			continue;
		item->placed = true; /* pids of parents may form a circle: see below */
		item->row.depth = depth;
		g_array_append_val(v->rows, item->row);
		if (item->below)
			place(v, items, item->below, q, depth + 1);
	}
}

static bool is_wanted(const struct live_row *r, const struct live_query *q)
{
	return (!q->proc || r->proc == q->proc) &&
	       (!q->filter || !*q->filter || live_row_matches(r, q->filter));
}

/* `parents`: unsigned, of each row; NULL: none has one. */
static void add_items(struct live_view *v, GArray *items, const GArray *rows, const GArray *parents,
		      const struct live_query *q)
{
	for (unsigned i = 0; i < rows->len; i++) {
		struct item item = { .row = g_array_index(rows, struct live_row, i) };

		item.parent = parents ? g_array_index(parents, unsigned, i) : 0;
		item.value = live_row_value(&item.row, q->sort, q->window);
		item.weight = (double)live_weight(&item.row);
		if (q->steady)
			hold_steady(v, &item, q->sort);
		g_array_append_val(items, item);
	}
}

/* Index + 1 of each process, by pid or by id. */
static GHashTable *index_of(const GArray *items, bool by_pid)
{
	GHashTable *index = g_hash_table_new(NULL, NULL);

	for (unsigned i = 0; i < items->len; i++) {
		const struct live_row *r = &g_array_index(items, struct item, i).row;

		if (!r->tid)
			g_hash_table_insert(index,
					    by_pid ? GINT_TO_POINTER(r->pid) :
						     (gpointer)(uintptr_t)r->id,
					    GUINT_TO_POINTER(i + 1));
	}
	return index;
}

static struct item *item_of(GArray *items, GHashTable *index, gpointer key)
{
	unsigned at = GPOINTER_TO_UINT(g_hash_table_lookup(index, key));

	return at ? &g_array_index(items, struct item, at - 1) : NULL;
}

/* The items that are below no other; the others are put below theirs. */
static GArray *find_tops(GArray *items, const struct live_query *q)
{
	g_autoptr(GHashTable) pids = index_of(items, true), ids = index_of(items, false);
	GArray *tops = g_array_new(FALSE, FALSE, sizeof(unsigned));

	for (unsigned i = 0; i < items->len; i++) {
		const struct live_row *r = &g_array_index(items, struct item, i).row;
		struct item *parent = NULL;

		unsigned group = g_array_index(items, struct item, i).parent;

		if (group)
			parent = &g_array_index(items, struct item, group - 1);
		else if (r->tid)
			parent = item_of(items, ids, (gpointer)(uintptr_t)r->proc);
		else if (q->tree && r->ppid != r->pid)
			parent = item_of(items, pids, GINT_TO_POINTER(r->ppid));
		if (parent)
			add_below(parent, i);
		else
			g_array_append_val(tops, i);
	}
	return tops;
}

static void free_items(GArray *items)
{
	for (unsigned i = 0; i < items->len; i++) {
		struct item *item = &g_array_index(items, struct item, i);

		if (item->below)
			g_array_unref(item->below);
	}
	g_array_unref(items);
}

static void add_row(struct live_row *sum, const struct live_row *r)
{
	for (unsigned k = 0; k < TARE_KINDS; k++)
		sum->kind[k] += r->kind[k];
	sum->now.user += r->now.user;
	sum->now.kernel += r->now.kernel;
	sum->now.in += r->now.in;
	sum->now.out += r->now.out;
	sum->now.faults += r->now.faults;
	for (unsigned w = 0; w < LIVE_WINDOWS; w++) {
		sum->rate[w].growth += r->rate[w].growth;
		sum->rate[w].in += r->rate[w].in;
		sum->rate[w].out += r->rate[w].out;
		sum->rate[w].faults += r->rate[w].faults;
	}
	sum->lasting |= r->lasting;
	sum->threads += r->threads;
	sum->processes += r->processes;
	if (sum->uid != r->uid)
		sum->uid = LIVE_NO_UID;
	if (g_strcmp0(sum->cgroup, r->cgroup))
		sum->cgroup = NULL;
}

static const char *group_of(const struct live_row *r, enum live_group group)
{
	return group == LIVE_PER_NAME ? r->comm : r->cgroup ? r->cgroup : "?";
}

static void begin_group(struct live_view *v, struct live_row *row, const char *key)
{
	row->name = g_string_chunk_insert_const(v->names, key);
	row->id = GROUP_ID | g_str_hash(key); /* the same at the next tick */
	row->pid = row->ppid = 0;
	row->proc = 0;
}

/* One row for each control group or name. The cause is that of its member that took most in. */
static GArray *group_rows(struct live_view *v, const GArray *rows, enum live_group group)
{
	GArray *sums = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	g_autoptr(GArray) most = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned i = 0; i < rows->len; i++) {
		struct live_row r = g_array_index(rows, struct live_row, i), *sum;
		const char *key = group_of(&r, group);
		unsigned at = GPOINTER_TO_UINT(g_hash_table_lookup(index, key));

		if (at) {
			sum = &g_array_index(sums, struct live_row, at - 1);
			add_row(sum, &r);
			if (r.now.in > g_array_index(most, uint64_t, at - 1)) {
				g_array_index(most, uint64_t, at - 1) = r.now.in;
				sum->cause = r.cause;
			}
			continue;
		}
		g_array_append_val(most, r.now.in);
		begin_group(v, &r, key);
		g_array_append_val(sums, r);
		g_hash_table_insert(index, (gpointer)key, GUINT_TO_POINTER(sums->len));
	}
	return sums;
}

/* Append the members of expanded groups to their sums; `parents` gets index + 1 of each row's
 * group. */
static void add_members(GArray *sums, const GArray *rows, const struct live_query *q,
			GArray *parents)
{
	g_autoptr(GHashTable) index = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_autofree uint64_t *ids = g_new(uint64_t, sums->len);
	unsigned groups = sums->len;

	for (unsigned i = 0; i < groups; i++) {
		ids[i] = g_array_index(sums, struct live_row, i).id;
		if (g_hash_table_contains(q->expanded, &ids[i]))
			g_hash_table_insert(index, &ids[i], GUINT_TO_POINTER(i + 1));
	}
	g_array_set_size(parents, groups);
	for (unsigned i = 0; i < rows->len; i++) {
		const struct live_row *r = &g_array_index(rows, struct live_row, i);
		uint64_t id = GROUP_ID | g_str_hash(group_of(r, q->group));
		unsigned at = GPOINTER_TO_UINT(g_hash_table_lookup(index, &id));

		if (!at)
			continue;
		g_array_append_val(sums, *r);
		g_array_append_val(parents, at);
	}
}

/* Rows that the query wants: a thread's row where its process has several threads, and the thread
 * or its process is wanted. */
static GArray *wanted_rows(const struct live *l, const struct live_query *q)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	g_autoptr(GHashTable) single = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) wanted = g_hash_table_new(NULL, NULL);

	live_processes(l, all);
	for (unsigned i = 0; i < all->len; i++) {
		const struct live_row *r = &g_array_index(all, struct live_row, i);

		if (r->threads < 2)
			g_hash_table_add(single, (gpointer)(uintptr_t)r->id);
		if (!is_wanted(r, q))
			continue;
		g_hash_table_add(wanted, (gpointer)(uintptr_t)r->id);
		g_array_append_val(rows, *r);
	}
	if (!q->threads || q->group)
		return rows;
	g_array_set_size(all, 0);
	live_threads(l, all);
	for (unsigned i = 0; i < all->len; i++) {
		const struct live_row *r = &g_array_index(all, struct live_row, i);

		if (!g_hash_table_contains(single, (gpointer)(uintptr_t)r->proc) &&
		    (g_hash_table_contains(wanted, (gpointer)(uintptr_t)r->proc) ||
		     is_wanted(r, q)))
			g_array_append_val(rows, *r);
	}
	return rows;
}

const GArray *live_view_rows(struct live_view *v, const struct live *l, const struct live_query *q)
{
	GArray *rows = wanted_rows(l, q), *grouped, *items;
	g_autoptr(GArray) tops = NULL;
	g_autoptr(GArray) parents = NULL;

	begin_steady(v, q);
	if (q->group) {
		g_string_chunk_clear(v->names);
		grouped = group_rows(v, rows, q->group);
		parents = g_array_new(FALSE, TRUE, sizeof(unsigned));
		if (q->expanded && g_hash_table_size(q->expanded))
			add_members(grouped, rows, q, parents);
		else
			g_array_set_size(parents, grouped->len);
		g_array_unref(rows);
		rows = grouped;
	}
	items = g_array_sized_new(FALSE, FALSE, sizeof(struct item), rows->len);
	add_items(v, items, rows, parents, q);
	g_array_unref(rows);
	tops = find_tops(items, q);
	g_array_set_size(v->rows, 0);
	place(v, items, tops, q, 0);
	/* pids are used again, so parents may form a circle, which has no top. */
	for (unsigned i = 0; i < items->len; i++) {
		if (g_array_index(items, struct item, i).placed)
			continue;
		g_array_set_size(tops, 0);
		g_array_append_val(tops, i);
		place(v, items, tops, q, 0);
	}
	free_items(items);
	if (q->steady)
		g_hash_table_foreach_remove(v->steady, is_old, &v->call);
	return v->rows;
}
