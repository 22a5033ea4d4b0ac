/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The single numbers and texts of a report, by name: one list for both the writer and the reader of
 * recordings.
 */
#ifndef TARE_RECORDING_FIGURES_H
#define TARE_RECORDING_FIGURES_H

#include "model/incident.h"
#include "model/profile.h"
#include "model/report.h"

enum figure_type {
	FIGURE_BOOL,
	FIGURE_INT,
	FIGURE_U64,
	FIGURE_I64,
	FIGURE_KNOWN,   /* int64_t; CGROUP_UNKNOWN is NULL */
	FIGURE_WHOLE,   /* a double that is a whole number */
	FIGURE_REAL_PS, /* a double, stored in thousandths; negative is NULL */
	FIGURE_EPOCH,   /* int64_t, ns since 1970, stored in µs */
};

struct figure {
	char name[80];
	enum figure_type type;
	void *at;
	int64_t least, most; /* bounds of a value that is read */
};

/* Call `fn` for each figure of the report and of its profile, if it has one; `at` points into
 * these. */
typedef void (*figure_fn)(void *ctx, const struct figure *f);
void figures_each(struct report *r, figure_fn fn, void *ctx);

/* The value as it is stored. *null: it is not known. */
int64_t figure_get(const struct figure *f, bool *null);
/* `value` must be within the figure's bounds. */
void figure_set(const struct figure *f, int64_t value, bool null);

/* The same for texts; any of them may be NULL. */
typedef void (*figure_text_fn)(void *ctx, const char *name, char **at);
void figures_each_text(struct report *r, figure_text_fn fn, void *ctx);

#endif
