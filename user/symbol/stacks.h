/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whole stacks that were met lately, by their frames: the same ones come again and again.
 * Bounded: a table of fixed size, in which a new one takes the place of an old one.
 */
#ifndef TARE_STACKS_H
#define TARE_STACKS_H

#include "model/samples.h"

struct stacks;

struct stacks *stacks_new(void);
void stacks_free(struct stacks *st); /* takes NULL */

/* The node of frames that come innermost first, as samples_push() of each has it. */
uint32_t stacks_push(struct stacks *st, struct samples *s, const struct frame *frames, unsigned n);

/* Nodes have other numbers. */
void stacks_forget(struct stacks *st);

#endif
