/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finding running processes in /proc: by pid, name or control group. It must
 * not know BPF.
 */
#ifndef TARE_TARGETS_H
#define TARE_TARGETS_H

#include <glib.h>
#include <sys/types.h>

/* Can this process be followed? Returns 0; -ESRCH: there is none; -EINVAL: it is a kernel thread;
 * -ECHILD: it is a zombie, which has no memory. Errors are logged. */
int target_check(pid_t pid);

/* Thread-group ids of processes named `comm` (/proc/PID/comm), or in the
 * control group at `path` and below ("/sys/fs/cgroup/x", or "/x" under any mounted
 * hierarchy). Returns a GArray of pid_t, perhaps empty; NULL, with the reason logged, if the
 * control group does not exist. */
GArray *targets_by_comm(const char *comm);
GArray *targets_by_cgroup(const char *path);

/* If /proc does not show every process: log how to see more. */
void targets_hint(void);

/* Add every user process but the caller's own. */
void targets_all(GArray *pids);

/* Read /proc/PID/exe and /proc/PID/cmdline. `exe` is NULL if it can't be read. */
void target_describe(pid_t pid, char **exe, char **cmdline, gsize *len);

#endif
