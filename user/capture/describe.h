/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What /proc knows of a process while it lives, for the process table: the file that it
 * runs and its arguments.
 */
#ifndef TARE_DESCRIBE_H
#define TARE_DESCRIBE_H

#include "model/proctable.h"

/* After an exec. The path that the kernel was given may be relative or a link. */
void describe_exec(struct proctable *pt, const struct tare_exec *exec);
/* Those that ran before: no exec event reported them. */
void describe_found(struct proctable *pt);
/* Titles that processes gave themselves since: of some that live, the next ones at the next
 * call. Often called it does nothing, but `now`: it looks at more of them, at once. */
void describe_titles(struct proctable *pt, uint64_t now_ns, bool now);

#endif
