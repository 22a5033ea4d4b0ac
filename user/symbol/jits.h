/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Code that is in no file, by process: what its JIT calls it. The perf map is
 * /tmp/perf-PID.map as the process sees it, in its mount and pid namespaces. It is
 * opened at the first sample of such code and stays open until the address space is
 * gone, so that a map that is deleted is read to its end.
 *
 * Bounds: maps are read up to MAP_MOST bytes of one process and ALL_MOST of those that are
 * kept, of which each takes about twice as much; a quarter of the files that may be open are
 * theirs. What is gone is kept until its frames have their names (jits_forget).
 *
 * Anybody may write to /tmp: a map counts only when it is the process's own or
 * root's, a regular file, no link, and not older than the process.
 */
#ifndef TARE_JITS_H
#define TARE_JITS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jits;

struct jits *jits_new(void);
void jits_free(struct jits *j); /* takes NULL; says what was left out */

/* A process runs a new program, from `since_ns` (CLOCK_BOOTTIME) on; or was found, 0. */
void jits_image(struct jits *j, uint64_t mm, pid_t pid, uint64_t since_ns);
/* It is a copy of its parent's, whose code goes on in it. */
void jits_fork(struct jits *j, uint64_t mm, uint64_t parent, pid_t pid);
/* It is torn down: its map is read to the end. */
void jits_gone(struct jits *j, uint64_t mm);

/* Are there many that are gone, with their names? */
bool jits_crowded(const struct jits *j);
/* Nobody asks for names of what is gone any more, but for living copies of it. */
void jits_forget(struct jits *j);
/* Forget those that are not in `alive` (by id): the record of their end was lost. */
void jits_keep(struct jits *j, GHashTable *alive);

/* Take in what its JIT wrote so far; from now on it counts as one that has code. Once for all
 * samples that come together: until jits_round(). */
void jits_look(struct jits *j, uint64_t mm, pid_t pid);
void jits_round(struct jits *j);
void jits_look_all(struct jits *j); /* at those again */

/* Name of the code at an address as of the last look, and its start; NULL: none. */
const char *jits_name(const struct jits *j, uint64_t mm, uint64_t address, uint64_t *start);

/* For tests: the map of a process in the root that `dir` is, of one of `n` owners and
 * not older than `since` (ns of CLOCK_REALTIME). -1: there is none that counts. */
int jits_open_map(int dir, pid_t pid, const uid_t *owners, unsigned n, int64_t since);

#endif
