/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A profile's sums by function. Pure. It must not know how they are shown.
 */
#ifndef TARE_FUNCTIONS_H
#define TARE_FUNCTIONS_H

#include "model/profile.h"

struct function {
	const char *name;            /* owned by the profile */
	const char *module;          /* owned by the profile; NULL: none */
	uint64_t count;              /* samples in which it is the innermost function */
	int64_t self[SAMPLE_TYPES];  /* bytes of these samples */
	int64_t total[SAMPLE_TYPES]; /* bytes of all samples that have it on the stack */
	/* The caller for which it took most of its `self` bytes: the innermost Python function on
	 * the stack, or else the nearest caller that has a name, is in another module and is not
	 * only the start of a thread. NULL: none. Owned by the profile. */
	const char *caller;
};

/* All functions, sorted by `self` of sample type `by`, largest first. `caller` is for that sample
 * type too. An array of struct function; free with g_array_unref(). */
GArray *functions_of(const struct profile *p, enum sample_type by);

#endif
