/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Code that is in no file, by process: what its JIT calls it. The perf map is
 * /tmp/perf-PID.map as the process sees it, in its mount and pid namespaces. It is
 * opened at the first sample of such code and stays open until the address space is
 * gone, so that a map that is deleted is read to its end.
 *
 * Anybody may write to /tmp: a map counts only when it is the process's own or
 * root's, a regular file, no link, and not older than the process.
 */
#ifndef TARE_JITS_H
#define TARE_JITS_H

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

/* Take in what its JIT wrote so far; from now on it counts as one that has code. */
void jits_look(struct jits *j, uint64_t mm, pid_t pid);
void jits_look_all(struct jits *j); /* at those again */

/* Name of the code at an address as of the last look, and its start; NULL: none. */
const char *jits_name(const struct jits *j, uint64_t mm, uint64_t address, uint64_t *start);

/* For tests: the map of a process in the root that `dir` is, of one of `n` owners and
 * not older than `since` (ns of CLOCK_REALTIME). -1: there is none that counts. */
int jits_open_map(int dir, pid_t pid, const uid_t *owners, unsigned n, int64_t since);

#endif
