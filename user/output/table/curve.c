/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The weight over time, as a line of blocks, and when it grew.
 */
#include <math.h>

#include "base/text.h"
#include "model/when.h"
#include "output/table/head.h"

#define CURVE_MAX 120 /* columns */

/* Value of each column: the highest point in it, or the last point before it. */
static int64_t *resample(const struct report *r, unsigned columns, uint64_t begin, uint64_t span)
{
	int64_t *column = g_new(int64_t, columns), before = 0;
	unsigned next = 0;

	for (unsigned c = 0; c < columns; c++) {
		uint64_t end = begin + (uint64_t)((double)span * (c + 1) / columns);
		bool any = false;

		column[c] = before;
		for (; next < r->series->len; next++) {
			const struct report_point *p =
				&g_array_index(r->series, struct report_point, next);

			if (p->time_ns > end)
				break;
			before = p->rss + p->nonrss;
			column[c] = any ? MAX(column[c], before) : before;
			any = true;
		}
	}
	return column;
}

static void time_axis(GString *out, const struct table_style *style, unsigned columns,
		      uint64_t begin, uint64_t end, uint64_t peak)
{
	g_autofree char *left = text_duration(begin), *right = text_duration(end);
	unsigned lw = (unsigned)text_width(left), rw = (unsigned)text_width(right), mark;
	GString *line = g_string_new(NULL);

	mark = (unsigned)((double)(MAX(peak, begin) - begin) / (double)(end - begin) * columns);
	mark = MIN(mark, columns - 1);
	g_string_append_printf(line, "%*s%s", MARGIN, "", left);
	if (mark > lw && mark + 2 + rw <= columns)
		g_string_append_printf(line, "%*s▲%*s%s", (int)(mark - lw), "",
				       (int)(columns - mark - 1 - rw), "", right);
	else
		g_string_append_printf(line, "%*s%s", (int)(columns - lw - rw), "", right);
	paint(out, style, DIM, line->str);
	g_string_append_c(out, '\n');
	g_string_free(line, TRUE);
}

void table_curve(GString *out, const struct report *r, const struct table_style *style)
{
	static const char *const level[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	unsigned columns = MIN(style->width - MARGIN, CURVE_MAX), n = r->series->len;
	uint64_t begin, end;
	g_autofree int64_t *column = NULL;
	int64_t top = r->peak_weight;
	GString *line;

	if (n < 2)
		return;
	begin = g_array_index(r->series, struct report_point, 0).time_ns;
	end = g_array_index(r->series, struct report_point, n - 1).time_ns;
	if (end <= begin)
		return;
	column = resample(r, columns, begin, end - begin);
	for (unsigned c = 0; c < columns; c++)
		top = MAX(top, column[c]);
	line = g_string_new(NULL);
	for (unsigned c = 0; c < columns; c++) {
		double height = (double)MAX(column[c], 0) / (double)MAX(top, 1);

		g_string_append(line, level[(unsigned)ceil(height * 8)]);
	}
	print_label(out, style, "weight:");
	g_string_append_printf(out, "%s\n", g_strchomp(line->str));
	g_string_free(line, TRUE);
	time_axis(out, style, columns, begin, end, r->peak_weight_ns);
}

/* "1 s", "100 ms"; the stretch of a long run's curve can be any length. */
static char *span_text(uint64_t ns)
{
	return ns == 1000000000 ? g_strdup("second") : text_duration(ns);
}

/* "mostly fill in worker-3" in at most `width` columns; NULL: not known. */
static char *mostly_text(const struct when *w, unsigned width)
{
	g_autofree char *safe = NULL, *name = NULL, *thread = NULL, *in = NULL;
	unsigned used = (unsigned)strlen("mostly ");

	if (w->what == WHEN_UNKNOWN)
		return NULL;
	safe = text_printable(w->name);
	thread = w->thread ? text_printable(w->thread) : NULL;
	in = thread ? g_strdup_printf(" in %s", thread) : g_strdup("");
	used += (unsigned)text_width(in);
	name = text_shorten(safe, width > used + 20 ? width - used : 20, 0);
	return g_strdup_printf("mostly %s%s%s", name, w->what == WHEN_KIND ? " memory" : "", in);
}

void table_moments(GString *out, const struct report *r, const struct table_style *style)
{
	struct when *w = when_new(r);
	g_autofree char *near = text_duration(w->near_ns), *size = text_size(w->grown);
	g_autofree char *span = span_text(w->span_ns), *from = text_duration(w->steep_ns);
	unsigned width = style->width - MARGIN;
	g_autofree char *mostly = mostly_text(w, width);
	g_autoptr(GString) text = g_string_new(NULL);
	bool first = true;

	/* Near the peak's own time it says nothing new. */
	if (!w->known || (!w->span_ns && w->near_ns >= r->peak_weight_ns / 10 * 9)) {
		when_free(w);
		return;
	}
	g_string_printf(text, "%d %% of peak at %s", WHEN_NEAR, near);
	if (w->span_ns)
		g_string_append_printf(text, "; steepest %s from %s: +%s", span, from, size);
	print_label(out, style, "when:");
	if (mostly && text_width(text->str) + 2 + text_width(mostly) <= width) {
		g_string_append_printf(text, ", %s", mostly);
		g_clear_pointer(&mostly, g_free);
	}
	margin_line(out, style, &first, PLAIN, text->str);
	if (mostly)
		margin_line(out, style, &first, PLAIN, mostly);
	when_free(w);
}
