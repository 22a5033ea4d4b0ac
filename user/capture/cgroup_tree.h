/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Control groups as directories ("folders") of the cgroup file system: reading their files,
 * listing and removing them, and the names of those that tare makes. It must not know what a
 * cgroup is used for. Folders are full paths.
 */
#ifndef TARE_CGROUP_TREE_H
#define TARE_CGROUP_TREE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

bool folder_has(const char *folder, const char *name);
/* Read a file of a cgroup; every reader of such files calls this or the next function. `text` is
 * freed with g_free(). Returns 0, -ENOENT (no such file) or -EIO (it can't be read). */
int folder_read(const char *folder, const char *name, char **text);
/* The same into a buffer of `size` bytes, with a NUL. Of a longer file only whole lines are kept:
 * half a number would be a wrong one. Returns 0 or negative errno. */
int folder_read_at(int dir, const char *name, char *text, size_t size);
/* Write a text to an existing file, by one write(). Returns 0 or negative errno. */
int folder_write(const char *folder, const char *name, const char *text);
int folder_write_at(int dir, const char *name, const char *text);
/* Is "memory" one of the words in this file? */
bool folder_lists_memory(const char *folder, const char *name);
/* Can a cgroup with the memory controller be made below this one? Returns 0 if so, with `enable`
 * set if the controller must be enabled first; -ENOENT: this is not a cgroup; -ENOTSUP: it does
 * not have the controller; -EBUSY: v2, and it holds processes. */
int folder_can_host(const char *folder, unsigned version, bool *enable);

/* Append the folders of its children (char *). */
void folder_children(GPtrArray *list, const char *folder);
/* Processes (pid_t) in it and below. */
GArray *folder_pids(const char *folder);
/* Remove it and all cgroups below it. Returns 0, or negative errno; -EBUSY: it holds processes. */
int folder_remove(const char *folder);

/* Cgroups that tare makes are called tare-PID-START. START is the process's start time in clock
 * ticks: it tells whether PID is still the tare that made the cgroup. cgroup_name() is the name
 * for this process. cgroup_name_parse() returns false for any other kind of name. */
char *cgroup_name(void);
bool cgroup_name_parse(const char *name, pid_t *pid, uint64_t *start);
/* Remove those cgroups in this folder whose tare has ended and that hold no process. Returns how
 * many were removed. */
unsigned folder_sweep(const char *folder);

#endif
