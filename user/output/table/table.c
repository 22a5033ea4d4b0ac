/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report as a table: the order of the sections, and the notes. Each other section has its own
 * file, and so has the default screen (brief.c).
 */
#include "output/table/sections.h"

#include "base/text.h"
#include "output/table/head.h"

const char *const table_section_name[TABLE_SECTIONS] = {
	[TABLE_BOOKS] = "books",     [TABLE_TOTALS] = "totals", [TABLE_WHO] = "who",
	[TABLE_WHY] = "why",         [TABLE_WHERE] = "where",   [TABLE_KERNEL] = "kernel",
	[TABLE_CHARGED] = "charged", [TABLE_SLABS] = "slabs",   [TABLE_MAPPED] = "mapped",
	[TABLE_SELF] = "self",       [TABLE_NOTES] = "notes",
};

/* List the features that are not measured, or are measured with a limitation. */
static void print_notes(GString *out, const struct report *r, const struct table_style *style,
			bool measured, const char *title, const char *meaning)
{
	bool any = false;

	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = g_ptr_array_index(r->features, i);
		g_autofree char *line = NULL, *safe = NULL;

		if (!f->why || report_measured(r, f->name) != measured)
			continue;
		if (!any)
			table_heading(out, style, title, meaning);
		any = true;
		line = measured ? g_strdup_printf("%s %s: %s", f->name, f->state, f->why) :
				  g_strdup_printf("%s: %s", f->name, f->why);
		safe = text_printable(line);
		g_string_append(out, "  ");
		paint_wrapped(out, style, PLAIN, 4, safe);
	}
}

/* What is not measured, and what is measured with a limitation. */
static void table_notes(GString *out, const struct report *r, const struct table_style *style)
{
	print_notes(out, r, style, false, "NOT MEASURED", "unknown, not 0");
	print_notes(out, r, style, true, "NOTES", "measured, with a limitation");
}

static void render_sections(GString *out, const struct report *r, const struct table_style *style)
{
	static void (*const print[TABLE_SECTIONS])(GString *, const struct report *,
						   const struct table_style *) = {
		[TABLE_BOOKS] = table_books,     [TABLE_TOTALS] = table_totals,
		[TABLE_WHO] = table_who,         [TABLE_WHY] = table_why,
		[TABLE_WHERE] = table_where,     [TABLE_KERNEL] = table_kernel,
		[TABLE_CHARGED] = table_charged, [TABLE_SLABS] = table_slabs,
		[TABLE_MAPPED] = table_virtual,  [TABLE_SELF] = table_self,
		[TABLE_NOTES] = table_notes,
	};

	for (int i = 0; i < TABLE_SECTIONS; i++)
		if (style->show & 1u << i)
			print[i](out, r, style);
}

char *table_render(const struct report *r, const struct table_style *wanted)
{
	struct table_style style = *wanted;
	GString *out = g_string_new(NULL);

	style.width = MAX(style.width, TABLE_WIDTH_MIN);
	if (!style.show)
		table_brief(out, r, &style);
	else {
		table_head(out, r, &style);
		render_sections(out, r, &style);
	}
	return g_string_free(out, FALSE);
}
