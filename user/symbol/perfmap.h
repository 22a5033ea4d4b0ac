/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The map that a JIT writes of its code for perf: lines of START SIZE NAME, the
 * numbers in hexadecimal. Written by the measured program, so hostile input.
 */
#ifndef TARE_PERFMAP_H
#define TARE_PERFMAP_H

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

struct perfmap;

/* Of a process: /tmp/perf-PID.map as it sees it, or here when it is gone. NULL: none. */
struct perfmap *perfmap_of(pid_t pid);
struct perfmap *perfmap_read(const char *path);
void perfmap_free(gpointer m); /* takes NULL */

/* The last that was written for this address; NULL: none. The map's. */
const char *perfmap_find(const struct perfmap *m, uint64_t address);

#endif
