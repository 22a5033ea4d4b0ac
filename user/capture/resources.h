/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare's own resource limits (getrlimit(2)). They are raised as far as possible for tare, not for
 * the command that it starts. After a failure, the limit that may be the reason is named. It must
 * not know what failed.
 */
#ifndef TARE_RESOURCES_H
#define TARE_RESOURCES_H

/* Raise the limit of open files to its hard limit. Ignore SIGXFSZ: to write a file beyond its
 * limit then fails, and does not kill tare. Returns 0, or -EMFILE, logged, if the limit is too low
 * to load and attach the programs. */
int resources_prepare(void);

/* Restore the limits and signals that tare was started with. Async-signal-safe: a child calls it
 * before execve(). */
void resources_restore(void);

/* Log which of tare's limits may be the reason for a failure with this errno, and how to raise it;
 * nothing if there is no such limit. */
void resources_hint(int err);

#endif
