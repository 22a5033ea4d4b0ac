/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The processes and threads that the live model knows: met, and freed.
 */
#include "model/live_impl.h"

void live_entity_free(gpointer p)
{
	struct entity *e = p;

	g_free(e->name);
	g_free(e->cgroup);
	g_free(e->slot);
	if (e->causes)
		g_array_unref(e->causes);
	g_free(e);
}

static void cause_clear(gpointer c)
{
	g_free(((struct cause *)c)->slot);
}

GArray *live_causes_new(void)
{
	GArray *causes = g_array_new(FALSE, FALSE, sizeof(struct cause));

	g_array_set_clear_func(causes, cause_clear);
	return causes;
}

struct entity *live_meet(struct live *l, GHashTable *in, uint64_t id)
{
	struct entity *e = g_hash_table_lookup(in, &id);

	if (!e) {
		e = g_new0(struct entity, 1);
		e->row.id = id;
		e->row.uid = LIVE_NO_UID;
		e->since = l->total.now_ns;
		g_hash_table_insert(in, &e->row.id, e);
	}
	e->seen = l->total.ticks;
	return e;
}
