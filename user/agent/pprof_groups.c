/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/pprof_groups.h"

#include "model/groups.h"

#define ANCESTORS 16 /* at most */
#define ID_DIGITS 12 /* of a container's id, as its tools show it */

/* Labels of a control group: by the names that files have, else by its path. NULL: none. */
struct named {
	char *container, *pod, *unit;
};

struct pprof_groups {
	const struct live *live;
	const struct proctable *proctable;
	struct groups *groups; /* NULL: there are none */
	GHashTable *by_pid;           /* pid -> struct report_process: the last that had it */
	GHashTable *named, *by_files; /* path -> struct named; of the second, as files have it */
};

static void named_free(gpointer p)
{
	struct named *n = p;

	g_free(n->container);
	g_free(n->pod);
	g_free(n->unit);
	g_free(n);
}

static void name_by_files(struct pprof_groups *g, struct groups *groups)
{
	g_autoptr(GPtrArray) shown = groups ? groups_shown(groups) : g_ptr_array_new();

	for (unsigned i = 0; i < shown->len; i++) {
		const struct group *one = shown->pdata[i];
		struct named *n;

		if (!one->path || (!one->container && !one->pod))
			continue;
		n = g_new0(struct named, 1);
		n->container = g_strdup(one->container);
		n->pod = g_strdup(one->pod);
		g_hash_table_insert(g->by_files, g_strdup(one->path), n);
	}
}

struct pprof_groups *pprof_groups_new(void)
{
	struct pprof_groups *g = g_new0(struct pprof_groups, 1);

	g->by_pid = g_hash_table_new(NULL, NULL);
	g->named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, named_free);
	g->by_files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, named_free);
	return g;
}

void pprof_groups_free(struct pprof_groups *g)
{
	if (!g)
		return;
	g_hash_table_unref(g->by_pid);
	g_hash_table_unref(g->named);
	g_hash_table_unref(g->by_files);
	g_free(g);
}

void pprof_groups_begin(struct pprof_groups *g, const struct report *r, const struct agent *a)
{
	struct books_input in;

	session_swept(a->session, &in);
	g->live = a->live;
	g->proctable = in.proctable;
	g->groups = a->groups;
	g_hash_table_remove_all(g->by_pid);
	g_hash_table_remove_all(g->named);
	g_hash_table_remove_all(g->by_files);
	name_by_files(g, a->groups);
	for (unsigned i = 0; i < r->processes->len; i++) {
		struct report_process *p = r->processes->pdata[i], *other;
		gpointer key = GINT_TO_POINTER(p->pid);

		other = p->pid ? g_hash_table_lookup(g->by_pid, key) : NULL;
		if (p->pid && (!other || other->start_ns <= p->start_ns))
			g_hash_table_insert(g->by_pid, key, p);
	}
}

static const struct named *named_of(struct pprof_groups *g, const char *path)
{
	struct named *n = g_hash_table_lookup(g->named, path);
	const struct named *files = g_hash_table_lookup(g->by_files, path);
	struct container c;

	if (n)
		return n;
	n = g_new0(struct named, 1);
	container_of(&c, path);
	if (files && files->container)
		n->container = g_strdup(files->container);
	else
		n->container = c.id ? g_strndup(c.id, ID_DIGITS) : g_strdup(c.name);
	n->pod = g_strdup(files && files->pod ? files->pod : c.pod);
	n->unit = g_strdup(c.unit ? c.unit : c.slice);
	container_clear(&c);
	g_hash_table_insert(g->named, g_strdup(path), n);
	return n;
}

/* NULL: not known. */
static const char *path_of(const struct pprof_groups *g, const struct report_process *p)
{
	const struct proctable_proc *proc = g_hash_table_lookup(g->proctable->procs, &p->id);
	uint64_t id = proc ? groups_of_process(g->proctable, proc) : 0;
	const struct group *group = id && g->groups ? groups_find(g->groups, id) : NULL;
	struct live_row row;

	if (group && group->path)
		return group->path;
	return live_process(g->live, p->id, &row) ? row.cgroup : NULL;
}

void pprof_group(void *ctx, const struct report_process *p, struct sums_group *out)
{
	struct pprof_groups *g = ctx;
	const struct named *n;

	for (int i = 0; p && i < ANCESTORS; i++) {
		out->path = path_of(g, p);
		if (out->path)
			break;
		p = p->ppid ? g_hash_table_lookup(g->by_pid, GINT_TO_POINTER(p->ppid)) : NULL;
	}
	if (!out->path)
		return;
	n = named_of(g, out->path);
	out->container = n->container;
	out->pod = n->pod;
	out->unit = n->unit;
}
