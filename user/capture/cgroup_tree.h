/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Control groups as folders (directories) in their file system: what is in them,
 * removing them, and the names of those that tare makes. It must not know what a
 * cgroup is wanted for. Folders are full paths.
 */
#ifndef TARE_CGROUP_TREE_H
#define TARE_CGROUP_TREE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

bool folder_has(const char *folder, const char *name);
/* All readers of a cgroup's files: its text, to be freed with g_free(). 0; -ENOENT: there is
 * none; -EIO: it can't be read. */
int folder_read(const char *folder, const char *name, char **text);
/* The same into `size` bytes, with a NUL; of a longer one the lines that fit, as half a number
 * is none. 0 or negative errno. */
int folder_read_at(int dir, const char *name, char *text, size_t size);
/* Write a text to a file that is there, in one go. 0 or negative errno. */
int folder_write(const char *folder, const char *name, const char *text);
int folder_write_at(int dir, const char *name, const char *text);
/* "memory" is one of the words in this file. */
bool folder_lists_memory(const char *folder, const char *name);
/* What is in the way of a cgroup with the memory controller below this one: 0
 * nothing, -ENOENT there is no cgroup, -ENOTSUP it is without the controller, -EBUSY
 * v2: its own processes. `enable` is set if the controller must be enabled first. */
int folder_can_host(const char *folder, unsigned version, bool *enable);

/* Append the folders (char *) right below. */
void folder_children(GPtrArray *list, const char *folder);
/* Processes (pid_t) in it and below. */
GArray *folder_pids(const char *folder);
/* With all below; 0 when it is gone, or negative errno: -EBUSY, processes. */
int folder_remove(const char *folder);

/* Cgroups that tare makes are called tare-PID-START, START being the process's
 * start time in clock ticks: that tells a leftover from one in use. The name of
 * this process's; and what a name says, false: no tare gave it. */
char *cgroup_name(void);
bool cgroup_name_parse(const char *name, pid_t *pid, uint64_t *start);
/* Remove cgroups in this folder whose tare is gone and that hold no process.
 * Returns how many. */
unsigned folder_sweep(const char *folder);

#endif
