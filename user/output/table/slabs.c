/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Growth of the kernel's slab caches (--slab): the section SLAB, and its line on the default
 * screen.
 */
#include "base/text.h"
#include "output/table/head.h"
#include "output/table/sections.h"

#define SLABS_MAX 12

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

void table_slabs_line(GString *out, const struct report *r, const struct table_style *style)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *note = text_printable(r->slab_note), *fit = NULL;

	if (!r->slabs && !r->slab_note)
		return;
	for (unsigned i = 0; r->slabs && i < r->slabs->len; i++) {
		const struct report_slab *s = &g_array_index(r->slabs, struct report_slab, i);
		g_autofree char *name = text_printable(s->name), *size = text_size(s->bytes);

		g_string_append_printf(text, "%s%s %s", i ? ", " : "", name, size);
	}
	if (!r->slabs)
		g_string_printf(text, "not measured: %s", note);
	fit = text_fit(text->str, style->width - MARGIN);
	print_label(out, style, "slabs:");
	g_string_append_printf(out, "%s\n", fit);
}
