/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What tells a file of recording.sql: for who writes and who reads it.
 */
#ifndef TARE_RECORDING_FORMAT_H
#define TARE_RECORDING_FORMAT_H

#include "model/report.h"
#include "store/db.h"

#define RECORDING_SCHEMA 2 /* user_version in recording.sql */

/* That of the file's schema, where it is an older one that can be read; else today's.
 * Nothing else of the file is looked at. */
const struct db_format *recording_format_of(int dir, const char *name);

/* Columns that hold names. */
extern const char *const process_text_name[2];  /* argument, image */
extern const char *const nonowner_what_name[2]; /* rss, kmem */
#define WORKLOAD (-1)                           /* in place of a process's number */

/* figures.complete is 0: tare was ended, 1: all is there, or */
#define RECORDING_FULL 2
void recording_mark_full(const struct db *db); /* the disk is full; never fails */

/* The first version, in place of what may be replaced. 0, or negative errno, said. */
int recording_create_file(const struct fileout *out);

#endif
