/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What tells a file of recording.sql: for who writes and who reads it.
 */
#ifndef TARE_RECORDING_FORMAT_H
#define TARE_RECORDING_FORMAT_H

#include "model/report.h"
#include "store/db.h"

#define RECORDING_SCHEMA 1 /* user_version in recording.sql */

extern const struct db_format recording_format;

/* Columns that hold names. */
extern const char *const process_text_name[2]; /* argument, image */
extern const char *const foreign_what_name[2]; /* rss, kmem */
#define WORKLOAD (-1)                          /* in place of a process's number */

/* figures.complete is 0: tare was ended, 1: all is there, or */
#define RECORDING_FULL 2
void recording_mark_full(const struct db *db); /* the disk is full; never fails */

/* All tables of a report in place of those that are there; within a transaction. */
int recording_write_report(const struct db *db, struct report *r);
int recording_write_profile(const struct db *db, const struct report *r);

/* A prepared INSERT for many rows, and the first thing that went wrong with them. */
struct insert {
	const struct db *db;
	sqlite3_stmt *st;
	int err;
};

/* `table` is emptied first. `columns` are as many "?1, ?2". */
struct insert insert_into(const struct db *db, const char *table, const char *columns);
int insert_done(struct insert *in); /* the first error, or 0 */
#define insert_row(in, ...) \
	((in)->err = (in)->err ? (in)->err : db_run((in)->db, (in)->st, __VA_ARGS__))

#endif
