/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Slab caches that grew, by differences of /proc/slabinfo: the whole machine's,
 * so only indicative of one workload. It must not know who asks.
 */
#ifndef TARE_SLAB_H
#define TARE_SLAB_H

#include <glib.h>

struct slab;

/* Notes what there is now. NULL where /proc/slabinfo cannot be read, with `why` (g_free()). */
struct slab *slab_open(char **why);
void slab_close(struct slab *s); /* takes NULL */

/* Look again; of all looks the one with most in all caches is compared with the
 * beginning. */
void slab_look(struct slab *s);

/* Caches that grew, struct report_slab, largest first; and in words how they
 * were found and what the looks cost. */
GArray *slab_result(const struct slab *s, char **note);

/* Pure, for the tests: adds "name -> objects, size, bytes" of a slabinfo text to
 * `caches` (char * -> struct report_slab *). Lines that make no sense are passed over. */
void slab_parse(const char *text, GHashTable *caches);

#endif
