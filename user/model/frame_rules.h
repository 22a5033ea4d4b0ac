/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rules that fold frames: allocators, interpreters, the kernel's accounting, the functions that
 * start a thread. A reader of the report cannot change these functions, so their memory is
 * attributed to the nearest caller that is not folded. The rules are data: frames.rules has the
 * built-in ones and describes the format; a user's rules come before them. A recording keeps all
 * frames, so it can be shown folded or not.
 */
#ifndef TARE_FRAME_RULES_H
#define TARE_FRAME_RULES_H

#include "model/profile.h"

struct frame_rules;

/* A new set with the built-in rules. */
struct frame_rules *frame_rules_new(void);
void frame_rules_free(struct frame_rules *r); /* takes NULL */
/* Add the rules in `text`, before all that the set has. Returns 0, or the number of the first
 * line that is not a rule; then nothing is added. */
unsigned frame_rules_add(struct frame_rules *r, const char *text);

/* Set fold and via of a profile's frames (struct profile_frame). A function without a name folds
 * too, if a folded frame with a label calls it: it is a part of the allocator. `unfolded`: fold
 * only the functions that start a program or a thread. */
void frame_rules_apply(const struct frame_rules *r, struct profile *p, bool unfolded);

/* The node that the memory of a stack is attributed to. `node`: the stack's innermost node.
 * From there outwards it is the first node that is not folded. A function without a name gives
 * way to a caller in the same file that has one. If all are folded, it is the outermost node
 * that does not merely start a thread. `via`: label of the nearest folded frame inside of it that
 * has one; NULL: none. The profile owns it. */
uint32_t frame_rules_owner(const struct profile *p, uint32_t node, const char **via);

#endif
