/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The default screen: which function or thread should I look at, and when did it grow? At most
 * TABLE_BRIEF_LINES lines for any report, and those of an incident's story. Everything else is in
 * the sections (--full).
 */
#include "output/table/sections.h"

#include <stdlib.h>

#include "base/text.h"
#include "model/profile.h"
#include "model/view.h"
#include "output/table/head.h"

/* Lines of WHO and of WHERE with the blank line and the titles. WHO gets what WHERE leaves. */
#define WHO_LINES (2 + 5)
#define WHO_LINES_MOST (2 + 8)
#define WHERE_LINES (2 + 8)
#define KERNEL_LEAST 5 /* percent of the peak */

static unsigned count_lines(const GString *text)
{
	unsigned n = 0;

	for (gsize i = 0; i < text->len; i++)
		n += text->str[i] == '\n';
	return n;
}

struct part {
	const char *name;
	int64_t bytes;
};

static int by_bytes(gconstpointer a, gconstpointer b)
{
	const struct part *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

/* Append "other 264 MiB, page tables 3.00 MiB", the largest first; without those below `least`, and
 * those that need more than `width` columns in all. */
static void append_kernel_parts(GString *text, const struct view_held *peak, int64_t least,
				unsigned width)
{
	struct part parts[] = {
		{ "page tables", peak->kind[TARE_PAGETABLE] },
		{ "stacks", peak->kind[TARE_KSTACK] },
		{ "other", peak->kind[TARE_KMEM] },
		{ "sockets", peak->sock },
	};

	qsort(parts, G_N_ELEMENTS(parts), sizeof(*parts), by_bytes);
	for (unsigned i = 0; i < G_N_ELEMENTS(parts) && parts[i].bytes > least; i++) {
		g_autofree char *size = text_size(parts[i].bytes);
		g_autofree char *one = g_strdup_printf("%s %s", parts[i].name, size);

		if (i && text_width(text->str) + text_width(one) + 2 > width)
			break;
		g_string_append_printf(text, "%s%s", i ? ", " : "", one);
	}
}

/* One line of kernel memory, if it is a part of the peak that matters. */
static void kernel_line(GString *out, const struct report *r, const struct table_style *style)
{
	struct view_held peak = view_at_peak(r);
	double share = r->peak_weight > 0 ? 100 * (double)r->peak_kernel / (double)r->peak_weight :
					    0;
	g_autofree char *size = text_size(r->peak_kernel);
	g_autoptr(GString) text = g_string_new(NULL);

	if (share <= KERNEL_LEAST)
		return;
	g_string_printf(text, "%s at the peak (%.0f %%): ", size, share);
	append_kernel_parts(text, &peak, r->peak_kernel / 100, style->width - MARGIN);
	print_label(out, style, "kernel:");
	g_string_append_printf(out, "%s\n", text->str);
}

/* The way to all that is not shown. `functions`: some are. */
static void hint_line(GString *out, const struct report *r, const struct table_style *style,
		      bool functions)
{
	g_autofree char *text =
		g_strdup_printf("more: --full, --show why,kernel …; %s",
				functions  ? "a page counts for its first toucher: man tare" :
				r->profile ? "too small for samples of functions" :
					     "functions: without --period 0");
	g_autofree char *fit = text_fit(text, style->width);

	paint(out, style, DIM, fit);
	g_string_append_c(out, '\n');
}

void table_brief(GString *out, const struct report *r, const struct table_style *style)
{
	g_autoptr(GString) end = g_string_new(NULL), who = g_string_new(NULL);
	g_autoptr(GString) where = g_string_new(NULL);
	g_autoptr(GString) story = g_string_new(NULL);
	unsigned room;

	table_head(out, r, style);
	kernel_line(end, r, style);
	table_slabs_line(end, r, style);
	table_self_line(end, r, style);
	table_incident(story, r, style); /* a part of the head; it comes on top of these lines */
	room = count_lines(out) - count_lines(story) + count_lines(end) + 1;
	room = TABLE_BRIEF_LINES - MIN(room, TABLE_BRIEF_LINES);
	table_where_top(where, r, style, MIN(WHERE_LINES, room - MIN(room, WHO_LINES)));
	table_who_top(who, r, style, MIN(WHO_LINES_MOST, room - count_lines(where)));
	g_string_append_len(out, who->str, (gssize)who->len);
	g_string_append_len(out, where->str, (gssize)where->len);
	if (room > count_lines(who) + count_lines(where))
		g_string_append_c(out, '\n');
	g_string_append_len(out, end->str, (gssize)end->len);
	hint_line(out, r, style, where->len > 0);
}
