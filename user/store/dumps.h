/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A directory of recordings that are made one after the other. Old ones make room for new ones:
 * first those that came within ten minutes of another, then the oldest.
 * It must not know what is recorded, nor why.
 */
#ifndef TARE_DUMPS_H
#define TARE_DUMPS_H

#include "model/report.h"

struct dumps_config {
	const char *dir;   /* it exists; others should not be able to write there */
	unsigned keep;     /* dumps, with the new one; at least 1 */
	uint64_t total;    /* bytes of all dumps, with the new one at its largest */
	uint64_t max_size; /* of one: RECORDING_SIZE_LEAST … RECORDING_SIZE_MOST */
};

/* Remove dumps that are too many or too large, then write the report to a new one, of mode 0600:
 * DIR/tare-20261129-061830-WHY.tare. `why`: letters, digits and dashes; `now`: seconds since the
 * epoch. `report` may be made smaller. *path: the file (free with g_free()), also if it could not
 * be written; then no file is left. Returns 0, or negative errno, logged; the disk was full if
 * recording_disk_full() says so of it. */
int dumps_write(const struct dumps_config *c, struct report *report, const char *why, int64_t now,
		char **path);

/* Can a dump of this report be written? It is written and removed; nothing makes room for it.
 * Returns as dumps_write(). */
int dumps_try(const struct dumps_config *c, struct report *report, int64_t now);

/* Is this the name of a dump, and of which time? Names sort by time. */
bool dumps_is_name(const char *name);

#endif
