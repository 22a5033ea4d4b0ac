/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A profile by function. Pure.
 */
#ifndef TARE_FUNCTIONS_H
#define TARE_FUNCTIONS_H

#include "model/profile.h"

struct function {
	const char *name;   /* the profile's */
	const char *module; /* likewise; NULL: none */
	uint64_t count;     /* samples of which it was the innermost */
	int64_t self[SAMPLE_TYPES];
	int64_t total[SAMPLE_TYPES]; /* it was on the stack, however often */
	/* Who had it take most of that itself: the Python function that runs, or else the
	 * nearest on the stack that has a name, is of another module and does more than to begin
	 * a thread. NULL: nobody. The profile's. */
	const char *caller;
};

/* All of them, by what each took itself in that sample type, largest first; callers are those
 * of that sample type too. */
GArray *functions_of(const struct profile *p, enum sample_type by);

#endif
