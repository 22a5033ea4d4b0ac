/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Parsers of files in /proc/PID. These hold names that the process has chosen, so they are parsed
 * such that no name is taken for anything else. Pure, except proc_stat_read() and proc_line(). It
 * must not know what the values are used for.
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
/* False: the text has another form. */
bool proc_stat_parse(const char *text, struct proc_stat *s);
/* Read and parse it for a process. 0; -ESRCH: /proc does not show the process; -EPROTO: the text
 * has another form. */
int proc_stat_read(pid_t pid, struct proc_stat *s);

/* A device's number as the kernel has it: major << 20 | minor. */
uint32_t proc_dev(dev_t device);

/* A line of /proc/PID/maps. */
struct proc_map {
	uint64_t start, end, offset, inode;
	uint32_t dev; /* as proc_dev() */
	bool code;
	char *path; /* points into the line; "": none */
};
/* Parse a line, which is changed. False: the line has another form. */
bool proc_map_parse(char *line, struct proc_map *m);

#define PROC_LINE \
	4608 /* bytes of the longest line with its NUL: the longest path, and the fields before */

/* Read the next line, without its newline. A line that is too long is skipped as a whole: its rest
 * must not be taken for a line, since a file's name could choose it. False: no more lines. */
bool proc_line(FILE *f, char line[PROC_LINE]);

#endif
