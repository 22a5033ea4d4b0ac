/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finding running processes in /proc: by pid, name or control group. It must
 * not know BPF.
 */
#ifndef TARE_TARGETS_H
#define TARE_TARGETS_H

#include <glib.h>
#include <sys/types.h>

/* Can this one be followed? 0; -ESRCH: no such process; -EINVAL: a kernel
 * thread; -ECHILD: a zombie, which has no memory any more. Said by log_error(). */
int target_check(pid_t pid);

/* Thread-group ids of processes named `comm` (/proc/PID/comm), or in the
 * control group at `path` and below ("/sys/fs/cgroup/x", or "/x" under any mounted
 * hierarchy). Returns a GArray of pid_t, perhaps empty; NULL with the reason
 * said for a control group that is not there. */
GArray *targets_by_comm(const char *comm);
GArray *targets_by_cgroup(const char *path);

/* Where /proc does not show every process: the way to see more. */
void targets_hint(void);

/* Adds every user process but the caller's. */
void targets_all(GArray *pids);

/* /proc/PID/exe and /proc/PID/cmdline. exe is NULL where it cannot be read. */
void target_describe(pid_t pid, char **exe, char **cmdline, gsize *len);

#endif
