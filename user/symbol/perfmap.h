/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reader of a perf map: a text file to which a JIT appends a line START SIZE NAME for each piece
 * of code that it makes; both numbers are hexadecimal. The measured program writes it, so it is
 * hostile input: malformed lines are skipped, and the numbers of lines and bytes are bounded.
 */
#ifndef TARE_PERFMAP_H
#define TARE_PERFMAP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct perfmap;

struct perfmap *perfmap_new(void);
void perfmap_free(struct perfmap *m); /* takes NULL */

/* Read what the file has gained since the last call, or all of it if it was rewritten or is
 * another file. Reads at most `most` bytes. `last`: the file is complete, so that a last line
 * without a newline counts too. Returns the number of bytes read. */
uint64_t perfmap_update(struct perfmap *m, int fd, uint64_t most, bool last);

/* The name written last for code at this address, owned by the map. `start`: where that code
 * starts. NULL: no name. */
const char *perfmap_find(const struct perfmap *m, uint64_t address, uint64_t *start);

/* The number of lines that were left out because there were too many lines or bytes. */
uint64_t perfmap_dropped(const struct perfmap *m);

#endif
