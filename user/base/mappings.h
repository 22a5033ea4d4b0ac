/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The mappings of a running process, from /proc/PID/smaps, summed up by name.
 */
#ifndef TARE_MAPPINGS_H
#define TARE_MAPPINGS_H

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct mapping {
	char *name;              /* a path, [heap], [anon] … */
	int64_t size, rss, swap; /* bytes, of all mappings of this name */
};

/* The mappings (struct mapping), largest in memory and swap first. NULL: it can't be read. The
 * kernel walks all page tables of the process for it, so the caller reads it seldom. Free with
 * g_array_unref(). */
GArray *mappings_read(pid_t pid);

/* The same from text in the form of smaps. */
GArray *mappings_parse(FILE *f);

#endif
