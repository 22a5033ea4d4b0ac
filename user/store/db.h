/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What all SQLite files of tare have in common: opened with care, for who made
 * them is not known; failures said in words; values bound, never pasted into SQL.
 * It must not know what is in the tables. Only for user/store.
 *
 * Journal: SQLite's default, a rollback journal that is deleted at each commit.
 * The file alone is the whole truth whenever nobody is writing: it can be copied,
 * sent, and read from a folder where nothing can be created. With a write-ahead
 * log the last runs would be in a second file beside it, which a kill leaves
 * behind. The price, two more syncs a commit, is nothing next to a run. After a
 * kill within a commit the journal stays, and whoever opens the file next with
 * the right to write it takes that half commit back; without that right it is
 * taken back in memory (db_rollback.h). `synchronous` is EXTRA: a commit survives a power
 * loss too.
 */
#ifndef TARE_DB_H
#define TARE_DB_H

#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fileout.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

struct db_place; /* db_vfs.h */

/* What sort of file it has to be. */
struct db_format {
	const char *what; /* "tare bench": 'not a file of tare bench' */
	uint32_t application_id, schema;
	const char *const *tables; /* that must be there, as plain tables; ends with NULL */
};

struct db {
	sqlite3 *sqlite;
	char *path;             /* as the user gave it: for messages */
	struct db_place *place; /* NULL: in memory */
	int lock;               /* held while it is open for writing; -1: none */
	int64_t since; /* µs: it was opened or began a transaction; db.c ends what takes too long */
};

/* Every int function here: 0 or negative errno, said by log_error() with the file's name. */

/* Open a file that exists, for reading: nothing in it can be changed. *db may not move
 * until it is closed. On failure it is closed. Not while this process has the same file open
 * within a transaction. */
int db_open(struct db *db, const char *path, const struct db_format *format);

/* For writing, by one process only: another gets -EBUSY at once. No link is followed. */
int db_open_output(struct db *db, const struct fileout *out, const struct db_format *format);

/* An empty database in memory; `path` is for messages. */
int db_open_memory(struct db *db, const char *path);

/* Create it, all at once: tables by `sql`, rows by `fill` (may be NULL). -EEXIST when there
 * is something of that name: not said, the caller knows the way out. */
typedef int (*db_fill_fn)(const struct db *db, const void *ctx);
int db_create(const struct fileout *out, const char *sql, db_fill_fn fill, const void *ctx);

/* Takes a db that is all zero, or closed. */
void db_close(struct db *db);

/* Say what SQLite's last call had against it, and return it as errno. */
int db_fail(const struct db *db);

/* A statement ready to step. */
int db_prepare(const struct db *db, sqlite3_stmt **statement, const char *sql);

/* Run statements without values. */
int db_exec(const struct db *db, const char *sql);

struct db_value {
	int type; /* SQLITE_TEXT, _INTEGER, _FLOAT, _NULL */
	const char *text;
	int64_t integer;
	double real;
};
struct db_value db_text(const char *text); /* NULL is NULL */
struct db_value db_text_or_empty(const char *text);
struct db_value db_integer(int64_t n);
struct db_value db_known(int64_t n, int64_t unknown); /* NULL when they are equal */
struct db_value db_count(uint64_t n); /* beyond int64_t: its greatest, which no CHECK lets pass */
struct db_value db_real(double x);    /* NAN is NULL */

/* Run a prepared statement with ?1, ?2 … bound; it can be run again. */
int db_run_n(const struct db *db, sqlite3_stmt *st, const struct db_value *value, unsigned n);
#define db_run(db, st, ...)                                        \
	db_run_n(db, st, (const struct db_value[]){ __VA_ARGS__ }, \
		 sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value))

/* Run one statement with ?1, ?2 … bound. */
int db_change_n(const struct db *db, const char *sql, const struct db_value *value, unsigned n);
#define db_change(db, sql, ...)                                        \
	db_change_n(db, sql, (const struct db_value[]){ __VA_ARGS__ }, \
		    sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value))

/* A transaction that writes. db_end() commits when `err` is 0 and rolls back
 * when not; it returns `err`, or why it could not commit. */
int db_begin(struct db *db);
int db_end(const struct db *db, int err);

#endif
