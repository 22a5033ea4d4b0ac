/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/report.h"

#include "model/incident.h"
#include "model/profile.h"

const char *const kind_name[TARE_KINDS] = {
	[TARE_FILE] = "file",   [TARE_ANON] = "anon",           [TARE_SWAP] = "swap",
	[TARE_SHMEM] = "shmem", [TARE_PAGETABLE] = "pagetable", [TARE_KSTACK] = "kstack",
	[TARE_KMEM] = "kmem",
};

const enum tare_kind kind_order[TARE_KINDS] = {
	TARE_ANON, TARE_FILE, TARE_SHMEM, TARE_SWAP, TARE_PAGETABLE, TARE_KSTACK, TARE_KMEM,
};

const char *const cgroup_stat_name[CGROUP_STATS] = {
	[CGROUP_ANON] = "anon",
	[CGROUP_FILE] = "file",
	[CGROUP_SHMEM] = "shmem",
	[CGROUP_SWAP] = "swap",
	[CGROUP_PAGETABLES] = "pagetables",
	[CGROUP_KERNEL_STACK] = "kernel_stack",
	[CGROUP_SLAB_RECLAIMABLE] = "slab_reclaimable",
	[CGROUP_SLAB_UNRECLAIMABLE] = "slab_unreclaimable",
	[CGROUP_VMALLOC] = "vmalloc",
	[CGROUP_PERCPU] = "percpu",
	[CGROUP_SOCK] = "sock",
};

const char *const lost_name[TARE_LOSSES] = {
	[TARE_LOST_MM] = "mm_state",
	[TARE_LOST_TASK] = "task_state",
	[TARE_LOST_RECORD_TASK] = "task_record",
	[TARE_LOST_RECORD_MM] = "mm_record",
	[TARE_LOST_EVENT] = "event",
	[TARE_LOST_READ] = "counter_read",
	[TARE_LOST_CPU] = "cpu",
	[TARE_LOST_STATE] = "update_task",
};

const char *const lost_meaning[TARE_LOSSES] = {
	[TARE_LOST_MM] = "address spaces not followed: the map is full (--max-mms)",
	[TARE_LOST_TASK] = "tasks not followed: the kernel had no memory for their state",
	[TARE_LOST_RECORD_TASK] = "ended tasks known by sums only: the ring was full (--ring-size)",
	[TARE_LOST_RECORD_MM] =
		"closed address spaces known by sums only: the ring was full (--ring-size)",
	[TARE_LOST_EVENT] = "births, renames or execs: the ring was full (--ring-size)",
	[TARE_LOST_READ] = "updates whose counter could not be read",
	[TARE_LOST_CPU] = "updates on a CPU that was not there when tare began",
	[TARE_LOST_STATE] = "updates of tasks whose state could not be found",
};

const char *const nonowner_name[TARE_NONOWNERS] = {
	[TARE_NONOWNER_RECLAIM] = "reclaim", [TARE_NONOWNER_KHUGEPAGED] = "khugepaged",
	[TARE_NONOWNER_KERNEL] = "kernel",   [TARE_NONOWNER_PROCESS] = "process",
	[TARE_NONOWNER_LATE] = "late",
};

static void cause_clear(gpointer cause)
{
	g_free(((struct report_cause *)cause)->name);
}

static void task_free(gpointer p)
{
	struct report_task *t = p;

	g_free(t->comm);
	g_ptr_array_unref(t->names);
	g_array_unref(t->causes);
	g_free(t);
}

static void process_free(gpointer p)
{
	struct report_process *proc = p;

	g_free(proc->parent);
	g_free(proc->comm);
	g_free(proc->exe);
	g_ptr_array_unref(proc->argv);
	g_free(proc->title);
	g_ptr_array_unref(proc->images);
	g_ptr_array_unref(proc->tasks);
	g_free(proc);
}

static void feature_free(gpointer p)
{
	struct report_feature *f = p;

	g_free(f->name);
	g_free(f->state);
	g_free(f->why);
	g_free(f);
}

struct report_task *report_task_new(void)
{
	struct report_task *t = g_new0(struct report_task, 1);

	t->count = 1;
	t->names = g_ptr_array_new_with_free_func(g_free);
	t->causes = g_array_new(FALSE, TRUE, sizeof(struct report_cause));
	g_array_set_clear_func(t->causes, cause_clear);
	return t;
}

struct report_process *report_process_new(void)
{
	struct report_process *p = g_new0(struct report_process, 1);

	p->count = 1;
	p->argv = g_ptr_array_new_with_free_func(g_free);
	p->images = g_ptr_array_new_with_free_func(g_free);
	p->tasks = g_ptr_array_new_with_free_func(task_free);
	return p;
}

static void slab_clear(gpointer slab)
{
	g_free(((struct report_slab *)slab)->name);
}

GArray *report_slabs_new(void)
{
	GArray *slabs = g_array_new(FALSE, TRUE, sizeof(struct report_slab));

	g_array_set_clear_func(slabs, slab_clear);
	return slabs;
}

static void unknown_counters(struct cgroup_counters *c)
{
	c->current = c->kernel = CGROUP_UNKNOWN;
	for (int i = 0; i < CGROUP_STATS; i++)
		c->stat[i] = CGROUP_UNKNOWN;
}

struct report *report_new(void)
{
	struct report *r = g_new0(struct report, 1);

	unknown_counters(&r->cgroup.now);
	unknown_counters(&r->cgroup.highest);
	r->cgroup.peak = r->cgroup.kernel_peak = r->cgroup.limit = CGROUP_UNKNOWN;
	r->kmem.by_cgroup = r->kmem.hidden = CGROUP_UNKNOWN;
	r->command = g_ptr_array_new_with_free_func(g_free);
	r->features = g_ptr_array_new_with_free_func(feature_free);
	r->processes = g_ptr_array_new_with_free_func(process_free);
	r->series = g_array_new(FALSE, TRUE, sizeof(struct report_point));
	return r;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	g_free(r->tare_version);
	g_free(r->kernel);
	g_free(r->machine.host);
	g_free(r->machine.distribution);
	g_free(r->machine.cpu);
	g_free(r->target);
	g_ptr_array_unref(r->command);
	g_ptr_array_unref(r->features);
	g_ptr_array_unref(r->processes);
	g_array_unref(r->series);
	g_free(r->cgroup.path);
	g_clear_pointer(&r->slabs, g_array_unref);
	g_free(r->slab_note);
	profile_free(r->profile);
	incident_free(r->incident);
	g_free(r);
}

void report_add_feature(struct report *r, const char *name, const char *state, const char *why)
{
	struct report_feature *f = g_new0(struct report_feature, 1);

	f->name = g_strdup(name);
	f->state = g_strdup(state);
	f->why = g_strdup(why);
	g_ptr_array_add(r->features, f);
}

int64_t kinds_rss(const int64_t kind[TARE_KINDS])
{
	return kind[TARE_ANON] + kind[TARE_FILE] + kind[TARE_SHMEM];
}

int64_t kinds_user(const int64_t kind[TARE_KINDS])
{
	return kinds_rss(kind) + kind[TARE_SWAP];
}

int64_t kinds_kernel(const int64_t kind[TARE_KINDS])
{
	return kind[TARE_PAGETABLE] + kind[TARE_KSTACK] + kind[TARE_KMEM];
}

int64_t kinds_weight(const int64_t kind[TARE_KINDS])
{
	return kinds_user(kind) + kinds_kernel(kind);
}

int64_t flow_net(struct flow f)
{
	return (int64_t)(f.in - f.out);
}

void balance_close(struct balance *b)
{
	b->net = b->initial + flow_net(b->tasks) + flow_net(b->nonowner) + b->unattributed;
}

uint64_t report_lost_total(const struct report *r)
{
	uint64_t total = 0;

	for (int i = 0; i < TARE_LOSSES; i++)
		total += r->lost[i];
	return total;
}

uint64_t report_lost_sums(const struct report *r)
{
	return report_lost_total(r) - r->lost[TARE_LOST_RECORD_TASK] -
	       r->lost[TARE_LOST_RECORD_MM] - r->lost[TARE_LOST_EVENT];
}

uint64_t report_processes(const struct report *r)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < r->processes->len; i++)
		n += ((const struct report_process *)r->processes->pdata[i])->count;
	return n;
}

uint64_t report_tasks(const struct report_process *p)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < p->tasks->len; i++)
		n += ((const struct report_task *)p->tasks->pdata[i])->count;
	return n;
}

bool report_measured(const struct report *r, const char *feature)
{
	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = g_ptr_array_index(r->features, i);

		if (!g_strcmp0(f->name, feature))
			return g_strcmp0(f->state, "not measured") && g_strcmp0(f->state, "off");
	}
	return true;
}

bool report_kind(const struct report *r, enum tare_kind kind)
{
	return report_measured(r, kind_name[kind]) &&
	       (kind != TARE_KMEM || r->kmem.level == KMEM_EVENTS);
}

bool report_held(const struct report *r, enum tare_kind kind)
{
	return kind == TARE_KMEM ? r->kmem.level != KMEM_NONE : report_kind(r, kind);
}

bool report_attached(const struct report_process *p)
{
	for (unsigned i = 0; i < p->tasks->len; i++)
		if (((const struct report_task *)p->tasks->pdata[i])->attached)
			return true;
	return false;
}

void report_held_before(const struct report_process *p, int64_t kind[TARE_KINDS])
{
	bool before = report_attached(p);

	for (int k = 0; k < TARE_KINDS; k++)
		kind[k] = before && k != TARE_KMEM ? p->balance[k].initial : 0;
}

uint64_t report_last_end(const struct report *r)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		if (p->alive)
			return 0;
		last = MAX(last, p->end_ns);
	}
	return last;
}
