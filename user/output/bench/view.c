/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/bench/view.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

#define BUSY 0.1   /* of the CPUs: other programs that use more may disturb times */
#define SHARED 0.8 /* of the weight: charged less than that, pages are shared */

#define USER_KINDS (1u << TARE_ANON | 1u << TARE_FILE | 1u << TARE_SHMEM | 1u << TARE_SWAP)
#define KERNEL_KINDS (1u << TARE_PAGETABLE | 1u << TARE_KSTACK | 1u << TARE_KMEM)

static const char *family_of(const struct bench_row *row)
{
	return row->family ? row->family : "";
}

GPtrArray *bench_families(const struct bench *b)
{
	GPtrArray *names = g_ptr_array_new();

	for (unsigned i = 0; i < b->rows->len; i++) {
		char *name = (char *)family_of(b->rows->pdata[i]);

		if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
			g_ptr_array_add(names, name);
	}
	return names;
}

unsigned bench_known_kinds(const struct row_fit *fit)
{
	unsigned kinds = 0;

	for (unsigned k = 0; k < TARE_KINDS; k++)
		kinds |= (unsigned)fit->part[k].valid << k;
	return kinds;
}

static struct bench_figure figure_at(const struct bench_line *line, unsigned parts, bool least)
{
	struct fit_at at = fit_at(line->row, parts, line->at);

	return (struct bench_figure){
		.known = at.known,
		.least = least && at.known,
		.tare = at.tare,
		.slope = at.bytes,
		.interval = at.interval,
		.half = at.half,
		.tare_half = at.tare_half,
	};
}

struct bench_figure bench_figure_of(const struct bench_line *line, enum bench_part part,
				    unsigned kinds)
{
	unsigned all = part == BENCH_USER   ? USER_KINDS :
		       part == BENCH_KERNEL ? KERNEL_KINDS :
		       part == BENCH_WEIGHT ? USER_KINDS | KERNEL_KINDS :
					      0;
	struct fit f = line->fit.part[part];
	bool least = all & ~kinds || (all && !f.valid);
	unsigned parts = least ? kinds & all & bench_known_kinds(&line->fit) : 1u << part;

	if (line->at)
		return figure_at(line, parts, least);
	if (least)
		fit_sum(line->row, parts, &f);
	return (struct bench_figure){
		.known = f.valid,
		.least = least && f.valid,
		.tare = f.tare,
		.slope = f.slope,
		.interval = f.interval,
		.half = (f.hi - f.lo) / 2,
		.tare_half = (f.tare_hi - f.tare_lo) / 2,
	};
}

struct bench_figure bench_figure(const struct bench_line *line, enum bench_part part)
{
	return bench_figure_of(line, part, ~0u);
}

static int by_weight(const void *a, const void *b)
{
	const struct bench_line *x = *(struct bench_line *const *)a;
	const struct bench_line *y = *(struct bench_line *const *)b;
	struct bench_figure f = bench_figure(x, BENCH_WEIGHT);
	struct bench_figure g = bench_figure(y, BENCH_WEIGHT);

	if (f.known != g.known)
		return f.known ? -1 : 1;
	return (f.slope > g.slope) - (f.slope < g.slope);
}

GPtrArray *bench_lines(const struct bench *b, const char *family)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < b->rows->len; i++) {
		const struct bench_row *row = b->rows->pdata[i];
		struct bench_line *line;

		if (family && strcmp(family, family_of(row)))
			continue;
		line = g_new0(struct bench_line, 1);
		line->row = row;
		fit_row(row, &line->fit);
		line->at = line->fit.bent ? line->fit.most : 0;
		if (line->fit.runs)
			g_ptr_array_add(lines, line);
		else
			g_free(line);
	}
	if (family)
		g_ptr_array_sort(lines, by_weight);
	return lines;
}

char *bench_size(double v)
{
	return text_size(llround(CLAMP(v, -9e18, 9e18)));
}

char *bench_bytes(double v)
{
	g_autofree char *digits = NULL;

	if (fabs(v) < 0.05)
		return g_strdup("0");
	if (fabs(v) < 9.95)
		return g_strdup_printf("%.1f", v);
	if (fabs(v) >= 1e9)
		return bench_size(v);
	digits = text_count((uint64_t)llround(fabs(v)));
	return g_strdup_printf("%s%s", v < 0 ? "-" : "", digits);
}

bool bench_source_slope(const struct bench_row *row, const char *source, double *slope)
{
	const struct bench_published *low = NULL, *high = NULL;

	for (unsigned i = 0; i < row->published->len; i++) {
		const struct bench_published *p = row->published->pdata[i];

		if (g_strcmp0(p->source, source) || p->rss == BENCH_UNKNOWN)
			continue;
		low = !low || p->tasks < low->tasks ? p : low;
		high = !high || p->tasks > high->tasks ? p : high;
	}
	if (low == high)
		return false;
	*slope = ((double)high->rss - (double)low->rss) / (double)(high->tasks - low->tasks);
	return true;
}

const char *bench_published_slope(const struct bench_row *row, double *slope)
{
	for (unsigned i = row->published->len; i--;) {
		const struct bench_published *p = row->published->pdata[i];

		if (bench_source_slope(row, p->source, slope))
			return p->source ? p->source : "";
	}
	return NULL;
}

GPtrArray *bench_ended(const struct bench_row *row, enum bench_outcome outcome)
{
	GPtrArray *list = g_ptr_array_new();

	for (unsigned i = 0; i < row->runs->len; i++) {
		struct bench_run *run = row->runs->pdata[i];
		unsigned j = 0;

		if (run->outcome != outcome)
			continue;
		for (; j < list->len; j++) {
			const struct bench_run *other = list->pdata[j];

			if (other->tasks == run->tasks &&
			    !g_strcmp0(other->stopped_by, run->stopped_by))
				break;
		}
		if (j == list->len)
			g_ptr_array_add(list, run);
		else if (run->stopped_at > ((struct bench_run *)list->pdata[j])->stopped_at)
			list->pdata[j] = run;
	}
	return list;
}

char *bench_ended_text(const struct bench_run *run)
{
	const char *by = run->stopped_by ? run->stopped_by : "unknown reason";
	g_autofree char *tasks = text_count(run->tasks), *at = NULL;

	if (run->stopped_at <= 0) /* includes BENCH_UNKNOWN */
		return g_strdup_printf("with %s: %s", tasks, by);
	at = text_count((uint64_t)run->stopped_at);
	return g_strdup_printf("at %s of %s: %s", at, tasks, by);
}

char *bench_most_text(const struct row_fit *fit)
{
	g_autofree char *most = text_count(fit->most);

	return fit->runs ? g_strdup_printf("%s is the largest N that succeeded", most) :
			   g_strdup("no run succeeded");
}

const char *bench_missing_text(const struct bench *b, const struct bench_row *row)
{
	if (row->missing)
		return row->missing;
	return b->complete ? "not run" : "not run yet";
}

char *bench_bend_text(const struct row_fit *fit)
{
	const struct fit *f = &fit->part[BENCH_WEIGHT];
	g_autofree char *tasks = NULL;

	if (!f->valid)
		f = &fit->part[BENCH_USER];
	if (!f->valid || f->linear)
		return NULL;
	tasks = text_count(f->worst_tasks);
	return g_strdup_printf("%.0f %% off a line at %s tasks", f->worst * 100, tasks);
}

char *bench_steps_text(const struct bench_line *line)
{
	g_autofree char *bend = bench_bend_text(&line->fit);
	g_autoptr(GArray) all = NULL;
	GString *out;

	if (!bend)
		return NULL;
	out = g_string_new(NULL);
	all = fit_tasks(line->row);
	for (unsigned i = 1; i < all->len; i++) {
		struct bench_line there = *line;
		struct bench_figure f;
		g_autofree char *tasks = NULL, *bytes = NULL;

		there.at = g_array_index(all, uint64_t, i);
		f = bench_figure(&there, BENCH_WEIGHT);
		tasks = text_count(there.at);
		bytes = bench_bytes(f.slope);
		if (f.known)
			g_string_append_printf(out, "%s%s%s%s at %s%s", out->len ? ", " : "",
					       f.least ? "≥ " : "", bytes,
					       out->len ? "" : " bytes per task", tasks,
					       out->len ? "" : " tasks");
	}
	g_string_append_printf(out, "%s%s", out->len ? "; " : "", bend);
	return g_string_free(out, FALSE);
}

char *bench_shared_text(const struct row_fit *fit)
{
	const struct fit *weight = &fit->part[BENCH_WEIGHT], *charged = &fit->part[BENCH_CHARGED];
	g_autofree char *bytes = NULL;

	if (!weight->valid || !charged->valid || charged->slope > SHARED * weight->slope)
		return NULL;
	bytes = bench_bytes(charged->slope);
	return g_strdup_printf("the control group was charged %s bytes per task", bytes);
}

char *bench_busy_text(const struct bench_row *row)
{
	unsigned busy = 0;
	double most = 0;

	for (unsigned i = 0; i < row->runs->len; i++) {
		const struct bench_run *run = row->runs->pdata[i];

		busy += run->others > BUSY; /* false for NAN */
		most = fmax(most, run->others);
	}
	return busy ? g_strdup_printf("in %u of %u runs, up to %.0f %%", busy, row->runs->len,
				      most * 100) :
		      NULL;
}

/* A successful run with --after that was weighed before and after. */
static bool after_run(const struct bench_run *run)
{
	return run->after && run->outcome == BENCH_OK && run->at[BENCH_STEADY].taken &&
	       run->at[BENCH_AFTER].taken;
}

/* Means over the runs with `tasks` tasks. False: a weight is not known. */
static bool after_means(const struct bench_row *row, uint64_t tasks, enum bench_part part,
			double *with, double *after)
{
	unsigned n = 0;

	*with = *after = 0;
	for (unsigned i = 0; i < row->runs->len; i++) {
		const struct bench_run *run = row->runs->pdata[i];
		int64_t x = run->at[BENCH_STEADY].part[part], y = run->at[BENCH_AFTER].part[part];

		if (!after_run(run) || run->tasks != tasks)
			continue;
		if (x == BENCH_UNKNOWN || y == BENCH_UNKNOWN)
			return false;
		*with += (double)x;
		*after += (double)y;
		n++;
	}
	*with /= n;
	*after /= n;
	return n;
}

char *bench_after_text(const struct bench_row *row)
{
	g_autofree char *tasks = NULL, *x = NULL, *y = NULL;
	const char *of = "";
	double with, after;
	uint64_t most = 0;
	bool any = false;

	for (unsigned i = 0; i < row->runs->len; i++) {
		const struct bench_run *run = row->runs->pdata[i];

		if (after_run(run))
			most = MAX(most, run->tasks);
		any |= after_run(run);
	}
	if (!any)
		return NULL;
	if (!after_means(row, most, BENCH_WEIGHT, &with, &after)) {
		if (!after_means(row, most, BENCH_USER, &with, &after))
			return NULL;
		of = " of user memory";
	}
	tasks = text_count(most);
	x = bench_size(with);
	y = bench_size(after);
	return g_strdup_printf("%s%s with %s tasks, %s after them", x, of, tasks, y);
}

static void append_item(GString *out, const char *before, const char *text)
{
	if (text)
		g_string_append_printf(out, "%s%s%s", out->len ? ", " : "", before, text);
}

char *bench_machine_text(const struct bench_machine *m)
{
	g_autofree char *memory = text_size(m->memory);
	g_autofree char *cpus = g_strdup_printf("%u × ", m->cpus);
	GString *out = g_string_new(NULL);

	append_item(out, "", m->distribution);
	append_item(out, "Linux ", m->kernel);
	append_item(out, m->cpus ? cpus : "", m->cpu);
	append_item(out, "", m->memory > 0 ? memory : NULL);
	return g_string_free(out, FALSE);
}

char *bench_options_text(const struct bench *b)
{
	g_autofree char *touch = text_size((int64_t)b->touch);
	g_autofree char *max = text_size((int64_t)b->memory_max);
	GString *out = g_string_new(NULL);

	append_item(out, "--touch ", b->touch ? touch : NULL);
	append_item(out, "--memory-max ", b->memory_max ? max : NULL);
	return g_string_free(out, FALSE);
}
