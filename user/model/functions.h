/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The memory of a profile, summed by function. Pure. It must not know how the sums are shown.
 */
#ifndef TARE_FUNCTIONS_H
#define TARE_FUNCTIONS_H

#include "model/profile.h"

/* The profile owns all strings. Sums are in bytes. */
struct function {
	const char *name;
	const char *module;          /* NULL: none */
	uint64_t count;              /* samples that are attributed to it */
	int64_t self[SAMPLE_TYPES];  /* memory that is attributed to it */
	int64_t total[SAMPLE_TYPES]; /* memory of stacks that it is in; once for each stack */
	/* The line with most of `self`; NULL and 0: not known. */
	const char *file;
	int line;
	const char *via; /* label of the folded frames with most of `self`; NULL: of none */
	/* The caller with most of `self`; NULL: none. The caller of a stack is the first of these
	 * that the stack has, each the nearest of its kind: a Python function of the program; a
	 * Python function of a library; a function of another module; any function; an
	 * interpreter's loop in the same file. Other functions that are folded do not count, and
	 * functions without a name. */
	const char *caller, *caller_file;
	int caller_line;
};

/* All functions of a profile: an array of struct function, sorted by `self` in sample type `by`,
 * largest first; line, via and caller are of this type too. Memory that folded frames took is
 * attributed to their caller (model/frame_rules.h). The caller of functions_of() frees it. */
GArray *functions_of(const struct profile *p, enum sample_type by);

/* The number of each frame's function; frames with the same module and name are one function.
 * `functions`: NULL, or it gets a struct function with name and module for each of the *n. The
 * caller frees the numbers. */
uint32_t *functions_number(const struct profile *p, GArray *functions, unsigned *n);

/* A function's name for people: "leaky.py:7 make_rows.<listcomp>", "prog.cpp:9 fill", "malloc". The
 * caller frees it. */
char *function_title(const char *name, const char *file, int line);

#endif
