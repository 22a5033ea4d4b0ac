/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/incident.h"

const char *const incident_what_name[INCIDENT_WHATS] = {
	[INCIDENT_OOM] = "oom-kill",    [INCIDENT_EVENT] = "event",     [INCIDENT_RULE] = "rule",
	[INCIDENT_ASKED] = "requested", [INCIDENT_PREKILL] = "prekill",
};

const char *const incident_sort_name[INCIDENT_SORTS] = {
	[INCIDENT_PROCESS] = "process",
	[INCIDENT_THREAD] = "thread",
	[INCIDENT_FUNCTION] = "function",
};

static void row_clear(void *p)
{
	struct incident_row *row = p;

	g_free(row->name);
	g_free(row->thread);
	g_free(row->cgroup);
	g_free(row->function);
}

struct incident *incident_new(void)
{
	struct incident *i = g_new0(struct incident, 1);

	i->rows = g_array_new(FALSE, TRUE, sizeof(struct incident_row));
	g_array_set_clear_func(i->rows, row_clear);
	return i;
}

static void task_clear(struct incident_task *t)
{
	g_free(t->comm);
	g_free(t->thread);
	g_free(t->cgroup);
}

void incident_free(struct incident *i)
{
	if (!i)
		return;
	g_free(i->detail);
	g_free(i->cgroup);
	task_clear(&i->victim);
	task_clear(&i->trigger);
	g_array_unref(i->rows);
	g_free(i);
}

struct incident_row *incident_row_add(struct incident *i)
{
	g_array_set_size(i->rows, i->rows->len + 1);
	return &g_array_index(i->rows, struct incident_row, i->rows->len - 1);
}

static void task_copy(struct incident_task *t)
{
	t->comm = g_strdup(t->comm);
	t->thread = g_strdup(t->thread);
	t->cgroup = g_strdup(t->cgroup);
}

struct incident *incident_copy(const struct incident *from)
{
	struct incident *i = incident_new();
	GArray *rows = i->rows;

	*i = *from;
	i->rows = rows;
	i->detail = g_strdup(from->detail);
	i->cgroup = g_strdup(from->cgroup);
	task_copy(&i->victim);
	task_copy(&i->trigger);
	for (unsigned n = 0; n < from->rows->len; n++) {
		const struct incident_row *old = &g_array_index(from->rows, struct incident_row, n);
		struct incident_row *row = incident_row_add(i);

		*row = *old;
		row->name = g_strdup(old->name);
		row->thread = g_strdup(old->thread);
		row->cgroup = g_strdup(old->cgroup);
		row->function = g_strdup(old->function);
	}
	return i;
}
