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
