/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `tare diff` as JSON; diff.schema.json describes the fields. Sizes are bytes; an unknown
 * value is null, never 0. One line per row.
 */
#include "output/diff/diff.h"

#include <math.h>

#include "output/diff/view.h"
#include "output/json/emit.h"

/* The Makefile makes this from diff.schema.json and adds a NUL. */
extern const char diff_schema_json[];

const char *diff_json_schema(void)
{
	return diff_schema_json;
}

static json_t *json_exact(int64_t before, int64_t after, bool before_known, bool after_known)
{
	json_t *object = json_object();

	json_set_known(object, "before", before, before_known);
	json_set_known(object, "after", after, after_known);
	json_set_known(object, "change", after - before, before_known && after_known);
	return object;
}

/* The error is rounded up, so that 0 means exact. */
static json_t *json_sampled(const struct diff_figure *f)
{
	json_t *object = json_exact(f->bytes[DIFF_BEFORE], f->bytes[DIFF_AFTER], true, true);

	json_set_int(object, "error", (int64_t)ceil(f->error));
	json_object_set_new(object, "beyond", json_boolean(diff_beyond(f)));
	return object;
}

static json_t *sample_types(const struct diff_figure figures[SAMPLE_TYPES])
{
	json_t *object = json_object();

	for (int k = 0; k < SAMPLE_TYPES; k++)
		json_object_set_new(object, sample_type_name[k], json_sampled(&figures[k]));
	return object;
}

static json_t *json_peak(const struct report *r)
{
	json_t *object = json_object();

	json_set_int(object, "time_ns", (int64_t)r->peak_weight_ns);
	json_set_int(object, "bound", (int64_t)r->peak_weight_bound);
	return object;
}

static json_t *json_side(const struct report *r)
{
	json_t *object = json_object(), *command = json_array();

	for (unsigned i = 0; i < r->command->len; i++)
		json_array_append_new(command, json_text(r->command->pdata[i]));
	json_set_string(object, "tare_version", r->tare_version);
	json_set_string(object, "kernel", r->kernel);
	json_object_set_new(object, "command", command);
	json_set_string(object, "target", r->target);
	json_set_known(object, "started_ns", r->started_ns, r->started_ns);
	json_set_int(object, "duration_ns", (int64_t)r->duration_ns);
	json_object_set_new(object, "balanced",
			    r->sums_valid ? json_boolean(report_balanced(r)) : json_null());
	json_set_int(object, "lost", (int64_t)report_lost_total(r));
	json_object_set_new(object, "peak", json_peak(r));
	json_set_known(object, "period", r->profile ? (int64_t)r->profile->period : 0, r->profile);
	json_set_known(object, "samples", r->profile ? (int64_t)r->profile->samples : 0,
		       r->profile);
	json_set_known(object, "samples_lost", r->profile ? (int64_t)r->profile->lost.samples : 0,
		       r->profile);
	return object;
}

static json_t *json_all_totals(const struct report *a, const struct report *b)
{
	struct diff_total x[TARE_KINDS], y[TARE_KINDS];
	json_t *object = json_object();

	diff_totals(a, x);
	diff_totals(b, y);
	for (int i = 0; i < TARE_KINDS; i++) {
		enum tare_kind k = kind_order[i];
		json_t *one = json_object();

		json_object_set_new(one, "at_peak",
				    json_exact(x[k].at_peak, y[k].at_peak, x[k].held_known,
					       y[k].held_known));
		json_object_set_new(one, "net",
				    json_exact(x[k].net, y[k].net, x[k].held_known,
					       y[k].held_known));
		json_object_set_new(one, "grown",
				    json_exact(x[k].grown, y[k].grown, x[k].grown_known,
					       y[k].grown_known));
		json_object_set_new(object, kind_name[k], one);
	}
	return object;
}

static json_t *json_kinds(const struct diff *d, const int64_t before[TARE_KINDS],
			  const int64_t after[TARE_KINDS])
{
	json_t *object = json_object();

	for (int i = 0; i < TARE_KINDS; i++) {
		enum tare_kind k = kind_order[i];
		bool known = d->kinds & 1u << k;

		json_object_set_new(object, kind_name[k],
				    json_exact(before[k], after[k], known, known));
	}
	return object;
}

static json_t *json_who(const struct diff *d, const struct diff_who *w)
{
	const struct diff_side *a = &w->side[DIFF_BEFORE], *b = &w->side[DIFF_AFTER];
	json_t *object = json_object();

	json_set_string(object, "process", w->process);
	if (w->thread)
		json_set_string(object, "thread", w->thread);
	json_object_set_new(object, "count", json_exact(a->count, b->count, true, true));
	json_object_set_new(object, "at_peak", json_kinds(d, a->at_peak, b->at_peak));
	json_object_set_new(object, "net", json_kinds(d, a->net, b->net));
	json_object_set_new(object, "grown", json_kinds(d, a->grown, b->grown));
	return object;
}

static void emit_whose(GString *out, const char *key, const struct diff *d, const GPtrArray *list)
{
	g_string_append_printf(out, ",\n\"%s\": [", key);
	for (unsigned i = 0; i < list->len; i++) {
		g_string_append(out, i ? ",\n" : "\n");
		json_emit(out, json_who(d, list->pdata[i]));
	}
	g_string_append_c(out, ']');
}

static void emit_functions(GString *out, const struct diff *d)
{
	g_string_append(out, ",\n\"functions\": [");
	for (unsigned i = 0; i < d->functions->len; i++) {
		const struct diff_function *f = d->functions->pdata[i];
		json_t *object = json_object(), *callers = json_object();

		json_set_string(object, "function", f->name);
		json_object_set_new(object, "self", sample_types(f->self));
		json_object_set_new(object, "total", sample_types(f->total));
		for (int k = 0; k < SAMPLE_TYPES; k++)
			json_set_string(callers, sample_type_name[k], f->caller[k]);
		json_object_set_new(object, "caller", callers);
		g_string_append(out, i ? ",\n" : "\n");
		json_emit(out, object);
	}
	g_string_append_c(out, ']');
}

static void emit_stacks(GString *out, const struct diff *d)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	g_string_append(out, ",\n\"stacks\": [");
	for (unsigned i = 0; i < d->stacks->len; i++) {
		const struct diff_stack *s = &g_array_index(d->stacks, struct diff_stack, i);
		json_t *object = json_object(), *frames = json_array();

		diff_path(d, s->path, names);
		for (unsigned k = names->len; k-- > 0;)
			json_array_append_new(frames, json_text(names->pdata[k]));
		json_object_set_new(object, "functions", frames);
		json_object_set_new(object, "held", sample_types(s->held));
		g_string_append(out, i ? ",\n" : "\n");
		json_emit(out, object);
	}
	g_string_append_c(out, ']');
}

static json_t *json_held(const struct diff *d)
{
	json_t *object = json_object();

	for (int k = 0; k < SAMPLE_TYPES; k++)
		json_object_set_new(object, sample_type_name[k],
				    json_exact(d->held[k].bytes[DIFF_BEFORE],
					       d->held[k].bytes[DIFF_AFTER], true, true));
	return object;
}

/* Names of functions whose frames are folded. */
static json_t *json_folded(const struct diff *d)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < d->functions->len; i++) {
		const struct diff_function *f = d->functions->pdata[i];

		if (f->folded)
			json_array_append_new(names, json_text(f->name));
	}
	return names;
}

static json_t *json_left(const struct diff_left *left)
{
	json_t *object = json_object();

	json_set_int(object, "functions", left->functions);
	json_set_int(object, "stacks", left->stacks);
	json_set_int(object, "processes", left->processes);
	json_set_int(object, "threads", left->threads);
	return object;
}

char *diff_json_within(const struct report *a, const struct report *b,
		       const struct diff_style *style, const struct diff_limits *limits)
{
	struct diff *d = diff_new(a, b, diff_kinds(a, b), style->sample_type);
	json_t *folded = json_folded(d);
	const char *why = diff_unsampled(d);
	GString *out = g_string_new("{\n\"schema\": \"tare.diff/2\"");

	if (limits)
		diff_thin(d, limits);
	json_emit_field(out, "before", json_side(a));
	json_emit_field(out, "after", json_side(b));
	json_emit_field(out, "sorted_by", json_string(sample_type_name[style->sample_type]));
	json_emit_field(out, "totals", json_all_totals(a, b));
	emit_whose(out, "processes", d, d->processes);
	emit_whose(out, "threads", d, d->threads);
	json_emit_field(out, "not_compared", json_text(why));
	json_emit_field(out, "sample_types", why ? json_null() : json_held(d));
	if (why) {
		json_emit_field(out, "functions", json_null());
		json_emit_field(out, "stacks", json_null());
	} else {
		emit_functions(out, d);
		emit_stacks(out, d);
	}
	json_emit_field(out, "folded", folded);
	json_emit_field(out, "left_out", json_left(&d->left));
	g_string_append(out, "\n}\n");
	diff_free(d);
	return g_string_free(out, FALSE);
}

char *diff_json_render(const struct report *a, const struct report *b,
		       const struct diff_style *style)
{
	return diff_json_within(a, b, style, NULL);
}
