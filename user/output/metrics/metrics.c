/* SPDX-License-Identifier: GPL-2.0-only
 *
 * All metrics: of the machine, of control groups, and of names of processes in them.
 */
#include "output/metrics/metrics.h"

#include <string.h>

#include "output/metrics/writer.h"

#define ID_SHORT 12

/* What one series is of: its labels, and its figures. */
struct item {
	char *labels;
	const struct groups_entry *e;
	const struct groups_kernel *kernel; /* NULL: none */
};

/* The families of one scope have one prefix and one list of items. */
struct scope {
	const char *prefix, *of;
	GArray *items; /* struct item */
	bool causes;   /* in and out are by cause */
	bool files;    /* kernel memory has more kinds, from files of control groups */
};

struct printing {
	struct metrics_writer w;
	const struct metrics_input *in;
	GHashTable *causes; /* id -> name */
};

static void item_clear(gpointer p)
{
	g_free(((struct item *)p)->labels);
}

static GArray *items_new(void)
{
	GArray *items = g_array_new(FALSE, FALSE, sizeof(struct item));

	g_array_set_clear_func(items, item_clear);
	return items;
}

static void add_item(GArray *items, char *labels, const struct groups_entry *e,
		     const struct groups_kernel *kernel)
{
	struct item item = { labels, e, kernel };

	g_array_append_val(items, item);
}

static char *one_label(const char *key, const char *value)
{
	GString *labels = g_string_new(NULL);

	metrics_label(labels, key, value);
	return g_string_free(labels, FALSE);
}

/* What a control group is of: names that files have; else the first digits of ids. */
static GString *labels_of(const struct group *group)
{
	const struct container *c = &group->what;
	g_autofree char *id = c->id ? g_strndup(c->id, ID_SHORT) : NULL;
	GString *labels = g_string_new(NULL);

	metrics_label(labels, "cgroup", group->path);
	metrics_label(labels, "container", group->container ? group->container : id ? id : c->name);
	metrics_label(labels, "namespace", group->namespace);
	metrics_label(labels, "pod", group->pod ? group->pod : c->pod);
	metrics_label(labels, "unit", c->unit);
	return labels;
}

static void add_name(GArray *items, const struct group *group, const char *name,
		     const struct groups_entry *e)
{
	GString *labels = labels_of(group);

	metrics_label(labels, "comm", name);
	add_item(items, g_string_free(labels, FALSE), e, NULL);
}

static bool has_figures(const struct groups_entry *e)
{
	return e->now.processes || e->counts.flows || e->counts.faults || e->counts.started;
}

static GArray *group_items(const struct groups *g, const GPtrArray *shown)
{
	const struct groups_rest *r = groups_rest(g);
	GArray *items = items_new();

	for (unsigned i = 0; i < shown->len; i++) {
		const struct group *group = shown->pdata[i];

		add_item(items, g_string_free(labels_of(group), FALSE), &group->e, &group->kernel);
	}
	add_item(items, one_label("cgroup", GROUPS_OTHER), &r->other, NULL);
	add_item(items, one_label("cgroup", "(unknown)"), &r->unknown, NULL);
	return items;
}

static GArray *name_items(const GPtrArray *shown)
{
	GArray *items = items_new();

	for (unsigned i = 0; i < shown->len; i++) {
		const struct group *group = shown->pdata[i];
		g_autoptr(GPtrArray) names = groups_shown_names(group);

		for (unsigned n = 0; n < names->len; n++) {
			const struct groups_name *name = names->pdata[n];

			add_name(items, group, name->name, &name->e);
		}
		if (has_figures(&group->other))
			add_name(items, group, GROUPS_OTHER, &group->other);
	}
	return items;
}

/* `help` is about the scope, whose words come at its end. */
static void family(struct printing *p, const struct scope *s, enum metrics_kind kind,
		   const char *name, const char *unit, const char *help)
{
	g_autofree char *whole = g_strdup_printf("%s, of %s.", help, s->of);

	metrics_family(&p->w, kind, s->prefix, name, unit, whole);
}

static void print_resident(struct printing *p, const struct scope *s)
{
	family(p, s, METRIC_GAUGE, "resident_memory_bytes", "bytes",
	       "Resident memory; pages that processes share count in each");
	for (unsigned i = 0; i < s->items->len; i++) {
		const struct item *it = &g_array_index(s->items, struct item, i);

		metrics_int(&p->w, it->labels, "kind", "anon", it->e->now.kind[TARE_ANON]);
		metrics_int(&p->w, it->labels, "kind", "file", it->e->now.kind[TARE_FILE]);
		metrics_int(&p->w, it->labels, "kind", "shmem", it->e->now.kind[TARE_SHMEM]);
	}
	family(p, s, METRIC_GAUGE, "swapped_memory_bytes", "bytes", "Memory that is swapped out");
	for (unsigned i = 0; i < s->items->len; i++) {
		const struct item *it = &g_array_index(s->items, struct item, i);

		metrics_int(&p->w, it->labels, NULL, NULL, it->e->now.kind[TARE_SWAP]);
	}
}

static void print_known(const struct printing *p, const struct item *it, const char *kind,
			int64_t bytes)
{
	if (bytes >= 0)
		metrics_int(&p->w, it->labels, "kind", kind, bytes);
}

static void print_kernel(struct printing *p, const struct scope *s)
{
	family(p, s, METRIC_GAUGE, "kernel_memory_bytes", "bytes",
	       s->files ? "Kernel memory; kinds other than page_tables and stacks are the control"
			  " group's own figures, with groups below it, and" :
			  "Kernel memory");
	for (unsigned i = 0; i < s->items->len; i++) {
		const struct item *it = &g_array_index(s->items, struct item, i);
		const struct groups_kernel *k = it->kernel;

		print_known(p, it, "page_tables", it->e->now.kind[TARE_PAGETABLE]);
		print_known(p, it, "stacks", it->e->now.kind[TARE_KSTACK]);
		if (!k) {
			if (p->in->total->kmem)
				print_known(p, it, "other", it->e->now.kind[TARE_KMEM]);
			continue;
		}
		print_known(p, it, "slab_reclaimable", k->slab_reclaimable);
		print_known(p, it, "slab_unreclaimable", k->slab_unreclaimable);
		print_known(p, it, "percpu", k->percpu);
		print_known(p, it, "sockets", k->sockets);
		print_known(p, it, "other", k->other);
	}
}

static char *own_cause(uint32_t id)
{
	static const char *const who[TARE_NONOWNERS] = {
		[TARE_NONOWNER_RECLAIM] = "reclaim",      [TARE_NONOWNER_KHUGEPAGED] = "khugepaged",
		[TARE_NONOWNER_KERNEL] = "kernel thread", [TARE_NONOWNER_PROCESS] = "other process",
		[TARE_NONOWNER_LATE] = "after its end",
	};

	if (id == GROUPS_FORK)
		return g_strdup("fork");
	return id >= GROUPS_NONOWNER && id < GROUPS_NONOWNER + TARE_NONOWNERS ?
		       g_strdup(who[id - GROUPS_NONOWNER]) :
		       NULL;
}

/* Names are looked up once in a print: series by the thousand have the same few. */
static const char *cause_of(struct printing *p, uint32_t id)
{
	char *name = g_hash_table_lookup(p->causes, GUINT_TO_POINTER(id));

	if (name)
		return name;
	name = own_cause(id) ?: p->in->cause_name(id);
	g_hash_table_insert(p->causes, GUINT_TO_POINTER(id), name);
	return name;
}

static void print_flow(struct printing *p, const struct scope *s, bool in)
{
	family(p, s, METRIC_COUNTER, in ? "memory_in_bytes" : "memory_out_bytes", "bytes",
	       in ? "Resident memory that came in since tare came" :
		    "Resident memory that went out since tare came");
	for (unsigned i = 0; i < s->items->len; i++) {
		const struct item *it = &g_array_index(s->items, struct item, i);
		const struct groups_counts *c = &it->e->counts;

		if (!s->causes) {
			metrics_count(&p->w, it->labels, NULL, NULL,
				      in ? groups_in(c) : groups_out(c));
			continue;
		}
		for (unsigned f = 0; f < c->flows; f++) {
			uint64_t bytes = in ? c->flow[f].in : c->flow[f].out;

			if (bytes) /* most causes have one direction only */
				metrics_count(&p->w, it->labels, "cause",
					      cause_of(p, c->flow[f].cause), bytes);
		}
	}
}

/* Counters and gauges of one number: where it stands in an entry. */
static const struct simple {
	const char *name, *help;
	size_t offset;
	enum metrics_kind kind;
} simples[] = {
	{ "page_faults", "Page faults since tare came",
	  offsetof(struct groups_entry, counts.faults), METRIC_COUNTER },
	{ "major_page_faults", "Page faults that waited for I/O, since tare came",
	  offsetof(struct groups_entry, counts.faults_major), METRIC_COUNTER },
	{ "processes_started", "Processes that were started since tare came",
	  offsetof(struct groups_entry, counts.started), METRIC_COUNTER },
	{ "oom_kills", "Processes that the OOM killer killed since tare came",
	  offsetof(struct groups_entry, counts.oom_kills), METRIC_COUNTER },
	{ "processes", "Living processes", offsetof(struct groups_entry, now.processes),
	  METRIC_GAUGE },
	{ "threads", "Living threads", offsetof(struct groups_entry, now.threads), METRIC_GAUGE },
};

static void print_simple(struct printing *p, const struct scope *s, const struct simple *what)
{
	family(p, s, what->kind, what->name, NULL, what->help);
	for (unsigned i = 0; i < s->items->len; i++) {
		const struct item *it = &g_array_index(s->items, struct item, i);

		metrics_count(&p->w, it->labels, NULL, NULL,
			      *(const uint64_t *)((const char *)it->e + what->offset));
	}
}

static void print_scope(struct printing *p, const struct scope *s)
{
	print_resident(p, s);
	print_kernel(p, s);
	print_flow(p, s, true);
	print_flow(p, s, false);
	for (unsigned i = 0; i < G_N_ELEMENTS(simples); i++)
		print_simple(p, s, &simples[i]);
}

/* What labels would only make longer: join with it by cgroup. */
static void print_info(struct printing *p, const GPtrArray *shown)
{
	metrics_family(&p->w, METRIC_INFO, "tare_", "cgroup", NULL,
		       "What a control group belongs to, by its path.");
	for (unsigned i = 0; i < shown->len; i++) {
		const struct group *group = shown->pdata[i];
		const struct container *c = &group->what;
		GString *labels = g_string_new(NULL);

		metrics_label(labels, "cgroup", group->path);
		metrics_label(labels, "runtime", c->runtime);
		metrics_label(labels, "container_id", c->id);
		metrics_label(labels, "pod_uid", c->pod);
		metrics_label(labels, "slice", c->slice);
		metrics_label(labels, "user", c->user);
		metrics_label(labels, "snap", c->snap);
		metrics_int(&p->w, labels->str, NULL, NULL, 1);
		g_string_free(labels, TRUE);
	}
}

static void print_groups(struct printing *p)
{
	const struct groups_rest *r = groups_rest(p->in->groups);
	const struct groups_limits *limits = &p->in->self->limits;
	struct metrics_writer *w = &p->w;

	metrics_family(w, METRIC_GAUGE, "tare_", "groups", NULL,
		       "Control groups with processes: with series of their own, and as (other).");
	metrics_count(w, "", "state", "shown", r->shown);
	metrics_count(w, "", "state", "other", r->hidden);
	metrics_family(w, METRIC_GAUGE, "tare_", "groups_limit", NULL,
		       "The most that have series of their own: control groups, names in each.");
	metrics_count(w, "", "of", "groups", limits->groups);
	metrics_count(w, "", "of", "names", limits->names);
	metrics_family(w, METRIC_COUNTER, "tare_", "groups_gone", NULL,
		       "Control groups that were removed, and have no series any more.");
	metrics_count(w, "", NULL, NULL, r->gone);
	metrics_family(w, METRIC_COUNTER, "tare_", "groups_nameless", NULL,
		       "Of these, those that were removed before tare knew their path.");
	metrics_count(w, "", NULL, NULL, r->nameless);
	metrics_family(w, METRIC_COUNTER, "tare_", "groups_replaced", NULL,
		       "Control groups whose series ended because a heavier one took the place.");
	metrics_count(w, "", NULL, NULL, r->swaps);
}

static void print_lacks(struct printing *p)
{
	struct metrics_writer *w = &p->w;
	GString *labels = g_string_new(NULL);

	metrics_family(w, METRIC_GAUGE, "tare_", "not_measured", NULL,
		       "1: has no series, for this reason.");
	if (p->in->kmem_why) {
		metrics_label(labels, "what", "kernel memory by process");
		metrics_label(labels, "reason", p->in->kmem_why);
		metrics_int(w, labels->str, NULL, NULL, 1);
		g_string_truncate(labels, 0);
	}
	if (p->in->group_kernel_why) {
		metrics_label(labels, "what", "kernel memory by control group");
		metrics_label(labels, "reason", p->in->group_kernel_why);
		metrics_int(w, labels->str, NULL, NULL, 1);
	}
	g_string_free(labels, TRUE);
}

static void print_books(struct printing *p)
{
	const struct metrics_self *s = p->in->self;
	struct metrics_writer *w = &p->w;

	metrics_family(w, METRIC_COUNTER, "tare_", "lost", NULL,
		       "What tare lost; 0: nothing. Sums of lost records are not lost.");
	for (unsigned i = 0; i < TARE_LOSSES; i++)
		metrics_count(w, "", "what", lost_name[i], s->lost[i]);
	metrics_family(w, METRIC_COUNTER, "tare_", "books_compared", NULL,
		       "Times that tare's sums were compared with the kernel's own counters.");
	metrics_count(w, "", NULL, NULL, s->audits);
	if (!s->audits)
		return;
	metrics_family(w, METRIC_GAUGE, "tare_", "books_balanced", NULL,
		       "1: the last time they were equal.");
	metrics_int(w, "", NULL, NULL, s->balanced);
	metrics_family(w, METRIC_GAUGE, "tare_", "books_off_bytes", "bytes",
		       "By how much they differ.");
	metrics_int(w, "", NULL, NULL, s->off_bytes);
}

static void print_ticks(struct printing *p)
{
	const struct metrics_self *s = p->in->self;
	struct metrics_writer *w = &p->w;

	metrics_family(w, METRIC_COUNTER, "tare_agent_", "ticks", NULL,
		       "Times that tare looked at all processes: each second.");
	metrics_count(w, "", NULL, NULL, s->ticks);
	metrics_family(w, METRIC_COUNTER, "tare_agent_", "ticks_late", NULL,
		       "Ticks that came late, or not at all.");
	metrics_count(w, "", NULL, NULL, s->late);
	metrics_family(w, METRIC_GAUGE, "tare_agent_", "tick_cpu_seconds", "seconds",
		       "CPU time of the last tick.");
	metrics_seconds(w, "", s->tick_ns);
	metrics_family(w, METRIC_COUNTER, "tare_agent_", "http_requests", NULL,
		       "Requests that were answered.");
	metrics_count(w, "", "result", "ok", s->requests - MIN(s->refused, s->requests));
	metrics_count(w, "", "result", "refused", s->refused);
	metrics_family(w, METRIC_COUNTER, "tare_agent_", "reloads", NULL,
		       "Times that the configuration was read again.");
	metrics_count(w, "", "result", "ok", s->reloads);
	metrics_count(w, "", "result", "refused", s->reloads_failed);
	metrics_family(w, METRIC_COUNTER, "tare_agent_", "memory_trimmed", NULL,
		       "Times that tare gave up details to stay below its limit of memory.");
	metrics_count(w, "", NULL, NULL, s->thinned);
}

static void print_self(struct printing *p)
{
	const struct metrics_self *s = p->in->self;
	struct metrics_writer *w = &p->w;
	GString *labels = g_string_new(NULL);

	metrics_family(w, METRIC_INFO, "tare_", "build", NULL, "The version of tare.");
	metrics_label(labels, "version", s->version);
	metrics_label(labels, "backend", s->backend);
	metrics_int(w, labels->str, NULL, NULL, 1);
	g_string_free(labels, TRUE);
	metrics_family(w, METRIC_GAUGE, "tare_agent_", "start_time_seconds", "seconds",
		       "When tare began, since the epoch.");
	metrics_int(w, "", NULL, NULL, s->started_epoch);
	metrics_family(w, METRIC_COUNTER, "tare_agent_", "cpu_seconds", "seconds",
		       "CPU time of tare itself, without its programs in the kernel.");
	metrics_seconds(w, "", s->cpu_ns);
	metrics_family(w, METRIC_GAUGE, "tare_agent_", "resident_memory_bytes", "bytes",
		       "Resident memory of tare itself.");
	metrics_int(w, "", NULL, NULL, s->rss);
	if (s->maps) {
		metrics_family(w, METRIC_GAUGE, "tare_agent_", "maps_bytes", "bytes",
			       "Kernel memory of tare's BPF maps.");
		metrics_int(w, "", NULL, NULL, s->maps);
	}
	print_ticks(p);
}

void metrics_render(GString *out, const struct metrics_input *in, enum metrics_format format)
{
	g_autoptr(GHashTable) causes = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	struct printing p = { .w = { .out = out, .format = format }, .in = in, .causes = causes };
	g_autoptr(GPtrArray) shown = groups_shown(in->groups);
	g_autoptr(GArray) machine = items_new(), groups = group_items(in->groups, shown);
	g_autoptr(GArray) names = name_items(shown);
	const struct scope scopes[] = {
		{ "tare_machine_", "all processes of the machine", machine, true, false },
		{ "tare_cgroup_", "the processes in a control group", groups, true, true },
		{ "tare_name_", "the processes of one name in a control group", names, false,
		  false },
	};

	add_item(machine, g_strdup(""), &groups_rest(in->groups)->all, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(scopes); i++)
		print_scope(&p, &scopes[i]);
	print_info(&p, shown);
	print_groups(&p);
	print_lacks(&p);
	print_books(&p);
	print_self(&p);
	metrics_end(&p.w);
}
