/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report as JSON, field for field as report.schema.json says. Bytes and
 * nanoseconds; what is unknown is null, never 0. A line for each field of the
 * report, process and task: readable, and no tree of 20,000 tasks in memory.
 */
#include "output/json.h"

#include <string.h>

#include "base/text.h"
#include "model/profile.h"
#include "output/view.h"

/* Made by the Makefile of report.schema.json; ended by a NUL. */
extern const char report_schema_json[];

const char *json_schema(void)
{
	return report_schema_json;
}

void json_set_int(json_t *object, const char *key, int64_t value)
{
	json_object_set_new(object, key, json_integer(value));
}

void json_set_known(json_t *object, const char *key, int64_t value, bool known)
{
	json_object_set_new(object, key, known ? json_integer(value) : json_null());
}

json_t *json_text(const char *s)
{
	g_autofree char *valid = NULL;

	if (!s)
		return json_null();
	valid = text_utf8(s, strlen(s));
	return json_string(valid);
}

void json_set_string(json_t *object, const char *key, const char *s)
{
	json_object_set_new(object, key, json_text(s));
}

static json_t *strings(const GPtrArray *list)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < list->len; i++)
		json_array_append_new(array, json_text(g_ptr_array_index(list, i)));
	return array;
}

json_t *json_flow(struct flow f, bool known)
{
	json_t *object = json_object();

	json_set_known(object, "in", (int64_t)f.in, known);
	json_set_known(object, "out", (int64_t)f.out, known);
	return object;
}

static json_t *flow(struct flow f)
{
	return json_flow(f, true);
}

static json_t *balance(const struct balance *b, bool known)
{
	json_t *object = json_object();

	json_set_known(object, "opening", b->opening, known);
	json_set_known(object, "in", (int64_t)b->tasks.in, known);
	json_set_known(object, "out", (int64_t)b->tasks.out, known);
	json_set_known(object, "net", b->net, known);
	return object;
}

/* Code and signal exclude each other; both are null while it is not known. */
static json_t *exit_status(const struct report_exit *e)
{
	json_t *object = json_object();

	json_set_known(object, "code", e->code, e->known && !e->signal);
	json_set_known(object, "signal", e->signal, e->known && e->signal);
	return object;
}

static json_t *features(const struct report *r)
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

static json_t *unattributed(const struct report *r, const struct balance balances[TARE_KINDS],
			    bool workload)
{
	json_t *object = json_object();

	for (int i = 0; i < TARE_KINDS; i++) {
		enum tare_kind kind = kind_order[i];

		json_set_known(object, kind_name[kind], balances[kind].unattributed,
			       view_checked(r, kind, workload));
	}
	return object;
}

static json_t *books(const struct report *r)
{
	json_t *object = json_object();
	g_autofree char *why = report_why_off(r);

	json_object_set_new(object, "balanced",
			    r->sums_valid ? json_boolean(report_balanced(r)) : json_null());
	json_set_string(object, "why", why);
	json_set_known(object, "off_pages", (int64_t)r->off_pages, r->sums_valid);
	json_object_set_new(object, "checked", json_boolean(r->sums_valid));
	json_set_int(object, "mms_closed", (int64_t)r->mms_closed);
	json_set_known(object, "mms_nonzero", (int64_t)r->mms_nonzero, r->sums_valid);
	json_object_set_new(object, "unattributed", unattributed(r, r->totals, true));
	return object;
}

static json_t *lost(const struct report *r)
{
	json_t *object = json_object();

	json_set_int(object, "total", (int64_t)report_lost_total(r));
	for (int i = 0; i < TARE_LOSSES; i++)
		json_set_int(object, lost_name[i], (int64_t)r->lost[i]);
	return object;
}

/* What was lost, in words: a printer for people needs no table of its own. */
static json_t *losses(const struct report *r)
{
	json_t *array = json_array();

	for (int i = 0; i < TARE_LOSSES; i++) {
		json_t *one;

		if (!r->lost[i])
			continue;
		one = json_object();
		json_set_string(one, "name", lost_name[i]);
		json_set_int(one, "count", (int64_t)r->lost[i]);
		json_set_string(one, "meaning", lost_meaning[i]);
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *foreign_causes(const struct flow causes[TARE_FOREIGNERS])
{
	json_t *object = json_object();

	for (int i = 0; i < TARE_FOREIGNERS; i++)
		json_object_set_new(object, foreign_name[i], flow(causes[i]));
	return object;
}

static json_t *totals(const struct report *r)
{
	json_t *object = json_object();

	for (int i = 0; i < TARE_KINDS; i++) {
		const struct balance *b = &r->totals[kind_order[i]];
		const char *kind = kind_name[kind_order[i]];
		bool known = report_kind(r, kind_order[i]);
		json_t *one = balance(b, known);

		if (kind_order[i] == TARE_KMEM && !r->kmem.whole) /* nobody can tell whose */
			json_set_known(one, "opening", 0, false);
		json_object_set_new(one, "foreign",
				    json_flow(b->foreign, known && (kind_order[i] != TARE_KMEM ||
								    r->kmem.whole)));
		json_set_known(one, "unattributed", b->unattributed,
			       view_checked(r, kind_order[i], true));
		json_object_set_new(object, kind, one);
	}
	return object;
}

static json_t *causes(const struct report_task *t)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < t->causes->len; i++) {
		const struct report_cause *c = &g_array_index(t->causes, struct report_cause, i);
		json_t *one = json_object();

		json_set_string(one, "cause", c->name);
		json_set_int(one, "in", (int64_t)c->flow.in);
		json_set_int(one, "out", (int64_t)c->flow.out);
		json_array_append_new(array, one);
	}
	return array;
}

/* The total is always known; user and kernel only where the faults taken in
 * kernel mode are counted apart. */
static json_t *faults(const struct report *r, const struct report_task *t)
{
	bool any = report_measured(r, "faults"), apart = any && report_measured(r, "faults_kernel");
	json_t *object = json_object();

	json_set_known(object, "total", (int64_t)(t->faults_user + t->faults_kernel), any);
	json_set_known(object, "user", (int64_t)t->faults_user, apart);
	json_set_known(object, "kernel", (int64_t)t->faults_kernel, apart);
	json_set_known(object, "major", (int64_t)t->faults_major, any);
	return object;
}

static json_t *virtual(const struct report *r, const struct report_task *t)
{
	bool known = report_measured(r, "virtual");
	json_t *object = json_object();

	json_set_known(object, "mapped", (int64_t)t->mapped, known);
	json_set_known(object, "unmapped", (int64_t)t->unmapped, known);
	json_set_known(object, "brk_up", (int64_t)t->brk_up, known);
	json_set_known(object, "brk_down", (int64_t)t->brk_down, known);
	return object;
}

/* NAME_min, NAME_median, NAME_max, where it is more than one. */
static void spread(json_t *object, const char *name, const struct report_spread *s, uint64_t count)
{
	const int64_t values[] = { s->min, s->median, s->max };
	static const char *const which[] = { "min", "median", "max" };

	for (unsigned i = 0; count > 1 && i < G_N_ELEMENTS(values); i++) {
		g_autofree char *key = g_strdup_printf("%s_%s", name, which[i]);

		json_set_int(object, key, values[i]);
	}
}

static json_t *task(const struct report *r, const struct report_task *t)
{
	json_t *object = json_object();
	int64_t net[TARE_KINDS];

	json_set_int(object, "tid", t->tid);
	json_set_int(object, "count", (int64_t)t->count);
	json_set_string(object, "comm", t->comm);
	json_object_set_new(object, "names", strings(t->names));
	json_object_set_new(object, "alive", json_boolean(t->alive));
	json_object_set_new(object, "attached", json_boolean(t->attached));
	json_set_int(object, "start_ns", (int64_t)t->start_ns);
	json_set_known(object, "end_ns", (int64_t)t->end_ns, !t->alive && t->end_ns);
	for (int i = 0; i < TARE_KINDS; i++) {
		const char *kind = kind_name[kind_order[i]];
		struct flow f = t->flow[kind_order[i]];
		bool known = report_kind(r, kind_order[i]);
		json_t *one = json_flow(f, known);

		json_set_known(one, "net", flow_net(f), known);
		json_object_set_new(object, kind, one);
	}
	spread(object, "in", &t->in_spread, t->count);
	view_flow_net(r, t->flow, net);
	json_set_int(object, "rss_at_peak", kinds_rss(t->at_peak));
	json_object_set_new(object, "at_peak", json_at_peak(r, t->at_peak));
	json_object_set_new(object, "weight", json_weight(net));
	json_object_set_new(object, "faults", faults(r, t));
	json_object_set_new(object, "causes", causes(t));
	json_object_set_new(object, "virtual", virtual(r, t));
	return object;
}

static void set_balances(json_t *object, const struct report *r, const struct report_process *p)
{
	json_t *balances = json_object(), *foreign = json_object();

	for (int i = 0; i < TARE_KINDS; i++) {
		const struct balance *b = &p->balance[kind_order[i]];
		const char *kind = kind_name[kind_order[i]];
		bool known = report_kind(r, kind_order[i]);

		json_object_set_new(balances, kind, balance(b, known));
		json_object_set_new(foreign, kind,
				    json_flow(b->foreign, known && kind_order[i] != TARE_KMEM));
	}
	json_object_set_new(object, "balance", balances);
	json_object_set_new(object, "foreign", foreign);
	json_object_set_new(object, "foreign_causes", foreign_causes(p->foreign_cause));
	json_object_set_new(object, "unattributed", unattributed(r, p->balance, false));
}

/* All but the tasks. */
static json_t *process(const struct report *r, const struct report_process *p)
{
	json_t *object = json_object();
	int64_t net[TARE_KINDS];

	json_set_int(object, "pid", p->pid);
	json_set_int(object, "ppid", p->ppid);
	json_set_int(object, "count", (int64_t)p->count);
	json_set_int(object, "failed", (int64_t)view_failed(p));
	json_set_string(object, "parent", p->parent);
	json_set_string(object, "comm", p->comm);
	json_set_string(object, "exe", p->exe);
	json_object_set_new(object, "argv", strings(p->argv));
	json_object_set_new(object, "argv_truncated", json_boolean(p->argv_truncated));
	json_object_set_new(object, "images", strings(p->images));
	json_object_set_new(object, "alive", json_boolean(p->alive));
	json_set_int(object, "start_ns", (int64_t)p->start_ns);
	json_set_known(object, "end_ns", (int64_t)p->end_ns, !p->alive && p->end_ns);
	json_object_set_new(object, "exit", exit_status(&p->exit));
	json_set_int(object, "rss_peak", p->rss_peak);
	json_set_int(object, "rss_peak_ns", (int64_t)p->rss_peak_ns);
	spread(object, "rss_peak", &p->rss_peak_spread, p->count);
	view_balance_net(r, p->balance, net);
	json_set_int(object, "rss_at_peak", kinds_rss(p->at_peak));
	json_object_set_new(object, "at_peak", json_at_peak(r, p->at_peak));
	json_object_set_new(object, "weight", json_weight(net));
	set_balances(object, r, p);
	return object;
}

/* Of one point. */
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

static json_t *series(const struct report *r)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < r->series->len; i++) {
		const struct report_point *p = &g_array_index(r->series, struct report_point, i);
		json_t *one = json_object();

		json_set_int(one, "time_ns", (int64_t)p->time_ns);
		json_set_int(one, "rss", p->rss);
		json_set_int(one, "beside", p->beside);
		json_object_set_new(one, "kinds", point_kinds(r, p));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *self(const struct report_self *s)
{
	json_t *object = json_object();

	json_set_int(object, "rss", (int64_t)s->rss);
	json_set_int(object, "map_bytes", (int64_t)s->map_bytes);
	json_set_int(object, "entries", (int64_t)s->entries);
	json_object_set_new(object, "ns_per_entry",
			    s->ns_per_entry < 0 ? json_null() : json_real(s->ns_per_entry));
	json_set_int(object, "cpu_ns", (int64_t)s->cpu_ns);
	return object;
}

/* Null where it is not measured: `untouched_why` says why, of all of it or that alone. */
static json_t *asked(const struct profile *p)
{
	json_t *object = json_object();
	int64_t count = 0, bytes = 0, untouched = 0;

	for (unsigned i = 0; i < p->asked->len; i++) {
		const struct profile_asked *a = &g_array_index(p->asked, struct profile_asked, i);

		count += (int64_t)a->count;
		bytes += a->bytes;
		untouched += a->untouched;
	}
	json_set_known(object, "count", count, !p->asked_why);
	json_set_known(object, "bytes", bytes, !p->asked_why);
	json_set_known(object, "untouched", untouched, !p->untouched_why);
	json_set_string(object, "untouched_why", p->untouched_why);
	return object;
}

/* Longer periods that were in force for a while. */
static json_t *thinned(const struct profile *p)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < TARE_THIN_LEVELS; i++) {
		const struct profile_thinned *t = &p->thinned[i];
		json_t *one;

		if (!t->samples && !t->left)
			continue;
		one = json_object();
		json_set_int(one, "period", (int64_t)(p->period << (i + 1)));
		json_set_int(one, "count", (int64_t)t->samples);
		json_set_int(one, "bytes", (int64_t)t->bytes);
		json_set_int(one, "left", (int64_t)t->left);
		json_set_int(one, "from_ns", (int64_t)t->from_ns);
		json_set_int(one, "to_ns", (int64_t)t->to_ns);
		json_array_append_new(array, one);
	}
	return array;
}

/* How the samples were taken, and what they say. Stacks are other formats'. */
static json_t *samples(const struct profile *p)
{
	json_t *object = json_object(), *lost = json_object(), *pictures = json_object();
	uint64_t stacks = p->complete + p->truncated;

	json_set_int(object, "period", (int64_t)p->period);
	json_set_int(object, "count", (int64_t)p->samples);
	json_set_int(object, "complete", (int64_t)p->complete);
	json_set_int(object, "truncated", (int64_t)p->truncated);
	json_set_int(object, "guessed", (int64_t)p->guessed);
	json_set_int(object, "no_stack", (int64_t)p->no_stack);
	json_set_int(object, "no_address", (int64_t)p->no_address);
	json_object_set_new(object, "complete_share",
			    stacks ? json_real((double)p->complete / (double)stacks) : json_null());
	json_set_int(lost, "samples", (int64_t)p->lost.samples);
	json_set_int(lost, "bytes", (int64_t)p->lost.bytes);
	json_set_int(lost, "ranges", (int64_t)p->lost.ranges);
	json_object_set_new(object, "lost", lost);
	json_object_set_new(object, "thinned", thinned(p));
	for (int i = 0; i < PICTURES; i++) {
		json_t *one = json_object();

		json_set_int(one, "sampled", (int64_t)p->sampled[i]);
		json_set_int(one, "total", p->total[i]);
		json_set_int(one, "error", (int64_t)profile_error(p, p->total[i]));
		json_object_set_new(pictures, picture_name[i], one);
	}
	json_object_set_new(object, "pictures", pictures);
	json_object_set_new(object, "asked", asked(p));
	return object;
}

static json_t *peak(const struct report *r)
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

static int append(const char *data, size_t len, void *out)
{
	g_string_append_len(out, data, (gssize)len);
	return 0;
}

void json_emit(GString *out, json_t *value)
{
	json_dump_callback(value, append, out, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	json_decref(value);
}

void json_emit_field(GString *out, const char *key, json_t *value)
{
	g_string_append_printf(out, ",\n\"%s\": ", key);
	json_emit(out, value);
}

static void emit_process(GString *out, const struct report *r, const struct report_process *p)
{
	json_emit(out, process(r, p));
	g_string_truncate(out, out->len - 1); /* open the object again */
	g_string_append(out, ", \"tasks\": [");
	for (unsigned i = 0; i < p->tasks->len; i++) {
		g_string_append(out, i ? ",\n" : "\n");
		json_emit(out, task(r, g_ptr_array_index(p->tasks, i)));
	}
	g_string_append(out, "]}");
}

static void emit_processes(GString *out, const struct report *r)
{
	g_string_append(out, ",\n\"processes\": [");
	for (unsigned i = 0; i < r->processes->len; i++) {
		g_string_append(out, i ? ",\n" : "\n");
		emit_process(out, r, g_ptr_array_index(r->processes, i));
	}
	g_string_append(out, "]");
}

static json_t *machine(const struct report_machine *m)
{
	json_t *object = json_object();

	json_set_string(object, "distribution", m->distribution);
	json_set_string(object, "cpu", m->cpu);
	json_set_known(object, "cpus", m->cpus, m->cpus);
	json_set_known(object, "memory", m->memory, m->memory);
	json_set_known(object, "page_size", m->page_size, m->page_size);
	return object;
}

char *json_render(const struct report *r)
{
	static const char *const reason[] = {
		[REPORT_END] = "end",
		[REPORT_SNAPSHOT] = "snapshot",
		[REPORT_DETACH] = "detach",
	};
	GString *out = g_string_new("{\n\"schema\": \"tare.report/1\"");

	json_emit_field(out, "tare_version", json_text(r->tare_version));
	json_emit_field(out, "kernel", json_text(r->kernel));
	json_emit_field(out, "machine", machine(&r->machine));
	json_emit_field(out, "command", strings(r->command));
	json_emit_field(out, "target", json_text(r->target));
	json_emit_field(out, "started_ns",
			r->started_ns ? json_integer(r->started_ns) : json_null());
	json_emit_field(out, "exit", exit_status(&r->exit));
	json_emit_field(out, "duration_ns", json_integer((json_int_t)r->duration_ns));
	json_emit_field(out, "reason", json_string(reason[r->reason]));
	json_emit_field(out, "features", features(r));
	json_emit_field(out, "books", books(r));
	json_emit_field(out, "lost", lost(r));
	json_emit_field(out, "losses", losses(r));
	json_emit_field(out, "peak", peak(r));
	json_emit_field(out, "totals", totals(r));
	json_emit_field(out, "foreign_causes", foreign_causes(r->foreign_cause));
	json_emit_field(out, "weight", json_workload_weight(r));
	json_emit_field(out, "kmem", json_kmem(r));
	json_emit_field(out, "cgroup", json_cgroup(&r->cgroup));
	json_emit_field(out, "slabs", json_slabs(r));
	emit_processes(out, r);
	json_emit_field(out, "series", series(r));
	if (r->self.valid)
		json_emit_field(out, "self", self(&r->self));
	if (r->profile) {
		json_emit_field(out, "samples", samples(r->profile));
		json_emit_profile(out, r->profile);
	}
	g_string_append(out, "\n}\n");
	return g_string_free(out, FALSE);
}
