/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Texts of /proc/PID, which hold names that the process has chosen: parsed so that a name
 * can't be taken for anything else. Pure but for proc_stat_read() and proc_line(). It must
 * not know what they are wanted for.
 */
#ifndef TARE_PROC_H
#define TARE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* /proc/PID/stat: fields 3, 9 and 22 of proc(5). */
struct proc_stat {
	char state;
	unsigned flags;
	uint64_t start; /* clock ticks after the boot */
};
/* False: no such text. */
bool proc_stat_parse(const char *text, struct proc_stat *s);
/* The same of a process. 0; -ESRCH: /proc does not show it; -EPROTO: no such text. */
int proc_stat_read(pid_t pid, struct proc_stat *s);

/* A device's number as the kernel has it: major << 20 | minor. */
uint32_t proc_dev(dev_t device);

/* A line of /proc/PID/maps. */
struct proc_map {
	uint64_t start, end, offset, inode;
	uint32_t dev; /* as proc_dev() */
	bool code;
	char *path; /* in the line, which is cut at its end; "" */
};
/* False: no such line. */
bool proc_map_parse(char *line, struct proc_map *m);

#define PROC_LINE \
	4608 /* bytes of a line with its end: the longest path and what stands before it */

/* The next line, without its end. A line that is too long is passed over as a whole: else a
 * file's name could make a line of its own out of the rest. False: there is none. */
bool proc_line(FILE *f, char line[PROC_LINE]);

#endif
