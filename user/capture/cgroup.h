/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The memory control group that the workload lives in: a new one for `run`, the workload's
 * own one for `attach`. Only cgroup.c and cgroup_stat.c read its files. It must not know BPF,
 * nor how a report is printed.
 */
#ifndef TARE_CGROUP_H
#define TARE_CGROUP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/cgroup_path.h"
#include "capture/features.h"
#include "model/report.h"

struct cgroup;

struct cgroup_config {
	const struct features *features; /* mount points */
	const char *path;                /* --cgroup: the new one's parent; NULL: tare's own */
	uint64_t memory_max;             /* 0: no limit */
};

/* Make a cgroup "tare-PID-START" (START: tare's start time in clock ticks). Empty cgroups
 * that a killed tare left in the same parent are removed first. The new cgroup is of v2 where
 * the memory controller can be used: in the parent, or in the nearest cgroup above it where
 * subtree_control allows to enable the controller. Else it is of v1. Returns 0 or negative
 * errno, with the reason for the report in `why` (free with g_free()). The error is logged only
 * if the user gave `path` or `memory_max`. */
int cgroup_create(struct cgroup **cg, const struct cgroup_config *config, char **why);

/* Find the nearest cgroup that holds all of these processes (pid_t). Returns 0, or negative
 * errno with the reason in `why`. */
int cgroup_find(struct cgroup **cg, const struct features *f, const GArray *pids, char **why);

/* Move the calling process into the cgroup. Returns 0 or negative errno, not logged.
 * Allocates nothing: a child calls it between fork and exec. */
int cgroup_enter(const struct cgroup *cg);

/* Inode number of its directory: what the kernel calls the cgroup's id. */
uint64_t cgroup_id(const struct cgroup *cg);
unsigned cgroup_version(const struct cgroup *cg);
/* Processes in it and below, pid_t. */
GArray *cgroup_pids(const struct cgroup *cg);

/* Read counters: bytes, or CGROUP_UNKNOWN where the file or the line does not exist.
 * Cost: on v1 each of the first three reads one small file; on v2 only _current does, and the
 * others read memory.stat, for which the kernel flushes its statistics. cgroup_read() fills all
 * of `now` but `time_ns`. v1 counts socket buffers (of TCP only) only in a cgroup where that was
 * switched on; cgroup_create() does so. Where tare can't see the switch, they are unknown. */
int64_t cgroup_read_current(const struct cgroup *cg);
int64_t cgroup_read_kernel(const struct cgroup *cg); /* with socket buffers on v2 */
int64_t cgroup_read_sock(const struct cgroup *cg);
void cgroup_read(const struct cgroup *cg, struct cgroup_counters *now);

/* Fill in version, path, own, now, peaks, limit and OOM kills; the caller fills in `others` and
 * `highest`. Strings are allocated. */
void cgroup_describe(const struct cgroup *cg, struct report_cgroup *r);

/* Free `cg` (may be NULL). A cgroup that tare made is removed, with the cgroups that the workload
 * made below it. Processes that are still in it are moved to its parent first or, if the parent
 * may not hold processes, to tare's own cgroup. Takes up to 200 ms; log_warn() if the cgroup
 * still exists after that. */
void cgroup_close(struct cgroup *cg);

/* The rest is for cgroup.c, cgroup_stat.c and their tests. A folder is the full path of a
 * cgroup's directory; in tests it may be an ordinary directory. */

struct cgroup {
	unsigned version;
	int dir;      /* its directory */
	int procs;    /* its cgroup.procs, open for writing; -1: tare did not make the cgroup */
	uint64_t id;  /* inode number */
	bool own;     /* tare made it */
	bool enabled; /* v2: tare enabled the controller for it in the parent */
	bool sock;    /* v1: tare switched on counting of socket buffers */
	char *folder;
	char *above; /* folder of the parent */
	char *home;  /* folder of tare's own cgroup; NULL: not visible */
	char *path;  /* in the hierarchy */
};

/* Make a cgroup below `folder`. On v2, where that fails, try the parents of `folder` one after
 * the other, up to the mount point. Returns 0, or negative errno with the reason in `why`. */
int cgroup_make(struct cgroup **cg, const struct cgroup_mount *mount, const char *folder,
		char **why);
/* Use the existing cgroup `folder`, or its nearest ancestor with the controller. Returns as
 * cgroup_make(). */
int cgroup_take(struct cgroup **cg, const struct cgroup_mount *mount, const char *folder,
		char **why);

/* The VALUE of the line "NAME VALUE"; CGROUP_UNKNOWN if there is no such line. Pure. */
int64_t cgroup_stat_value(const char *text, const char *name);

#endif
