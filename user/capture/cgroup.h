/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The memory control group that the workload lives in: a fresh one for `run`,
 * the one that it is in for `attach`. Its files are read here and nowhere else.
 * It must not know BPF, nor what a report looks like on paper.
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
	const char *path;                /* --cgroup: made below here; NULL: below tare's own */
	uint64_t memory_max;             /* 0: no limit */
};

/* Make a cgroup "tare-PID-START" (START: tare's start time in clock ticks), empty
 * cgroups that a killed tare left beside it swept first. v2 where the memory
 * controller can be used there (enabled in subtree_control where that is
 * allowed, going up from tare's own cgroup), else v1. 0; or negative errno, said
 * only when `path` or `memory_max` was asked for; `why` is set to the reason
 * (free with g_free()), for the report. */
int cgroup_create(struct cgroup **cg, const struct cgroup_config *config, char **why);

/* The nearest cgroup that holds all of these processes (pid_t). 0, or negative
 * errno with `why`. */
int cgroup_find(struct cgroup **cg, const struct features *f, const GArray *pids, char **why);

/* Take the calling process into the group. 0 or negative errno, not said. For a
 * child between fork and exec: it allocates nothing. */
int cgroup_enter(const struct cgroup *cg);

/* Inode number of its directory: what the kernel calls the cgroup's id. */
uint64_t cgroup_id(const struct cgroup *cg);
unsigned cgroup_version(const struct cgroup *cg);
/* Processes in it and below, pid_t. */
GArray *cgroup_pids(const struct cgroup *cg);

/* One look. On v1 each alone is one small file, on v2 only current; the rest and
 * the whole read memory.stat (which makes the kernel flush its statistics). Bytes;
 * CGROUP_UNKNOWN where a file or line is not there. `time_ns` is left to the caller. v1
 * counts socket buffers (TCP's alone) only in cgroups where that was switched on, as it is in
 * those that are made here: unknown where that can't be seen. */
int64_t cgroup_read_current(const struct cgroup *cg);
int64_t cgroup_read_kernel(const struct cgroup *cg); /* with socket buffers on v2 */
int64_t cgroup_read_sock(const struct cgroup *cg);
void cgroup_read(const struct cgroup *cg, struct cgroup_counters *now);

/* version, path, own, now, peaks, limit and OOM kills; `others` and `highest`
 * are the caller's. Strings are allocated. */
void cgroup_describe(const struct cgroup *cg, struct report_cgroup *r);

/* A cgroup that was made is removed, and those that the workload made below it;
 * processes still in it go to the cgroup above first, or where those may not be,
 * to tare's own. Takes up to 200 ms; log_warn() if it is still there then. NULL is taken. */
void cgroup_close(struct cgroup *cg);

/* The rest is for cgroup.c, cgroup_stat.c and their tests. A folder is the full
 * path of a cgroup's directory; it need not be a real one. */

struct cgroup {
	unsigned version;
	int dir;      /* its directory */
	int procs;    /* its cgroup.procs, to be written; -1: the cgroup was not made here */
	uint64_t id;  /* inode number */
	bool own;     /* made here */
	bool enabled; /* v2: the controller was enabled for it in the cgroup above */
	bool sock;    /* v1: counting of socket buffers was switched on */
	char *folder;
	char *above; /* folder of the cgroup above */
	char *home;  /* folder of tare's own cgroup; NULL: not to be seen */
	char *path;  /* in the hierarchy */
};

/* Make one below `folder`, or on v2 below the nearest cgroup above it, up to
 * where the hierarchy is mounted, that works. 0, or negative errno with `why`. */
int cgroup_make(struct cgroup **cg, const struct cgroup_mount *mount, const char *folder,
		char **why);
/* Take the one that is there, or the nearest above with the controller. Likewise. */
int cgroup_take(struct cgroup **cg, const struct cgroup_mount *mount, const char *folder,
		char **why);

/* VALUE of "NAME VALUE" lines; CGROUP_UNKNOWN when there is none. Pure. */
int64_t cgroup_stat_value(const char *text, const char *name);

#endif
