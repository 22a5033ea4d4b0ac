/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How a file of recording.sql is recognised, for its writer and its reader.
 */
#ifndef TARE_RECORDING_FORMAT_H
#define TARE_RECORDING_FORMAT_H

#include "model/report.h"
#include "store/db.h"

#define RECORDING_SCHEMA 4 /* user_version in recording.sql */

/* The format of the file's schema if that is an older one that tare can read, else the current one.
 * Nothing else in the file is checked. */
const struct db_format *recording_format_of(int dir, const char *name);

/* The same file for a reader of its rounds. */
#define RECORDING_ROUNDS_SINCE 4 /* the first schema that has them */
extern const struct db_format recording_rounds_format;

/* Values of columns that hold names. */
extern const char *const process_text_name[2];  /* argument, image */
extern const char *const nonowner_what_name[2]; /* rss, kmem */
#define WORKLOAD (-1) /* in place of a process's number: the row is of the whole workload */

/* figures.complete: 0 (tare was killed), 1 (all is there) or RECORDING_FULL (the disk was full). */
#define RECORDING_FULL 2
void recording_mark_full(const struct db *db); /* best effort: errors are ignored */

/* Create the file, with empty tables; it replaces a file that may be replaced. Returns 0 or
 * negative errno, logged. */
int recording_create_file(const struct fileout *out);

#endif
