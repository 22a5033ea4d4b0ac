/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where control groups are. A path is a cgroup's name in the hierarchy, as /proc shows it; a
 * folder is the cgroup's directory in the file system. They differ where only a part of the
 * hierarchy is mounted, as in a container. All functions but cgroup_mount_find() are pure.
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
	char *root;  /* path in the hierarchy of the cgroup that is mounted at `point` */
	char *home;  /* folder of tare's own cgroup; NULL: not below `root` */
};

/* Find the mount of v2, or of v1's memory controller. False: not mounted. */
bool cgroup_mount_find(struct cgroup_mount *m, const struct features *f, unsigned version);
void cgroup_mount_clear(struct cgroup_mount *m);

/* The path of a process in v1's hierarchy of this controller, or in v2's hierarchy
 * (`controller` NULL). `text` is that of /proc/PID/cgroup. NULL: `text` has no such line. */
char *cgroup_path_of(const char *text, const char *controller);
/* The root of the mount at `point` ("/" if all of the file system is mounted), from the text of
 * /proc/self/mountinfo. The last mount at `point` counts: it hides earlier ones. NULL: nothing
 * is mounted there. */
char *cgroup_mount_root(const char *mountinfo, const char *point);
/* The folder of a path, in a hierarchy whose `root` is mounted at `point`; NULL: `path` is not
 * below `root`. cgroup_path() is the inverse. */
char *cgroup_folder(const char *point, const char *root, const char *path);
char *cgroup_path(const struct cgroup_mount *mount, const char *folder);

/* The rest of `path` after `top`: "" or "/..."; NULL: `path` is not below `top`. */
const char *cgroup_below(const char *path, const char *top);
/* The nearest folder that holds both. */
char *cgroup_common(const char *a, const char *b);

#endif
