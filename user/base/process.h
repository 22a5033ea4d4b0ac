/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Is the process that made a thing still there? A pid is used again, so its start time
 * belongs to it. It must not know what was made.
 */
#ifndef TARE_PROCESS_H
#define TARE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* This process's start time in clock ticks. 0: not known. */
uint64_t process_own_start(void);

/* It runs, and began then. In doubt (/proc hides it) true. */
bool process_running(pid_t pid, uint64_t start);

#endif
