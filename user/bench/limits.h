/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The limits on the number of tasks: their values here, which of them stopped a program, and
 * raising them during a bench.
 */
#ifndef TARE_LIMITS_H
#define TARE_LIMITS_H

#include <stdint.h>

/* The value of each limit; INT64_MAX: no limit, or the kernel does not have it. */
struct limits {
	int64_t pid_max, threads_max, map_count; /* sysctls kernel.pid_max … vm.max_map_count */
	int64_t pids_max;                        /* of tare's own pids control group */
	int64_t nproc, nofile; /* soft RLIMIT_NPROC (not for root), RLIMIT_NOFILE */
	int64_t others;        /* tasks that exist on the machine now */
};
void limits_read(struct limits *l);

/* "kernel.pid_max = 32768, …". Free with g_free(). */
char *limits_describe(const struct limits *l);

/* Name the limit that stopped a program. It gave up with `at` tasks for `reason`, an errno's
 * text or the runtime's own; it had `threads` threads (limits on threads don't stop coroutines).
 * Returns "vm.max_map_count = 65530, 2 mappings a task (REASON)", or only the reason if `at` is
 * near no limit. Free with g_free(). */
char *limits_name(const struct limits *l, const char *reason, int64_t at, int64_t threads);
/* The same with the limits as they are now. */
char *limits_diagnose(const char *reason, int64_t at, int64_t threads);

/* Raise the limits: resource limits for this process and its children, sysctls for the whole
 * machine. The old values are written to LIMITS_NOTE first. A limit that can't be raised is logged
 * and is no error. Returns 0 or negative errno, logged. */
#define LIMITS_NOTE "/run/tare-limits"
int limits_raise(void);
/* Restore the values in LIMITS_NOTE and remove it. Does nothing if there is none. */
void limits_restore(void);
/* The same for a note that a killed tare left; logs it. */
void limits_sweep(void);

#endif
