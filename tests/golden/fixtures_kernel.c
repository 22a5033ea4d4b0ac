/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reports that show kernel memory and what the kernel cannot tell. Included by fixtures.c.
 */

/* The workload's own control group, in v2 or v1. */
static void own_cgroup(struct report *r, unsigned version, const char *path)
{
	struct report_cgroup *c = &r->cgroup;

	c->version = version;
	c->path = g_strdup(path);
	c->own = true;
	c->now.current = 412 * KIB;
	c->now.kernel = 84 * KIB;
	c->now.stat[CGROUP_ANON] = 0;
	c->now.stat[CGROUP_FILE] = 64 * KIB;
	c->now.stat[CGROUP_SHMEM] = 0;
}

/* The control group while the timeouts exist. */
static void uring_cgroup(struct report *r)
{
	struct report_cgroup *c = &r->cgroup;

	own_cgroup(r, 2, "/tare-4121-998877");
	c->peak = 268 * MIB;
	c->highest = c->now;
	c->highest.time_ns = 1195 * MS;
	c->highest.current = 267 * MIB + 800 * KIB;
	c->highest.kernel = 265 * MIB + 20 * KIB;
	c->highest.stat[CGROUP_ANON] = 900 * KIB;
	c->highest.stat[CGROUP_PAGETABLES] = 72 * KIB;
	c->highest.stat[CGROUP_KERNEL_STACK] = 48 * KIB;
	c->highest.stat[CGROUP_SLAB_RECLAIMABLE] = 20 * KIB;
	c->highest.stat[CGROUP_SLAB_UNRECLAIMABLE] = 264 * MIB + 700 * KIB;
	c->highest.stat[CGROUP_VMALLOC] = 0;
	c->highest.stat[CGROUP_PERCPU] = 4 * KIB;
	c->highest.stat[CGROUP_SOCK] = 0;
	for (int i = CGROUP_PAGETABLES; i < CGROUP_STATS; i++)
		c->now.stat[i] = 0;
	c->now.stat[CGROUP_SLAB_UNRECLAIMABLE] = 84 * KIB;
	r->slabs = report_slabs_new();
	r->slab_note = g_strdup("from /proc/slabinfo, of the whole machine");
	add_slab(r, "io_kiocb", 256, 1000032);
	add_slab(r, "task_struct", 5888, 3);
	add_slab(r, "dentry", 192, -40);
}

/* A million io_uring timeouts: nothing in RSS, 265 bytes each in the kernel. */
static struct report *fixture_uring(void)
{
	struct report *r = fixture_new(1530 * MS);
	struct report_process *p;
	struct report_task *t;

	set_level(r, KMEM_EVENTS);
	add_words(r->command, "./timeouts 1000000");
	p = add_process(r, 4121, 4100, "timeouts", "./timeouts 1000000");
	t = add_task(p, 4121, "timeouts", 840 * KIB);
	add_flow(t, TARE_ANON, "page fault", 892 * KIB, 0);
	add_flow(t, TARE_FILE, "page fault", 1184 * KIB, 0);
	add_flow(t, TARE_ANON, "munmap", 0, 52 * KIB);
	add_flow(t, TARE_ANON, "exit", 0, 840 * KIB);
	add_flow(t, TARE_FILE, "exit", 0, 1184 * KIB);
	add_flow(t, TARE_PAGETABLE, "", 72 * KIB, 72 * KIB);
	add_flow(t, TARE_KMEM, "", 265 * MIB + 120 * KIB, 1200 * KIB);
	t->at_peak[TARE_FILE] = 1184 * KIB;
	t->at_peak[TARE_PAGETABLE] = 72 * KIB;
	t->at_peak[TARE_KMEM] = 264 * MIB + 900 * KIB;
	t->faults_user = 508;
	t->faults_kernel = 11;
	for (int i = 1; i <= 2; i++) {
		g_autofree char *name = g_strdup_printf("iou-wrk-%d", 4121 + i);

		t = add_task(p, 4121 + i, name, 0);
		t->at_peak[TARE_ANON] = 4 * KIB;
		add_flow(t, TARE_ANON, "io_uring_enter", 4 * KIB, 4 * KIB);
	}
	r->kmem.nonowner[TARE_NONOWNER_KERNEL] = (struct flow){ 72 * KIB, 12 * KIB };
	r->kmem.nonowner[TARE_NONOWNER_PROCESS].in = 24 * KIB;
	r->kmem.nonowner_at_peak = 36 * KIB;
	r->kmem.bound = 512 * KIB;
	p->rss_peak = r->peak_rss = 2 * MIB + 28 * KIB;
	p->rss_peak_ns = r->peak_ns = 310 * MS;
	r->peak_weight_ns = 1200 * MS;
	r->mms_closed = 1;
	for (int i = 0; i <= 15; i++)
		add_point(r, (uint64_t)i * 100 * MS, 2 * MIB, i <= 12 ? i * 22 * MIB : 90 * KIB);
	uring_cgroup(r);
	return sum_up(r);
}

/* An older kernel: only the control group's total. Version 1. */
static struct report *fixture_cgroup_only(void)
{
	struct report *r = fixture_uring();
	struct report_cgroup *c = &r->cgroup;

	g_ptr_array_set_size(r->features, 3);
	set_level(r, KMEM_CGROUP);
	r->kmem =
		(struct report_kmem){ .level = KMEM_CGROUP, .whole = true, .by_cgroup = 84 * KIB };
	r->totals[TARE_KMEM] = (struct balance){ 0 };
	for (unsigned i = 0; i < r->processes->len; i++) {
		struct report_process *p = g_ptr_array_index(r->processes, i);

		p->at_peak[TARE_KMEM] = 0;
		p->balance[TARE_KMEM] = (struct balance){ 0 };
		for (unsigned j = 0; j < p->tasks->len; j++) {
			struct report_task *t = g_ptr_array_index(p->tasks, j);

			t->flow[TARE_KMEM] = (struct flow){ 0 };
			t->at_peak[TARE_KMEM] = 0;
		}
	}
	c->version = 1;
	c->kernel_peak = 265 * MIB + 56 * KIB;
	for (int i = CGROUP_PAGETABLES; i < CGROUP_STATS; i++)
		c->now.stat[i] = c->highest.stat[i] = CGROUP_UNKNOWN;
	g_clear_pointer(&r->slabs, g_array_unref);
	g_clear_pointer(&r->slab_note, g_free);
	return r;
}

/* Connections with full buffers, which version 1 counts apart. A report of a living workload. */
static struct report *fixture_sockets(void)
{
	struct report *r = fixture_new(2 * SECOND);
	struct report_process *p;
	struct report_task *t;

	set_level(r, KMEM_EVENTS);
	add_words(r->command, "./connections 10000");
	r->reason = REPORT_SNAPSHOT;
	r->exit.known = false;
	p = add_process(r, 5000, 4999, "connections", "./connections 10000");
	p->alive = true;
	p->exit.known = false;
	p->end_ns = 0;
	t = add_task(p, 5000, "connections", 3 * MIB);
	t->alive = true;
	t->end_ns = 0;
	add_flow(t, TARE_ANON, "page fault", 3 * MIB, 0);
	add_flow(t, TARE_PAGETABLE, "", 60 * KIB, 0);
	add_flow(t, TARE_KMEM, "", 71 * MIB, 2 * MIB);
	t->at_peak[TARE_PAGETABLE] = 60 * KIB;
	t->at_peak[TARE_KMEM] = 69 * MIB;
	r->kmem.vmalloc = 16 * KIB;
	r->kmem.hidden = 12 * KIB;
	r->kmem.hidden_times = 3;
	r->kmem.hidden_ns = 4 * MS;
	r->totals[TARE_KMEM].initial = 40 * KIB;
	p->rss_peak = r->peak_rss = 3 * MIB;
	p->rss_peak_ns = r->peak_ns = r->peak_weight_ns = 1990 * MS;
	own_cgroup(r, 1, "/tare-4999-1");
	sum_up(r);
	r->peak_kernel += 820 * MIB;
	r->kmem.polled_at_peak = 820 * MIB;
	r->peak_weight += 820 * MIB;
	r->cgroup.now.current = r->cgroup.peak = 74 * MIB;
	r->cgroup.now.kernel = r->cgroup.kernel_peak = r->kmem.by_cgroup;
	r->cgroup.now.stat[CGROUP_SOCK] = 820 * MIB;
	return r;
}

/* Killed at its limit, in a cgroup with a hostile name. Kernel memory does not add up. */
static struct report *fixture_oom(void)
{
	struct report *r = fixture_new(420 * MS);
	struct report_process *p;
	struct report_task *t;

	set_level(r, KMEM_EVENTS);
	add_words(r->command, "python3 grow.py");
	r->exit.signal = 9;
	p = add_process(r, 900, 800, "python3", "python3 grow.py");
	p->exit.signal = 9;
	t = add_task(p, 900, "python3", 62 * MIB);
	add_flow(t, TARE_ANON, "page fault", 62 * MIB, 0);
	add_flow(t, TARE_FILE, "page fault", 5 * MIB, 0);
	add_flow(t, TARE_FILE, "exit", 0, 5 * MIB);
	add_flow(t, TARE_ANON, "exit", 0, 8 * MIB);
	add_flow(t, TARE_PAGETABLE, "", 300 * KIB, 300 * KIB);
	t->at_peak[TARE_FILE] = 5 * MIB;
	t->at_peak[TARE_PAGETABLE] = 300 * KIB;
	t->faults_user = 17152;
	t->faults_major = 212;
	add_nonowner(p, TARE_NONOWNER_KERNEL, TARE_ANON, 0, 54 * MIB);
	p->rss_peak = r->peak_rss = 67 * MIB;
	p->rss_peak_ns = r->peak_ns = 401 * MS;
	r->mms_closed = 1;
	r->kmem.bound = 512 * KIB;
	r->totals[TARE_KMEM].unattributed = 640 * KIB;
	r->balanced = false;
	own_cgroup(r, 1, "/tare-\033[2J\u202eevil\n");
	r->cgroup.limit = r->cgroup.peak = 64 * MIB;
	r->cgroup.now.current = 1100 * KIB;
	r->cgroup.now.kernel = 640 * KIB;
	r->cgroup.oom_kills = 1;
	r->slab_note = g_strdup("/proc/slabinfo may be read by root only");
	return sum_up(r);
}

/* A v2 cgroup from before tare came, with other processes in it. */
static void shared_group(struct report *r)
{
	struct report_cgroup *c = &r->cgroup;

	set_level(r, KMEM_EVENTS);
	c->version = 2;
	c->path = g_strdup("/system.slice/system-postgresql.slice/postgresql@15-main.service");
	c->others = 7;
	c->now.current = 1200 * MIB;
	c->now.kernel = 41 * MIB;
	for (int i = 0; i < CGROUP_STATS; i++)
		c->now.stat[i] = (i < CGROUP_SWAP ? 300 - 40 * i : i) * MIB;
	c->highest = c->now;
	c->highest.time_ns = 2100 * MS;
	c->highest.current = 1208 * MIB;
	c->peak = 2900 * MIB;
	c->limit = 4 * GIB;
	r->kmem.whole = false;
	r->kmem.by_events = 41 * MIB + 988 * KIB;
	r->kmem.by_cgroup = 41 * MIB + 1008 * KIB;
	r->kmem.nonowner[TARE_NONOWNER_PROCESS] = (struct flow){ 3 * MIB, 2 * MIB };
	r->kmem.nonowner[TARE_NONOWNER_LATE].out = 8 * KIB;
	r->kmem.nonowner_at_peak = 600 * KIB;
	r->kmem.elsewhere = 12 * KIB;
	r->kmem.bound = 512 * KIB;
}

static struct report *fixture_attach(void)
{
	struct report *r = fixture_new(10 * SECOND);
	struct report_process *p;
	struct report_task *t;

	r->target = g_strdup("pid 4121, 4122");
	shared_group(r);
	r->reason = REPORT_DETACH;
	r->exit.known = false;
	p = add_process(r, 4121, 1, "postgres", "postgres -D /var/lib/postgresql/15/main");
	p->alive = true;
	p->exit.known = false;
	p->end_ns = 0;
	p->balance[TARE_ANON].initial = 22 * MIB;
	p->balance[TARE_FILE].initial = 14 * MIB;
	p->balance[TARE_SHMEM].initial = 310 * MIB;
	p->balance[TARE_SWAP].initial = 3 * MIB;
	p->balance[TARE_PAGETABLE].initial = 880 * KIB;
	t = add_task(p, 4121, "postgres", 2 * MIB);
	t->alive = t->attached = true;
	add_flow(t, TARE_ANON, "page fault", 2 * MIB, 512 * KIB);
	add_flow(t, TARE_SHMEM, "page fault", 1 * MIB, 0);
	t->faults_user = 820;
	t->faults_major = 41;
	p->at_peak[TARE_ANON] = 22 * MIB;
	p->at_peak[TARE_FILE] = 14 * MIB;
	p->at_peak[TARE_SHMEM] = 310 * MIB;
	p->at_peak[TARE_SWAP] = 3 * MIB;
	p->at_peak[TARE_PAGETABLE] = 880 * KIB;
	p->rss_peak = 349 * MIB;
	p->rss_peak_ns = 3 * SECOND;
	p = add_process(r, 4122, 4121, "postgres", "postgres: checkpointer");
	p->balance[TARE_ANON].initial = 4 * MIB;
	p->balance[TARE_SHMEM].initial = 120 * MIB;
	p->end_ns = 6 * SECOND;
	t = add_task(p, 4122, "postgres", 0);
	t->attached = true;
	add_flow(t, TARE_ANON, "exit", 0, 4 * MIB);
	add_flow(t, TARE_SHMEM, "exit", 0, 120 * MIB);
	p->at_peak[TARE_ANON] = 4 * MIB;
	p->at_peak[TARE_SHMEM] = 120 * MIB;
	p->rss_peak = 124 * MIB;
	r->peak_rss = 472 * MIB;
	r->peak_ns = 2 * SECOND;
	r->mms_closed = 1;
	for (int i = 0; i <= 100; i++)
		add_point(r, (uint64_t)i * 100 * MS, (i < 60 ? 470 : 348) * MIB, 3 * MIB);
	return sum_up(r);
}
