/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The syntax of both formats: families, labels, values. It must not know which metrics there are.
 */
#ifndef TARE_METRICS_WRITER_H
#define TARE_METRICS_WRITER_H

#include "output/metrics/metrics.h"

enum metrics_kind { METRIC_GAUGE, METRIC_COUNTER, METRIC_INFO };

struct metrics_writer {
	GString *out;
	enum metrics_format format;
	const char *prefix, *name; /* of the family that is being written */
	enum metrics_kind kind;
};

/* Begin a family; all of its samples follow. Its name is prefix + name: without "_total" or "_info",
 * which samples get by their kind. `unit` is the name's last word, or NULL. */
void metrics_family(struct metrics_writer *w, enum metrics_kind kind, const char *prefix,
		    const char *name, const char *unit, const char *help);

/* A sample. `labels`: as metrics_label() made them, "": none; `key`, `value`: one more label, NULL:
 * none. */
void metrics_int(const struct metrics_writer *w, const char *labels, const char *key,
		 const char *value, int64_t n);
void metrics_count(const struct metrics_writer *w, const char *labels, const char *key,
		   const char *value, uint64_t n);
void metrics_seconds(const struct metrics_writer *w, const char *labels, uint64_t ns);

/* Append a label; no label if `value` is NULL or "". */
void metrics_label(GString *labels, const char *key, const char *value);

void metrics_end(struct metrics_writer *w);

#endif
