/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The options --fold FILE and --no-fold, and TARE_FOLD: which frames a report folds.
 */
#ifndef TARE_FOLDING_H
#define TARE_FOLDING_H

#include "model/frame_rules.h"
#include "model/report.h"

struct folding {
	const char *file; /* --fold; NULL: what TARE_FOLD names, if it is set */
	bool none;        /* --no-fold */
	struct frame_rules *rules;
};

/* Read the rules; call it after the options are parsed. Returns 0, or a negative errno after it
 * logged the error. */
int folding_read(struct folding *f);
/* Fold the frames of the report's profile, if it has one. */
void folding_apply(const struct folding *f, struct report *r);

#endif
