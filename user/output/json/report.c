/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report as JSON; report.schema.json describes the fields. Units are bytes and
 * nanoseconds; an unknown value is null, never 0. Each field of the report, each process and
 * each task is written as one line, so that no tree of 20,000 tasks is in memory.
 */
#include "output/json/emit.h"

#include "model/profile.h"
#include "model/view.h"
#include "model/when.h"
#include "output/json/sections.h"

/* The Makefile makes this from report.schema.json and adds a NUL. */
extern const char report_schema_json[];

const char *json_schema(void)
{
	return report_schema_json;
}

static json_t *json_features(const struct report *r)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = g_ptr_array_index(r->features, i);
		json_t *one = json_object();

		json_set_string(one, "state", f->state);
		json_set_string(one, "why", f->why);
		json_object_set_new(object, f->name, one);
	}
	return object;
}

/* One point of the curve, by kind. */
static json_t *point_kinds(const struct report *r, const struct report_point *p)
{
	json_t *object;

	if (!p->kinds)
		return json_null();
	object = json_object();
	for (int i = 0; i < TARE_KINDS; i++) {
		enum tare_kind kind = kind_order[i];

		json_set_known(object, kind_name[kind], p->kind[kind],
			       kind == TARE_KMEM ? r->kmem.level != KMEM_NONE :
						   report_kind(r, kind));
	}
	return object;
}

static json_t *json_series(const struct report *r)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < r->series->len; i++) {
		const struct report_point *p = &g_array_index(r->series, struct report_point, i);
		json_t *one = json_object();

		json_set_int(one, "time_ns", (int64_t)p->time_ns);
		json_set_int(one, "rss", p->rss);
		json_set_int(one, "non_rss", p->nonrss);
		json_object_set_new(one, "kinds", point_kinds(r, p));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *json_self(const struct report_self *s)
{
	json_t *object = json_object();

	json_set_int(object, "rss", (int64_t)s->rss);
	json_set_int(object, "map_bytes", (int64_t)s->map_bytes);
	json_set_int(object, "updates", (int64_t)s->updates);
	json_object_set_new(object, "ns_per_update",
			    s->ns_per_update < 0 ? json_null() : json_real(s->ns_per_update));
	json_set_int(object, "cpu_ns", (int64_t)s->cpu_ns);
	return object;
}

static json_t *json_peak(const struct report *r)
{
	json_t *object = json_object(), *weight = json_object();

	json_set_int(object, "rss", r->peak_rss);
	json_set_int(object, "time_ns", (int64_t)r->peak_ns);
	json_set_int(object, "bound", (int64_t)r->peak_bound);
	json_set_int(weight, "time_ns", (int64_t)r->peak_weight_ns);
	json_set_int(weight, "user", r->peak_weight - r->peak_kernel);
	json_set_int(weight, "kernel", r->peak_kernel);
	json_set_int(weight, "total", r->peak_weight);
	json_set_int(weight, "bound", (int64_t)r->peak_weight_bound);
	json_object_set_new(object, "weight", weight);
	return object;
}

/* When the weight was near its peak, and when it grew fastest. */
static json_t *json_when(const struct report *r)
{
	static const char *const what[] = {
		[WHEN_FUNCTION] = "function",
		[WHEN_PROCESS] = "process",
		[WHEN_KIND] = "kind",
	};
	json_t *object = json_object(), *steepest = json_object(), *mostly = json_object();
	struct when *w = when_new(r);

	json_set_known(object, "near_peak_ns", (int64_t)w->near_ns, w->known);
	json_set_int(steepest, "time_ns", (int64_t)w->steep_ns);
	json_set_int(steepest, "span_ns", (int64_t)w->span_ns);
	json_set_int(steepest, "grown", w->grown);
	if (w->what != WHEN_UNKNOWN) {
		json_set_string(mostly, "what", what[w->what]);
		json_set_string(mostly, "name", w->name);
		json_set_string(mostly, "thread", w->thread);
		json_set_int(mostly, "grown", w->bytes);
	}
	json_object_set_new(steepest, "mostly",
			    w->what == WHEN_UNKNOWN ? json_null() : json_incref(mostly));
	json_object_set_new(object, "steepest", w->span_ns ? json_incref(steepest) : json_null());
	json_decref(mostly);
	json_decref(steepest);
	when_free(w);
	return object;
}

static json_t *json_machine(const struct report_machine *m)
{
	json_t *object = json_object();

	if (m->host) /* recordings of older versions do not have it */
		json_set_string(object, "host", m->host);
	json_set_string(object, "distribution", m->distribution);
	json_set_string(object, "cpu", m->cpu);
	json_set_known(object, "cpus", m->cpus, m->cpus);
	json_set_known(object, "memory", m->memory, m->memory);
	json_set_known(object, "page_size", m->page_size, m->page_size);
	return object;
}

static json_t *json_held_before(const struct report *r)
{
	int64_t sum[TARE_KINDS] = { 0 };

	for (unsigned i = 0; i < r->processes->len; i++) {
		int64_t held[TARE_KINDS];

		report_held_before(r->processes->pdata[i], held);
		for (int k = 0; k < TARE_KINDS; k++)
			sum[k] += held[k];
	}
	if (r->target && r->kmem.whole)
		sum[TARE_KMEM] = r->totals[TARE_KMEM].initial;
	return json_weight(sum);
}

char *json_render(const struct report *r)
{
	static const char *const reason[] = {
		[REPORT_END] = "end",
		[REPORT_SNAPSHOT] = "snapshot",
		[REPORT_DETACH] = "detach",
	};
	GString *out = g_string_new("{\n\"schema\": \"tare.report/2\"");

	json_emit_field(out, "tare_version", json_text(r->tare_version));
	json_emit_field(out, "kernel", json_text(r->kernel));
	json_emit_field(out, "machine", json_machine(&r->machine));
	json_emit_field(out, "command", json_strings(r->command));
	json_emit_field(out, "target", json_text(r->target));
	json_emit_field(out, "started_ns",
			r->started_ns ? json_integer(r->started_ns) : json_null());
	json_emit_field(out, "exit", json_exit(&r->exit));
	json_emit_field(out, "command_ns",
			r->command_ns ? json_integer((json_int_t)r->command_ns) : json_null());
	json_emit_field(out, "last_end_ns",
			report_last_end(r) ? json_integer((json_int_t)report_last_end(r)) :
					     json_null());
	json_emit_field(out, "duration_ns", json_integer((json_int_t)r->duration_ns));
	json_emit_field(out, "reason", json_string(reason[r->reason]));
	if (r->incident)
		json_emit_field(out, "incident", json_incident(r->incident));
	json_emit_field(out, "features", json_features(r));
	json_emit_field(out, "books", json_books(r));
	json_emit_field(out, "lost", json_lost(r));
	json_emit_field(out, "losses", json_losses(r));
	json_emit_field(out, "peak", json_peak(r));
	json_emit_field(out, "when", json_when(r));
	json_emit_field(out, "totals", json_totals(r));
	json_emit_field(out, "by_others_causes", json_nonowner_causes(r->nonowner_cause));
	json_emit_field(out, "weight", json_workload_weight(r));
	json_emit_field(out, "held_before", json_held_before(r));
	json_emit_field(out, "kmem", json_kmem(r));
	json_emit_field(out, "cgroup", json_cgroup(&r->cgroup));
	json_emit_field(out, "slabs", json_slabs(r));
	json_emit_processes(out, r);
	json_emit_field(out, "series", json_series(r));
	if (r->self.valid)
		json_emit_field(out, "self", json_self(&r->self));
	if (r->profile) {
		json_emit_field(out, "samples", json_samples(r->profile));
		json_emit_profile(out, r->profile);
	}
	g_string_append(out, "\n}\n");
	return g_string_free(out, FALSE);
}
