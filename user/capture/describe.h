/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads from /proc which file a process runs, and its arguments, for the process table.
 */
#ifndef TARE_DESCRIBE_H
#define TARE_DESCRIBE_H

#include "model/proctable.h"

/* After an exec. The record has the path that execve() was given; it may be relative or a link. */
void describe_exec(struct proctable *pt, const struct tare_exec *exec);
/* For processes that tare attached to: no exec record describes them. */
void describe_found(struct proctable *pt);
/* Titles that processes gave themselves since: of some that live, the next ones at the next
 * call. Often called it does nothing, but `now`: it looks at more of them, at once. */
void describe_titles(struct proctable *pt, uint64_t now_ns, bool now);

#endif
