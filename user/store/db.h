/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by all SQLite files of tare. A file is examined before it is opened, since anybody may
 * have made it; errors are logged in words; values are bound, never pasted into SQL. It must not
 * know what is in the tables. Only for user/store.
 *
 * Journal: SQLite's default, a rollback journal that is deleted at each commit. Whenever nobody
 * writes, the file alone has all data: it can be copied, sent, and read from a directory where
 * nothing can be created. With a write-ahead log the last data would be in a second file, which
 * stays there after a kill. The price is two more syncs for each commit. After a kill within a
 * commit the journal is left. The next program that opens the file for writing rolls that commit
 * back; a reader that may not write rolls it back in memory (db_rollback.h). `synchronous` is
 * EXTRA: a commit survives a power loss too.
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

/* The kind of file that is expected. */
struct db_format {
	const char *what; /* "tare bench": 'not a file of tare bench' */
	uint32_t application_id, schema;
	const char *const *tables; /* plain tables that must exist; ends with NULL */
};

struct db {
	sqlite3 *sqlite;
	char *path;             /* as the user gave it: for messages */
	struct db_place *place; /* NULL: in memory */
	int lock;               /* held while it is open for writing; -1: none */
	int64_t since; /* µs: when it was opened or the transaction began; db.c limits the time */
};

/* Each function that returns int: 0, or negative errno, logged with the file's name. */

/* Open an existing file for reading. *db must not be moved until it is closed; after an error it is
 * closed. Do not call this while the same process is in a transaction on the file. */
int db_open(struct db *db, const char *path, const struct db_format *format);

/* Open it for writing. One process at a time can; another gets -EBUSY at once. No symbolic link is
 * followed. */
int db_open_output(struct db *db, const struct fileout *out, const struct db_format *format);

/* An empty database in memory; `path` is for messages. */
int db_open_memory(struct db *db, const char *path);

/* Create it atomically, with tables by `sql` and rows by `fill` (may be NULL). -EEXIST if the name
 * exists: not logged, since the caller knows the remedy. */
typedef int (*db_fill_fn)(const struct db *db, const void *ctx);
int db_create(const struct fileout *out, const char *sql, db_fill_fn fill, const void *ctx);

/* `db` may be all zero, or closed already. */
void db_close(struct db *db);

/* Log the error of SQLite's last call, and return it as a negative errno. */
int db_fail(const struct db *db);

/* Prepare a statement. */
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
struct db_value db_known(int64_t n, int64_t unknown); /* NULL if they are equal */
struct db_value db_count(uint64_t n); /* beyond int64_t: INT64_MAX, which every CHECK refuses */
struct db_value db_real(double x);    /* NAN is NULL */

/* Run a prepared statement with ?1, ?2 … bound to the values, and reset it. */
int db_run_n(const struct db *db, sqlite3_stmt *st, const struct db_value *value, unsigned n);
#define db_run(db, st, ...)                                        \
	db_run_n(db, st, (const struct db_value[]){ __VA_ARGS__ }, \
		 sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value))

/* Prepare and run one statement with ?1, ?2 … bound to the values. */
int db_change_n(const struct db *db, const char *sql, const struct db_value *value, unsigned n);
#define db_change(db, sql, ...)                                        \
	db_change_n(db, sql, (const struct db_value[]){ __VA_ARGS__ }, \
		    sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value))

/* A transaction that writes. db_end() commits if `err` is 0 and rolls back otherwise. It returns
 * `err`, or the error of the commit. */
int db_begin(struct db *db);
int db_end(const struct db *db, int err);

#endif
