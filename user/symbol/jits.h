/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names of JIT-compiled code, from the perf map of each process: /tmp/perf-PID.map in the
 * process's mount and PID namespaces. The first sample of JIT code opens the map. It stays open
 * until the address space is gone, so that a deleted map can be read to its end.
 *
 * Bounds: MAP_MOST bytes are read of the map of one process, and ALL_MOST bytes of all maps that
 * are kept; a kept map takes about twice its bytes in memory. Maps use at most a quarter of the
 * allowed file descriptors. The names of an address space that is gone are kept until
 * jits_forget().
 *
 * Everyone can write to /tmp. So a map is used only if the process's user or root owns it, it is
 * a regular file and not a link, and it is not older than the process.
 */
#ifndef TARE_JITS_H
#define TARE_JITS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jits;

struct jits *jits_new(void);
void jits_free(struct jits *j); /* takes NULL; logs how much was left out */

/* Address space `mm` has a new program since `since_ns` (ns of CLOCK_BOOTTIME). 0: tare attached
 * to it, and the start of the process counts. */
void jits_image(struct jits *j, uint64_t mm, pid_t pid, uint64_t since_ns);
/* A fork copied `parent` to `mm`, including JIT code and its names. */
void jits_fork(struct jits *j, uint64_t mm, uint64_t parent, pid_t pid);
/* The address space is gone: read its map to the end and close it. */
void jits_gone(struct jits *j, uint64_t mm);

/* Are the names of many address spaces kept that are gone? */
bool jits_crowded(const struct jits *j);
/* All frames so far have their names: forget address spaces that are gone, except those with a
 * live copy. */
void jits_forget(struct jits *j);
/* Treat address spaces that are not in `alive` (a set of ids) as gone: the record of their end
 * was lost. */
void jits_keep(struct jits *j, GHashTable *alive);

/* There is a sample of JIT code in `mm`: read what its map has gained. Further calls do nothing
 * until jits_round(), which begins the next batch of samples. */
void jits_look(struct jits *j, uint64_t mm, pid_t pid);
void jits_round(struct jits *j);
/* Read the maps of all live address spaces that have had a sample of JIT code. */
void jits_look_all(struct jits *j);

/* The name of the code at an address, as the maps were last read. `start`: where this code
 * starts. NULL: no name. Valid until the next call that is not const. */
const char *jits_name(const struct jits *j, uint64_t mm, uint64_t address, uint64_t *start);

/* For tests: open the map of a process below the root directory `dir`. It must belong to root or
 * one of the `n` owners, and must not be older than `since` (ns of CLOCK_REALTIME). -1: there is
 * no such map. */
int jits_open_map(int dir, pid_t pid, const uid_t *owners, unsigned n, int64_t since);

#endif
