/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What tare itself cost (--self): the section SELF, and its line on the default screen.
 */
#include "base/text.h"
#include "output/table/head.h"
#include "output/table/sections.h"

/* NULL: --self was not given. */
static char *self_text(const struct report_self *s)
{
	g_autofree char *rss = text_size((int64_t)s->rss), *maps = text_size((int64_t)s->map_bytes);
	g_autofree char *cpu = text_duration(s->cpu_ns), *updates = text_count(s->updates);
	GString *line;

	if (!s->valid)
		return NULL;
	line = g_string_new(NULL);
	g_string_printf(line, "%s RSS, %s BPF maps, %s CPU, %s counter updates", rss, maps, cpu,
			updates);
	if (s->ns_per_update >= 0)
		g_string_append_printf(line, " at %.0f ns", s->ns_per_update);
	return g_string_free(line, FALSE);
}

void table_self(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *text = self_text(&r->self);

	if (!text)
		return;
	table_heading(out, style, "SELF", "what tare itself cost");
	g_string_append(out, "  ");
	paint_wrapped(out, style, PLAIN, 2, text);
}

void table_self_line(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *text = self_text(&r->self), *fit = NULL;

	if (!text)
		return;
	fit = text_fit(text, style->width - MARGIN);
	print_label(out, style, "self:");
	g_string_append_printf(out, "%s\n", fit);
}
