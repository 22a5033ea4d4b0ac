/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Weight over time, in bounded memory: when full, every second point goes and the
 * points that follow are taken half as often. Pure.
 */
#ifndef TARE_SERIES_H
#define TARE_SERIES_H

#include <glib.h>
#include <stdint.h>

#include "model/report.h"

#define SERIES_POINTS 4096

struct series;

struct series *series_new(uint64_t interval_ns);
void series_free(struct series *s); /* takes NULL */
/* A point closer to the last than the present interval allows (less a tenth,
 * for timers that are early) is not kept; the latest of all always is. */
void series_add(struct series *s, const struct report_point *point);
/* Append all points to an array of struct report_point, the latest included. */
void series_copy(const struct series *s, GArray *points);

#endif
