/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Control groups by the id that BPF knows them by (tare_task.cgroup), without a walk over all: the
 * kernel opens the directory with this inode number (open_by_handle_at(), CAP_DAC_READ_SEARCH).
 */
#ifndef TARE_CGROUP_BY_ID_H
#define TARE_CGROUP_BY_ID_H

#include "capture/features.h"
#include "model/groups.h"

struct cgroup_ids;

/* The hierarchy of tare_task.cgroup. NULL: none is mounted where tare sees it. */
struct cgroup_ids *cgroup_ids_new(const struct features *f);
void cgroup_ids_free(struct cgroup_ids *c); /* takes NULL */

/* The path of a control group in the hierarchy, as in /proc/PID/cgroup; free with g_free(). Returns
 * 0, -ENOENT (it is gone), or another negative errno: paths cannot be had this way. */
int cgroup_ids_path(const struct cgroup_ids *c, uint64_t id, char **path);

/* Its kernel memory, with that of groups below it. `counted`: page tables and stacks of its
 * processes, which v1's figure has too. Of the root the kernel has none. False: nothing is known,
 * as of a group of v2 without the memory controller. */
bool cgroup_ids_kernel(const struct cgroup_ids *c, uint64_t id, int64_t counted,
		       struct groups_kernel *k);

#endif
