/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The map that a JIT writes of its code for perf: lines of START SIZE NAME, the
 * numbers in hexadecimal, appended as it goes. Written by the measured program, so
 * hostile input: what makes no sense is left out, and there is a bound on all.
 */
#ifndef TARE_PERFMAP_H
#define TARE_PERFMAP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct perfmap;

struct perfmap *perfmap_new(void);
void perfmap_free(struct perfmap *m); /* takes NULL */

/* Take in what the open file has more than last time; all of it where it was begun
 * anew or is another. `last`: a line without an end counts too. At most `most` bytes.
 * Returns how many were read. */
uint64_t perfmap_update(struct perfmap *m, int fd, uint64_t most, bool last);

/* The last name written for this address, and where that code starts; NULL: none.
 * The map's, as long as it lives. */
const char *perfmap_find(const struct perfmap *m, uint64_t address, uint64_t *start);

/* Lines left out because there were too many, or too much text. */
uint64_t perfmap_dropped(const struct perfmap *m);

#endif
