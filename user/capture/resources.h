/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare's own limits (getrlimit(2)): those that can be raised are, for tare and not for what it
 * starts; one that is in the way is named. It must not know what failed.
 */
#ifndef TARE_RESOURCES_H
#define TARE_RESOURCES_H

/* Raise the limit of open files as far as it goes, and have a file that may not grow be an
 * error instead of a death (SIGXFSZ). 0, or -EMFILE, said, when that is not enough to load
 * and attach the programs. */
int resources_prepare(void);

/* In a child, before it executes: the limits and signals that tare was started with.
 * Async-signal-safe. */
void resources_restore(void);

/* Say which of tare's limits may be behind a failure with this errno, and how to lift it;
 * nothing when none is set. */
void resources_hint(int err);

#endif
