/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The section CHARGED: the control group's own counters.
 */
#include "base/text.h"
#include "model/view.h"
#include "output/table/parts.h"
#include "output/table/sections.h"

static char *cgroup_words(const struct report_cgroup *c)
{
	g_autofree char *path = text_printable(c->path), *limit = text_size(c->limit);
	g_autofree char *others = text_count(c->others);
	GString *s = g_string_new(NULL);

	g_string_printf(s, "by the kernel, to the control group %s (v%u", path, c->version);
	if (c->limit != CGROUP_UNKNOWN)
		g_string_append_printf(s, ", limit %s", limit);
	g_string_append_c(s, ')');
	if (c->others)
		g_string_append_printf(s, ", shared with %s other process%s", others,
				       c->others == 1 ? "" : "es");
	return g_string_free(s, FALSE);
}

static void charged_cell(struct grid *g, int64_t bytes)
{
	if (bytes == CGROUP_UNKNOWN)
		grid_blank(g);
	else
		grid_size(g, bytes);
}

/* No row if no column has a value. */
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

/* A value that the kernel counts but does not include in the charge. */
static void uncharged_row(struct grid *g, const struct report_cgroup *c, const char *name,
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
		uncharged_row(g, c, "  sockets, not charged here", CGROUP_SOCK);
	else
		stat_row(g, c, "  sockets", CGROUP_SOCK);
	uncharged_row(g, c, "  swap, not charged here", CGROUP_SWAP);
}

/* Explain why the charge and the sum of RSS differ. Both are of the same time: the peak if
 * the control group is the workload's alone, else now. */
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
	const char *others = c->others ? " The charge includes other processes." : "";

	if (charged == CGROUP_UNKNOWN)
		return;
	line = g_strdup_printf("charged %s, sum of RSS %s %s. A shared page is charged once and "
			       "counted in the RSS of each process. Unmapped page cache and "
			       "kernel memory are charged, but not in RSS. Pages that were "
			       "in memory before are in RSS, but not charged here.%s",
			       left, right, at_peak ? "at the peak" : table_when(r), others);
	g_string_append(out, "  ");
	paint_wrapped(out, style, PLAIN, 2, line);
}

void table_charged(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *time = text_duration(r->cgroup.highest.time_ns);
	g_autofree char *most = g_strdup_printf("HIGHEST, AT %s", time);
	const struct grid_column columns[] = {
		{ .title = NULL },
		{ .title = "NOW", .right = true },
		{ .title = most, .right = true },
		{ .title = "PEAK", .right = true },
	};
	g_autofree char *words = cgroup_words(&r->cgroup), *killed = table_oom(r), *line = NULL;
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
