/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A profile's sums by function. Pure. It must not know how they are shown.
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
	/* Where in it most of that was, where that is known; the profile's. */
	const char *file;
	int line;
	const char *via; /* by which folded frames most of it came; NULL: by none */
	/* Who had it take most of that itself: the Python function that runs, rather the
	 * program's than a library's, or else the nearest on the stack that has a name and does
	 * more than to begin a thread, of another module or, where there is none, of the same.
	 * NULL: nobody. The profile's. */
	const char *caller, *caller_file;
	int caller_line;
};

/* All of them. What folded frames took themselves is told of who called them
 * (model/frame_rules.h). By what each took itself in that sample type, largest first; callers
 * are those of that sample type too. */
GArray *functions_of(const struct profile *p, enum sample_type by);

/* A function as people call it: "leaky.py:7 make_rows", "prog.cpp:9 fill", "malloc". */
char *function_title(const char *name, const char *file, int line);

#endif
