/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A cache from whole stacks to their nodes: most samples have a stack that was seen recently.
 * Bounded: a hash table of fixed size, in which a new stack replaces an old one.
 */
#ifndef TARE_STACKS_H
#define TARE_STACKS_H

#include "model/samples.h"

struct stacks;

struct stacks *stacks_new(void);
void stacks_free(struct stacks *st); /* takes NULL */

/* The node of a stack, innermost frame first: the same as samples_push() of each frame from the
 * outermost on returns. */
uint32_t stacks_push(struct stacks *st, struct samples *s, const struct frame *frames, unsigned n);

/* Empty the cache: nodes were renumbered. */
void stacks_forget(struct stacks *st);

#endif
