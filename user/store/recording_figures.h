/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The single numbers and texts of a report, by name: one list for who writes them to
 * a recording and who reads them from it.
 */
#ifndef TARE_RECORDING_FIGURES_H
#define TARE_RECORDING_FIGURES_H

#include "model/profile.h"
#include "model/report.h"

enum figure_type {
	FIGURE_BOOL,
	FIGURE_INT,
	FIGURE_U64,
	FIGURE_I64,
	FIGURE_KNOWN,   /* int64_t; CGROUP_UNKNOWN is NULL */
	FIGURE_WHOLE,   /* a double that is a whole number */
	FIGURE_REAL_PS, /* a double, kept in thousandths; negative is NULL */
	FIGURE_EPOCH,   /* int64_t, ns of the epoch; kept in µs */
};

struct figure {
	char name[80];
	enum figure_type type;
	void *at;
	int64_t least, most; /* that it may be read as */
};

/* Call for each figure of the report and, where it has one, its profile; `at` points
 * into them. */
typedef void (*figure_fn)(void *ctx, const struct figure *f);
void figures_each(struct report *r, figure_fn fn, void *ctx);

/* As the file has it. *null: it is not known. */
int64_t figure_get(const struct figure *f, bool *null);
/* The value must be from least to most. */
void figure_set(const struct figure *f, int64_t value, bool null);

/* Likewise for texts, of which any may be NULL. */
typedef void (*figure_text_fn)(void *ctx, const char *name, char **at);
void figures_each_text(struct report *r, figure_text_fn fn, void *ctx);

#endif
