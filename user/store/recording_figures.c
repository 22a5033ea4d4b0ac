/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/recording_figures.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "store/reader.h"

/* A member of a struct. */
struct member {
	const char *name;
	size_t offset;
	enum figure_type type;
	int64_t most; /* 0: the largest size */
};

#define MEMBER(of, type, member)                              \
	{                                                     \
#member, offsetof(struct of, member), type, 0 \
	}

static const struct member report_members[] = {
	{ "machine.cpus", offsetof(struct report, machine.cpus), FIGURE_INT, 0 },
	MEMBER(report, FIGURE_I64, machine.memory),
	MEMBER(report, FIGURE_I64, machine.page_size),
	{ "reason", offsetof(struct report, reason), FIGURE_INT, REPORT_DETACH },
	{ "started_us", offsetof(struct report, started_ns), FIGURE_EPOCH, 0 },
	MEMBER(report, FIGURE_BOOL, exit.known),
	MEMBER(report, FIGURE_INT, exit.code),
	{ "exit.signal", offsetof(struct report, exit.signal), FIGURE_INT, 127 },
	MEMBER(report, FIGURE_U64, command_ns),
	MEMBER(report, FIGURE_U64, duration_ns),
	MEMBER(report, FIGURE_BOOL, balanced),
	MEMBER(report, FIGURE_U64, off_pages),
	MEMBER(report, FIGURE_U64, mms_closed),
	MEMBER(report, FIGURE_U64, mms_nonzero),
	MEMBER(report, FIGURE_U64, malformed),
	MEMBER(report, FIGURE_BOOL, sums_valid),
	MEMBER(report, FIGURE_I64, peak_rss),
	MEMBER(report, FIGURE_U64, peak_ns),
	MEMBER(report, FIGURE_U64, peak_bound),
	MEMBER(report, FIGURE_I64, peak_weight),
	MEMBER(report, FIGURE_I64, peak_kernel),
	MEMBER(report, FIGURE_U64, peak_weight_ns),
	MEMBER(report, FIGURE_U64, peak_weight_bound),
	{ "kmem.level", offsetof(struct report, kmem.level), FIGURE_INT, KMEM_EVENTS },
	MEMBER(report, FIGURE_BOOL, kmem.whole),
	{ "kmem.nonowner_at_peak", offsetof(struct report, kmem.nonowner_at_peak), FIGURE_I64, 0 },
	MEMBER(report, FIGURE_I64, kmem.left),
	MEMBER(report, FIGURE_I64, kmem.left_at_peak),
	MEMBER(report, FIGURE_I64, kmem.freed_by_others),
	MEMBER(report, FIGURE_I64, kmem.freed_by_others_at_peak),
	MEMBER(report, FIGURE_I64, kmem.before),
	MEMBER(report, FIGURE_I64, kmem.before_at_peak),
	{ "kmem.sampled_at_peak", offsetof(struct report, kmem.polled_at_peak), FIGURE_I64, 0 },
	MEMBER(report, FIGURE_I64, kmem.drift_at_peak),
	MEMBER(report, FIGURE_I64, kmem.by_events),
	{ "kmem.by_group", offsetof(struct report, kmem.by_cgroup), FIGURE_KNOWN, 0 },
	MEMBER(report, FIGURE_I64, kmem.bound),
	MEMBER(report, FIGURE_KNOWN, kmem.vmalloc),
	MEMBER(report, FIGURE_KNOWN, kmem.sock),
	MEMBER(report, FIGURE_I64, kmem.elsewhere),
	MEMBER(report, FIGURE_KNOWN, kmem.hidden),
	MEMBER(report, FIGURE_U64, kmem.hidden_times),
	MEMBER(report, FIGURE_U64, kmem.hidden_ns),
	{ "cgroup.version", offsetof(struct report, cgroup.version), FIGURE_INT, 2 },
	MEMBER(report, FIGURE_BOOL, cgroup.own),
	MEMBER(report, FIGURE_U64, cgroup.others),
	MEMBER(report, FIGURE_KNOWN, cgroup.peak),
	MEMBER(report, FIGURE_KNOWN, cgroup.kernel_peak),
	MEMBER(report, FIGURE_KNOWN, cgroup.limit),
	MEMBER(report, FIGURE_KNOWN, cgroup.oom_kills),
	MEMBER(report, FIGURE_BOOL, self.valid),
	MEMBER(report, FIGURE_U64, self.rss),
	MEMBER(report, FIGURE_U64, self.map_bytes),
	{ "self.updates", offsetof(struct report, self.updates), FIGURE_U64, 0 },
	{ "self.ps_per_entry", offsetof(struct report, self.ns_per_update), FIGURE_REAL_PS, 0 },
	MEMBER(report, FIGURE_U64, self.cpu_ns),
};

static const struct member incident_members[] = {
	{ "what", offsetof(struct incident, what), FIGURE_INT, INCIDENT_WHATS - 1 },
	MEMBER(incident, FIGURE_U64, time_ns),
	MEMBER(incident, FIGURE_U64, held_ns),
	MEMBER(incident, FIGURE_BOOL, at_kill),
	MEMBER(incident, FIGURE_U64, kills),
	MEMBER(incident, FIGURE_INT, victim.pid),
	MEMBER(incident, FIGURE_INT, victim.tid),
	MEMBER(incident, FIGURE_BOOL, victim.followed),
	MEMBER(incident, FIGURE_INT, trigger.pid),
	MEMBER(incident, FIGURE_INT, trigger.tid),
	MEMBER(incident, FIGURE_BOOL, trigger.followed),
	MEMBER(incident, FIGURE_I64, victim_held),
	MEMBER(incident, FIGURE_I64, usage),
	MEMBER(incident, FIGURE_I64, limit),
	{ "span_1s_ns", offsetof(struct incident, span_ns[0]), FIGURE_U64, 0 },
	{ "span_10s_ns", offsetof(struct incident, span_ns[1]), FIGURE_U64, 0 },
	{ "span_60s_ns", offsetof(struct incident, span_ns[2]), FIGURE_U64, 0 },
	MEMBER(incident, FIGURE_U64, left_out),
};

static const struct member counters_members[] = {
	MEMBER(cgroup_counters, FIGURE_U64, time_ns),
	MEMBER(cgroup_counters, FIGURE_KNOWN, current),
	MEMBER(cgroup_counters, FIGURE_KNOWN, kernel),
};

static const struct member profile_members[] = {
	MEMBER(profile, FIGURE_U64, period),
	MEMBER(profile, FIGURE_U64, samples),
	MEMBER(profile, FIGURE_U64, complete),
	MEMBER(profile, FIGURE_U64, truncated),
	{ "guessed", offsetof(struct profile, fallback), FIGURE_U64, 0 },
	MEMBER(profile, FIGURE_U64, no_stack),
	MEMBER(profile, FIGURE_U64, no_address),
	MEMBER(profile, FIGURE_U64, lost.samples),
	MEMBER(profile, FIGURE_U64, lost.bytes),
	{ "lost.ranges", offsetof(struct profile, lost.vma_changes), FIGURE_U64, 0 },
	MEMBER(profile, FIGURE_U64, start_ns),
	MEMBER(profile, FIGURE_U64, slot_ns),
	MEMBER(profile, FIGURE_U64, mean_period),
};

static const struct member thinned_members[] = {
	MEMBER(profile_thinned, FIGURE_U64, samples), MEMBER(profile_thinned, FIGURE_U64, bytes),
	MEMBER(profile_thinned, FIGURE_U64, left),    MEMBER(profile_thinned, FIGURE_U64, from_ns),
	MEMBER(profile_thinned, FIGURE_U64, to_ns),
};

struct visit {
	figure_fn fn;
	void *ctx;
};

static void visit_figure(const struct visit *v, const char *prefix, const char *name,
			 enum figure_type type, void *at, int64_t most)
{
	bool negative = type == FIGURE_I64 || type == FIGURE_KNOWN;
	struct figure f = { .type = type, .at = at };

	snprintf(f.name, sizeof(f.name), "%s%s", prefix, name);
	f.most = most                ? most :
		 type == FIGURE_BOOL ? 1 :
		 type == FIGURE_INT  ? INT32_MAX :
				       READER_MOST;
	f.least = negative ? -READER_MOST : 0;
	v->fn(v->ctx, &f);
}

static void visit_members(const struct visit *v, const char *prefix, const struct member *m,
			  unsigned n, void *of)
{
	for (unsigned i = 0; i < n; i++)
		visit_figure(v, prefix, m[i].name, m[i].type, (char *)of + m[i].offset, m[i].most);
}

static void visit_counters(const struct visit *v, const char *prefix, struct cgroup_counters *c)
{
	visit_members(v, prefix, counters_members, G_N_ELEMENTS(counters_members), c);
	for (int i = 0; i < CGROUP_STATS; i++)
		visit_figure(v, prefix, cgroup_stat_name[i], FIGURE_KNOWN, &c->stat[i], 0);
}

static void visit_profile(const struct visit *v, struct profile *p)
{
	visit_members(v, "profile.", profile_members, G_N_ELEMENTS(profile_members), p);
	for (int i = 0; i < TARE_THIN_LEVELS; i++) {
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "profile.thinned.%d.", i);
		visit_members(v, prefix, thinned_members, G_N_ELEMENTS(thinned_members),
			      &p->thinned[i]);
	}
	for (int i = 0; i < SAMPLE_TYPES; i++) {
		visit_figure(v, "profile.sampled.", sample_type_name[i], FIGURE_WHOLE,
			     &p->sampled[i], 0);
		visit_figure(v, "profile.total.", sample_type_name[i], FIGURE_I64, &p->total[i], 0);
	}
}

void figures_each(struct report *r, figure_fn fn, void *ctx)
{
	struct visit v = { fn, ctx };

	visit_members(&v, "", report_members, G_N_ELEMENTS(report_members), r);
	for (int i = 0; i < TARE_LOSSES; i++)
		visit_figure(&v, "lost.", i == TARE_LOST_STATE ? "entry_task" : lost_name[i],
			     FIGURE_U64, &r->lost[i], 0); /* renamed in the JSON report only */
	visit_counters(&v, "cgroup.now.", &r->cgroup.now);
	visit_counters(&v, "cgroup.highest.", &r->cgroup.highest);
	if (r->profile)
		visit_profile(&v, r->profile);
	if (r->incident)
		visit_members(&v, "incident.", incident_members, G_N_ELEMENTS(incident_members),
			      r->incident);
}

int64_t figure_get(const struct figure *f, bool *null)
{
	*null = false;
	switch (f->type) {
	case FIGURE_BOOL:
		return *(const bool *)f->at;
	case FIGURE_INT:
		return *(const int *)f->at;
	case FIGURE_U64:
		return (int64_t)MIN(*(const uint64_t *)f->at, (uint64_t)READER_MOST);
	case FIGURE_WHOLE:
		return (int64_t)CLAMP(*(const double *)f->at, -READER_MOST, READER_MOST);
	case FIGURE_REAL_PS:
		*null = *(const double *)f->at < 0;
		return llround(MIN(*(const double *)f->at * 1000, READER_MOST));
	case FIGURE_EPOCH:
		return *(const int64_t *)f->at / 1000;
	case FIGURE_KNOWN:
		*null = *(const int64_t *)f->at == CGROUP_UNKNOWN;
		break;
	case FIGURE_I64:
		break;
	}
	return *(const int64_t *)f->at;
}

void figure_set(const struct figure *f, int64_t value, bool null)
{
	switch (f->type) {
	case FIGURE_BOOL:
		*(bool *)f->at = value;
		break;
	case FIGURE_INT:
		*(int *)f->at = (int)value;
		break;
	case FIGURE_WHOLE:
		*(double *)f->at = (double)value;
		break;
	case FIGURE_REAL_PS:
		*(double *)f->at = null ? -1 : (double)value / 1000;
		break;
	case FIGURE_EPOCH:
		*(int64_t *)f->at = value * 1000;
		break;
	case FIGURE_U64:
		*(uint64_t *)f->at = (uint64_t)value;
		break;
	case FIGURE_KNOWN:
	case FIGURE_I64:
		*(int64_t *)f->at = null ? CGROUP_UNKNOWN : value;
		break;
	}
}

static void visit_incident_texts(struct incident *i, figure_text_fn fn, void *ctx)
{
	fn(ctx, "incident.detail", &i->detail);
	fn(ctx, "incident.cgroup", &i->cgroup);
	fn(ctx, "incident.victim.comm", &i->victim.comm);
	fn(ctx, "incident.victim.cgroup", &i->victim.cgroup);
	fn(ctx, "incident.trigger.comm", &i->trigger.comm);
	fn(ctx, "incident.trigger.thread", &i->trigger.thread);
	fn(ctx, "incident.trigger.cgroup", &i->trigger.cgroup);
}

void figures_each_text(struct report *r, figure_text_fn fn, void *ctx)
{
	fn(ctx, "tare_version", &r->tare_version);
	fn(ctx, "kernel", &r->kernel);
	fn(ctx, "machine.host", &r->machine.host);
	fn(ctx, "machine.distribution", &r->machine.distribution);
	fn(ctx, "machine.cpu", &r->machine.cpu);
	fn(ctx, "target", &r->target);
	fn(ctx, "cgroup", &r->cgroup.path);
	fn(ctx, "slab_note", &r->slab_note);
	if (r->incident)
		visit_incident_texts(r->incident, fn, ctx);
	if (!r->profile)
		return;
	fn(ctx, "asked_why", &r->profile->virtual_why);
	fn(ctx, "untouched_why", &r->profile->untouched_why);
}
