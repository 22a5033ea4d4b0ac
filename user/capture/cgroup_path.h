/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where control groups are: paths in a hierarchy, as /proc tells them, and the
 * folders (directories) that these are, which differ where only a part of the
 * hierarchy is mounted, as in a container. Pure, but for cgroup_mount_find().
 * Strings are allocated; free with g_free().
 */
#ifndef TARE_CGROUP_PATH_H
#define TARE_CGROUP_PATH_H

#include <stdbool.h>

#include "capture/features.h"

/* One mounted hierarchy. */
struct cgroup_mount {
	unsigned version;
	char *point; /* where it is mounted */
	char *root;  /* what of it is mounted there: path in the hierarchy */
	char *home;  /* folder of tare's own cgroup; NULL: outside of what is mounted */
};

/* v2's, or v1's with the memory controller; false: not mounted. */
bool cgroup_mount_find(struct cgroup_mount *m, const struct features *f, unsigned version);
void cgroup_mount_clear(struct cgroup_mount *m);

/* The path of a process in the hierarchy with this controller (v1), or in the
 * unified one (NULL), out of the text of /proc/PID/cgroup; NULL: none. */
char *cgroup_path_of(const char *text, const char *controller);
/* What of its file system is mounted at `point` (the last one there, which hides
 * the others), out of the text of /proc/self/mountinfo; NULL: nothing. */
char *cgroup_mount_root(const char *mountinfo, const char *point);
/* Folder of a path in the hierarchy whose `root` is mounted at `point`; NULL: it
 * is outside. And the folder's path in the hierarchy. */
char *cgroup_folder(const char *point, const char *root, const char *path);
char *cgroup_path(const struct cgroup_mount *mount, const char *folder);

/* What follows `top` in `path`, "" or "/..."; NULL: `path` is not below it. */
const char *cgroup_below(const char *path, const char *top);
/* The nearest folder that holds both. */
char *cgroup_common(const char *a, const char *b);

#endif
