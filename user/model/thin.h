/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Makes reports smaller: the largest entries and rows stay, the others are merged. Sums do not
 * change. Pure.
 */
#ifndef TARE_THIN_H
#define TARE_THIN_H

#include "model/profile.h"

/* Keep at most `keep` entries, and as many of address space. The others of each task and kind
 * become one entry with a synthetic frame. Frames, nodes and modules that are no longer used are
 * removed. */
void profile_thin(struct profile *p, unsigned keep);

/* Make the slots of time twice as long. */
void profile_coarsen(struct profile *p);

/* Keep about `processes` rows of processes, and `tasks` rows of threads or one for each process.
 * The first rows of the report stay; the others become folds by name, and one fold "[others]" if
 * there are too many names. The report's profile, if any, is changed accordingly. */
void report_thin(struct report *r, unsigned processes, unsigned tasks);

#endif
