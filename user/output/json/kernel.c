/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The JSON of weight and kernel memory: the control group, the sum of events compared with
 * its counters, the weight of the workload, slab caches.
 */
#include "output/json/emit.h"

#include "model/view.h"
#include "output/json/sections.h"

/* CGROUP_UNKNOWN becomes null. */
static void set_counter(json_t *object, const char *key, int64_t value)
{
	json_set_known(object, key, value, value != CGROUP_UNKNOWN);
}

/* One member per kind; null if the kind is not known. */
static void set_kinds(json_t *object, const struct view_held *h)
{
	for (int i = 0; i < TARE_KINDS; i++)
		json_set_known(object, kind_name[kind_order[i]], h->kind[kind_order[i]],
			       h->known[kind_order[i]]);
}

json_t *json_at_peak(const struct report *r, const int64_t kind[TARE_KINDS])
{
	json_t *object = json_object();
	struct view_held h = { 0 };

	for (int k = 0; k < TARE_KINDS; k++) {
		h.known[k] = report_kind(r, k);
		h.kind[k] = h.known[k] ? kind[k] : 0;
	}
	set_kinds(object, &h);
	json_set_int(object, "user", kinds_user(h.kind));
	json_set_int(object, "kernel", kinds_kernel(h.kind));
	json_set_int(object, "weight", kinds_weight(h.kind));
	return object;
}

json_t *json_weight(const int64_t kind[TARE_KINDS])
{
	json_t *object = json_object();

	json_set_int(object, "user", kinds_user(kind));
	json_set_int(object, "kernel", kinds_kernel(kind));
	json_set_int(object, "total", kinds_weight(kind));
	return object;
}

static json_t *json_stats(const struct cgroup_counters *c)
{
	json_t *object = json_object();

	for (int i = 0; i < CGROUP_STATS; i++)
		set_counter(object, cgroup_stat_name[i], c->stat[i]);
	return object;
}

static json_t *json_highest(const struct cgroup_counters *c)
{
	json_t *object;

	if (!c->time_ns)
		return json_null();
	object = json_object();
	json_set_int(object, "time_ns", (int64_t)c->time_ns);
	set_counter(object, "current", c->current);
	set_counter(object, "kernel", c->kernel);
	json_object_set_new(object, "stat", json_stats(c));
	return object;
}

json_t *json_cgroup(const struct report_cgroup *c)
{
	json_t *object;

	if (!c->version)
		return json_null();
	object = json_object();
	json_set_int(object, "version", c->version);
	json_set_string(object, "path", c->path);
	json_object_set_new(object, "own", json_boolean(c->own));
	json_set_int(object, "others", (int64_t)c->others);
	set_counter(object, "current", c->now.current);
	set_counter(object, "peak", c->peak);
	set_counter(object, "kernel", c->now.kernel);
	set_counter(object, "kernel_peak", c->kernel_peak);
	set_counter(object, "limit", c->limit);
	set_counter(object, "oom_kills", c->oom_kills);
	json_object_set_new(object, "stat", json_stats(&c->now));
	json_object_set_new(object, "highest", json_highest(&c->highest));
	return object;
}

json_t *json_kmem(const struct report *r)
{
	static const char *const level[] = {
		[KMEM_NONE] = "none",
		[KMEM_CGROUP] = "cgroup",
		[KMEM_EVENTS] = "events",
	};
	const struct report_kmem *k = &r->kmem;
	bool events = report_kind(r, TARE_KMEM);
	bool hidden = events && k->hidden != CGROUP_UNKNOWN;
	int64_t difference = 0;
	bool both = view_kmem_difference(r, &difference);
	struct view_rest now = view_rest_now(r), peak = view_rest_at_peak(r);
	json_t *object = json_object(), *nonowner = json_object();

	for (int i = 0; i < TARE_NONOWNERS; i++)
		json_object_set_new(nonowner, nonowner_name[i], json_flow(k->nonowner[i], events));
	json_object_set_new(object, "level", json_string(level[k->level]));
	json_object_set_new(object, "whole",
			    k->level == KMEM_NONE ? json_null() : json_boolean(k->whole));
	json_set_known(object, "by_events", k->by_events, events);
	json_set_known(object, "by_cgroup", k->by_cgroup,
		       k->level != KMEM_NONE && k->by_cgroup != CGROUP_UNKNOWN);
	json_set_known(object, "difference", difference, both);
	json_set_known(object, "bound", k->bound, both);
	json_set_known(object, "vmalloc", k->vmalloc, events && k->vmalloc != CGROUP_UNKNOWN);
	json_set_known(object, "sock", k->sock, events && k->sock != CGROUP_UNKNOWN);
	json_set_known(object, "elsewhere", k->elsewhere, events);
	json_set_known(object, "hidden", k->hidden, hidden);
	json_set_known(object, "hidden_times", (int64_t)k->hidden_times, hidden);
	json_set_known(object, "hidden_ns", (int64_t)k->hidden_ns, hidden);
	json_object_set_new(object, "by_others", nonowner);
	json_set_known(object, "by_others_at_peak", k->nonowner_at_peak, events);
	json_set_known(object, "left", k->left, events);
	json_set_known(object, "left_at_peak", k->left_at_peak, events);
	json_set_known(object, "freed_by_others", k->freed_by_others, events);
	json_set_known(object, "freed_by_others_at_peak", k->freed_by_others_at_peak, events);
	json_set_known(object, "held_before", now.before, events);
	json_set_known(object, "held_before_at_peak", peak.before, events);
	json_set_known(object, "no_process", now.left, events);
	json_set_known(object, "no_process_at_peak", peak.left, events);
	json_set_known(object, "drift_at_peak", k->drift_at_peak, events);
	json_set_known(object, "polled_at_peak", k->polled_at_peak, k->level != KMEM_NONE);
	return object;
}

/* Replace sums over processes by the control group's counters, which count shared pages
 * once. False: a counter is missing, or other processes share the group. */
static bool take_charged(const struct report *r, struct view_held *h)
{
	const int64_t *stat = r->cgroup.now.stat;

	if (!r->cgroup.version || !r->cgroup.own || stat[CGROUP_ANON] == CGROUP_UNKNOWN ||
	    stat[CGROUP_FILE] == CGROUP_UNKNOWN || stat[CGROUP_SHMEM] == CGROUP_UNKNOWN)
		return false;
	h->kind[TARE_ANON] = stat[CGROUP_ANON];
	h->kind[TARE_FILE] = stat[CGROUP_FILE];
	h->kind[TARE_SHMEM] = stat[CGROUP_SHMEM];
	if (stat[CGROUP_SWAP] != CGROUP_UNKNOWN)
		h->kind[TARE_SWAP] = stat[CGROUP_SWAP];
	return true;
}

json_t *json_workload_weight(const struct report *r)
{
	struct view_held h = view_now(r);
	int64_t rss = kinds_rss(h.kind);
	bool charged = take_charged(r, &h);
	json_t *object = json_object();

	h.kind[TARE_KMEM] += h.sock;
	set_kinds(object, &h);
	json_set_int(object, "user", kinds_user(h.kind));
	json_set_int(object, "kernel", kinds_kernel(h.kind));
	json_set_int(object, "total", kinds_weight(h.kind));
	json_set_known(object, "charged", r->cgroup.now.current,
		       r->cgroup.version && r->cgroup.now.current != CGROUP_UNKNOWN);
	json_set_int(object, "rss_sum", rss);
	json_object_set_new(object, "source", json_string(charged ? "cgroup" : "processes"));
	return object;
}

json_t *json_slabs(const struct report *r)
{
	json_t *object, *caches;

	if (!r->slabs && !r->slab_note)
		return json_null();
	object = json_object();
	caches = r->slabs ? json_array() : json_null();
	for (unsigned i = 0; r->slabs && i < r->slabs->len; i++) {
		const struct report_slab *s = &g_array_index(r->slabs, struct report_slab, i);
		json_t *one = json_object();

		json_set_string(one, "name", s->name);
		json_set_int(one, "object_size", (int64_t)s->object_size);
		json_set_int(one, "objects", s->objects);
		json_set_int(one, "bytes", s->bytes);
		json_array_append_new(caches, one);
	}
	json_set_string(object, "note", r->slab_note);
	json_object_set_new(object, "caches", caches);
	return object;
}
