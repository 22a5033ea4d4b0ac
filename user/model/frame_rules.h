/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which frames nobody who reads a report can change: allocators, interpreters, the kernel's
 * accounting, what begins a thread. Their memory is told of the nearest caller that somebody
 * can. The rules are data (frames.rules, which says how they are written), and a user's own
 * come before them. Nothing is recorded of it: the same profile can be shown either way.
 */
#ifndef TARE_FRAME_RULES_H
#define TARE_FRAME_RULES_H

#include "model/profile.h"

struct frame_rules;

/* The built-in ones. */
struct frame_rules *frame_rules_new(void);
void frame_rules_free(struct frame_rules *r); /* takes NULL */
/* Those of `text` come before all that are there. 0; or the number of the line that is none,
 * and then nothing is added. */
unsigned frame_rules_add(struct frame_rules *r, const char *text);

/* Mark the frames of a profile (struct profile_frame's fold and via). `unfolded`: all are to be
 * shown, so only those that begin a thread are marked. */
void frame_rules_apply(const struct frame_rules *r, struct profile *p, bool unfolded);

/* The node whose function an entry's memory is told of: the innermost that is not folded, and
 * has a name if one in its file has; where there is none, the outermost that does more than to
 * begin. `via`: what the folded frame next
 * to it says; NULL: nothing. */
uint32_t frame_rules_owner(const struct profile *p, uint32_t node, const char **via);

#endif
