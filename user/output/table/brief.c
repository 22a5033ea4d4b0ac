/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The default screen: which function or thread should I look at, and when did it grow? At most
 * TABLE_BRIEF_LINES lines for any report; everything else is in the sections (--full).
 */
#include "output/table/sections.h"

#include "base/text.h"
#include "model/profile.h"
#include "model/view.h"
#include "output/table/head.h"

/* Lines of WHO and of WHERE with the blank line and the titles. WHO gets what WHERE leaves. */
#define WHO_LINES (2 + 5)
#define WHERE_LINES (2 + 8)
#define KERNEL_LEAST 5 /* percent of the peak */

static unsigned count_lines(const GString *text)
{
	unsigned n = 0;

	for (gsize i = 0; i < text->len; i++)
		n += text->str[i] == '\n';
	return n;
}

static void add_part(GString *text, const char *name, int64_t bytes)
{
	g_autofree char *size = text_size(bytes);

	if (bytes > 0)
		g_string_append_printf(text, "%s%s %s", text->len ? ", " : "", name, size);
}

/* One line of kernel memory, if it is a part of the peak that matters. */
static void kernel_line(GString *out, const struct report *r, const struct table_style *style)
{
	struct view_held peak = view_at_peak(r);
	double share = r->peak_weight > 0 ? 100 * (double)r->peak_kernel / (double)r->peak_weight :
					    0;
	g_autoptr(GString) parts = g_string_new(NULL);
	g_autofree char *size = text_size(r->peak_kernel), *text = NULL, *fit = NULL;

	if (share <= KERNEL_LEAST)
		return;
	add_part(parts, "page tables", peak.kind[TARE_PAGETABLE]);
	add_part(parts, "stacks", peak.kind[TARE_KSTACK]);
	add_part(parts, "other", peak.kind[TARE_KMEM]);
	add_part(parts, "sockets", peak.sock);
	text = g_strdup_printf("%s at the peak (%.0f %%): %s", size, share, parts->str);
	fit = text_fit(text, style->width - MARGIN);
	print_label(out, style, "kernel:");
	g_string_append_printf(out, "%s\n", fit);
}

/* The way to all that is not shown. */
static void hint_line(GString *out, const struct report *r, const struct table_style *style)
{
	g_autoptr(GString) text = g_string_new("more: --full, --show why,kernel …");
	g_autofree char *fit = NULL;

	if (!r->profile)
		g_string_append(text, "; functions: without --period 0");
	else if (r->profile->samples)
		g_string_append(text, "; a page counts for its first toucher: man tare");
	fit = text_fit(text->str, style->width);
	paint(out, style, DIM, fit);
	g_string_append_c(out, '\n');
}

void table_brief(GString *out, const struct report *r, const struct table_style *style)
{
	g_autoptr(GString) end = g_string_new(NULL), who = g_string_new(NULL);
	g_autoptr(GString) where = g_string_new(NULL);
	unsigned room;

	table_head(out, r, style);
	kernel_line(end, r, style);
	hint_line(end, r, style);
	room = count_lines(out) + count_lines(end);
	room = TABLE_BRIEF_LINES - MIN(room, TABLE_BRIEF_LINES);
	table_where_top(where, r, style, MIN(WHERE_LINES, room - MIN(room, WHO_LINES)));
	table_who_top(who, r, style, room - count_lines(where));
	g_string_append_len(out, who->str, (gssize)who->len);
	g_string_append_len(out, where->str, (gssize)where->len);
	if (room > count_lines(who) + count_lines(where))
		g_string_append_c(out, '\n');
	g_string_append_len(out, end->str, (gssize)end->len);
}
