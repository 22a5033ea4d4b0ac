/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Many recordings for spreadsheets and pandas: a record for each name and recording that has it.
 * All sizes are bytes; what the recording did not measure is empty.
 */
#include "output/fields.h"
#include "output/fleet/fleet.h"
#include "output/fleet/view.h"

static const char *const columns[] = { "host",      "file",        "service",    "sort",
				       "name",      "count",       "grown_user", "grown_kernel",
				       "peak_user", "peak_kernel", "end_user",   "end_kernel" };

static void add_cell(struct fields *out, const struct fleet *f, const struct fleet_row *row,
		     const struct fleet_cell *c)
{
	const struct fleet_source *s = f->sources->pdata[c->source];

	fields_text(out, s->host);
	fields_text(out, s->path);
	fields_text(out, s->service);
	fields_text(out, fleet_sort_name[row->sort]);
	fields_text(out, row->name);
	fields_int(out, (int64_t)c->count);
	for (int t = 0; t < SAMPLE_TYPES; t++)
		for (int part = 0; part < FLEET_PARTS; part++)
			fields_int(out,
				   s->known[row->sort][part] ? c->bytes[t][part] : FIELD_UNKNOWN);
	fields_end(out);
}

char *fleet_csv_render(const struct fleet *f, const struct fleet_style *style)
{
	struct fields out = { .out = g_string_new(NULL) };

	(void)style;
	for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++)
		fields_text(&out, columns[i]);
	fields_end(&out);
	for (int sort = 0; sort < FLEET_SORTS; sort++)
		for (unsigned i = 0; i < f->rows[sort]->len; i++) {
			const struct fleet_row *row = f->rows[sort]->pdata[i];

			for (unsigned n = 0; n < row->cells->len; n++)
				add_cell(&out, f, row,
					 &g_array_index(row->cells, struct fleet_cell, n));
		}
	return g_string_free(out.out, FALSE);
}
