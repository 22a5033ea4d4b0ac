/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the printers of fleets. Inside output/ only.
 */
#ifndef TARE_FLEET_VIEW_H
#define TARE_FLEET_VIEW_H

#include "output/fleet/fleet.h"

/* Column where the text behind "peak:" … begins. */
#define FLEET_MARGIN 10

extern const char *const fleet_part_name[FLEET_WEIGHT + 1]; /* user, kernel, weight */
extern const char *const fleet_sort_name[FLEET_SORTS];      /* total, processes, functions */

/* "16 redis-server, 2 nginx": programs by number of recordings, at most four; *n: how many. */
char *fleet_services(const struct fleet *f, unsigned *n);
/* Number of different hosts; recordings without a name count as one each. */
unsigned fleet_hosts(const struct fleet *f);
const char *fleet_label(const struct fleet *f, uint32_t source); /* NULL for FLEET_NONE */

/* What the reader must know of the set: several programs, what is not measured in some recordings,
 * books, losses, skipped files. char *, owned by the array. */
GPtrArray *fleet_doubts(const struct fleet *f, unsigned skipped);

/* "held at the peak" … */
extern const char *const fleet_meaning[SAMPLE_TYPES];
/* What the rows of this sort count: "weight", or "user memory (kernel memory apart)". */
const char *fleet_counted(const struct fleet *f, enum fleet_sort sort);

#endif
