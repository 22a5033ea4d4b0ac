/* SPDX-License-Identifier: GPL-2.0-only
 *
 * All rows that WHO of the default screen could have, as a tree, and the choice of some.
 */
#include "output/table/who_rows.h"

#include "base/text.h"
#include "model/rollup.h"
#include "model/view.h"
#include "output/table/parts.h"
#include "output/table/rollup.h"

#define NAME_COLUMNS 60
#define MEMBERS_MAX 3

static void row_clear(gpointer row)
{
	struct who_row *r = row;

	g_free(r->name);
	g_clear_pointer(&r->figures.tasks, g_ptr_array_unref);
	g_clear_pointer(&r->processes, g_ptr_array_unref);
	g_clear_pointer(&r->tasks, g_ptr_array_unref);
}

static unsigned add_row(struct who_rows *t, struct who_row row)
{
	g_array_append_val(t->all, row);
	return t->all->len - 1;
}

/* Do the members of a group differ so much that a reader wants to see the largest? */
static bool members_differ(const struct who_rows *t, const struct rollup *g)
{
	return g->members->len > 1 && g->spread.max > g->spread.median + g->spread.median / 4 &&
	       g->spread.max > t->r->peak_weight / WHO_SHARE_LEAST;
}

static char *counted_name(const struct rollup *g)
{
	g_autofree char *n = text_count(g->count);

	return g->count == 1 ? g_strdup(g->name) : g_strdup_printf("%s ×%s", g->name, n);
}

static int by_weight_of_tasks(gconstpointer a, gconstpointer b)
{
	const struct report_task *x = *(struct report_task *const *)a,
				 *y = *(struct report_task *const *)b;
	int64_t wx = kinds_weight(x->at_peak), wy = kinds_weight(y->at_peak);

	return (wx < wy) - (wx > wy);
}

static int by_weight_of_processes(gconstpointer a, gconstpointer b)
{
	const struct report_process *x = *(struct report_process *const *)a,
				    *y = *(struct report_process *const *)b;
	int64_t wx = kinds_weight(x->at_peak), wy = kinds_weight(y->at_peak);

	return (wx < wy) - (wx > wy);
}

static GPtrArray *one(gpointer item)
{
	GPtrArray *array = g_ptr_array_new();

	g_ptr_array_add(array, item);
	return array;
}

/* Takes ownership of `tasks`, and of `name`. */
static unsigned add_tasks(struct who_rows *t, unsigned parent, unsigned depth, char *name,
			  GPtrArray *tasks)
{
	const struct report_task *first = g_ptr_array_index(tasks, 0);
	struct who_row row = {
		.parent = parent,
		.depth = depth,
		.name = name,
		.pid = tasks->len == 1 ? first->tid : 0,
		.figures = figures_of_tasks(tasks),
		.tasks = tasks,
	};

	row.weight = kinds_weight(row.figures.at_peak);
	return add_row(t, row);
}

static void add_threads(struct who_rows *t, unsigned parent, unsigned depth,
			const struct report_process *p)
{
	g_autoptr(GPtrArray) rollups = table_threads(p, &(struct table_style){ 0 });

	for (unsigned i = 0; i < rollups->len; i++) {
		const struct rollup *g = g_ptr_array_index(rollups, i);
		g_autoptr(GPtrArray) sorted = g_ptr_array_copy(g->members, NULL, NULL);
		const struct report_task *first = g_ptr_array_index(g->members, 0);
		unsigned at =
			add_tasks(t, parent, depth, counted_name(g), g_ptr_array_ref(g->members));

		g_array_index(t->all, struct who_row, at).main = g->members->len == 1 &&
								 !g_strcmp0(first->comm, p->comm);
		if (!members_differ(t, g))
			continue;
		g_ptr_array_sort(sorted, by_weight_of_tasks);
		for (unsigned j = 0; j < MIN(sorted->len, MEMBERS_MAX); j++) {
			struct report_task *task = g_ptr_array_index(sorted, j);

			add_tasks(t, at, depth + 1, g_strdup(table_comm(task->comm)), one(task));
		}
	}
}

/* Takes ownership of `processes`, and of `name`. */
static unsigned add_processes(struct who_rows *t, unsigned parent, unsigned depth, char *name,
			      GPtrArray *processes)
{
	const struct report_process *first = g_ptr_array_index(processes, 0);
	struct who_row row = {
		.parent = parent,
		.depth = depth,
		.name = name,
		.pid = processes->len == 1 ? first->pid : 0,
		.figures = figures_of_processes(processes),
		.processes = processes,
	};

	row.weight = kinds_weight(row.figures.at_peak);
	return add_row(t, row);
}

static char *process_name(const struct who_rows *t, const struct report_process *p)
{
	g_autofree char *n = text_count(p->count);
	g_autofree char *name = p->count > 1 ? g_strdup(table_comm(p->comm)) :
					       table_process_name(t->r, p, NAME_COLUMNS);

	return p->count > 1 ? g_strdup_printf("%s ×%s", name, n) : g_steal_pointer(&name);
}

static void add_process(struct who_rows *t, unsigned parent, unsigned depth,
			struct report_process *p)
{
	unsigned at = add_processes(t, parent, depth, process_name(t, p), one(p));

	if (p->tasks->len > 1)
		add_threads(t, at, depth + 1, p);
}

static void add_group(struct who_rows *t, const struct rollup *g)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_copy(g->members, NULL, NULL);
	unsigned at;

	if (g->members->len == 1) {
		add_process(t, NO_PARENT, 0, g_ptr_array_index(g->members, 0));
		return;
	}
	at = add_processes(t, NO_PARENT, 0, counted_name(g), g_ptr_array_ref(g->members));
	g_ptr_array_sort(sorted, by_weight_of_processes);
	for (unsigned i = 0; members_differ(t, g) && i < MIN(sorted->len, MEMBERS_MAX); i++)
		add_process(t, at, 1, g_ptr_array_index(sorted, i));
}

static void add_no_process(struct who_rows *t, const char *name, int64_t weight)
{
	struct who_row row = { .parent = NO_PARENT, .weight = weight };

	if (weight <= 0)
		return;
	row.name = g_strdup(name);
	row.figures.at_peak[TARE_KMEM] = weight;
	add_row(t, row);
}

struct who_rows *who_rows_new(const struct report *r)
{
	struct who_rows *t = g_new0(struct who_rows, 1);
	g_autoptr(GPtrArray) groups = table_names(r);
	struct view_rest rest = view_rest_at_peak(r);
	bool by_task = report_kind(r, TARE_KMEM);
	int64_t sockets = by_task ? MIN(view_at_peak(r).sock, rest.left) : 0;

	t->r = r;
	t->all = g_array_new(FALSE, FALSE, sizeof(struct who_row));
	g_array_set_clear_func(t->all, row_clear);
	for (unsigned i = 0; i < groups->len; i++)
		add_group(t, g_ptr_array_index(groups, i));
	add_no_process(t, "(held before)", rest.before);
	add_no_process(t, by_task ? "(left by ended tasks)" : "(other kernel)",
		       rest.left - sockets);
	add_no_process(t, "(sockets)", sockets);
	return t;
}

void who_rows_free(struct who_rows *t)
{
	g_array_unref(t->all);
	g_free(t);
}

static struct who_row *row_at(const struct who_rows *t, unsigned i)
{
	return &g_array_index(t->all, struct who_row, i);
}

/* A main thread that is nearly all of its process says nothing new. */
static bool says_something(const struct who_rows *t, const struct who_row *row)
{
	return !row->main || row->weight < row_at(t, row->parent)->weight / 100 * 97;
}

/* The heaviest row that can come next; NO_PARENT: none. The first is of a process, however
 * small. */
static unsigned next_row(const struct who_rows *t, bool first)
{
	unsigned best = NO_PARENT;

	for (unsigned i = 0; i < t->all->len; i++) {
		const struct who_row *row = row_at(t, i);
		bool open = row->parent == NO_PARENT ||
			    (row_at(t, row->parent)->chosen && says_something(t, row));

		int64_t least = MAX(t->r->peak_weight / WHO_SHARE_LEAST, 1);

		if (row->chosen || !open || (first ? !row->processes : row->weight < least))
			continue;
		if (best == NO_PARENT || row->weight > row_at(t, best)->weight)
			best = i;
	}
	return best;
}

/* What the rows of the first level leave out. */
struct who_left who_rows_left(const struct who_rows *t)
{
	struct who_left left = { 0 };

	for (unsigned i = 0; i < t->all->len; i++) {
		const struct who_row *row = row_at(t, i);

		if (row->chosen || row->parent != NO_PARENT)
			continue;
		left.processes += row->processes ? row->figures.members : 0;
		left.weight += row->weight;
	}
	return left;
}

/* The last row goes to what is left out, if that is not small. */
void who_rows_choose(struct who_rows *t, unsigned n)
{
	unsigned last = NO_PARENT;

	for (unsigned i = 0; i < n; i++) {
		unsigned next = next_row(t, !i);

		if (next == NO_PARENT)
			return;
		if (i + 1 == n)
			last = next;
		row_at(t, next)->chosen = true;
	}
	if (last != NO_PARENT && who_rows_left(t).weight >= t->r->peak_weight / WHO_SHARE_LEAST)
		row_at(t, last)->chosen = false;
}
