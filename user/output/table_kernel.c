/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The sections on the kernel's side: KERNEL, kernel memory by what it is and who
 * made it; CHARGED, the control group's own counters; SLAB, the caches.
 */
#include "output/table.h"

#include <string.h>

#include "base/text.h"
#include "output/view.h"

#define SLABS_MAX 12

/* As table_foreign[], of kernel memory. */
static const char *const kmem_foreign[TARE_FOREIGNERS] = {
	[TARE_FOREIGN_RECLAIM] = "by reclaim",
	[TARE_FOREIGN_KHUGEPAGED] = "by khugepaged",
	[TARE_FOREIGN_KERNEL] = "by kernel threads, interrupts",
	[TARE_FOREIGN_PROCESS] = "by other processes",
	[TARE_FOREIGN_LATE] = "by its tasks, not their own",
};

static void known_size(struct grid *g, bool known, int64_t bytes)
{
	if (known)
		grid_size(g, bytes);
	else
		grid_unknown(g);
}

static void kind_row(struct grid *g, const char *name, bool known, int64_t at_peak,
		     struct flow flow, int64_t net)
{
	grid_cell(g, PLAIN, name);
	known_size(g, known, at_peak);
	known_size(g, known, (int64_t)flow.in);
	known_size(g, known, (int64_t)flow.out);
	known_size(g, known, net);
}

/* Bytes of one task's stack, from any that was seen to come; 0: none was. */
static uint64_t stack_size(const struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = g_ptr_array_index(r->processes, i);

		for (unsigned j = 0; j < p->tasks->len; j++) {
			const struct report_task *t = g_ptr_array_index(p->tasks, j);

			if (t->flow[TARE_KSTACK].in)
				return t->flow[TARE_KSTACK].in;
		}
	}
	return 0;
}

static void stack_row(struct grid *g, const struct report *r, int64_t at_peak)
{
	const struct balance *b = &r->totals[TARE_KSTACK];
	uint64_t size = stack_size(r);
	g_autofree char *n = text_count(size ? (uint64_t)at_peak / size : 0), *name = NULL;

	name = size && at_peak > 0 && (uint64_t)at_peak % size == 0 ?
		       g_strdup_printf("  kernel stacks ×%s", n) :
		       g_strdup("  kernel stacks");
	kind_row(g, name, report_kind(r, TARE_KSTACK), at_peak, b->tasks, b->net);
}

/* A part of the row above; how much of it was at the peak is not kept apart. */
static void part_row(struct grid *g, const char *name, struct flow f)
{
	g_autofree char *indented = g_strdup_printf("    %s", name);

	if (!f.in && !f.out)
		return;
	grid_cell(g, PLAIN, indented);
	grid_blank(g);
	grid_size(g, (int64_t)f.in);
	grid_size(g, (int64_t)f.out);
	grid_size(g, flow_net(f));
}

static struct flow foreign_sum(const struct report *r)
{
	struct flow all = { 0 };

	for (int i = 0; i < TARE_FOREIGNERS; i++)
		view_add(&all, r->kmem.foreign[i]);
	return all;
}

static void foreign_parts(struct grid *g, const struct report *r)
{
	for (int i = 0; i < TARE_FOREIGNERS; i++)
		part_row(g, kmem_foreign[i], r->kmem.foreign[i]);
}

/* In a group of the workload's own: what no live task has. What came into that account and
 * went from it are facts, what there is of it is what no row has. */
static void left_rows(struct grid *g, const struct report *r)
{
	struct flow all = foreign_sum(r), left = { MAX(r->kmem.left, 0), MAX(-r->kmem.left, 0) };
	struct flow cut = { MAX(r->kmem.freed_by_others, 0), MAX(-r->kmem.freed_by_others, 0) };
	struct view_rest now = view_rest_now(r), peak = view_rest_at_peak(r);
	int64_t sock_now = view_now(r).sock, sock_peak = view_at_peak(r).sock;

	view_add(&all, left);
	view_add(&all, cut);
	if (!all.in && !all.out && peak.left == sock_peak)
		return;
	kind_row(g, "  left by ended tasks", true, peak.left - sock_peak, all, now.left - sock_now);
	part_row(g, "when they ended", left);
	part_row(g, "of tasks' accounts", cut);
	foreign_parts(g, r);
}

/* Where others are in it: theirs too. */
static void foreign_rows(struct grid *g, const struct report *r)
{
	struct flow all = foreign_sum(r);

	if (!all.in && !all.out)
		return;
	kind_row(g, "  foreign, and others'", true, r->kmem.foreign_at_peak, all, flow_net(all));
	foreign_parts(g, r);
}

static void net_row(struct grid *g, enum paint how, const char *name, int64_t net)
{
	if (!net)
		return;
	grid_cell(g, how, name);
	for (int i = 0; i < 3; i++)
		grid_blank(g);
	grid_size(g, net);
}

static void held_row(struct grid *g, const char *name, int64_t at_peak, int64_t net)
{
	grid_cell(g, PLAIN, name);
	grid_size(g, at_peak);
	grid_blank(g);
	grid_blank(g);
	grid_size(g, net);
}

static int64_t kmem_of_tasks(const struct report *r)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < r->processes->len; i++)
		sum += ((const struct report_process *)g_ptr_array_index(r->processes, i))
			       ->at_peak[TARE_KMEM];
	return sum;
}

/* What makes the sum beside the tasks' own; of a group that is the workload's. */
static void group_rows(struct grid *g, const struct report *r)
{
	const struct balance *kmem = &r->totals[TARE_KMEM];
	int64_t at_peak = view_at_peak(r).sock, now = view_now(r).sock;
	bool bad = ABS(kmem->unattributed) > r->kmem.bound;

	left_rows(g, r);
	if (kmem->opening)
		held_row(g, "  held before", r->kmem.before_at_peak, r->kmem.before);
	if (at_peak || now)
		held_row(g, "  sockets, by looking", at_peak, now);
	net_row(g, bad ? BAD : PLAIN, bad ? "  unattributed" : "  unattributed, in bound",
		kmem->unattributed);
}

static void kernel_rows(struct grid *g, const struct report *r)
{
	struct view_held peak = view_at_peak(r), now = view_now(r);
	const struct balance *tables = &r->totals[TARE_PAGETABLE], *kmem = &r->totals[TARE_KMEM];

	kind_row(g, "  page tables", report_kind(r, TARE_PAGETABLE), peak.kind[TARE_PAGETABLE],
		 tables->tasks, tables->net);
	stack_row(g, r, peak.kind[TARE_KSTACK]);
	kind_row(g, "  other, by task", true, kmem_of_tasks(r), kmem->tasks, flow_net(kmem->tasks));
	if (r->kmem.whole)
		group_rows(g, r);
	grid_cell(g, BOLD, "  KERNEL");
	grid_size(g, r->peak_kernel);
	grid_blank(g);
	grid_blank(g);
	grid_size(g, kinds_kernel(now.kind) + now.sock);
	if (r->kmem.whole) {
		if (r->kmem.vmalloc != CGROUP_UNKNOWN)
			net_row(g, DIM, "    of it by vmalloc", r->kmem.vmalloc);
		if (r->kmem.sock != CGROUP_UNKNOWN)
			net_row(g, DIM, "    of it sockets", r->kmem.sock);
	} else {
		foreign_rows(g, r);
	}
	net_row(g, DIM, "    by task in other groups", r->kmem.elsewhere);
}

static void kernel(GString *out, const struct report *r, const struct table_style *style)
{
	static const struct grid_column columns[] = {
		{ .title = "  WHAT" },
		{ .title = "AT PEAK", .right = true },
		{ .title = "IN", .right = true },
		{ .title = "OUT", .right = true },
		{ .title = "NET", .right = true },
	};
	struct grid *g;

	if (!report_kind(r, TARE_KMEM)) /* TOTALS has all that there is */
		return;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	kernel_rows(g, r);
	table_heading(out, style, "KERNEL", "what the kernel holds for it, and who made it so");
	grid_render(g, out, style);
	grid_free(g);
}

char *table_oom(const struct report *r)
{
	const struct report_cgroup *c = &r->cgroup;
	g_autofree char *n = text_count(MAX(c->oom_kills, 0)), *limit = text_size(c->limit);
	const char *es = c->oom_kills == 1 ? "" : "es";

	if (!c->version || c->oom_kills <= 0)
		return NULL;
	if (c->limit == CGROUP_UNKNOWN)
		return g_strdup_printf("the kernel killed %s process%s of the control group, "
				       "which was out of memory",
				       n, es);
	return g_strdup_printf("the kernel killed %s process%s at the limit of %s", n, es, limit);
}

static char *group_words(const struct report_cgroup *c)
{
	g_autofree char *path = text_printable(c->path), *limit = text_size(c->limit);
	g_autofree char *others = text_count(c->others);
	GString *s = g_string_new(NULL);

	g_string_printf(s, "by the counters of the control group %s (v%u", path, c->version);
	if (c->limit != CGROUP_UNKNOWN)
		g_string_append_printf(s, ", limit %s", limit);
	g_string_append_c(s, ')');
	if (c->others)
		g_string_append_printf(s, ", which %s other process%s share%s", others,
				       c->others == 1 ? "" : "es", c->others == 1 ? "s" : "");
	return g_string_free(s, FALSE);
}

static void charged_cell(struct grid *g, int64_t bytes)
{
	if (bytes == CGROUP_UNKNOWN)
		grid_blank(g);
	else
		grid_size(g, bytes);
}

/* Nothing of what no column knows. */
static void charged_row(struct grid *g, enum paint how, const char *name, int64_t now,
			int64_t highest, int64_t peak)
{
	if (now == CGROUP_UNKNOWN && highest == CGROUP_UNKNOWN && peak == CGROUP_UNKNOWN)
		return;
	grid_cell(g, how, name);
	charged_cell(g, now);
	charged_cell(g, highest);
	charged_cell(g, peak);
}

static void stat_row(struct grid *g, const struct report_cgroup *c, const char *name,
		     enum cgroup_stat stat)
{
	int64_t highest = c->highest.time_ns ? c->highest.stat[stat] : CGROUP_UNKNOWN;

	charged_row(g, PLAIN, name, c->now.stat[stat], highest, CGROUP_UNKNOWN);
}

/* What is counted, but not in the charge. */
static void beside_row(struct grid *g, const struct report_cgroup *c, const char *name,
		       enum cgroup_stat stat)
{
	if (MAX(c->now.stat[stat], 0) || (c->highest.time_ns && MAX(c->highest.stat[stat], 0)))
		stat_row(g, c, name, stat);
}

static void charged_rows(struct grid *g, const struct report_cgroup *c)
{
	bool looked = c->highest.time_ns;

	charged_row(g, BOLD, "  ALL", c->now.current, looked ? c->highest.current : CGROUP_UNKNOWN,
		    c->peak);
	stat_row(g, c, "  anon", CGROUP_ANON);
	stat_row(g, c, "  page cache", CGROUP_FILE);
	stat_row(g, c, "  shmem", CGROUP_SHMEM);
	charged_row(g, PLAIN, "  kernel", c->now.kernel,
		    looked ? c->highest.kernel : CGROUP_UNKNOWN, c->kernel_peak);
	stat_row(g, c, "    slab, reclaimable", CGROUP_SLAB_RECLAIMABLE);
	stat_row(g, c, "    slab, unreclaimable", CGROUP_SLAB_UNRECLAIMABLE);
	stat_row(g, c, "    page tables", CGROUP_PAGETABLES);
	stat_row(g, c, "    kernel stacks", CGROUP_KERNEL_STACK);
	stat_row(g, c, "    vmalloc", CGROUP_VMALLOC);
	stat_row(g, c, "    percpu", CGROUP_PERCPU);
	if (c->version == 1)
		beside_row(g, c, "  sockets, not charged here", CGROUP_SOCK);
	else
		stat_row(g, c, "  sockets", CGROUP_SOCK);
	beside_row(g, c, "  swap, not charged here", CGROUP_SWAP);
}

/* Why the charge and the sum of RSS differ, with both at one time: the peak of a
 * group of the workload's own, else now. */
static void charged_line(GString *out, const struct report *r, const struct table_style *style)
{
	const struct report_cgroup *c = &r->cgroup;
	int64_t peak = c->peak == CGROUP_UNKNOWN && c->highest.time_ns ? c->highest.current :
									 c->peak;
	bool at_peak = c->own && peak != CGROUP_UNKNOWN;
	int64_t charged = at_peak ? peak : c->now.current;
	struct view_held held = at_peak ? view_at_peak(r) : view_now(r);
	g_autofree char *left = text_size(charged), *right = text_size(kinds_rss(held.kind));
	g_autofree char *line = NULL;
	const char *others = c->others ? "; other processes are charged here too" : "";

	if (charged == CGROUP_UNKNOWN)
		return;
	line = g_strdup_printf("charged %s, ΣRSS %s %s: a page that processes share is charged "
			       "once and counted in each RSS; page cache that is not mapped and "
			       "kernel memory are charged, not in RSS; pages that were in memory "
			       "before are charged elsewhere%s",
			       left, right, at_peak ? "at the peak" : table_when(r), others);
	g_string_append(out, "  ");
	paint_wrapped(out, style, PLAIN, 2, line);
}

static void charged(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *time = text_duration(r->cgroup.highest.time_ns);
	g_autofree char *most = g_strdup_printf("MOST, AT %s", time);
	const struct grid_column columns[] = {
		{ .title = NULL },
		{ .title = "NOW", .right = true },
		{ .title = most, .right = true },
		{ .title = "PEAK", .right = true },
	};
	g_autofree char *words = group_words(&r->cgroup), *killed = table_oom(r), *line = NULL;
	struct grid *g;

	if (!r->cgroup.version)
		return;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	charged_rows(g, &r->cgroup);
	table_heading(out, style, "CHARGED", words);
	if (killed) {
		line = g_strdup_printf("OOM: %s", killed);
		g_string_append(out, "  ");
		paint_wrapped(out, style, BAD, 2, line);
	}
	grid_render(g, out, style);
	charged_line(out, r, style);
	grid_free(g);
}

void table_kernel(GString *out, const struct report *r, const struct table_style *style)
{
	kernel(out, r, style);
	charged(out, r, style);
}

static void slab_row(struct grid *g, const struct report_slab *s)
{
	g_autofree char *safe = text_printable(s->name), *name = g_strdup_printf("  %s", safe);
	g_autofree char *n = text_count((uint64_t)ABS(s->objects)), *objects = NULL;

	objects = g_strdup_printf("%s%s", s->objects < 0 ? "-" : "", n);
	grid_cell(g, PLAIN, name);
	grid_cell(g, s->objects ? PLAIN : DIM, s->objects ? objects : CELL_ZERO);
	grid_size(g, (int64_t)s->object_size);
	grid_size(g, s->bytes);
}

void table_slabs(GString *out, const struct report *r, const struct table_style *style)
{
	static const struct grid_column columns[] = {
		{ .title = "  NAME", .soft = 30, .hard = 20 },
		{ .title = "OBJECTS", .right = true },
		{ .title = "SIZE", .right = true },
		{ .title = "BYTES", .right = true },
	};
	g_autofree char *note = text_printable(r->slab_note), *meaning = NULL, *more = NULL;
	unsigned n = r->slabs ? r->slabs->len : 0;
	struct grid *g;

	if (!r->slabs && !r->slab_note)
		return;
	g = grid_new(columns, G_N_ELEMENTS(columns));
	for (unsigned i = 0; i < MIN(n, SLABS_MAX); i++)
		slab_row(g, &g_array_index(r->slabs, struct report_slab, i));
	if (n > SLABS_MAX) {
		more = g_strdup_printf("… and %u more", n - SLABS_MAX);
		grid_line(g, DIM, 0, 2, more);
	}
	if (!r->slabs)
		meaning = g_strdup_printf("slab caches: not measured: %s", note);
	else if (g_str_has_prefix(note, "indicative"))
		meaning = g_strdup_printf("slab caches, %s", note);
	else
		meaning = g_strdup_printf("slab caches, indicative%s%s", *note ? ": " : "", note);
	table_heading(out, style, "SLAB", meaning);
	if (n)
		grid_render(g, out, style);
	grid_free(g);
}
