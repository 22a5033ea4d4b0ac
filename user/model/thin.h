/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reports made smaller: the largest of what is in them stay, the others become one.
 * Sums stay the same. Pure.
 */
#ifndef TARE_THIN_H
#define TARE_THIN_H

#include "model/profile.h"

/* Keep at most `keep` entries and as many of address space, and one synthetic
 * frame for all others of
 * each task and kind; frames, nodes and modules that no longer lead anywhere go. */
void profile_thin(struct profile *p, unsigned keep);

/* Slots of time twice as long. */
void profile_coarsen(struct profile *p);

/* About `processes` rows of them, and as many of threads as `tasks` or one a process: those
 * that come first in the report stay, the others become rows of many by their names, and
 * one "[others]" where these are too many. Its profile, if any, follows. */
void report_thin(struct report *r, unsigned processes, unsigned tasks);

#endif
