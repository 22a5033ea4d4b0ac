/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads the executable, the arguments and the title of processes from /proc, for the process
 * table.
 */
#ifndef TARE_DESCRIBE_H
#define TARE_DESCRIBE_H

#include "model/proctable.h"

/* Set the executable after an exec. The record has only the path that was passed to execve(),
 * which may be relative or a link. */
void describe_exec(struct proctable *pt, const struct tare_exec *exec);
/* Describe processes that tare attached to: there is no exec record of them. */
void describe_found(struct proctable *pt);
/* Update the titles of live processes. One call reads a bounded number of processes; the next call
 * continues with the others. Does nothing if the last call was less than 200 ms ago. `now`: for a
 * report: read titles even then, and of more processes. `now_ns`: the time, ns. */
void describe_titles(struct proctable *pt, uint64_t now_ns, bool now);

#endif
