/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The function and the thread that most memory of a part of a profile belongs to: of a process, of
 * a thread, of a time. Pure.
 */
#ifndef TARE_MOSTLY_H
#define TARE_MOSTLY_H

#include "model/profile.h"

struct mostly;

/* The profile must outlive it and be folded already (model/frame_rules.h). */
struct mostly *mostly_new(const struct profile *p);
void mostly_free(struct mostly *m); /* takes NULL */

/* The bytes of entry number `entry` that count; 0: it is not in the part. */
typedef int64_t (*mostly_bytes_fn)(const void *ctx, uint32_t entry);

struct mostly_function {
	char *title;    /* as by function_title(); owned */
	int64_t bytes;  /* of the function */
	int64_t all;    /* of all entries that count, also of those without a function */
	uint32_t entry; /* the one with most of `bytes`: its process and task */
};

/* False: no function has bytes above 0; memory without a stack has no function. */
bool mostly_find(const struct mostly *m, mostly_bytes_fn bytes, const void *ctx,
		 struct mostly_function *found);

#endif
