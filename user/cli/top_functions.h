/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the details of a process need beyond the live model: the functions that took its memory,
 * from samples, its mappings, and the limit of its control group.
 */
#ifndef TARE_TOP_FUNCTIONS_H
#define TARE_TOP_FUNCTIONS_H

#include "cli/top.h"

struct top_functions;

struct top_functions *top_functions_new(struct top *t);
void top_functions_free(struct top_functions *f); /* takes NULL */

/* Fill in the limit. */
void top_functions_limit(struct top_functions *f, struct top_details *d);
/* Fill in the mappings. They are read so seldom that it takes a hundredth of the time. */
void top_functions_mappings(struct top_functions *f, struct top_details *d);
/* Fill in the functions, largest in the window first, unless no samples are taken. They are read
 * anew every few seconds, for naming them costs time. */
void top_functions_fill(struct top_functions *f, struct top_details *d, enum live_window window);

/* The functions (struct top_function) of one process of a report with a profile. `end_ns`: the time
 * that the window ends, since the report's start. Free with g_array_unref(). */
GArray *top_functions_of(struct report *r, uint64_t proc, enum live_window window, uint64_t end_ns);

#endif
