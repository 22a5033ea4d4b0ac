/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which control groups and names there are, which of them are shown, and where a change counts.
 */
#include "model/groups.h"

#include <string.h>

#include "base/text.h"
#include "model/groups_impl.h"
#include "model/rollup.h"

#define NS 1000000000ULL
#define IDLE_NS (10 * NS)               /* without processes: does the control group exist? */
#define TOLD_NS (60 * NS)               /* … of one that is shown */
#define PLACE_NS (60 * NS)              /* a place is kept at least so long */
#define MARGIN (1 << 20)                /* bytes by which a newcomer is heavier, and a quarter */
#define SWAPS 8                         /* at most, of one list in one tick */
#define NAMES_MOST(limit) (4 * (limit)) /* names of a group that are told apart */

static void name_free(gpointer p)
{
	struct groups_name *n = p;

	g_free(n->name);
	g_free(n);
}

static void group_free(gpointer p)
{
	struct group *group = p;

	container_clear(&group->what);
	g_hash_table_unref(group->names);
	g_free(group->path);
	g_free(group->container);
	g_free(group->pod);
	g_free(group->namespace);
	g_free(group);
}

void groups_free(struct groups *g)
{
	if (!g)
		return;
	g_hash_table_unref(g->by_id);
	g_hash_table_unref(g->by_path);
	g_ptr_array_unref(g->all);
	g_hash_table_unref(g->tasks);
	g_hash_table_unref(g->mms);
	g_free(g);
}

void groups_set_limits(struct groups *g, const struct groups_limits *limits)
{
	g->limits = *limits;
}

struct proctable_ends groups_ends(struct groups *g)
{
	return (struct proctable_ends){ groups_count_task_end, groups_count_mm_end, g };
}

void groups_by_rows(struct groups *g)
{
	g->by_rows = true;
}

const struct groups_rest *groups_rest(const struct groups *g)
{
	return &g->rest;
}

struct group *groups_find(struct groups *g, uint64_t id)
{
	return g_hash_table_lookup(g->by_id, &id);
}

/* NULL: there are too many. */
static struct group *group_of(struct groups *g, uint64_t id)
{
	struct group *group = groups_find(g, id);

	g->full |= !group && g->all->len >= GROUPS_MOST;
	if (group || g->all->len >= GROUPS_MOST)
		return group;
	group = g_new0(struct group, 1);
	group->id = id;
	group->names = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, name_free);
	group->kernel = (struct groups_kernel){ -1, -1, -1, -1, -1 };
	group->alive_ns = group->e.since_ns = g->now_ns;
	group->e.shown = g->rest.shown < g->limits.groups;
	g->rest.shown += group->e.shown;
	g_ptr_array_add(g->all, group);
	g_hash_table_insert(g->by_id, &group->id, group);
	return group;
}

/* Room for a name: those without processes that are not shown go first. False: there is none. */
static bool make_room(const struct groups *g, struct group *group)
{
	GHashTableIter iter;
	gpointer value;

	if (g_hash_table_size(group->names) < NAMES_MOST(g->limits.names))
		return true;
	g_hash_table_iter_init(&iter, group->names);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct groups_name *n = value;

		if (!n->e.shown && !n->e.now.processes)
			g_hash_table_iter_remove(&iter);
	}
	return g_hash_table_size(group->names) < NAMES_MOST(g->limits.names);
}

/* NULL: it has no room, or is called as that which is no name. */
static struct groups_name *name_of(const struct groups *g, struct group *group, const char *comm)
{
	g_autofree char *pattern = rollup_pattern(comm ? comm : "?");
	g_autofree char *name = text_printable(pattern);
	struct groups_name *n;

	if (!strcmp(name, GROUPS_OTHER))
		return NULL;
	n = g_hash_table_lookup(group->names, name);
	if (n || !make_room(g, group))
		return n;
	n = g_new0(struct groups_name, 1);
	n->name = g_steal_pointer(&name);
	n->e.since_ns = g->now_ns;
	n->e.shown = group->shown_names < g->limits.names;
	group->shown_names += n->e.shown;
	g_hash_table_insert(group->names, n->name, n);
	return n;
}

static bool is_nothing(const struct groups_counts *c)
{
	return !c->flows && !c->faults && !c->faults_major && !c->started && !c->oom_kills;
}

static void count(struct groups *g, uint64_t id, const char *comm, const struct groups_counts *c)
{
	struct groups_name *name;
	struct group *group;

	if (is_nothing(c))
		return;
	groups_counts_add(&g->rest.all.counts, c);
	if (!id) {
		groups_counts_add(&g->rest.unknown.counts, c);
		return;
	}
	group = group_of(g, id);
	if (!group || !group->e.shown) {
		groups_counts_add(&g->rest.other.counts, c);
		return;
	}
	groups_counts_add(&group->e.counts, c);
	name = name_of(g, group, comm);
	groups_counts_add(name && name->e.shown ? &name->e.counts : &group->other.counts, c);
}

struct groups *groups_new(const struct groups_limits *limits, uint64_t page_size)
{
	struct groups *g = g_new0(struct groups, 1);

	g->limits = *limits;
	g->page_size = page_size;
	g->count = count;
	g->by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
	g->by_path = g_hash_table_new(g_str_hash, g_str_equal);
	g->all = g_ptr_array_new_with_free_func(group_free);
	g->tasks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	g->mms = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	return g;
}

static int64_t weight_of(const struct groups_entry *e)
{
	return kinds_user(e->now.kind) + kinds_kernel(e->now.kind);
}

static int by_weight(gconstpointer a, gconstpointer b)
{
	const struct groups_entry *x = *(struct groups_entry *const *)a;
	const struct groups_entry *y = *(struct groups_entry *const *)b;
	int64_t p = weight_of(x), q = weight_of(y);

	return p < q ? 1 : p > q ? -1 : x->since_ns < y->since_ns ? -1 : x->since_ns > y->since_ns;
}

static void show(struct groups_entry *e, bool shown, uint64_t now_ns)
{
	e->shown = shown;
	e->since_ns = now_ns;
}

static struct groups_entry *heaviest_hidden(const GPtrArray *sorted)
{
	for (unsigned i = 0; i < sorted->len; i++)
		if (!((const struct groups_entry *)sorted->pdata[i])->shown)
			return sorted->pdata[i];
	return NULL;
}

/* The lightest that is shown, and had its place for `least_ns`. */
static struct groups_entry *lightest_shown(const GPtrArray *sorted, uint64_t now_ns,
					   uint64_t least_ns)
{
	for (unsigned i = sorted->len; i-- > 0;) {
		struct groups_entry *e = sorted->pdata[i];

		if (e->shown && now_ns - e->since_ns >= least_ns)
			return e;
	}
	return NULL;
}

/* Which of these (struct groups_entry) are shown. Returns how many swaps there were. */
static unsigned choose(GPtrArray *list, unsigned most, uint64_t now_ns, unsigned *shown)
{
	struct groups_entry *in, *out;
	unsigned swaps = 0;

	*shown = 0;
	for (unsigned i = 0; i < list->len; i++)
		*shown += ((const struct groups_entry *)list->pdata[i])->shown;
	if (*shown == list->len && *shown <= most)
		return 0;
	g_ptr_array_sort(list, by_weight);
	for (; *shown > most; --*shown)
		show(lightest_shown(list, now_ns, 0), false, now_ns);
	for (; *shown < most && (in = heaviest_hidden(list)); ++*shown)
		show(in, true, now_ns);
	while (swaps < SWAPS && (in = heaviest_hidden(list)) &&
	       (out = lightest_shown(list, now_ns, PLACE_NS)) &&
	       weight_of(in) > weight_of(out) + weight_of(out) / 4 + MARGIN) {
		show(out, false, now_ns);
		show(in, true, now_ns);
		swaps++;
	}
	return swaps;
}

static GPtrArray *values_of(GHashTable *table)
{
	GPtrArray *list = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_ptr_array_add(list, value);
	return list;
}

static void choose_all(struct groups *g)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	for (unsigned i = 0; i < g->all->len; i++) {
		struct group *group = g->all->pdata[i];

		g_ptr_array_add(list, group);
		if (group->e.shown && g_hash_table_size(group->names)) {
			g_autoptr(GPtrArray) names = values_of(group->names);

			choose(names, g->limits.names, g->now_ns, &group->shown_names);
		}
	}
	g->rest.swaps += choose(list, g->limits.groups, g->now_ns, &g->rest.shown);
	g->rest.hidden = list->len - g->rest.shown;
}

static void now_add(struct groups_now *sum, const struct groups_now *n)
{
	for (unsigned k = 0; k < TARE_KINDS; k++)
		sum->kind[k] += n->kind[k];
	sum->processes += n->processes;
	sum->threads += n->threads;
}

static void clear_now(struct groups *g)
{
	struct groups_entry *const rest[] = { &g->rest.other, &g->rest.unknown, &g->rest.all };
	GHashTableIter iter;
	gpointer value;

	for (unsigned i = 0; i < G_N_ELEMENTS(rest); i++)
		rest[i]->now = (struct groups_now){ .threads = 0 };
	for (unsigned i = 0; i < g->all->len; i++) {
		struct group *group = g->all->pdata[i];

		group->e.now = group->other.now = (struct groups_now){ .threads = 0 };
		g_hash_table_iter_init(&iter, group->names);
		while (g_hash_table_iter_next(&iter, NULL, &value))
			((struct groups_name *)value)->e.now = (struct groups_now){ .threads = 0 };
	}
}

static void add_row(struct groups *g, uint64_t id, const struct live_row *r)
{
	struct groups_now now = { .processes = 1, .threads = r->threads };
	struct group *group = id ? group_of(g, id) : NULL;
	struct groups_name *name;

	memcpy(now.kind, r->kind, sizeof(now.kind));
	now_add(&g->rest.all.now, &now);
	if (!group) {
		now_add(id ? &g->rest.other.now : &g->rest.unknown.now, &now);
		return;
	}
	now_add(&group->e.now, &now);
	group->alive_ns = g->now_ns;
	name = name_of(g, group, r->comm);
	now_add(name ? &name->e.now : &group->other.now, &now);
	if (g->by_rows && !group->path && r->cgroup)
		groups_know(g, id, r->cgroup);
}

/* What is not shown is in `other`. */
static void sum_hidden(struct groups *g)
{
	GHashTableIter iter;
	gpointer value;

	for (unsigned i = 0; i < g->all->len; i++) {
		struct group *group = g->all->pdata[i];

		if (!group->e.shown) {
			now_add(&g->rest.other.now, &group->e.now);
			continue;
		}
		g_hash_table_iter_init(&iter, group->names);
		while (g_hash_table_iter_next(&iter, NULL, &value)) {
			const struct groups_name *n = value;

			if (!n->e.shown)
				now_add(&group->other.now, &n->e.now);
		}
	}
}

void groups_take(struct groups *g, const struct live *l, const struct books_input *in)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct live_row));

	g->now_ns = in->now_ns;
	groups_count_tick(g, in);
	clear_now(g);
	live_processes(l, rows);
	for (unsigned i = 0; i < rows->len; i++) {
		const struct live_row *r = &g_array_index(rows, struct live_row, i);
		const struct proctable_proc *p = g_hash_table_lookup(in->proctable->procs, &r->id);

		add_row(g, p ? groups_of_process(in->proctable, p) : 0, r);
	}
	choose_all(g);
	if (g->full) /* those without processes must not keep out those with some */
		groups_trim(g);
	g->full = false;
	sum_hidden(g);
}

bool groups_unnamed(const struct groups *g, uint64_t *id)
{
	for (unsigned i = g->all->len; !g->by_rows && i-- > 0;) {
		const struct group *group = g->all->pdata[i];

		if (group->path)
			continue;
		*id = group->id;
		return true;
	}
	return false;
}

bool groups_idle(struct groups *g, uint64_t now_ns, uint64_t *id)
{
	for (unsigned i = 0; i < g->all->len; i++) {
		struct group *group = g->all->pdata[i];

		if (group->e.now.processes ||
		    now_ns - group->alive_ns < (group->e.shown ? TOLD_NS : IDLE_NS) ||
		    now_ns - group->asked_ns < IDLE_NS)
			continue;
		group->asked_ns = now_ns;
		*id = group->id;
		return true;
	}
	return false;
}

static void group_remove(struct groups *g, struct group *group)
{
	if (group->path)
		g_hash_table_remove(g->by_path, group->path);
	g_hash_table_remove(g->by_id, &group->id);
	g->rest.shown -= group->e.shown;
	g_ptr_array_remove_fast(g->all, group); /* frees it */
}

void groups_gone(struct groups *g, uint64_t id)
{
	struct group *group = groups_find(g, id);

	if (!group)
		return;
	g->rest.gone++;
	g->rest.nameless += !group->path;
	if (!group->path) /* nobody has seen its counters, and all in them is new */
		groups_counts_add(&g->rest.other.counts, &group->e.counts);
	group_remove(g, group);
}

/* Control group `id` has the path of `old`, which is gone: it goes on with that one's counters. */
static void go_on(struct groups *g, struct group *old, struct group *group)
{
	uint64_t id = group->id;
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, group->names);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct groups_name *n = value;
		struct groups_name *same = name_of(g, old, n->name);

		groups_counts_add(same && same->e.shown && n->e.shown ? &same->e.counts :
									&old->other.counts,
				  &n->e.counts);
		if (same)
			now_add(&same->e.now, &n->e.now);
	}
	groups_counts_add(&old->other.counts, &group->other.counts);
	groups_counts_add(&old->e.counts, &group->e.counts);
	now_add(&old->e.now, &group->e.now);
	old->alive_ns = MAX(old->alive_ns, group->alive_ns);
	group_remove(g, group);
	g_hash_table_remove(g->by_id, &old->id);
	old->id = id;
	g_hash_table_insert(g->by_id, &old->id, old);
}

void groups_know(struct groups *g, uint64_t id, const char *path)
{
	struct group *group = groups_find(g, id), *old;
	g_autofree char *cut = g_strndup(path, CONTAINER_PATH);
	g_autofree char *printable = text_printable(cut);

	if (!group || group->path)
		return;
	old = g_hash_table_lookup(g->by_path, printable);
	if (old) {
		go_on(g, old, group);
		return;
	}
	container_of(&group->what, cut);
	group->path = g_steal_pointer(&printable);
	g_hash_table_insert(g->by_path, group->path, group);
}

GPtrArray *groups_shown(const struct groups *g)
{
	GPtrArray *list = g_ptr_array_new();

	for (unsigned i = 0; i < g->all->len; i++) {
		struct group *group = g->all->pdata[i];

		if (group->e.shown && group->path)
			g_ptr_array_add(list, group);
	}
	g_ptr_array_sort(list, by_weight);
	return list;
}

GPtrArray *groups_shown_names(const struct group *of)
{
	GPtrArray *list = values_of(of->names);

	for (unsigned i = list->len; i-- > 0;)
		if (!((const struct groups_entry *)list->pdata[i])->shown)
			g_ptr_array_remove_index_fast(list, i);
	g_ptr_array_sort(list, by_weight);
	return list;
}

void groups_trim(struct groups *g)
{
	for (unsigned i = g->all->len; i-- > 0;) {
		struct group *group = g->all->pdata[i];

		if (!group->e.shown && !group->e.now.processes)
			groups_gone(g, group->id);
	}
}
