/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/kmem.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "capture/hidden.h"
#include "capture/slab.h"

/* The counter is read until READ_STEADY readings in a row had no event between them, at most
 * READ_TRIES times. One is not enough: an event fires shortly before its change. */
#define READ_TRIES 40
#define READ_STEADY 3
#define INITIAL_LOOKS 7
#define INITIAL_LOOK_MS 3
#define BATCH 64 /* pages for each CPU (MEMCG_CHARGE_BATCH, include/linux/memcontrol.h) */

struct kmem {
	struct loader *loader;
	const struct features *features;
	struct cgroup *cgroup;
	struct cgroup *found; /* the same cgroup, if kmem_free() must close it */
	char *why;            /* the reason if it is not measured */
	bool whole;           /* the cgroup holds the workload only */
	bool machine;         /* it may be the root; events never stand still there */
	int64_t initial;
	int64_t elsewhere; /* page tables and stacks that are charged to another cgroup */
	struct cgroup_counters highest;
	bool want_slab;
	struct slab *slab;
	char *slab_why;
	bool looked;  /* tare has looked for tasks that run without events … */
	char *hidden; /* … and found this one */
};

struct kmem *kmem_new(struct loader *l, const struct features *f, bool slab)
{
	struct kmem *k = g_new0(struct kmem, 1);

	k->loader = l;
	k->features = f;
	k->want_slab = slab;
	return k;
}

void kmem_free(struct kmem *k)
{
	if (!k)
		return;
	cgroup_close(k->found);
	slab_close(k->slab);
	g_free(k->why);
	g_free(k->slab_why);
	g_free(k->hidden);
	g_free(k);
}

static enum kmem_level measured_level(const struct kmem *k)
{
	if (!k->cgroup)
		return KMEM_NONE;
	return features_has(k->features, FEATURE_MEMCG_STATE) ? KMEM_EVENTS : KMEM_CGROUP;
}

void kmem_watch(struct kmem *k, struct cgroup *own, const char *why)
{
	k->why = g_strdup(why);
	k->cgroup = own;
	k->whole = true;
	if (own)
		loader_watch(k->loader, cgroup_id(own), true, cgroup_version(own) == 1);
}

static int by_pid(gconstpointer a, gconstpointer b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

/* How many of the cgroup's processes are not in `pids`. */
static unsigned count_strangers(const struct cgroup *cg, const GArray *pids)
{
	g_autoptr(GArray) here = cgroup_pids(cg), sorted = g_array_copy((GArray *)pids);
	unsigned n = 0;

	g_array_sort(sorted, by_pid);
	for (unsigned i = 0; here && i < here->len; i++)
		n += !g_array_binary_search(sorted, &g_array_index(here, pid_t, i), by_pid, NULL);
	return n;
}

/* From now on kernel memory is not measured; its value is not known, not 0. */
static void stop_watching(struct kmem *k, const char *why)
{
	loader_watch(k->loader, 0, false, false);
	k->cgroup = NULL;
	g_free(k->why);
	k->why = g_strdup(why);
}

void kmem_watch_targets(struct kmem *k, const GArray *pids, bool machine)
{
	if (cgroup_find(&k->found, k->features, pids, &k->why))
		return;
	if (!machine && !strcmp(k->found->path, "/")) {
		stop_watching(k,
			      "the processes have only the root control group in common, and the "
			      "kernel charges nobody for kernel memory of tasks in that");
		return;
	}
	k->cgroup = k->found;
	k->machine = machine;
	k->whole = !machine && !count_strangers(k->cgroup, pids);
	loader_watch(k->loader, cgroup_id(k->cgroup), k->whole, cgroup_version(k->cgroup) == 1);
}

/* Kernel bytes by the cgroup's counter, at a moment when the sum of events is that in `w`: both are
 * read again if events came in between. `moved`: bytes of events that came in spite of that; the
 * counter and `w` may differ by that much. */
static int64_t read_with_events(const struct kmem *k, struct tare_workload *w, int64_t *moved)
{
	int64_t kernel = CGROUP_UNKNOWN, before;
	int tries = k->machine ? 1 : READ_TRIES;
	unsigned steady = 0;
	int64_t events;

	loader_workload(k->loader, w);
	for (int i = 0; i < tries && steady < READ_STEADY; i++) {
		events = w->cgroup.events;
		before = kernel;
		kernel = cgroup_read_kernel(k->cgroup);
		loader_workload(k->loader, w);
		*moved = llabs(w->cgroup.events - events);
		steady = *moved || kernel != before ? 0 : steady + 1;
	}
	return kernel;
}

/* How far events and the cgroup's counter may differ, in bytes. On v2 a reader gets the values
 * of the last flush. A CPU reports its updates to the cgroup in batches, and the kernel flushes
 * them when one batch per CPU was reported (memcg_rstat_updated(), memcg_vmstats_needs_flush()).
 * So two batches per CPU may be missing, until the kernel flushes all, every two seconds. On v1
 * a task may be preempted between an event and its change of the counter. A sandbox's kernel may
 * hide tasks: memory that these tasks free, or RCU callbacks that interrupt them, has no event;
 * on v1 the counter shows it (bpf/hidden.bpf.c). A larger difference is shown as unattributed,
 * and subtracted from the weight at each poll. */
static int64_t counter_lag(const struct kmem *k)
{
	int batches = cgroup_version(k->cgroup) == 2 ? 2 : 1;

	return batches * BATCH * sysconf(_SC_NPROCESSORS_CONF) * sysconf(_SC_PAGESIZE);
}

/* The cgroup's charge without the events so far, or CGROUP_UNKNOWN. */
static int64_t initial_balance(const struct kmem *k)
{
	struct tare_workload w;
	int64_t moved, kernel = read_with_events(k, &w, &moved);

	return kernel == CGROUP_UNKNOWN ? kernel : kernel - w.cgroup.events;
}

/* The same for a cgroup in which other tasks are active: the most frequent of several readings.
 * A task that was preempted between an event and its change spoils only few of them. */
static int64_t usual_initial(const struct kmem *k)
{
	int64_t found[INITIAL_LOOKS], usual = 0;
	unsigned most = 0;

	for (unsigned i = 0; i < INITIAL_LOOKS; i++) {
		unsigned same = 0;

		if (i)
			poll(NULL, 0, INITIAL_LOOK_MS);
		found[i] = initial_balance(k);
		for (unsigned j = 0; j <= i; j++)
			same += found[j] == found[i];
		if (same > most)
			usual = found[i];
		most = MAX(most, same);
	}
	return usual;
}

/* Page tables and stacks in the initial balance that exceed the cgroup's charge: tasks got them in
 * another cgroup. */
static int64_t brought_along(const struct kmem *k)
{
	struct tare_workload w;

	loader_workload(k->loader, &w);
	return MAX(w.cgroup.attached - k->initial, 0);
}

/* The part of these that may still be held. */
static int64_t brought_now(const struct kmem *k)
{
	struct tare_workload w;
	struct tare_held held;

	if (!k->elsewhere || loader_held(k->loader, &held))
		return k->elsewhere;
	loader_workload(k->loader, &w);
	return CLAMP(held.kind[TARE_PAGETABLE] + held.stacks * (int64_t)w.stack_bytes, 0,
		     k->elsewhere);
}

void kmem_begin(struct kmem *k)
{
	int64_t page = sysconf(_SC_PAGESIZE);

	if (k->want_slab)
		k->slab = slab_open(&k->slab_why);
	if (measured_level(k) != KMEM_EVENTS)
		return;
	k->initial = k->found ? usual_initial(k) : initial_balance(k);
	if (k->initial == CGROUP_UNKNOWN) {
		stop_watching(k, "the control group's counter of kernel memory cannot be read");
	} else if (k->whole) {
		k->elsewhere = brought_along(k);
		loader_weigh(k->loader, (k->initial + k->elsewhere) / page, 0, 0);
	}
}

/* Add to the weight what no event reports, and polling shows: on v1 socket buffers; without
 * events all kernel memory but page tables and stacks; with events, changes that had none. */
static void weigh_unseen(const struct kmem *k)
{
	int64_t page = sysconf(_SC_PAGESIZE), sock = 0, kernel, moved, off = 0;
	struct tare_workload w;

	if (cgroup_version(k->cgroup) == 1)
		sock = MAX(cgroup_read_sock(k->cgroup), 0);
	kernel = read_with_events(k, &w, &moved);
	if (measured_level(k) == KMEM_EVENTS) {
		if (kernel != CGROUP_UNKNOWN)
			off = kernel - k->initial - w.cgroup.events;
		if (llabs(off) <= moved + counter_lag(k))
			off = 0;
		off -= k->elsewhere -
		       brought_now(k); /* its release shows in no event of this cgroup */
		loader_weigh(k->loader, 0, sock / page, off / page);
		return;
	}
	kernel = MAX(kernel, 0) + sock;
	loader_weigh(k->loader, 0, MAX(kernel / page - (w.nonrss - w.swap - w.polled), 0), 0);
}

void kmem_look(struct kmem *k, uint64_t time_ns)
{
	int64_t current;

	if (k->slab)
		slab_look(k->slab);
	if (!k->cgroup || k->machine)
		return;
	if (k->whole)
		weigh_unseen(k);
	current = cgroup_read_current(k->cgroup);
	if (k->highest.time_ns && current <= k->highest.current)
		return;
	cgroup_read(k->cgroup, &k->highest);
	k->highest.time_ns = MAX(time_ns, 1);
}

int64_t kmem_held(const struct kmem *k)
{
	struct tare_workload w;

	if (measured_level(k) != KMEM_EVENTS || !k->whole)
		return 0;
	loader_workload(k->loader, &w);
	return k->initial + w.cgroup.events;
}

void kmem_books(struct kmem *k, struct tare_workload *w, struct books_kmem *books)
{
	struct tare_hidden found;
	bool hidden = loader_hidden(k->loader, &found);

	*books = (struct books_kmem){
		.level = measured_level(k),
		.whole = k->whole,
		.initial = k->initial,
		.elsewhere = brought_now(k),
		.by_cgroup = CGROUP_UNKNOWN,
	};
	if (!k->cgroup) {
		loader_workload(k->loader, w);
		return;
	}
	books->by_cgroup = read_with_events(k, w, &books->bound);
	books->hidden = hidden && w->cgroup.counted;
	if (!k->machine)
		books->bound += counter_lag(k);
}

static unsigned count_others(const struct kmem *k, const struct report *r)
{
	g_autoptr(GArray) ours = g_array_new(FALSE, FALSE, sizeof(pid_t));

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		if (p->alive)
			g_array_append_val(ours, p->pid);
	}
	return count_strangers(k->cgroup, ours);
}

/* Find the task that runs without events: the one that the programs found, else by watching the
 * CPUs. That takes a second in which no ring is read, so only at the end. */
static void find_hidden(struct kmem *k, const struct report *r)
{
	struct tare_hidden found;

	if (loader_hidden(k->loader, &found)) {
		g_free(k->hidden);
		k->hidden = hidden_name(&found);
	} else if (!k->looked && r->reason != REPORT_SNAPSHOT) {
		hidden_find(&k->features->btf, &k->hidden);
		k->looked = true;
	}
}

static bool much_hidden(const struct report_kmem *r)
{
	return r->hidden != CGROUP_UNKNOWN && llabs(r->hidden) > r->bound;
}

/* Text on memory that was freed while such tasks ran, by the cgroup's counter; NULL if it is
 * less than counter and events may differ anyway. */
static char *off_by_counter(const struct kmem *k, const struct report_kmem *r)
{
	g_autofree char *times = NULL, *size = NULL, *took = NULL;

	if (!much_hidden(r))
		return NULL;
	times = text_count(r->hidden_times);
	size = text_size(llabs(r->hidden));
	took = text_duration(r->hidden_ns);
	return g_strdup_printf("the kernel shows no events while %s runs (%s times, %s at most): "
			       "what %s then, %s, is known by the control group's counter only",
			       k->hidden ? k->hidden : "some process", times, took,
			       r->hidden > 0 ? "was freed" : "was charged", size);
}

/* Text on what no event reported, and the task that ran then; or NULL. */
static char *why_off(struct kmem *k, const struct report *r)
{
	bool less = r->kmem.by_cgroup != CGROUP_UNKNOWN &&
		    r->kmem.by_cgroup < r->kmem.by_events - r->kmem.bound;
	char *why;

	if (less || much_hidden(&r->kmem))
		find_hidden(k, r);
	why = off_by_counter(k, &r->kmem);
	if (why || !less || !k->hidden)
		return why;
	return g_strdup_printf(
		"the kernel shows no events while %s runs: memory that is freed then "
		"is unattributed",
		k->hidden);
}

const char *kmem_why_not(const struct kmem *k)
{
	if (!k->cgroup)
		return k->why ? k->why : "there is no control group for this workload";
	return features_why_not(k->features, FEATURE_MEMCG_STATE,
				"this kernel has no mod_memcg_state tracepoint (Linux 6.13)");
}

static void add_why_group(const struct kmem *k, struct report *r)
{
	g_autofree char *text = g_strdup_printf(
		"by task: %s; the control group's total is in TOTALS and CHARGED", kmem_why_not(k));

	report_add_feature(r, "kmem", "not measured", text);
}

static void add_features(struct kmem *k, struct report *r)
{
	g_autofree char *version = NULL, *why = why_off(k, r);

	if (!k->cgroup) {
		report_add_feature(r, "cgroup", "not measured", k->why);
		report_add_feature(r, "kmem", "not measured",
				   "the kernel counts its memory by control group; there is none "
				   "for this workload");
		return;
	}
	version = g_strdup_printf("v%u", cgroup_version(k->cgroup));
	report_add_feature(r, "cgroup", version, NULL);
	if (measured_level(k) == KMEM_EVENTS)
		report_add_feature(r, "kmem", "events", why);
	else
		add_why_group(k, r);
}

/* Parts of kernel memory that this kernel does not report separately are unknown, not 0. */
static void forget_parts(const struct kmem *k, struct report *r)
{
	const struct features *f = k->features;

	if (measured_level(k) != KMEM_EVENTS)
		return;
	if (!features_has(f, FEATURE_VMALLOC)) {
		r->kmem.vmalloc = CGROUP_UNKNOWN;
		report_add_feature(r, "vmalloc", "not measured", f->found[FEATURE_VMALLOC].detail);
	}
	if (!features_has(f, FEATURE_SOCK)) {
		r->kmem.sock = CGROUP_UNKNOWN;
		report_add_feature(r, "sockets", "not measured", f->found[FEATURE_SOCK].detail);
	}
}

void kmem_describe(struct kmem *k, struct report *r, uint64_t now_ns)
{
	add_features(k, r);
	forget_parts(k, r);
	if (k->want_slab && k->slab)
		r->slabs = slab_result(k->slab, &r->slab_note);
	else if (k->want_slab)
		r->slab_note = g_strdup(k->slab_why);
	if (!k->cgroup)
		return;
	cgroup_describe(k->cgroup, &r->cgroup);
	r->cgroup.now.time_ns = now_ns;
	r->cgroup.highest = k->highest;
	r->cgroup.others = r->cgroup.own ? 0 : count_others(k, r);
}
