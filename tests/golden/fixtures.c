/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reports made by hand for the tests of the printers. Included by tests/golden/render.c and
 * tests/unit/. Sizes are whole pages, as the kernel's are, and all balances close.
 */
#include <string.h>

#include "model/report.h"

#define KIB 1024LL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define MS 1000000ULL
#define SECOND (1000 * MS)

static struct report *fixture_new(uint64_t duration)
{
	struct report *r = report_new();

	r->tare_version = g_strdup("0.1.0");
	r->kernel = g_strdup("6.18.0 x86_64");
	r->machine = (struct report_machine){
		.distribution = g_strdup("Debian GNU/Linux 12 (bookworm)"),
		.cpu = g_strdup("A CPU's name"),
		.cpus = 2,
		.memory = 8 * GIB,
		.page_size = 4096,
	};
	r->reason = REPORT_END;
	r->exit.known = true;
	r->duration_ns = duration;
	r->balanced = true;
	r->sums_valid = true;
	r->self.ns_per_update = -1;
	report_add_feature(r, "ledger", "percpu", NULL);
	report_add_feature(r, "virtual", "on", NULL);
	report_add_feature(r, "faults_kernel", "on", NULL);
	return r;
}

/* Sets how well kernel memory is known. */
static void set_level(struct report *r, enum kmem_level level)
{
	r->kmem.level = level;
	r->kmem.whole = true;
	if (level == KMEM_EVENTS)
		report_add_feature(r, "kmem", "events", NULL);
	else if (level == KMEM_CGROUP)
		report_add_feature(
			r, "kmem", "not measured",
			"by task: the tracepoint memcg:mod_memcg_state is missing (Linux "
			"6.13 has it); the control group's total is in the report");
	else
		report_add_feature(r, "kmem", "not measured",
				   "no memory control group for the workload: /sys/fs/cgroup is "
				   "mounted read-only");
}

static void add_words(GPtrArray *list, const char *text)
{
	g_auto(GStrv) part = g_strsplit(text, " ", -1);

	for (char **p = part; *p; p++)
		g_ptr_array_add(list, g_strdup(*p));
}

static struct report_process *add_process(struct report *r, pid_t pid, pid_t ppid, const char *comm,
					  const char *argv)
{
	struct report_process *p = report_process_new();

	p->pid = pid;
	p->ppid = ppid;
	p->comm = g_strdup(comm);
	p->exe = g_strdup_printf("/usr/bin/%s", comm);
	add_words(p->argv, argv);
	p->exit.known = true;
	p->end_ns = r->duration_ns;
	g_ptr_array_add(r->processes, p);
	return p;
}

static struct report_task *add_task(struct report_process *p, pid_t tid, const char *comm,
				    int64_t at_peak)
{
	struct report_task *t = report_task_new();

	t->id = (uint64_t)tid;
	t->tid = tid;
	t->comm = g_strdup(comm);
	t->start_ns = p->start_ns;
	t->end_ns = p->end_ns;
	t->at_peak[TARE_ANON] = at_peak;
	g_ptr_array_add(p->tasks, t);
	return t;
}

/* Adds a cause, and its flow to the sum of `kind`. */
static void add_flow(struct report_task *t, enum tare_kind kind, const char *cause, int64_t in,
		     int64_t out)
{
	struct report_cause c = { .flow = { (uint64_t)in, (uint64_t)out } };

	t->flow[kind].in += (uint64_t)in;
	t->flow[kind].out += (uint64_t)out;
	if (kind == TARE_SWAP || kind >= TARE_PAGETABLE)
		return;
	for (unsigned i = 0; i < t->causes->len; i++) {
		struct report_cause *old = &g_array_index(t->causes, struct report_cause, i);

		if (!strcmp(old->name, cause)) {
			old->flow.in += c.flow.in;
			old->flow.out += c.flow.out;
			return;
		}
	}
	c.name = g_strdup(cause);
	g_array_append_val(t->causes, c);
}

static void add_nonowner(struct report_process *p, enum tare_nonowner who, enum tare_kind kind,
			 int64_t in, int64_t out)
{
	p->balance[kind].nonowner.in += (uint64_t)in;
	p->balance[kind].nonowner.out += (uint64_t)out;
	p->nonowner_cause[who].in += (uint64_t)in;
	p->nonowner_cause[who].out += (uint64_t)out;
}

static void add_point(struct report *r, uint64_t time, int64_t rss, int64_t nonrss)
{
	struct report_point p = { .time_ns = time, .rss = rss, .nonrss = nonrss };

	g_array_append_val(r->series, p);
}

static void add_slab(struct report *r, const char *name, uint64_t size, int64_t objects)
{
	struct report_slab s = { g_strdup(name), size, objects, objects * (int64_t)size };

	g_array_append_val(r->slabs, s);
}

#define STACK (16 * KIB)
#define TASK_IN (36 * KIB) /* kernel memory of a task that needs no more */
#define TASK_OUT (8 * KIB)

/* Kernel memory of a task: its stack and its other charges. A kernel thread frees what the task
 * leaves at its end. */
static void add_kernel(struct report *r, struct report_process *p, struct report_task *t)
{
	bool there = kinds_weight(t->at_peak) > 0;
	int64_t left;

	if (t->attached) {
		p->balance[TARE_KSTACK].initial += STACK;
		p->at_peak[TARE_KSTACK] += STACK;
	} else {
		t->flow[TARE_KSTACK].in = STACK;
		t->at_peak[TARE_KSTACK] = there ? STACK : 0;
	}
	t->flow[TARE_KSTACK].out = t->alive ? 0 : STACK;
	if (r->kmem.level != KMEM_EVENTS)
		return;
	if (!t->flow[TARE_KMEM].in) {
		t->flow[TARE_KMEM] = (struct flow){ TASK_IN, TASK_OUT };
		t->at_peak[TARE_KMEM] = there ? TASK_IN - TASK_OUT : 0;
	}
	left = flow_net(t->flow[TARE_KMEM]);
	if (t->alive || left <= 0)
		return;
	t->flow[TARE_KMEM].out += (uint64_t)left;
	r->kmem.left += left;
	r->kmem.nonowner[TARE_NONOWNER_KERNEL].out += (uint64_t)left;
}

static void add_balance(struct balance *total, struct balance *b)
{
	balance_close(b);
	total->initial += b->initial;
	total->tasks.in += b->tasks.in;
	total->tasks.out += b->tasks.out;
	total->nonowner.in += b->nonowner.in;
	total->nonowner.out += b->nonowner.out;
	total->unattributed += b->unattributed;
}

static void sum_process(struct report *r, struct report_process *p)
{
	for (unsigned j = 0; j < p->tasks->len; j++) {
		struct report_task *t = g_ptr_array_index(p->tasks, j);

		add_kernel(r, p, t);
		for (int k = 0; k < TARE_KINDS; k++) {
			p->balance[k].tasks.in += t->flow[k].in;
			p->balance[k].tasks.out += t->flow[k].out;
			p->at_peak[k] += t->at_peak[k];
		}
	}
	for (int k = 0; k < TARE_KINDS; k++)
		add_balance(&r->totals[k], &p->balance[k]);
	for (int k = 0; k < TARE_NONOWNERS; k++) {
		r->nonowner_cause[k].in += p->nonowner_cause[k].in;
		r->nonowner_cause[k].out += p->nonowner_cause[k].out;
	}
	r->peak_weight += kinds_weight(p->at_peak);
	r->peak_kernel += kinds_kernel(p->at_peak);
}

/* A control group of the workload alone: its figures are the workload's. */
static void sum_cgroup(struct report *r)
{
	struct balance *kmem = &r->totals[TARE_KMEM];

	for (int i = 0; i < TARE_NONOWNERS; i++) {
		kmem->nonowner.in += r->kmem.nonowner[i].in;
		kmem->nonowner.out += r->kmem.nonowner[i].out;
	}
	kmem->nonowner.in += (uint64_t)r->kmem.left;
	r->kmem.before = r->kmem.before_at_peak = kmem->initial;
	r->peak_weight += r->kmem.nonowner_at_peak + kmem->initial;
	r->peak_kernel += r->kmem.nonowner_at_peak + kmem->initial;
	for (int k = TARE_PAGETABLE; k < TARE_KINDS; k++) {
		balance_close(&r->totals[k]);
		r->kmem.by_events += r->totals[k].net - r->totals[k].unattributed;
	}
	r->kmem.by_events -= r->kmem.elsewhere;
	r->kmem.by_cgroup = r->kmem.by_events + kmem->unattributed;
}

/* As model/books.c: adds up sums from the tasks to the workload. */
static struct report *sum_up(struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++)
		sum_process(r, g_ptr_array_index(r->processes, i));
	if (r->kmem.level == KMEM_EVENTS && r->kmem.whole)
		sum_cgroup(r);
	if (!r->peak_weight_ns)
		r->peak_weight_ns = r->peak_ns;
	for (int k = 0; k < TARE_KINDS; k++)
		balance_close(&r->totals[k]);
	return r;
}

static struct report *fixture_python(void)
{
	struct report *r = fixture_new(2840 * MS);
	struct report_process *p;
	struct report_task *t;

	set_level(r, KMEM_NONE);
	add_words(r->command, "python3 build.py --objects 600000");
	p = add_process(r, 4121, 4100, "python3", "python3 build.py --objects 600000");
	t = add_task(p, 4121, "python3", 612 * MIB + 400 * KIB);
	add_flow(t, TARE_ANON, "page fault", 1222 * MIB, 0);
	add_flow(t, TARE_FILE, "page fault", 6 * MIB + 200 * KIB, 0);
	add_flow(t, TARE_ANON, "brk", 0, 1190 * MIB);
	add_flow(t, TARE_ANON, "execve", 144 * KIB, 12 * KIB);
	add_flow(t, TARE_ANON, "read", 2 * MIB, 0);
	add_flow(t, TARE_ANON, "munmap", 0, 20 * MIB);
	add_flow(t, TARE_ANON, "exit", 0, 14 * MIB + 132 * KIB);
	add_flow(t, TARE_FILE, "exit", 0, 6 * MIB + 200 * KIB);
	add_flow(t, TARE_PAGETABLE, "", 1320 * KIB, 1320 * KIB);
	t->faults_user = 313201;
	t->faults_kernel = 520;
	t->faults_major = 3;
	t->mapped = 48 * MIB;
	t->unmapped = 31 * MIB;
	t->brk_up = 1270 * MIB;
	t->brk_down = 1270 * MIB;
	t->at_peak[TARE_PAGETABLE] = 1260 * KIB;
	p->rss_peak = r->peak_rss = 612 * MIB + 400 * KIB;
	p->vm_peak = 700 * MIB;
	p->rss_peak_ns = r->peak_ns = 2310 * MS;
	r->peak_bound = r->peak_weight_bound = 128 * KIB;
	r->mms_closed = 2;
	for (int i = 0; i <= 23; i++)
		add_point(r, (uint64_t)i * 100 * MS, i * 26 * MIB, i * 56 * KIB);
	for (int i = 24; i <= 28; i++)
		add_point(r, (uint64_t)i * 100 * MS, (28 - i) * 140 * MIB, 200 * KIB);
	return sum_up(r);
}

static struct report *fixture_server(void)
{
	struct report *r = fixture_new(60 * SECOND);
	struct report_process *p;
	struct report_task *t;

	add_words(r->command,
		  "./server --port 8080 --workers 64 --cache-size 512M --log /var/log/server");
	p = add_process(r, 21950, 21900, "server", "./server --port 8080 --workers 64");
	r->reason = REPORT_SNAPSHOT;
	r->exit.known = p->exit.known = false;
	p->alive = true;
	set_level(r, KMEM_EVENTS);
	t = add_task(p, 21950, "server", 36 * MIB);
	t->at_peak[TARE_FILE] = 8 * MIB;
	t->at_peak[TARE_PAGETABLE] = 240 * KIB;
	t->alive = true;
	add_flow(t, TARE_ANON, "page fault", 30 * MIB, 2 * MIB);
	add_flow(t, TARE_FILE, "page fault", 8 * MIB, 0);
	add_flow(t, TARE_PAGETABLE, "", 240 * KIB, 0);
	t->faults_user = 9800;
	t->mapped = 900 * MIB;
	for (int i = 1; i <= 64; i++) {
		g_autofree char *name = g_strdup_printf("worker-%d", i);

		t = add_task(p, 21950 + i, name, 8 * MIB + i * 4 * KIB);
		t->alive = i > 2;
		t->at_peak[TARE_PAGETABLE] = 32 * KIB;
		add_flow(t, TARE_ANON, "page fault", 12 * MIB, 0);
		add_flow(t, TARE_ANON, "madvise", 0, 4 * MIB - i * 4 * KIB);
		add_flow(t, TARE_PAGETABLE, "", 32 * KIB, 0);
		t->faults_user = 3072;
		t->faults_kernel = 12;
		t->mapped = 72 * MIB;
	}
	t = add_task(p, 22100, "accept", 128 * KIB);
	t->alive = true;
	add_flow(t, TARE_ANON, "recvfrom", 128 * KIB, 0);
	t = add_task(p, 22101, "log/0", 12 * MIB);
	t->alive = true;
	add_flow(t, TARE_SHMEM, "page fault", 12 * MIB, 0);
	t->faults_user = 3072;
	t->faults_major = 12;
	p->rss_peak = r->peak_rss = 568 * MIB + 64 * KIB * 130 + 128 * KIB;
	p->vm_peak = 9200 * MIB;
	p->rss_peak_ns = r->peak_ns = 59 * SECOND;
	for (int i = 0; i < 600; i++)
		add_point(r, (uint64_t)i * 100 * MS, 5 * MIB + i * 4 / 5 * MIB + (i % 40) * 2 * MIB,
			  5 * MIB);
	r->self =
		(struct report_self){ true, 9 * MIB + 200 * KIB, 4 * MIB, 210233, 74.6, 210 * MS };
	return sum_up(r);
}

static void fork_child(struct report *r, pid_t pid)
{
	struct report_process *p = add_process(r, pid, 700, "sh", "sh -c true");
	struct report_task *t = add_task(p, pid, "sh", 0);

	p->balance[TARE_ANON].initial = 160 * KIB;
	p->balance[TARE_PAGETABLE].initial = 44 * KIB;
	add_flow(t, TARE_ANON, "page fault", 120 * KIB, 0);
	add_flow(t, TARE_FILE, "page fault", 1100 * KIB, 0);
	add_flow(t, TARE_ANON, "exit", 0, 280 * KIB);
	add_flow(t, TARE_FILE, "exit", 0, 1100 * KIB);
	add_flow(t, TARE_PAGETABLE, "", 0, 44 * KIB);
	t->faults_user = 190;
	t->mapped = 2 * MIB;
	t->unmapped = 2 * MIB;
	p->rss_peak = 1380 * KIB + (pid % 7) * 4 * KIB;
	p->vm_peak = 4096 * KIB + (pid % 5) * 4 * KIB;
}

/* A large build: 2,000 forks, updates by each kind of non-owner, losses, books that do not
 * balance. */
static struct report *fixture_forks(void)
{
	struct report *r = fixture_new(754 * SECOND);
	static const int64_t share[] = { 700, 480, 200, 90, 88, 60, 40, 36, 35, 34, 33, 32 };
	struct report_process *p;
	struct report_task *t;

	add_words(r->command, "make -j4 all");
	r->exit.code = 2;
	set_level(r, KMEM_EVENTS);
	p = add_process(r, 700, 1, "make", "make -j4 all");
	t = add_task(p, 700, "make", 12 * MIB);
	add_flow(t, TARE_ANON, "page fault", 11 * MIB, 8 * KIB);
	add_flow(t, TARE_FILE, "page fault", 1 * MIB, 0);
	add_flow(t, TARE_ANON, "exit", 0, 11 * MIB - 8 * KIB);
	add_flow(t, TARE_FILE, "exit", 0, 1 * MIB);
	t->faults_user = 3100;
	t->mapped = 20 * MIB;
	p->rss_peak = 12 * MIB;
	for (unsigned i = 0; i < G_N_ELEMENTS(share); i++) {
		int64_t size = share[i] * MIB;

		p = add_process(r, 1000 + (pid_t)i, 700, "cc1plus", "cc1plus -O2 -quiet unit.cc");
		t = add_task(p, p->pid, "cc1plus", size);
		add_flow(t, TARE_ANON, "page fault", size, 0);
		add_flow(t, TARE_ANON, "munmap", 0, size / 4);
		add_flow(t, TARE_ANON, "exit", 0, size - size / 4 - (i ? 0 : 46 * MIB + 56 * KIB));
		t->faults_user = (uint64_t)(size / 4096);
		t->mapped = (uint64_t)size * 2;
		p->rss_peak = size;
		p->rss_peak_ns = 300 * SECOND;
	}
	p = g_ptr_array_index(r->processes, 1);
	add_nonowner(p, TARE_NONOWNER_RECLAIM, TARE_ANON, 0, 48 * MIB);
	p->balance[TARE_SWAP].nonowner.in = 48 * MIB;
	add_nonowner(p, TARE_NONOWNER_KHUGEPAGED, TARE_ANON, 2 * MIB, 0);
	add_nonowner(p, TARE_NONOWNER_PROCESS, TARE_ANON, 0, 4 * KIB);
	add_nonowner(p, TARE_NONOWNER_KERNEL, TARE_ANON, 0, 8 * KIB);
	add_nonowner(p, TARE_NONOWNER_LATE, TARE_ANON, 0, 56 * KIB);
	t = g_ptr_array_index(p->tasks, 0);
	add_flow(t, TARE_SWAP, "", 0, 48 * MIB);
	p->balance[TARE_ANON].unattributed = 12 * KIB;
	p = g_ptr_array_index(r->processes, 2);
	p->exit.signal = 11;
	p->balance[TARE_FILE].unattributed = -4 * KIB;
	for (int i = 0; i < 2000; i++)
		fork_child(r, 2000 + i);
	r->balanced = false;
	r->off_pages = 4;
	r->mms_closed = 2014;
	r->mms_nonzero = 1;
	r->lost[TARE_LOST_RECORD_TASK] = 3;
	r->lost[TARE_LOST_MM] = 1204;
	r->kmem.left_at_peak = 12 * MIB;
	r->kmem.nonowner_at_peak = 3 * MIB;
	r->peak_rss = 1840 * MIB;
	r->peak_ns = 301 * SECOND;
	r->peak_bound = r->peak_weight_bound = 512 * KIB;
	for (int i = 0; i < 754; i++)
		add_point(r, (uint64_t)i * SECOND,
			  (i < 301 ? i * 6 : 1840 - (i - 301) * 4) * MIB * (i % 9 + 8) / 16,
			  20 * MIB);
	return sum_up(r);
}

static struct report *fixture_hostile(void)
{
	struct report *r = fixture_new(12 * MS);
	struct report_process *p;
	struct report_task *t;
	char *big = g_malloc(1 << 20);

	memset(big, 'A', 1 << 20);
	big[(1 << 20) - 1] = '\0';
	g_ptr_array_add(r->command, g_strdup("./evil"));
	g_ptr_array_add(r->command, g_strdup("\033]0;owned\007 \"it's\"\n"));
	g_ptr_array_add(r->command, g_strdup(big));
	r->exit.signal = 9;
	p = add_process(r, 31, 1, "\033[2J\033[31mred", "./evil");
	p->exit.signal = 9;
	g_ptr_array_add(p->argv, g_strdup("\xff\xfe\xc3("));
	g_ptr_array_add(p->argv, big);
	p->argv_truncated = true;
	g_free(p->exe);
	p->exe = NULL;
	set_level(r, KMEM_EVENTS);
	r->slabs = report_slabs_new();
	r->slab_note = g_strdup("note\033[31m\n\xff");
	add_slab(r, "\033[2Jcache\u202e\xff", 64, 1000);
	add_slab(r, "kmalloc-日本語-with-a-name-that-does-not-fit-in-any-column", 1024, 2);
	for (int i = 0; i < 13; i++)
		add_slab(r, "", 8, 1);
	t = add_task(p, 31, "\033[2J\033[31mred", 3 * MIB);
	add_flow(t, TARE_ANON, "page fault", 3 * MIB, 0);
	t = add_task(p, 32, "\u202egnp.exe\u2066", 2 * MIB);
	g_ptr_array_add(t->names, g_strdup("old\tname"));
	add_flow(t, TARE_ANON, "page fault", 2 * MIB, 0);
	t = add_task(p, 33, "z\u200bw\ufeff\u0301\u0301\u0301\u0301", 1 * MIB);
	add_flow(t, TARE_ANON, "page fault", 1 * MIB, 0);
	t = add_task(p, 34, "日本語スレッド名", 512 * KIB);
	add_flow(t, TARE_ANON, "sys\033[5m", 512 * KIB, 0);
	t = add_task(p, 35, "", 256 * KIB);
	add_flow(t, TARE_ANON, "page fault", 256 * KIB, 0);
	t = add_task(p, 36, "  unattributed", 128 * KIB);
	add_flow(t, TARE_ANON, "page fault", 128 * KIB, 0);
	p->rss_peak = r->peak_rss = 6 * MIB + 896 * KIB;
	r->peak_ns = 11 * MS;
	p->balance[TARE_ANON].nonowner.out = (uint64_t)p->rss_peak;
	p->nonowner_cause[TARE_NONOWNER_KERNEL].out = (uint64_t)p->rss_peak;
	return sum_up(r);
}

static struct report *fixture_empty(void)
{
	struct report *r = fixture_new(0);

	r->exit.known = false;
	return r;
}

/* A kernel whose counters tare cannot sum and that lacks some tracepoints. */
static struct report *fixture_unchecked(void)
{
	struct report *r = fixture_python();
	struct report_process *p = g_ptr_array_index(r->processes, 0);

	g_ptr_array_set_size(r->features, 0);
	report_add_feature(r, "ledger", "classic",
			   "the counter has another shape than percpu_counter; each update sums "
			   "all CPUs, which is slower");
	report_add_feature(r, "virtual", "not measured",
			   "the tracepoint raw_syscalls:sys_exit is missing; a kernel with "
			   "CONFIG_FTRACE_SYSCALLS has it");
	report_add_feature(r, "faults_kernel", "not measured",
			   "no tracepoint exceptions:page_fault_kernel on this architecture");
	report_add_feature(r, "pagetable", "not measured", "mm_struct has no pgtables_bytes");
	set_level(r, KMEM_NONE);
	p->at_peak[TARE_PAGETABLE] = 0;
	((struct report_task *)g_ptr_array_index(p->tasks, 0))->at_peak[TARE_PAGETABLE] = 0;
	r->peak_kernel = kinds_kernel(p->at_peak);
	r->peak_weight = kinds_weight(p->at_peak);
	r->sums_valid = false;
	r->balanced = false;
	r->mms_closed = 0;
	return r;
}

#include "fixtures_folded.c"
#include "fixtures_kernel.c"
#include "fixtures_profile.c"
#include "fixtures_sampled.c"
#include "fixtures_screen.c"

struct fixture {
	const char *name;
	struct report *(*make)(void);
};

static const struct fixture fixtures[] = {
	{ "python", fixture_python },
	{ "server", fixture_server },
	{ "forks", fixture_forks },
	{ "hostile", fixture_hostile },
	{ "empty", fixture_empty },
	{ "attach", fixture_attach },
	{ "unchecked", fixture_unchecked },
	{ "folded", fixture_folded },
	{ "uring", fixture_uring },
	{ "group", fixture_cgroup_only },
	{ "sockets", fixture_sockets },
	{ "oom", fixture_oom },
	{ "sampled", fixture_sampled },
	{ "sampled-hostile", fixture_sampled_hostile },
	{ "profile", fixture_profile },
	{ "profile-hostile", fixture_profile_hostile },
	{ "true", fixture_true },
	{ "storm", fixture_storm },
	{ "oom-victim", fixture_oom_victim },
	{ "late", fixture_late },
	{ "amber", fixture_amber },
	{ "many", fixture_many },
	{ "incident", fixture_incident },
	{ "incident-rule", fixture_incident_rule },
};
