/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The weight over time, in bounded memory: when it is full, every second point is removed and
 * later points are kept half as often. Pure.
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
/* Add a point. It is not kept if it is closer to the last one than the current interval less a
 * tenth (timers may be early). The latest point is always kept. */
void series_add(struct series *s, const struct report_point *point);
/* Append all points to an array of struct report_point, the latest included. */
void series_copy(const struct series *s, GArray *points);

#endif
