/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The limits that stop a program from having more tasks: what they are here, which
 * of them it was, and lifting them for a while.
 */
#ifndef TARE_LIMITS_H
#define TARE_LIMITS_H

#include <stdint.h>

/* How far each goes; INT64_MAX: no limit, or there is none such. */
struct limits {
	int64_t pid_max, threads_max, map_count; /* sysctls kernel.pid_max … vm.max_map_count */
	int64_t pids_max;                        /* of tare's own pids control group */
	int64_t nproc, nofile; /* soft RLIMIT_NPROC (not for root), RLIMIT_NOFILE */
	int64_t others;        /* tasks on the machine now */
};
void limits_read(struct limits *l);

/* "kernel.pid_max = 32768, …". Free with g_free(). */
char *limits_describe(const struct limits *l);

/* A program gave up with `at` tasks for `reason`, which is an errno's text or the
 * runtime's own; the kernel had seen `threads` of it (limits of the kernel's tasks
 * don't stop coroutines). The limit that its number points to, "vm.max_map_count = 65530, 2
 * mappings a task (REASON)", or only the reason. Free with g_free(). */
char *limits_name(const struct limits *l, const char *reason, int64_t at, int64_t threads);
/* The same with the limits of now. */
char *limits_diagnose(const char *reason, int64_t at, int64_t threads);

/* Lift what can be lifted, for this process, those that it starts and, where the
 * limit is the machine's, for all. What was is noted in LIMITS_NOTE first. What
 * cannot be lifted is said and no error. 0, or negative errno, said. */
#define LIMITS_NOTE "/run/tare-limits"
int limits_raise(void);
/* Put back what the note tells, and remove it. Without a note: nothing. */
void limits_restore(void);
/* The same for a note of a tare that was killed; says so. */
void limits_sweep(void);

#endif
