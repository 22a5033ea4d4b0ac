/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The results of `tare bench` as GitHub's Markdown, for a README.
 */
#include "output/bench/bench.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "output/bench/notes.h"
#include "output/bench/view.h"

#define UNKNOWN "n/m"

/* Escape control characters and Markdown's special characters. */
static char *escaped_text(const char *text)
{
	g_autofree char *safe = text_printable(text);
	GString *out = g_string_new(NULL);

	for (const char *p = safe; *p; p++) {
		if (strchr("\\`*_[]<>|&~$#!", *p))
			g_string_append_c(out, '\\');
		g_string_append_c(out, *p);
	}
	return g_string_free(out, FALSE);
}

/* Append `how` with the escaped text in place of %s. An empty text appends nothing. */
static void add_escaped(GString *out, const char *how, const char *text)
{
	g_autofree char *safe = escaped_text(text);
	g_auto(GStrv) around = g_strsplit(how, "%s", 2);

	if (*safe)
		g_string_append_printf(out, "%s%s%s", around[0], safe, around[1]);
}

/* Append a cell to a table's row, which ends in "|". Takes ownership of the text. */
static void add_cell(GString *out, char *text)
{
	g_string_append_printf(out, " %s |", text);
	g_free(text);
}

static void text_cell(GString *out, const char *text)
{
	add_cell(out, text && *text ? escaped_text(text) : g_strdup(UNKNOWN));
}

static void figure_cell(GString *out, const struct bench_figure *f)
{
	g_autofree char *bytes = bench_bytes(f->slope), *half = bench_bytes(f->half);

	if (!f->known)
		add_cell(out, g_strdup(UNKNOWN));
	else
		add_cell(out, g_strdup_printf("%s%s%s%s", f->least ? "≥ " : "", bytes,
					      f->interval ? " ± " : "", f->interval ? half : ""));
}

static void part_cell(GString *out, const struct bench_line *l, enum bench_part part)
{
	struct bench_figure f = bench_figure(l, part);

	f.interval = false;
	figure_cell(out, &f);
}

static void tare_cell(GString *out, const struct bench_line *l)
{
	struct bench_figure f = bench_figure(l, BENCH_WEIGHT);
	g_autofree char *size = bench_size(f.tare);

	add_cell(out,
		 f.known ? g_strdup_printf("%s%s", f.least ? "≥ " : "", size) : g_strdup(UNKNOWN));
}

/* Each source, in the order of the catalogue. */
static void published_cell(GString *out, const struct bench_row *row)
{
	GString *cell = g_string_new(NULL);
	const char *last = NULL;

	for (unsigned i = 0; i < row->published->len; i++) {
		const struct bench_published *p = row->published->pdata[i];
		g_autofree char *bytes = NULL, *safe = NULL;
		double slope;

		if ((last && !g_strcmp0(p->source, last)) ||
		    !bench_source_slope(row, p->source, &slope))
			continue;
		last = p->source;
		bytes = bench_bytes(slope);
		safe = escaped_text(p->source);
		g_string_append_printf(cell, "%s%s (%s)", cell->len ? ", " : "", bytes, safe);
	}
	if (!cell->len)
		g_string_append(cell, "–");
	add_cell(out, g_string_free(cell, FALSE));
}

static void seconds_cell(GString *out, double s)
{
	add_cell(out,
		 isfinite(s) ? g_strdup_printf("%.*f", s < 9.995 ? 2 : 1, s) : g_strdup(UNKNOWN));
}

/* Reservations about a row's figures: "not linear: …; at its peak". */
static char *reservations(const struct bench_line *l)
{
	g_autofree char *bend = bench_bend_text(&l->fit);
	GString *out = g_string_new(NULL);

	if (bend)
		g_string_append(out, "; not linear: at N");
	if (l->fit.state == BENCH_PEAK)
		g_string_append(out, "; at its peak");
	if (l->fit.unsettled)
		g_string_append_printf(out, "; %u of %u runs not settled", l->fit.unsettled,
				       l->fit.runs);
	if (out->len)
		g_string_erase(out, 0, 2);
	return g_string_free(out, FALSE);
}

static void add_family(GString *out, const struct bench *b, const char *name)
{
	g_autoptr(GPtrArray) lines = bench_lines(b, name);

	if (!lines->len)
		return;
	add_escaped(out, "\n### %s\n\n", *name ? name : "other");
	g_string_append(out,
			"| workload | version | N | tare | bytes/task | user | kernel | RSS/task | "
			"published RSS/task | ready s | CPU s |\n"
			"|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
	for (unsigned i = 0; i < lines->len; i++) {
		const struct bench_line *l = lines->pdata[i];
		struct bench_figure weight = bench_figure(l, BENCH_WEIGHT);
		g_autofree char *title = escaped_text(l->row->title ? l->row->title : UNKNOWN);
		g_autofree char *notes = reservations(l);

		g_string_append_c(out, '|');
		add_cell(out, *notes ? g_strdup_printf("%s (%s)", title, notes) : g_strdup(title));
		text_cell(out, l->row->version);
		add_cell(out, text_count(l->fit.most));
		tare_cell(out, l);
		figure_cell(out, &weight);
		part_cell(out, l, BENCH_USER);
		part_cell(out, l, BENCH_KERNEL);
		part_cell(out, l, BENCH_RSS);
		published_cell(out, l->row);
		seconds_cell(out, l->fit.ready_s);
		seconds_cell(out, l->fit.cpu_s);
		g_string_append_c(out, '\n');
	}
}

/* Append "- **title**: text", with a heading before the first note of a type. */
static void add_note(void *ctx, enum bench_note which, bool first, const struct bench_row *row,
		     const char *text)
{
	static const char *const heading[] = {
		[BENCH_NOTE_BENT] = "Not linear: bytes per task at each N",
		[BENCH_NOTE_SHARED] = "Shared pages count once for each process",
		[BENCH_NOTE_AFTER] = "Memory held after all tasks had ended",
		[BENCH_NOTE_BUSY] = "Other programs used the CPUs",
		[BENCH_NOTE_STOPPED] = "Stopped by a limit",
		[BENCH_NOTE_FAILED] = "Failed",
		[BENCH_NOTE_MISSING] = "Not run",
	};
	GString *out = ctx;

	if (first)
		g_string_append_printf(out, "\n### %s\n\n", heading[which]);
	add_escaped(out, "- **%s**: ", row->title ? row->title : row->id);
	add_escaped(out, "%s\n", text);
}

static void mean_cell(GString *out, const struct bench_row *row, enum bench_state state,
		      uint64_t tasks)
{
	double mean = fit_mean(row, state, BENCH_RSS, tasks, NULL);

	add_cell(out, isnan(mean) ? g_strdup(UNKNOWN) : bench_size(mean));
}

static void add_published(GString *out, const struct bench *b)
{
	bool first = true;

	for (unsigned i = 0; i < b->rows->len; i++) {
		const struct bench_row *row = b->rows->pdata[i];

		for (unsigned j = 0; j < row->published->len; j++) {
			const struct bench_published *p = row->published->pdata[j];

			if (first)
				g_string_append(out, "\n### Published RSS, compared\n\n"
						     "| workload | N | published | RSS | version | "
						     "here, steady | here, peak | version |\n"
						     "|---|--:|---|--:|---|--:|--:|---|\n");
			first = false;
			g_string_append_c(out, '|');
			text_cell(out, row->title);
			add_cell(out, text_count(p->tasks));
			text_cell(out, p->source);
			add_cell(out,
				 p->rss == BENCH_UNKNOWN ? g_strdup(UNKNOWN) : text_size(p->rss));
			text_cell(out, p->version);
			mean_cell(out, row, BENCH_STEADY, p->tasks);
			mean_cell(out, row, BENCH_PEAK, p->tasks);
			text_cell(out, row->version);
			g_string_append_c(out, '\n');
		}
	}
}

static void add_top(GString *out, const struct bench *b)
{
	g_autofree char *machine = bench_machine_text(&b->machine);
	g_autofree char *options = bench_options_text(b);

	g_string_append(out, "Weighed by tare");
	add_escaped(out, " %s", b->machine.tare_version);
	add_escaped(out, ", %s", b->started);
	add_escaped(out, ", on %s", machine);
	add_escaped(out, "; %s", b->machine.measured);
	add_escaped(out, "; limits: %s", b->machine.limits);
	add_escaped(out, "; with %s", options);
	g_string_append(out, ".\n");
	if (!b->complete)
		g_string_append(out, "\n**Interrupted: some runs are missing.**\n");
	g_string_append(
		out, "\nBytes/task: memory per additional task, user and kernel, the slope of a "
		     "line fitted through all runs, ± its 95 % interval. Tare: weight with "
		     "no task, by that line. Not linear (a mean is more than 5 % off the line): "
		     "bytes/task at N, tare is the weight with the fewest tasks, and ± is only how "
		     "far runs differ. N: the largest number of tasks that was run. Published: the "
		     "slope between the smallest and the largest published N. n/m: not "
		     "measured.\n");
}

char *bench_markdown(const struct bench *b)
{
	g_autoptr(GPtrArray) families = bench_families(b);
	GString *out = g_string_new(NULL);

	add_top(out, b);
	for (unsigned i = 0; i < families->len; i++)
		add_family(out, b, families->pdata[i]);
	for (int which = BENCH_NOTE_BENT; which <= BENCH_NOTE_MISSING; which++)
		bench_notes(b, which, add_note, out);
	add_published(out, b);
	return g_string_free(out, FALSE);
}
