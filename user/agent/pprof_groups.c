/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/pprof_groups.h"

#define ANCESTORS 16 /* at most */

/* What the path of a control group says. */
struct named {
	char *unit;
};

struct pprof_groups {
	const struct live *live;
	GHashTable *by_pid; /* pid -> struct report_process: the last that had it */
	GHashTable *named;  /* path -> struct named */
};

static void named_free(gpointer p)
{
	g_free(((struct named *)p)->unit);
	g_free(p);
}

struct pprof_groups *pprof_groups_new(void)
{
	struct pprof_groups *g = g_new0(struct pprof_groups, 1);

	g->by_pid = g_hash_table_new(NULL, NULL);
	g->named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, named_free);
	return g;
}

void pprof_groups_free(struct pprof_groups *g)
{
	if (!g)
		return;
	g_hash_table_unref(g->by_pid);
	g_hash_table_unref(g->named);
	g_free(g);
}

void pprof_groups_begin(struct pprof_groups *g, const struct report *r, const struct live *live)
{
	g->live = live;
	g_hash_table_remove_all(g->by_pid);
	g_hash_table_remove_all(g->named);
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

	if (n)
		return n;
	n = g_new0(struct named, 1);
	n->unit = live_unit(path);
	g_hash_table_insert(g->named, g_strdup(path), n);
	return n;
}

void pprof_group(void *ctx, const struct report_process *p, struct sums_group *out)
{
	struct pprof_groups *g = ctx;
	struct live_row row;

	for (int i = 0; p && i < ANCESTORS; i++) {
		if (live_process(g->live, p->id, &row) && row.cgroup) {
			out->path = row.cgroup;
			out->unit = named_of(g, row.cgroup)->unit;
			return;
		}
		p = p->ppid ? g_hash_table_lookup(g->by_pid, GINT_TO_POINTER(p->ppid)) : NULL;
	}
}
