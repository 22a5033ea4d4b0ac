/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Does a certain process still run? The kernel uses pids again, so a process is identified by pid
 * and start time. It must not know why that is asked.
 */
#ifndef TARE_PROCESS_H
#define TARE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* This process's start time in clock ticks. 0: not known. */
uint64_t process_own_start(void);

/* Is there a running process with this pid and start time? True if /proc hides it. */
bool process_running(pid_t pid, uint64_t start);

/* Is there a running process with this pid that had started by then? `boottime_ns`: of
 * CLOCK_BOOTTIME. A later process with the same pid had not. */
bool process_started_by(pid_t pid, uint64_t boottime_ns);

#endif
