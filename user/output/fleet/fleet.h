/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Printers of many recordings (model/fleet.h), and of two sets of them. Each returns UTF-8 text
 * that ends with a newline. Free it with g_free().
 */
#ifndef TARE_OUTPUT_FLEET_H
#define TARE_OUTPUT_FLEET_H

#include "model/fleet.h"
#include "output/output.h"

struct fleet_style {
	struct table_style table;     /* width and colours */
	enum sample_type sample_type; /* of the table; the other formats have all */
	bool full;                    /* every row, and the recordings; else one screen */
	unsigned skipped;             /* files that could not be read */
};

char *fleet_table_render(const struct fleet *f, const struct fleet_style *style);
/* JSON, schema tare.fleet/1. */
char *fleet_json_render(const struct fleet *f, const struct fleet_style *style);
/* CSV: a record for each name and recording that has it. */
char *fleet_csv_render(const struct fleet *f, const struct fleet_style *style);

/* Two sets, before and after. JSON: tare.fleetdiff/1. */
char *fleet_diff_table_render(const struct fleet *before, const struct fleet *after,
			      const struct fleet_style *style);
char *fleet_diff_json_render(const struct fleet *before, const struct fleet *after,
			     const struct fleet_style *style);

/* The JSON Schema of both. Static: do not free it. */
const char *fleet_json_schema(void);

#endif
