/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/group_events.h"

#include <glib.h>
#include <string.h>

#include "capture/cgroup.h"
#include "capture/cgroup_tree.h"

const char *const group_event_name[GROUP_EVENTS] = {
	[GROUP_EVENT_HIGH] = "high",
	[GROUP_EVENT_MAX] = "max",
	[GROUP_EVENT_OOM_KILL] = "oom-kill",
};

struct watched_group {
	char *cgroup, *folder;
	uint64_t round;
	int64_t seen[GROUP_EVENTS]; /* CGROUP_UNKNOWN: not read yet, or there is no such count */
	int64_t now[GROUP_EVENTS];
};

struct group_events {
	struct cgroup_mount mount;
	GPtrArray *groups;  /* struct watched_group */
	GHashTable *number; /* cgroup -> 1 + its place in groups */
	uint64_t round;
	unsigned at, what; /* of the round: the next to look at */
	unsigned left_out, leaving;
	bool read; /* groups[at] was read in this round */
};

static void group_free(gpointer p)
{
	struct watched_group *g = p;

	g_free(g->cgroup);
	g_free(g->folder);
	g_free(g);
}

struct group_events *group_events_new(const struct cgroup_mount *mount)
{
	struct group_events *e = g_new0(struct group_events, 1);

	e->mount.version = mount->version;
	e->mount.point = g_strdup(mount->point);
	e->mount.root = g_strdup(mount->root);
	e->groups = g_ptr_array_new_with_free_func(group_free);
	e->number = g_hash_table_new(g_str_hash, g_str_equal);
	e->round = 1;
	return e;
}

void group_events_free(struct group_events *e)
{
	if (!e)
		return;
	cgroup_mount_clear(&e->mount);
	g_hash_table_unref(e->number);
	g_ptr_array_unref(e->groups);
	g_free(e);
}

void group_events_watch(struct group_events *e, const char *cgroup)
{
	gpointer found = g_hash_table_lookup(e->number, cgroup);
	struct watched_group *g;
	char *folder;

	if (found) {
		g = e->groups->pdata[GPOINTER_TO_UINT(found) - 1];
		g->round = e->round;
		return;
	}
	if (e->groups->len == GROUP_EVENTS_MOST) {
		e->leaving++;
		return;
	}
	folder = cgroup_folder(e->mount.point, e->mount.root, cgroup);
	if (!folder)
		return;
	g = g_new0(struct watched_group, 1);
	g->cgroup = g_strdup(cgroup);
	g->folder = folder;
	g->round = e->round;
	for (int i = 0; i < GROUP_EVENTS; i++)
		g->seen[i] = CGROUP_UNKNOWN;
	g_ptr_array_add(e->groups, g);
	g_hash_table_insert(e->number, g->cgroup, GUINT_TO_POINTER(e->groups->len));
}

static int64_t read_size(const char *folder, const char *name)
{
	g_autofree char *text = NULL;

	if (folder_read(folder, name, &text) || !g_ascii_isdigit(text[0]))
		return 0;
	return g_ascii_strtoll(text, NULL, 10);
}

static void read_group(const struct group_events *e, struct watched_group *g)
{
	g_autofree char *text = NULL, *count = NULL;

	for (int i = 0; i < GROUP_EVENTS; i++)
		g->now[i] = CGROUP_UNKNOWN;
	if (e->mount.version == 2) {
		if (folder_read(g->folder, "memory.events", &text))
			return;
		g->now[GROUP_EVENT_HIGH] = cgroup_stat_value(text, "high");
		g->now[GROUP_EVENT_MAX] = cgroup_stat_value(text, "max");
		g->now[GROUP_EVENT_OOM_KILL] = cgroup_stat_value(text, "oom_kill");
		return;
	}
	if (!folder_read(g->folder, "memory.failcnt", &count) && g_ascii_isdigit(count[0]))
		g->now[GROUP_EVENT_MAX] = g_ascii_strtoll(count, NULL, 10);
	if (!folder_read(g->folder, "memory.oom_control", &text))
		g->now[GROUP_EVENT_OOM_KILL] = cgroup_stat_value(text, "oom_kill");
}

static void describe(const struct group_events *e, const struct watched_group *g,
		     struct group_event *event)
{
	bool v2 = e->mount.version == 2;

	event->cgroup = g->cgroup;
	event->usage = read_size(g->folder, v2 ? "memory.current" : "memory.usage_in_bytes");
	event->limit = read_size(g->folder, !v2 ? "memory.limit_in_bytes" :
					    event->what == GROUP_EVENT_HIGH ? "memory.high" :
									      "memory.max");
}

/* The next event of the group that is looked at. */
static bool next_of(struct group_events *e, struct watched_group *g, struct group_event *event)
{
	while (e->what < GROUP_EVENTS) {
		unsigned i = e->what++;
		int64_t before = g->seen[i], now = g->now[i];

		g->seen[i] = now;
		if (before == CGROUP_UNKNOWN || now == CGROUP_UNKNOWN || now <= before)
			continue;
		*event = (struct group_event){ .what = (enum group_event_what)i,
					       .times = (uint64_t)(now - before) };
		describe(e, g, event);
		return true;
	}
	return false;
}

static void end_round(struct group_events *e)
{
	g_hash_table_remove_all(e->number);
	for (unsigned i = e->groups->len; i--;)
		if (((const struct watched_group *)e->groups->pdata[i])->round != e->round)
			g_ptr_array_remove_index_fast(e->groups, i);
	for (unsigned i = 0; i < e->groups->len; i++)
		g_hash_table_insert(e->number,
				    ((struct watched_group *)e->groups->pdata[i])->cgroup,
				    GUINT_TO_POINTER(i + 1));
	e->round++;
	e->at = 0;
	e->left_out = e->leaving;
	e->leaving = 0;
}

bool group_events_next(struct group_events *e, struct group_event *event)
{
	for (; e->at < e->groups->len; e->at++, e->read = false) {
		struct watched_group *g = e->groups->pdata[e->at];

		if (g->round != e->round)
			continue;
		if (!e->read) {
			read_group(e, g);
			e->read = true;
			e->what = 0;
		}
		if (next_of(e, g, event))
			return true;
	}
	end_round(e);
	return false;
}

unsigned group_events_left_out(const struct group_events *e)
{
	return e->left_out;
}
