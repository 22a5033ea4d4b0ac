/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The member "incident" of the JSON report: why it was made, and who grew before.
 */
#include "model/incident.h"

#include "output/json/emit.h"
#include "output/json/sections.h"

static const char *const window_name[INCIDENT_WINDOWS] = { "1s", "10s", "60s" };

static json_t *json_task(const struct incident_task *t)
{
	json_t *object;

	if (!t->pid)
		return json_null();
	object = json_object();
	json_set_int(object, "pid", t->pid);
	json_set_known(object, "tid", t->tid, t->tid);
	json_set_string(object, "comm", t->comm);
	json_set_string(object, "thread", t->thread);
	json_set_string(object, "cgroup", t->cgroup);
	json_object_set_new(object, "followed", json_boolean(t->followed));
	return object;
}

static json_t *json_row(const struct incident_row *row)
{
	json_t *object = json_object(), *grown = json_object();

	json_set_string(object, "sort", incident_sort_name[row->sort]);
	json_set_string(object, "name", row->name);
	json_set_string(object, "thread", row->thread);
	json_set_string(object, "cgroup", row->cgroup);
	json_set_string(object, "function", row->function);
	json_set_int(object, "held", row->held);
	for (int w = 0; w < INCIDENT_WINDOWS; w++)
		json_set_int(grown, window_name[w], row->grown[w]);
	json_object_set_new(object, "grown", grown);
	return object;
}

json_t *json_incident(const struct incident *i)
{
	json_t *object = json_object(), *rows = json_array(), *span = json_object();

	json_set_string(object, "what", incident_what_name[i->what]);
	json_set_string(object, "detail", i->detail);
	json_set_int(object, "time_ns", (int64_t)i->time_ns);
	json_set_int(object, "held_ns", (int64_t)i->held_ns);
	json_object_set_new(object, "at_kill", json_boolean(i->at_kill));
	json_set_int(object, "kills", (int64_t)i->kills);
	json_object_set_new(object, "victim", json_task(&i->victim));
	json_set_known(object, "victim_held", i->victim_held, i->victim.followed);
	json_object_set_new(object, "trigger", json_task(&i->trigger));
	json_set_string(object, "cgroup", i->cgroup);
	json_set_known(object, "usage", i->usage, i->usage > 0);
	json_set_known(object, "limit", i->limit, i->limit > 0);
	for (int w = 0; w < INCIDENT_WINDOWS; w++)
		json_set_int(span, window_name[w], (int64_t)i->span_ns[w]);
	json_object_set_new(object, "span_ns", span);
	json_set_int(object, "left_out", (int64_t)i->left_out);
	for (unsigned n = 0; n < i->rows->len; n++)
		json_array_append_new(rows,
				      json_row(&g_array_index(i->rows, struct incident_row, n)));
	json_object_set_new(object, "grew", rows);
	return object;
}
