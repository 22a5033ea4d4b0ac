/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reports that the default screen has to show well: a tiny program, a fork storm, an OOM kill
 * beside another kill, a late attach, and one with all kinds of doubts. Included by fixtures.c.
 */
#include "model/incident.h"
#include "tests/golden/profiles.h"

#define APP "/srv/app/libapp.so"

/* Memory of one function of a task that is held at the peak. */
static void hold_at_peak(struct report *r, uint32_t process, uint32_t task, const char *function,
			 const char *caller, int64_t bytes)
{
	struct profile *p = r->profile;
	uint32_t node = add_node(p, NO_NODE, (struct code){ caller, .module = APP, .address = 16 });

	node = add_node(p, node, (struct code){ function, .module = APP, .address = 32 });
	add_sample(p,
		   (struct profile_entry){ process, task, TARE_ANON, .node = node,
					   .mapping = MAPPING_HEAP, .bytes = { bytes, bytes } },
		   "page fault", "heap");
}

static void hold_before(struct report *r, uint32_t process, int64_t bytes)
{
	struct code before = { .function = "[before]",
			       .address = SYNTHETIC_BEFORE,
			       .synthetic = true };
	uint32_t node = add_node(r->profile, NO_NODE, before);

	add_sample(r->profile,
		   (struct profile_entry){ process, UINT32_MAX, TARE_ANON, .node = node,
					   .bytes = { 0, bytes } },
		   NULL, "unknown");
}

/* A tick in the slot that begins at `slot` x 100 ms. */
static void grow_at(struct report *r, uint32_t slot, uint32_t entry, int64_t in)
{
	struct profile_tick t = { slot, entry, (uint64_t)in, 0 };

	r->profile->slot_ns = 100 * MS;
	g_array_append_val(r->profile->ticks, t);
}

static void begin_profile(struct report *r)
{
	r->profile = profile_new();
	r->profile->period = 64 * KIB;
}

static struct report *fixture_true(void)
{
	struct report *r = fixture_new(1220000);
	struct report_process *p;
	struct report_task *t;

	add_words(r->command, "/bin/true");
	set_level(r, KMEM_EVENTS);
	p = add_process(r, 26279, 26277, "true", "/bin/true");
	t = add_task(p, 26279, "true", 92 * KIB);
	add_flow(t, TARE_ANON, "page fault", 92 * KIB, 92 * KIB);
	add_flow(t, TARE_FILE, "page fault", 1056 * KIB, 1056 * KIB);
	t->at_peak[TARE_FILE] = 1032 * KIB;
	p->rss_peak = r->peak_rss = 1124 * KIB;
	p->rss_peak_ns = r->peak_ns = 985000;
	add_point(r, 552000, 620 * KIB, 44 * KIB);
	add_point(r, 1080000, 1120 * KIB, 44 * KIB);
	sum_up(r);
	begin_profile(r);
	hold_at_peak(r, 0, 0, "dl_main", "_dl_sysdep_start", 64 * KIB);
	enter_rests(r);
	return r;
}

/* 1,000 children of one name, of which eight live at the peak and have inherited most of their
 * memory. */
static struct report *fixture_storm(void)
{
	struct report *r = fixture_new(3400 * MS);
	struct report_process *p = add_process(r, 6010, 1, "python3", "python3 storm.py");
	struct report_task *t = add_task(p, 6010, "python3", 13 * MIB);

	add_words(r->command, "python3 storm.py");
	set_level(r, KMEM_EVENTS);
	add_flow(t, TARE_ANON, "page fault", 29 * MIB, 29 * MIB);
	for (int i = 0; i < 8; i++) {
		int64_t own = (i < 2 ? 40 : 1) * MIB;

		p = add_process(r, 6900 + i, 6010, "python3", "python3 storm.py");
		t = add_task(p, 6900 + i, "python3", own + 6 * MIB);
		p->balance[TARE_ANON].initial = 6 * MIB;
		add_flow(t, TARE_ANON, "page fault", own, own + 6 * MIB);
		p->rss_peak = own + 6 * MIB;
	}
	add_folded(r, "python3", "python3", 992, MIB);
	r->peak_rss = 147 * MIB;
	r->peak_ns = 2900 * MS;
	for (int i = 0; i < 34; i++)
		add_point(r, (uint64_t)i * 100 * MS, (i % 9 * 14 + 20 + (i == 29) * 90) * MIB,
			  44 * KIB);
	sum_up(r);
	begin_profile(r);
	hold_at_peak(r, 0, 0, "main", "_start", 13 * MIB);
	for (uint32_t i = 1; i <= 8; i++) {
		hold_at_peak(r, i, 0, "storm.child", "main", (i <= 2 ? 40 : 1) * MIB);
		hold_before(r, i, 6 * MIB);
	}
	grow_at(r, 28, 1, 40 * MIB);
	enter_rests(r);
	return r;
}

static struct report *fixture_oom_victim(void)
{
	struct report *r = fixture_new(671 * MS);
	struct report_process *p;
	struct report_task *t;

	add_words(r->command, "sh -c ./job");
	set_level(r, KMEM_EVENTS);
	r->exit.code = 3;
	p = add_process(r, 30454, 30386, "python3", "python3 leak.py");
	p->exit.signal = 9;
	p->exit.oom = true;
	t = add_task(p, 30454, "python3", 62 * MIB);
	add_flow(t, TARE_ANON, "page fault", 62 * MIB, 62 * MIB);
	p->rss_peak = 62 * MIB;
	p = add_process(r, 30453, 30386, "sleep", "sleep 100");
	p->exit.signal = 9;
	t = add_task(p, 30453, "sleep", 2 * MIB);
	add_flow(t, TARE_ANON, "page fault", 2 * MIB, 2 * MIB);
	p->rss_peak = 2 * MIB;
	r->peak_rss = 64 * MIB;
	r->peak_ns = 415 * MS;
	own_cgroup(r, 2, "/tare-1");
	r->cgroup.limit = r->cgroup.peak = 64 * MIB;
	r->cgroup.oom_kills = 1;
	for (int i = 0; i < 6; i++)
		add_point(r, (uint64_t)i * 100 * MS, i < 5 ? i * i * 4 * MIB : 2 * MIB, 44 * KIB);
	sum_up(r);
	begin_profile(r);
	hold_at_peak(r, 0, 0, "leak", "main", 56 * MIB);
	hold_at_peak(r, 0, 0, "call_init", "_dl_init", 4 * MIB);
	grow_at(r, 3, 0, 28 * MIB);
	enter_rests(r);
	return r;
}

static struct report *fixture_late(void)
{
	struct report *r = fixture_new(10 * SECOND);
	struct report_process *p;
	struct report_task *t;

	set_level(r, KMEM_EVENTS);
	r->target = g_strdup("pid 16339");
	r->reason = REPORT_DETACH;
	r->exit.known = false;
	p = add_process(r, 16339, 1, "python3", "python3 server.py");
	p->alive = true;
	p->exit.known = false;
	p->end_ns = 0;
	p->balance[TARE_ANON].initial = 119 * MIB;
	t = add_task(p, 16339, "python3", 9 * MIB);
	t->attached = t->alive = true;
	add_flow(t, TARE_ANON, "page fault", 12 * MIB, 3 * MIB);
	t->at_peak[TARE_ANON] = 9 * MIB;
	p->at_peak[TARE_ANON] = 119 * MIB;
	p->rss_peak = r->peak_rss = 128 * MIB;
	p->rss_peak_ns = r->peak_ns = 8 * SECOND;
	for (int i = 0; i < 101; i++)
		add_point(r, (uint64_t)i * 100 * MS, (119 + (i > 60) * 6 + (i > 65) * 3) * MIB,
			  44 * KIB);
	sum_up(r);
	begin_profile(r);
	hold_at_peak(r, 0, 0, "handle", "serve", 9 * MIB);
	hold_before(r, 0, 119 * MIB);
	grow_at(r, 61, 0, 6 * MIB);
	grow_at(r, 66, 0, 3 * MIB);
	enter_rests(r);
	return r;
}

/* More processes and threads of different names than there is room for: large processes have
 * their rows before the small threads of the largest. */
static struct report *fixture_many(void)
{
	struct report *r = fixture_new(9 * SECOND);
	struct report_process *p = add_process(r, 100, 1, "server", "server");

	add_words(r->command, "server");
	set_level(r, KMEM_EVENTS);
	for (int i = 0; i < 45; i++) {
		g_autofree char *name = g_strdup_printf("%c%cthread", 'a' + i % 26, 'a' + i / 26);
		int64_t size = i ? 20 * KIB : 40 * MIB;

		add_flow(add_task(p, 100 + i, name, size), TARE_ANON, "page fault", size, size);
	}
	p->rss_peak = 40 * MIB + 44 * 20 * KIB;
	for (int i = 0; i < 25; i++) {
		g_autofree char *name = g_strdup_printf("%cjob", 'a' + i);
		int64_t size = (47 - i) * MIB / 2;

		p = add_process(r, 300 + i, 100, name, name);
		add_flow(add_task(p, 300 + i, name, size), TARE_ANON, "page fault", size, size);
		p->rss_peak = size;
	}
	r->peak_rss = 40 * MIB + 44 * 20 * KIB + 25 * 35 * MIB / 2;
	r->peak_ns = 4 * SECOND;
	return sum_up(r);
}

/* Everything that can be off, lost or not measured. */
static struct report *fixture_amber(void)
{
	struct report *r = fixture_true();

	r->balanced = false;
	r->off_pages = 3;
	r->lost[TARE_LOST_MM] = 12;
	r->profile->lost.samples = 1204;
	report_add_feature(r, "virtual", "not measured", "the kernel has no sys_exit tracepoint");
	report_add_feature(r, "causes", "approximate", "this kernel reports up to 64 at once");
	return r;
}

static void add_grower(struct incident *i, struct incident_row row)
{
	struct incident_row *to = incident_row_add(i);

	*to = row;
	to->name = g_strdup(row.name);
	to->thread = g_strdup(row.thread);
	to->cgroup = g_strdup(row.cgroup);
	to->function = g_strdup(row.function);
}

/* An OOM kill whose victim is not the one that asked for memory; names are hostile. */
static struct report *fixture_incident(void)
{
	static const char *const group = "/kubepods.slice/kubepods-pod1b2c.slice/hog\033[31m";
	struct report *r = fixture_oom_victim();
	struct incident *i = r->incident = incident_new();

	i->time_ns = i->held_ns = 2450000000;
	i->at_kill = true;
	i->kills = 2;
	i->victim = (struct incident_task){
		.pid = 41, .comm = g_strdup("hog"), .cgroup = g_strdup(group), .followed = true
	};
	i->victim_held = 300 << 20;
	i->trigger = (struct incident_task){ .pid = 43,
					     .tid = 44,
					     .comm = g_strdup("asks\n"),
					     .thread = g_strdup("worker\xff"),
					     .followed = true };
	i->cgroup = g_strdup("/kubepods.slice/kubepods-pod1b2c.slice");
	i->usage = (512LL << 20) - 4096;
	i->limit = 512 << 20;
	i->span_ns[0] = 1000000000;
	i->span_ns[1] = 2440000000;
	i->span_ns[2] = 2440000000;
	i->left_out = 3;
	add_grower(i, (struct incident_row){ INCIDENT_PROCESS,
					     (char *)"hog",
					     NULL,
					     (char *)group,
					     (char *)"fill_cache",
					     300 << 20,
					     { 100 << 20, 290 << 20, 290 << 20 } });
	add_grower(i, (struct incident_row){ INCIDENT_PROCESS,
					     (char *)"shrinks",
					     NULL,
					     NULL,
					     NULL,
					     1 << 20,
					     { -(4 << 20), 1 << 20, 1 << 20 } });
	add_grower(i, (struct incident_row){ INCIDENT_THREAD,
					     (char *)"hog",
					     (char *)"filler",
					     (char *)group,
					     (char *)"fill_cache",
					     299 << 20,
					     { 100 << 20, 289 << 20, 289 << 20 } });
	add_grower(i, (struct incident_row){ INCIDENT_FUNCTION,
					     (char *)"fill_cache",
					     NULL,
					     NULL,
					     NULL,
					     298 << 20,
					     { 101 << 20, 288 << 20, 288 << 20 } });
	return r;
}

/* A rule, and a machine without samples; the windows are whole. */
static struct report *fixture_incident_rule(void)
{
	struct report *r = fixture_late();
	struct incident *i = r->incident = incident_new();

	i->what = INCIDENT_RULE;
	i->detail = g_strdup("group web* grows > 500MiB in 60s: +612 MiB");
	i->cgroup = g_strdup("/system.slice/web.service");
	i->time_ns = i->held_ns = 90000000000;
	i->at_kill = true;
	for (int w = 0; w < INCIDENT_WINDOWS; w++)
		i->span_ns[w] = (w ? w == 1 ? 10 : 60 : 1) * 1000000000ULL;
	add_grower(i, (struct incident_row){ INCIDENT_PROCESS,
					     (char *)"web",
					     NULL,
					     (char *)"/system.slice/web.service",
					     NULL,
					     700 << 20,
					     { 10 << 20, 100 << 20, 612 << 20 } });
	return r;
}
