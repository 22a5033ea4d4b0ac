/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The member "processes" of the JSON report: one line per process and task.
 */
#include "model/view.h"
#include "output/json/emit.h"
#include "output/json/sections.h"

static json_t *json_causes(const struct report_task *t)
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

/* The total is always known; user and kernel only if the kernel has the tracepoint
 * page_fault_kernel. */
static json_t *json_faults(const struct report *r, const struct report_task *t)
{
	bool any = report_measured(r, "faults"), apart = any && report_measured(r, "faults_kernel");
	json_t *object = json_object();

	json_set_known(object, "total", (int64_t)(t->faults_user + t->faults_kernel), any);
	json_set_known(object, "user", (int64_t)t->faults_user, apart);
	json_set_known(object, "kernel", (int64_t)t->faults_kernel, apart);
	json_set_known(object, "major", (int64_t)t->faults_major, any);
	return object;
}

static json_t *json_virtual(const struct report *r, const struct report_task *t)
{
	bool known = report_measured(r, "virtual");
	json_t *object = json_object();

	json_set_known(object, "mapped", (int64_t)t->mapped, known);
	json_set_known(object, "unmapped", (int64_t)t->unmapped, known);
	json_set_known(object, "brk_up", (int64_t)t->brk_up, known);
	json_set_known(object, "brk_down", (int64_t)t->brk_down, known);
	return object;
}

/* Add NAME_min, NAME_median and NAME_max if `count` is more than one. */
static void add_spread(json_t *object, const char *name, const struct report_spread *s,
		       uint64_t count)
{
	const int64_t values[] = { s->min, s->median, s->max };
	static const char *const which[] = { "min", "median", "max" };

	for (unsigned i = 0; count > 1 && i < G_N_ELEMENTS(values); i++) {
		g_autofree char *key = g_strdup_printf("%s_%s", name, which[i]);

		json_set_int(object, key, values[i]);
	}
}

static json_t *json_task(const struct report *r, const struct report_task *t)
{
	json_t *object = json_object();
	int64_t net[TARE_KINDS];

	json_set_int(object, "tid", t->tid);
	json_set_int(object, "count", (int64_t)t->count);
	json_set_string(object, "comm", t->comm);
	json_object_set_new(object, "names", json_strings(t->names));
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
	add_spread(object, "in", &t->in_spread, t->count);
	view_flow_net(r, t->flow, net);
	json_set_int(object, "rss_at_peak", kinds_rss(t->at_peak));
	json_object_set_new(object, "at_peak", json_at_peak(r, t->at_peak));
	json_object_set_new(object, "weight", json_weight(net));
	json_object_set_new(object, "faults", json_faults(r, t));
	json_object_set_new(object, "causes", json_causes(t));
	json_object_set_new(object, "virtual", json_virtual(r, t));
	return object;
}

static void set_balances(json_t *object, const struct report *r, const struct report_process *p)
{
	json_t *balances = json_object(), *nonowner = json_object();

	for (int i = 0; i < TARE_KINDS; i++) {
		const struct balance *b = &p->balance[kind_order[i]];
		const char *kind = kind_name[kind_order[i]];
		bool known = report_kind(r, kind_order[i]);

		json_object_set_new(balances, kind, json_balance(b, known));
		json_object_set_new(nonowner, kind,
				    json_flow(b->nonowner, known && kind_order[i] != TARE_KMEM));
	}
	json_object_set_new(object, "balance", balances);
	json_object_set_new(object, "by_others", nonowner);
	json_object_set_new(object, "by_others_causes", json_nonowner_causes(p->nonowner_cause));
	json_object_set_new(object, "unattributed", json_unattributed(r, p->balance, false));
}

/* A process without its tasks. */
static json_t *json_process(const struct report *r, const struct report_process *p)
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
	json_object_set_new(object, "argv", json_strings(p->argv));
	json_object_set_new(object, "argv_truncated", json_boolean(p->argv_truncated));
	json_set_string(object, "title", p->title);
	json_object_set_new(object, "images", json_strings(p->images));
	json_object_set_new(object, "alive", json_boolean(p->alive));
	json_set_int(object, "start_ns", (int64_t)p->start_ns);
	json_set_known(object, "end_ns", (int64_t)p->end_ns, !p->alive && p->end_ns);
	json_object_set_new(object, "exit", json_exit(&p->exit));
	json_object_set_new(object, "oom_killed",
			    p->exit.known ? json_boolean(p->exit.oom) : json_null());
	json_set_int(object, "rss_peak", p->rss_peak);
	json_set_int(object, "rss_peak_ns", (int64_t)p->rss_peak_ns);
	add_spread(object, "rss_peak", &p->rss_peak_spread, p->count);
	view_balance_net(r, p->balance, net);
	json_set_int(object, "rss_at_peak", kinds_rss(p->at_peak));
	json_object_set_new(object, "at_peak", json_at_peak(r, p->at_peak));
	json_object_set_new(object, "weight", json_weight(net));
	set_balances(object, r, p);
	return object;
}

static void emit_process(GString *out, const struct report *r, const struct report_process *p)
{
	json_emit(out, json_process(r, p));
	g_string_truncate(out, out->len - 1); /* drop the closing brace: more members follow */
	g_string_append(out, ", \"tasks\": [");
	for (unsigned i = 0; i < p->tasks->len; i++) {
		g_string_append(out, i ? ",\n" : "\n");
		json_emit(out, json_task(r, g_ptr_array_index(p->tasks, i)));
	}
	g_string_append(out, "]}");
}

void json_emit_processes(GString *out, const struct report *r)
{
	g_string_append(out, ",\n\"processes\": [");
	for (unsigned i = 0; i < r->processes->len; i++) {
		g_string_append(out, i ? ",\n" : "\n");
		emit_process(out, r, g_ptr_array_index(r->processes, i));
	}
	g_string_append(out, "]");
}
