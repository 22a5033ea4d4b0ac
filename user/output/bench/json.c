/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The results of `tare bench` as JSON; bench.schema.json describes the fields. Units are
 * bytes and seconds; an unknown value is null, never 0.
 */
#include "output/bench/bench.h"

#include <math.h>

#include "model/fit.h"
#include "output/json/emit.h"

/* The Makefile makes this from bench.schema.json and adds a NUL. */
extern const char bench_schema_json[];

const char *bench_json_schema(void)
{
	return bench_schema_json;
}

/* Round to 1/`per` of the unit. Smaller digits are noise, and would differ between
 * processors. */
static json_t *json_rounded(double v, double per)
{
	return isfinite(v) ? json_real(round(v * per) / per + 0.0) : json_null();
}

static json_t *json_bytes(double v)
{
	return json_rounded(v, 1e3);
}

static json_t *json_seconds(double v)
{
	return json_rounded(v, 1e6);
}

static void set_size(json_t *object, const char *key, int64_t v)
{
	json_set_known(object, key, v, v != BENCH_UNKNOWN);
}

static json_t *json_interval(const struct fit *f, double lo, double hi)
{
	json_t *pair;

	if (!f->interval)
		return json_null();
	pair = json_array();
	json_array_append_new(pair, json_bytes(lo));
	json_array_append_new(pair, json_bytes(hi));
	return pair;
}

static json_t *json_fit(const struct fit *f)
{
	json_t *object;

	if (!f->valid)
		return json_null();
	object = json_object();
	json_object_set_new(object, "tare", json_bytes(f->tare));
	json_object_set_new(object, "slope", json_bytes(f->slope));
	json_object_set_new(object, "ci", json_interval(f, f->lo, f->hi));
	json_object_set_new(object, "tare_ci", json_interval(f, f->tare_lo, f->tare_hi));
	json_object_set_new(object, "linear", json_boolean(f->linear));
	json_object_set_new(object, "worst", json_rounded(f->worst, 1e6));
	json_set_int(object, "worst_tasks", (int64_t)f->worst_tasks);
	return object;
}

static json_t *json_machine(const struct bench_machine *m)
{
	json_t *object = json_object();

	json_set_string(object, "kernel", m->kernel);
	json_set_string(object, "distribution", m->distribution);
	json_set_string(object, "cpu", m->cpu);
	json_set_known(object, "cpus", m->cpus, m->cpus);
	json_set_known(object, "memory", m->memory, m->memory > 0);
	json_set_known(object, "page_size", m->page_size, m->page_size > 0);
	json_set_string(object, "measured", m->measured);
	json_set_string(object, "limits", m->limits);
	return object;
}

static json_t *json_options(const struct bench *b)
{
	json_t *object = json_object();

	json_set_known(object, "touch", (int64_t)b->touch, b->touch);
	json_set_known(object, "memory_max", (int64_t)b->memory_max, b->memory_max);
	return object;
}

static json_t *json_published(const struct bench_published *p)
{
	json_t *object = json_object();

	json_set_string(object, "source", p->source);
	json_set_string(object, "version", p->version);
	json_set_int(object, "tasks", (int64_t)p->tasks);
	set_size(object, "rss", p->rss);
	return object;
}

/* One weighing of a run. `w` NULL: the run was never weighed. */
static json_t *json_weighing(const struct bench_run *run, const struct bench_weighing *w)
{
	json_t *object = json_object();
	bool peak = w == &run->at[BENCH_PEAK];

	json_set_int(object, "tasks", (int64_t)run->tasks);
	json_set_int(object, "repeat", run->repeat);
	json_set_string(object, "outcome", bench_outcome_name[run->outcome]);
	json_set_string(object, "state", w ? bench_state_name[w - run->at] : NULL);
	json_object_set_new(object, "after", json_boolean(run->after));
	json_object_set_new(object, "settled", w && !peak ? json_boolean(w->settled) : json_null());
	json_object_set_new(object, "time_s", json_seconds(w ? w->time_s : NAN));
	json_object_set_new(object, "ready_s", json_seconds(run->ready_s));
	json_object_set_new(object, "cpu_s", json_seconds(run->cpu_s));
	json_object_set_new(object, "others", json_rounded(run->others, 1e4));
	json_set_string(object, "stopped_by", run->stopped_by);
	set_size(object, "stopped_at", run->stopped_at);
	for (int i = 0; i < BENCH_PARTS; i++) {
		int part = i < TARE_KINDS ? (int)kind_order[i] : i;

		set_size(object, bench_part_name[part], w ? w->part[part] : BENCH_UNKNOWN);
	}
	return object;
}

static json_t *json_at(const struct bench_row *r, int part, uint64_t tasks)
{
	struct fit_at at = fit_at(r, 1u << part, tasks);
	json_t *object;

	if (!at.known)
		return json_null();
	object = json_object();
	json_object_set_new(object, "tare", json_bytes(at.tare));
	json_object_set_new(object, "bytes", json_bytes(at.bytes));
	json_object_set_new(object, "half", json_bytes(at.interval ? at.half : NAN));
	json_object_set_new(object, "tare_half", json_bytes(at.interval ? at.tare_half : NAN));
	return object;
}

/* Bytes per task at each N but the fewest. */
static json_t *json_levels(const struct bench_row *r)
{
	g_autoptr(GArray) all = fit_tasks(r);
	json_t *list = json_array();

	for (unsigned i = 1; i < all->len; i++) {
		uint64_t tasks = g_array_index(all, uint64_t, i);
		json_t *object = json_object();

		json_set_int(object, "tasks", (int64_t)tasks);
		for (int k = 0; k < BENCH_PARTS; k++) {
			int part = k < TARE_KINDS ? (int)kind_order[k] : k;

			json_object_set_new(object, bench_part_name[part], json_at(r, part, tasks));
		}
		json_array_append_new(list, object);
	}
	return list;
}

/* A row without its published figures and runs. */
static json_t *json_row(const struct bench_row *r)
{
	json_t *object = json_object(), *kinds = json_object();
	struct row_fit f;

	fit_row(r, &f);
	json_set_string(object, "id", r->id);
	json_set_string(object, "title", r->title);
	json_set_string(object, "language", r->language);
	json_set_string(object, "family", r->family);
	json_set_string(object, "task", r->task);
	json_set_string(object, "root", r->root);
	json_set_string(object, "twin", r->twin);
	json_set_string(object, "version", r->version);
	json_set_string(object, "command", r->command);
	json_set_string(object, "status", bench_row_status(r));
	json_set_string(object, "missing", r->missing);
	json_set_string(object, "state", bench_state_name[f.state]);
	json_set_known(object, "most", (int64_t)f.most, f.runs);
	for (int i = 0; i < TARE_KINDS; i++)
		json_object_set_new(kinds, kind_name[kind_order[i]],
				    json_fit(&f.part[kind_order[i]]));
	json_object_set_new(object, "kinds", kinds);
	for (int part = BENCH_USER; part < BENCH_PARTS; part++)
		json_object_set_new(object, bench_part_name[part], json_fit(&f.part[part]));
	json_object_set_new(object, "bent", f.runs ? json_boolean(f.bent) : json_null());
	json_object_set_new(object, "at", json_levels(r));
	json_object_set_new(object, "ready_s", json_seconds(f.ready_s));
	json_object_set_new(object, "cpu_s", json_seconds(f.cpu_s));
	return object;
}

/* Append an element to a list, on its own line. Takes ownership of the value. */
static void add_element(GString *out, bool *first, json_t *value)
{
	g_string_append(out, *first ? "\n" : ",\n");
	*first = false;
	json_emit(out, value);
}

static void emit_runs(GString *out, const struct bench_row *r)
{
	bool first = true;

	for (unsigned i = 0; i < r->runs->len; i++) {
		const struct bench_run *run = r->runs->pdata[i];
		bool any = false;

		for (int s = 0; s < BENCH_STATES; s++) {
			if (!run->at[s].taken)
				continue;
			add_element(out, &first, json_weighing(run, &run->at[s]));
			any = true;
		}
		if (!any)
			add_element(out, &first, json_weighing(run, NULL));
	}
}

static void emit_row(GString *out, const struct bench_row *r)
{
	bool first = true;

	json_emit(out, json_row(r));
	g_string_truncate(out, out->len - 1); /* drop the closing brace: more members follow */
	g_string_append(out, ",\n\"published\": [");
	for (unsigned i = 0; i < r->published->len; i++)
		add_element(out, &first, json_published(r->published->pdata[i]));
	g_string_append(out, "],\n\"runs\": [");
	emit_runs(out, r);
	g_string_append(out, "]}");
}

char *bench_json(const struct bench *b)
{
	GString *out = g_string_new("{\n\"schema\": \"tare.bench/1\"");

	json_emit_field(out, "tare_version", json_text(b->machine.tare_version));
	json_emit_field(out, "started", json_text(b->started));
	json_emit_field(out, "complete", json_boolean(b->complete));
	json_emit_field(out, "machine", json_machine(&b->machine));
	json_emit_field(out, "options", json_options(b));
	g_string_append(out, ",\n\"rows\": [");
	for (unsigned i = 0; i < b->rows->len; i++) {
		g_string_append(out, i ? ",\n" : "\n");
		emit_row(out, b->rows->pdata[i]);
	}
	g_string_append(out, "]\n}\n");
	return g_string_free(out, FALSE);
}
