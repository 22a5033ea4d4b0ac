/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A profile made smaller: its largest entries stay, the others become one mark for
 * each task and kind. Sums stay the same. Pure.
 */
#ifndef TARE_THIN_H
#define TARE_THIN_H

#include "model/profile.h"

/* `keep` at most of entries and of what was asked for; frames and nodes that no longer
 * lead anywhere go. */
void profile_thin(struct profile *p, unsigned keep);

#endif
