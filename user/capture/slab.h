/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Slab caches that grew, by differences of /proc/slabinfo. That file counts the whole machine, so
 * the result is only an indication for one workload. It must not know who the caller is.
 */
#ifndef TARE_SLAB_H
#define TARE_SLAB_H

#include <glib.h>

struct slab;

/* Read the caches as of now. NULL if /proc/slabinfo can't be read, with the reason in `why`
 * (g_free()). */
struct slab *slab_open(char **why);
void slab_close(struct slab *s); /* takes NULL */

/* Read the caches again. The reading with the largest sum over all caches is the one that
 * slab_result() compares with the first. */
void slab_look(struct slab *s);

/* Caches that grew (struct report_slab), largest first. `note`: a text on how they were found and
 * what that cost. */
GArray *slab_result(const struct slab *s, char **note);

/* Pure, for tests: add the caches of a slabinfo text to `caches` (char * -> struct report_slab *).
 * Malformed lines are skipped. */
void slab_parse(const char *text, GHashTable *caches);

#endif
