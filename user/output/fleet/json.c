/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Many recordings as JSON; fleet.schema.json describes the fields. Sizes are bytes. What no
 * recording measured is null. One line per row.
 */
#include "output/fleet/fleet.h"

#include <math.h>

#include "output/fleet/view.h"
#include "output/json/emit.h"

/* The Makefile makes this from fleet.schema.json and adds a NUL. */
extern const char fleet_schema_json[];

const char *fleet_json_schema(void)
{
	return fleet_schema_json;
}

static json_t *json_figure(const struct fleet_figure *f)
{
	json_t *object = json_object();

	if (!f->measured) {
		json_decref(object);
		return json_null();
	}
	json_set_int(object, "measured", f->measured);
	json_set_int(object, "in", f->in);
	json_set_int(object, "sum", f->sum);
	json_set_int(object, "min", f->min);
	json_set_int(object, "q1", f->q1);
	json_set_int(object, "median", f->median);
	json_set_int(object, "q3", f->q3);
	json_set_int(object, "max", f->max);
	json_set_int(object, "mad", f->mad);
	json_set_int(object, "error", (int64_t)ceil(f->error));
	json_set_int(object, "largest", f->largest);
	json_set_int(object, "outliers", f->outliers);
	json_set_known(object, "outlier", f->outlier, f->outlier != FLEET_NONE);
	json_set_known(object, "outlying", f->outlying, f->outlier != FLEET_NONE);
	return object;
}

static json_t *json_row(const struct fleet *f, const struct fleet_row *row)
{
	json_t *object = json_object();

	if (row->sort != FLEET_TOTAL)
		json_set_string(object, "name", row->name);
	for (int t = 0; t < SAMPLE_TYPES; t++) {
		json_t *parts = json_object();

		for (int part = 0; part <= FLEET_WEIGHT; part++) {
			struct fleet_figure figure = fleet_figure(f, row, t, part);

			json_object_set_new(parts, fleet_part_name[part], json_figure(&figure));
		}
		json_object_set_new(object, sample_type_name[t], parts);
	}
	return object;
}

static json_t *json_source(const struct fleet_source *s)
{
	json_t *object = json_object(), *measured = json_object();

	json_set_string(object, "file", s->path);
	json_set_string(object, "host", s->host);
	json_set_string(object, "label", s->label);
	json_set_string(object, "service", s->service);
	json_set_string(object, "kernel", s->kernel);
	json_set_string(object, "tare_version", s->tare_version);
	json_set_known(object, "started_ns", s->started_ns, s->started_ns);
	json_set_int(object, "duration_ns", (int64_t)s->duration_ns);
	json_set_known(object, "period", (int64_t)s->period, s->period);
	json_object_set_new(object, "balanced",
			    s->sums_valid ? json_boolean(s->balanced) : json_null());
	json_set_int(object, "lost", (int64_t)s->lost);
	for (int i = 0; i < FLEET_SORTS; i++) {
		json_t *parts = json_object();

		for (int part = 0; part < FLEET_PARTS; part++)
			json_object_set_new(parts, fleet_part_name[part],
					    json_boolean(s->known[i][part]));
		json_object_set_new(measured, fleet_sort_name[i], parts);
	}
	json_object_set_new(object, "measured", measured);
	json_set_int(object, "smaller_processes", s->smaller[FLEET_PROCESSES]);
	json_set_int(object, "smaller_functions", s->smaller[FLEET_FUNCTIONS]);
	return object;
}

static void emit_sources(GString *out, const char *key, const struct fleet *f)
{
	g_string_append_printf(out, ",\n\"%s\": [", key);
	for (unsigned i = 0; i < f->sources->len; i++) {
		g_string_append(out, i ? ",\n" : "\n");
		json_emit(out, json_source(f->sources->pdata[i]));
	}
	g_string_append_c(out, ']');
}

static void emit_rows(GString *out, const struct fleet *f, enum fleet_sort sort)
{
	g_string_append_printf(out, ",\n\"%s\": [", fleet_sort_name[sort]);
	for (unsigned i = 0; i < f->rows[sort]->len; i++) {
		g_string_append(out, i ? ",\n" : "\n");
		json_emit(out, json_row(f, f->rows[sort]->pdata[i]));
	}
	g_string_append_c(out, ']');
}

char *fleet_json_render(const struct fleet *f, const struct fleet_style *style)
{
	g_autoptr(GPtrArray) doubts = fleet_doubts(f, style->skipped);
	GString *out = g_string_new("{\n\"schema\": \"tare.fleet/1\"");

	json_emit_field(out, "sorted_by", json_string(sample_type_name[style->sample_type]));
	json_emit_field(out, "not_read", json_integer(style->skipped));
	json_emit_field(out, "doubts", json_strings(doubts));
	emit_sources(out, "recordings", f);
	json_emit_field(out, "total", json_row(f, f->rows[FLEET_TOTAL]->pdata[0]));
	emit_rows(out, f, FLEET_PROCESSES);
	emit_rows(out, f, FLEET_FUNCTIONS);
	g_string_append(out, "\n}\n");
	return g_string_free(out, FALSE);
}

static json_t *json_change(const struct fleet_change *c)
{
	json_t *object = json_object();

	json_set_string(object, "name", c->name);
	json_set_string(object, "part", fleet_part_name[c->part]);
	json_object_set_new(object, "before", json_figure(&c->side[FLEET_BEFORE]));
	json_object_set_new(object, "after", json_figure(&c->side[FLEET_AFTER]));
	json_set_int(object, "change", c->change);
	json_set_known(object, "spread", (int64_t)ceil(c->spread), c->spread >= 0);
	json_object_set_new(object, "beyond",
			    c->spread < 0 ? json_null() : json_boolean(c->beyond));
	return object;
}

char *fleet_diff_json_render(const struct fleet *before, const struct fleet *after,
			     const struct fleet_style *style)
{
	GString *out = g_string_new("{\n\"schema\": \"tare.fleetdiff/1\"");

	json_emit_field(out, "sample_type", json_string(sample_type_name[style->sample_type]));
	json_emit_field(out, "not_read", json_integer(style->skipped));
	emit_sources(out, "before", before);
	emit_sources(out, "after", after);
	for (int sort = 0; sort < FLEET_SORTS; sort++) {
		g_autoptr(GArray) all = fleet_changes(before, after, sort, style->sample_type);

		g_string_append_printf(out, ",\n\"%s\": [", fleet_sort_name[sort]);
		for (unsigned i = 0; i < all->len; i++) {
			g_string_append(out, i ? ",\n" : "\n");
			json_emit(out, json_change(&g_array_index(all, struct fleet_change, i)));
		}
		g_string_append_c(out, ']');
	}
	g_string_append(out, "\n}\n");
	return g_string_free(out, FALSE);
}
