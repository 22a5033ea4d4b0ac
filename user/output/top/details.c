/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The details of one process in `tare top`: what it holds, its limit, how fast it grew in each
 * window, its threads, causes and functions.
 */
#include <string.h>

#include "base/text.h"
#include "output/table/paint.h"
#include "output/top/top.h"

#define MARGIN 9
#define FUNCTIONS_MOST 12
#define MAPPINGS_MOST 8

static void G_GNUC_PRINTF(4, 5) add_line(GString *out, const struct top_look *look,
					 const char *label, const char *format, ...)
{
	g_autofree char *head = g_strdup_printf("%-*s", MARGIN, label);
	g_autofree char *text = NULL, *fit = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	fit = text_fit(text, look->style.width - MIN(look->style.width - 1, MARGIN));
	paint(out, &look->style, DIM, head);
	paint(out, &look->style, PLAIN, fit);
	g_string_append_c(out, '\n');
}

static void add_heading(GString *out, const struct top_look *look, const char *text)
{
	g_autofree char *fit = text_fit(text, look->style.width);

	g_string_append_c(out, '\n');
	paint(out, &look->style, BOLD, fit);
	g_string_append_c(out, '\n');
}

static void add_who(GString *out, const struct top_details *d, const struct top_look *look)
{
	const struct live_row *r = &d->row;
	const char *owner = r->uid == LIVE_NO_UID ? NULL : look->owner_name(r->uid);
	g_autofree char *name = text_printable(r->name), *comm = text_printable(r->comm);
	g_autofree char *group = text_printable(r->cgroup ? r->cgroup : "?");
	g_autofree char *user = text_printable(owner ? owner : "?");

	add_line(out, look, "process", "%d  %s", r->pid, name);
	add_line(out, look, "", "named %s, owner %s, parent %d, %u thread%s", comm, user, r->ppid,
		 r->threads, r->threads == 1 ? "" : "s");
	add_line(out, look, "group", "%s", group);
}

/* When the control group reaches its limit, if this process goes on like that. */
static void add_limit(GString *out, const struct top_details *d, const struct top_look *look)
{
	double growth = d->row.rate[look->query.window].growth;
	int64_t left = MAX(d->limit - d->limit_used, 0);
	g_autofree char *limit = text_size(d->limit), *used = text_size(d->limit_used);
	g_autofree char *group = text_printable(d->limit_group ? d->limit_group : "");
	g_autofree char *when = NULL;

	if (d->replay)
		return;
	if (!d->limit) {
		add_line(out, look, "limit", "none");
		return;
	}
	if (growth >= 1 && (double)left / growth < 1e6)
		when = text_duration((uint64_t)((double)left / growth * 1e9));
	add_line(out, look, "limit", "%s of %s, used %s%s%s%s", limit, group, used,
		 when ? "; reached in " : "", when ? when : "", when ? " at this rate" : "");
}

static void add_held(GString *out, const struct live_total *t, const struct top_details *d,
		     const struct top_look *look)
{
	GString *text = g_string_new(NULL);
	g_autofree char *weight = text_size(live_weight(&d->row));

	g_string_append(text, weight);
	for (unsigned i = 0; i < TARE_KINDS; i++) {
		enum tare_kind k = kind_order[i];
		g_autofree char *size = text_size(d->row.kind[k]);

		if (k == TARE_KMEM && !t->kmem)
			g_string_append_printf(text, "  %s " CELL_UNKNOWN, kind_name[k]);
		else if (d->row.kind[k])
			g_string_append_printf(text, "  %s %s", kind_name[k], size);
	}
	add_line(out, look, "weight", "%s", text->str);
	g_string_free(text, TRUE);
}

static void add_windows(GString *out, const struct live_total *t, const struct top_details *d,
			const struct top_look *look)
{
	for (unsigned w = 0; w < LIVE_WINDOWS; w++) {
		const struct live_rate *rate = &d->row.rate[w];
		g_autofree char *label = g_strdup_printf("%u s", live_seconds[w]);
		g_autofree char *growth = text_size((int64_t)rate->growth);
		g_autofree char *in = text_size((int64_t)rate->in);
		g_autofree char *gone = text_size((int64_t)rate->out);

		if (t->seconds[w] > 0)
			add_line(out, look, label,
				 "growth %s%s/s  in %s/s  out %s/s  faults %.0f/s",
				 rate->growth >= 1 ? "+" : "", growth, in, gone, rate->faults);
	}
}

static void add_threads(GString *out, const struct top_details *d, const struct top_look *look)
{
	add_heading(out, look, "THREADS: what each took since tare came, less what it gave back");
	top_titles(out, look);
	for (unsigned i = 0; i < d->threads->len; i++) {
		struct live_row row = g_array_index(d->threads, struct live_row, i);

		row.depth = 0;
		top_row(out, &row, look);
	}
}

static void add_causes(GString *out, const struct top_details *d, const struct top_look *look)
{
	g_autofree char *since = text_duration(d->opened_ns), *most = NULL;
	g_autofree char *head = g_strdup_printf(
		"CAUSES: taken in the last %u s, since opened (%s), since tare came",
		live_seconds[look->query.window], since);

	if (d->replay) {
		most = d->row.cause == LIVE_NO_CAUSE ? NULL : look->cause_name(d->row.cause);
		add_line(out, look, "cause", "%s", most ? most : "");
		return;
	}
	add_heading(out, look, head);
	for (unsigned i = 0; i < d->causes->len; i++) {
		const struct top_cause *c = &g_array_index(d->causes, struct top_cause, i);
		g_autofree char *name = look->cause_name(c->id);
		g_autofree char *opened = text_size((int64_t)c->opened);
		g_autofree char *in = text_size((int64_t)c->in);
		g_autofree char *window = text_size((int64_t)c->window), *fit = NULL;
		g_autofree char *line =
			g_strdup_printf("%10s %10s %10s  %s", window, opened, in, name);

		fit = text_fit(line, look->style.width);
		g_string_append_printf(out, "%s\n", fit);
	}
}

static void add_functions(GString *out, const struct top_details *d, const struct top_look *look)
{
	g_autofree char *since = text_duration(d->opened_ns);
	g_autofree char *head = g_strdup_printf(
		d->replay ? "FUNCTIONS: memory taken in the last %u s, in the whole recording" :
			    "FUNCTIONS: taken in the last %u s, since opened (%s), since tare came",
		live_seconds[look->query.window], since);

	add_heading(out, look, d->functions ? head : "FUNCTIONS");
	if (!d->functions)
		add_line(out, look, "", "not sampled: start tare top with --period 64KiB");
	for (unsigned i = 0; d->functions && i < MIN(d->functions->len, FUNCTIONS_MOST); i++) {
		const struct top_function *f = &g_array_index(d->functions, struct top_function, i);
		g_autofree char *name = text_printable(f->name);
		g_autofree char *window = text_size(f->window), *opened = text_size(f->opened);
		g_autofree char *total = text_size(f->total), *fit = NULL, *line = NULL;

		if (f->window == TOP_NO_WINDOW) {
			g_free(window);
			window = g_strdup(CELL_UNKNOWN);
		}
		if (d->replay)
			line = g_strdup_printf("%10s %10s  %s", window, total, name);
		else
			line = g_strdup_printf("%10s %10s %10s  %s", window, opened, total, name);
		fit = text_fit(line, look->style.width);
		g_string_append_printf(out, "%s\n", fit);
	}
}

static void add_mappings(GString *out, const struct top_details *d, const struct top_look *look)
{
	if (d->replay)
		return;
	add_heading(out, look, "MAPPINGS: mapped, in memory, swapped out");
	if (d->mappings_why)
		add_line(out, look, "", "%s", d->mappings_why);
	for (unsigned i = 0; d->mappings && i < MIN(d->mappings->len, MAPPINGS_MOST); i++) {
		const struct mapping *m = &g_array_index(d->mappings, struct mapping, i);
		g_autofree char *name = text_printable(m->name), *size = text_size(m->size);
		g_autofree char *rss = text_size(m->rss), *swap = text_size(m->swap);
		g_autofree char *line =
			g_strdup_printf("%10s %10s %10s  %s", size, rss, swap, name);
		g_autofree char *fit = text_fit(line, look->style.width);

		g_string_append_printf(out, "%s\n", fit);
	}
}

void top_details(GString *out, const struct live_total *t, const struct top_details *d,
		 const struct top_look *look)
{
	add_who(out, d, look);
	add_held(out, t, d, look);
	add_limit(out, d, look);
	add_windows(out, t, d, look);
	add_functions(out, d, look);
	add_causes(out, d, look);
	add_mappings(out, d, look);
	add_threads(out, d, look);
}
