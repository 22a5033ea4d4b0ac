/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A round of `tare top` as one JSON object on one line: schema tare.top/1.
 */
#include <math.h>

#include "output/json/emit.h"
#include "output/top/top.h"

extern const char top_schema_json[];

const char *top_schema(void)
{
	return top_schema_json;
}

static json_t *kinds(const int64_t kind[TARE_KINDS], bool kmem)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < TARE_KINDS; i++) {
		enum tare_kind k = kind_order[i];

		json_set_known(object, kind_name[k], kind[k], k != TARE_KMEM || kmem);
	}
	return object;
}

/* By window: its seconds, and the rates; null where there was no earlier tick. */
static json_t *rates(const struct live_row *r, const struct live_total *t)
{
	json_t *object = json_object();

	for (unsigned w = 0; w < LIVE_WINDOWS; w++) {
		const struct live_rate *rate = &r->rate[w];
		char key[16];

		g_snprintf(key, sizeof(key), "%u", live_seconds[w]);
		if (t->seconds[w] <= 0) {
			json_object_set_new(object, key, json_null());
			continue;
		}
		json_object_set_new(object, key,
				    json_pack("{s:I, s:I, s:I, s:f}", "growth",
					      (json_int_t)llround(rate->growth), "in",
					      (json_int_t)llround(rate->in), "out",
					      (json_int_t)llround(rate->out), "faults",
					      round(rate->faults * 10) / 10));
	}
	return object;
}

static json_t *row(const struct live_row *r, const struct live_total *t,
		   const struct top_look *look)
{
	json_t *object = json_object();
	g_autofree char *cause = r->cause == LIVE_NO_CAUSE ? NULL : look->cause_name(r->cause);
	g_autofree char *unit = r->cgroup ? live_unit(r->cgroup) : NULL;

	json_set_known(object, "pid", r->pid, r->pid);
	json_set_known(object, "tid", r->tid, r->tid);
	json_set_known(object, "ppid", r->ppid, r->pid);
	json_set_string(object, "name", r->name);
	json_set_string(object, "comm", r->comm);
	json_set_known(object, "uid", r->uid, r->uid != LIVE_NO_UID);
	json_set_string(object, "cgroup", r->cgroup);
	json_set_string(object, "unit", unit);
	json_set_known(object, "processes", r->processes, !r->tid);
	json_set_int(object, "threads", r->threads);
	json_set_int(object, "weight", live_weight(r));
	json_set_int(object, "user", r->now.user);
	json_set_int(object, "kernel", r->now.kernel);
	json_object_set_new(object, "kinds", kinds(r->kind, t->kmem));
	json_set_int(object, "in", (int64_t)r->now.in);
	json_set_int(object, "out", (int64_t)r->now.out);
	json_set_int(object, "faults", (int64_t)r->now.faults);
	json_object_set_new(object, "rates", rates(r, t));
	json_object_set_new(object, "lasting", json_boolean(r->lasting));
	json_set_string(object, "cause", cause);
	return object;
}

static json_t *total(const struct live_total *t)
{
	json_t *object = json_object();

	json_set_int(object, "processes", t->sum.processes);
	json_set_int(object, "threads", t->sum.threads);
	json_set_int(object, "born", (int64_t)t->born);
	json_set_int(object, "ended", (int64_t)t->ended);
	json_set_int(object, "weight", live_weight(&t->sum));
	json_set_int(object, "user", t->sum.now.user);
	json_set_int(object, "kernel", t->sum.now.kernel);
	json_object_set_new(object, "kinds", kinds(t->sum.kind, t->kmem));
	json_set_known(object, "kernel_of_no_task", t->kmem_rest, t->kmem);
	json_set_int(object, "in", (int64_t)t->sum.now.in);
	json_set_int(object, "out", (int64_t)t->sum.now.out);
	json_set_int(object, "faults", (int64_t)t->sum.now.faults);
	json_object_set_new(object, "rates", rates(&t->sum, t));
	return object;
}

static json_t *seconds(const struct live_total *t)
{
	json_t *object = json_object();

	for (unsigned w = 0; w < LIVE_WINDOWS; w++) {
		char key[16];

		g_snprintf(key, sizeof(key), "%u", live_seconds[w]);
		json_object_set_new(object, key, json_real(round(t->seconds[w] * 1000) / 1000));
	}
	return object;
}

void top_json(GString *out, const struct live_total *t, const GArray *rows, unsigned most,
	      const struct top_look *look)
{
	json_t *object = json_object(), *list = json_array();

	json_set_string(object, "schema", "tare.top/1");
	json_set_int(object, "round", (int64_t)t->ticks);
	json_set_int(object, "time_ns", (int64_t)(t->now_ns - t->origin_ns));
	json_set_int(object, "interval_ns", (int64_t)look->interval_ns);
	json_set_string(object, "target", look->target);
	json_set_int(object, "lost", (int64_t)t->lost);
	json_object_set_new(object, "seconds", seconds(t));
	json_object_set_new(object, "total", total(t));
	json_set_int(object, "rows_left_out", most && rows->len > most ? rows->len - most : 0);
	for (unsigned i = 0; i < rows->len && (!most || i < most); i++)
		json_array_append_new(list, row(&g_array_index(rows, struct live_row, i), t, look));
	json_object_set_new(object, "rows", list);
	json_emit(out, object);
	if (!out->len || out->str[out->len - 1] != '\n')
		g_string_append_c(out, '\n');
}
