/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/db.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "store/db_file.h"
#include "store/db_rollback.h"

/* Tables declared STRICT; the pragma that checks a single table. */
_Static_assert(SQLITE_VERSION_NUMBER >= 3037000, "SQLite 3.37 or newer");

#define BUSY_MS 3000 /* longer than a short transaction of a reader or the sqlite3 shell */
#define STEPS 1000   /* of SQLite's virtual machine between two looks at the clock */
#define TIMEOUT_US (60 * G_USEC_PER_SEC) /* a query of ours takes seconds */
#define MESSAGE_MAX 300                  /* bytes of SQLite's message, which may quote the file */

static int to_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* no such column … */
	case SQLITE_AUTH:
		return -EBADMSG;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EACCES;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return -EINVAL;
	case SQLITE_TOOBIG:
		return -E2BIG;
	case SQLITE_INTERRUPT:
		return -ETIME;
	case SQLITE_NOMEM:
		return -ENOMEM;
	}
	return -EIO;
}

int db_fail(const struct db *db)
{
	int code = sqlite3_extended_errcode(db->sqlite), err = to_errno(code);
	int system = sqlite3_system_errno(db->sqlite);

	if (err == -EBUSY) {
		log_error("%s: another program has it locked", db->path);
		log_hint("end its transaction, or close it");
	} else if (code == SQLITE_READONLY_ROLLBACK) {
		log_error("%s: tare was killed while writing it; to roll its last write back, tare"
			  " must be allowed to write it",
			  db->path);
	} else if (err == -ETIME) {
		log_error("%s: reading it takes far too long: it was changed by another program",
			  db->path);
	} else if (err == -EIO && system) {
		log_error("%s: %s (%s)", db->path, strerror(system), sqlite3_errmsg(db->sqlite));
		err = -system;
	} else {
		log_error("%s: %.*s", db->path, MESSAGE_MAX, sqlite3_errmsg(db->sqlite));
	}
	return err;
}

/* Ends a query that takes too long: a hostile schema could make it endless. */
static int too_long(void *data)
{
	const struct db *db = data;

	return g_get_monotonic_time() - db->since > TIMEOUT_US;
}

static void set_limits(sqlite3 *sqlite)
{
	static const struct {
		int what, most;
	} limit[] = {
		{ SQLITE_LIMIT_LENGTH, 1 << 20 }, /* bytes of a row */
		{ SQLITE_LIMIT_SQL_LENGTH, 100000 },  { SQLITE_LIMIT_COLUMN, 100 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 20 },      { SQLITE_LIMIT_COMPOUND_SELECT, 3 },
		{ SQLITE_LIMIT_VDBE_OP, 25000 },      { SQLITE_LIMIT_FUNCTION_ARG, 8 },
		{ SQLITE_LIMIT_ATTACHED, 0 },         { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50 },
		{ SQLITE_LIMIT_VARIABLE_NUMBER, 32 }, { SQLITE_LIMIT_TRIGGER_DEPTH, 10 },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(limit); i++)
		sqlite3_limit(sqlite, limit[i].what, limit[i].most);
}

/* As https://www.sqlite.org/security.html advises for hostile files: the file's schema can't use
 * anything but its own tables. */
static int harden_connection(struct db *db)
{
	static const struct {
		int what, value;
	} config[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },      { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },        { SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
	};

	set_limits(db->sqlite);
	for (unsigned i = 0; i < G_N_ELEMENTS(config); i++)
		if (sqlite3_db_config(db->sqlite, config[i].what, config[i].value, NULL))
			return db_fail(db);
	sqlite3_busy_timeout(db->sqlite, BUSY_MS);
	sqlite3_progress_handler(db->sqlite, STEPS, too_long, db);
	db->since = g_get_monotonic_time();
	/* Only pragmas that do not read the file: see connect_file(). */
	return db_exec(db, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY");
}

/* SQLite reads nothing of the file yet. */
static int open_connection(struct db *db, int flags)
{
	const char *name = db->place ? db->place->known : ":memory:";
	const char *vfs = db->place ? db_vfs_name : NULL;

	if (sqlite3_open_v2(name, &db->sqlite, flags | SQLITE_OPEN_EXRESCODE, vfs)) {
		if (db->sqlite)
			return db_fail(db);
		log_error("%s: out of memory", db->path);
		return -ENOMEM;
	}
	return harden_connection(db);
}

/* The first read; if the file may be written, SQLite also rolls an unfinished commit back.
 * Returns SQLite's code, not logged. */
static int first_look(const struct db *db)
{
	return sqlite3_exec(db->sqlite, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

/* Roll an unfinished commit back in memory, if the files can't be written. */
static int connect_to_copy(struct db *db)
{
	unsigned char *data = NULL;
	size_t size = 0;
	int err = db_rollback_load(db->place, &data, &size);

	if (err)
		return db_fail(db);
	sqlite3_close(g_steal_pointer(&db->sqlite));
	if (sqlite3_open_v2(":memory:", &db->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE,
			    NULL) ||
	    sqlite3_deserialize(db->sqlite, "main", data, (sqlite3_int64)size, (sqlite3_int64)size,
				SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY))
		return db_fail(db);
	err = harden_connection(db);
	if (err)
		return err;
	return first_look(db) ? db_fail(db) : 0;
}

/* Open the file for writing only to roll an unfinished commit back, then for reading. */
static int connect_after_rollback(struct db *db)
{
	int err;

	sqlite3_close(g_steal_pointer(&db->sqlite));
	err = open_connection(db, SQLITE_OPEN_READWRITE);
	if (err)
		return err;
	if (first_look(db))
		return connect_to_copy(db);
	sqlite3_close(g_steal_pointer(&db->sqlite));
	err = open_connection(db, SQLITE_OPEN_READONLY);
	if (err)
		return err;
	return first_look(db) ? db_fail(db) : 0;
}

static int connect_file(struct db *db)
{
	bool writing = db->place->writing;
	int err = open_connection(db, writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	int code;

	if (err)
		return err;
	code = first_look(db);
	if (code == SQLITE_READONLY_ROLLBACK && !writing)
		return connect_after_rollback(db);
	if (code)
		return db_fail(db);
	return writing ? db_exec(db, "PRAGMA synchronous = EXTRA") : 0;
}

/* Check that each is a plain table: a virtual table of that name would run other code, and a view
 * could be endless. */
static int check_tables(const struct db *db, const struct db_format *format)
{
	for (const char *const *table = format->tables; *table; table++) {
		g_autoptr(sqlite3_stmt) st = NULL;
		int err =
			db_prepare(db, &st,
				   "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1"
				   " AND sql LIKE 'CREATE TABLE %'");
		int code;

		if (err)
			return err;
		sqlite3_bind_text(st, 1, *table, -1, SQLITE_STATIC);
		code = sqlite3_step(st);
		if (code == SQLITE_DONE) {
			log_error("%s is not as tare made it: it has no table '%s'", db->path,
				  *table);
			return -EBADMSG;
		}
		if (code != SQLITE_ROW)
			return db_fail(db);
	}
	return 0;
}

static int open_place(struct db *db, const struct db_format *format)
{
	int err = db_vfs_add(db->place);

	if (err) {
		log_error("%s: cannot set up the file for SQLite: %s", db->path, strerror(-err));
		return err;
	}
	if (db->place->writing) {
		db->lock = db_file_lock(db->place, db->path);
		if (db->lock < 0)
			return db->lock;
	}
	err = connect_file(db);
	return err ? err : check_tables(db, format);
}

static int open_file(struct db *db, const struct fileout *out, const struct db_format *format)
{
	struct db_place place;
	int err = out ? db_file_find_output(&place, out, format) :
			db_file_find(&place, db->path, format);

	if (!err) {
		db->place = g_memdup2(&place, sizeof(place));
		err = open_place(db, format);
	}
	if (err)
		db_close(db);
	return err;
}

int db_open(struct db *db, const char *path, const struct db_format *format)
{
	*db = (struct db){ .path = g_strdup(path), .lock = -1 };
	return open_file(db, NULL, format);
}

int db_open_output(struct db *db, const struct fileout *out, const struct db_format *format)
{
	*db = (struct db){ .path = g_strdup(fileout_path(out)), .lock = -1 };
	return open_file(db, out, format);
}

int db_open_memory(struct db *db, const char *path)
{
	int err;

	*db = (struct db){ .path = g_strdup(path), .lock = -1 };
	err = open_connection(db, SQLITE_OPEN_READWRITE);
	if (err)
		db_close(db);
	return err;
}

void db_close(struct db *db)
{
	if (!db->path)
		return;
	sqlite3_close(g_steal_pointer(&db->sqlite));
	/* After SQLite is closed: closing this descriptor ends SQLite's locks on the file too. */
	db_file_unlock(db->lock);
	if (db->place) {
		db_vfs_remove(db->place);
		db_file_clear(db->place);
	}
	g_clear_pointer(&db->place, g_free);
	g_clear_pointer(&db->path, g_free);
}

int db_prepare(const struct db *db, sqlite3_stmt **statement, const char *sql)
{
	return sqlite3_prepare_v2(db->sqlite, sql, -1, statement, NULL) ? db_fail(db) : 0;
}

int db_exec(const struct db *db, const char *sql)
{
	return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) ? db_fail(db) : 0;
}

struct db_value db_text(const char *text)
{
	return (struct db_value){ .type = text ? SQLITE_TEXT : SQLITE_NULL, .text = text };
}

struct db_value db_text_or_empty(const char *text)
{
	return db_text(text ? text : "");
}

struct db_value db_integer(int64_t n)
{
	return (struct db_value){ .type = SQLITE_INTEGER, .integer = n };
}

struct db_value db_known(int64_t n, int64_t unknown)
{
	return n == unknown ? db_text(NULL) : db_integer(n);
}

struct db_value db_count(uint64_t n)
{
	return db_integer((int64_t)MIN(n, (uint64_t)INT64_MAX));
}

struct db_value db_real(double x)
{
	return isnan(x) ? db_text(NULL) : (struct db_value){ .type = SQLITE_FLOAT, .real = x };
}

static int bind_value(sqlite3_stmt *st, int i, const struct db_value *v)
{
	switch (v->type) {
	case SQLITE_TEXT:
		return sqlite3_bind_text64(st, i, v->text, strlen(v->text), SQLITE_STATIC,
					   SQLITE_UTF8);
	case SQLITE_INTEGER:
		return sqlite3_bind_int64(st, i, v->integer);
	case SQLITE_FLOAT:
		return sqlite3_bind_double(st, i, v->real);
	}
	return sqlite3_bind_null(st, i);
}

int db_run_n(const struct db *db, sqlite3_stmt *st, const struct db_value *value, unsigned n)
{
	int err = 0;

	for (unsigned i = 0; !err && i < n; i++)
		if (bind_value(st, (int)i + 1, &value[i]))
			err = db_fail(db);
	if (!err && sqlite3_step(st) != SQLITE_DONE)
		err = db_fail(db);
	sqlite3_reset(st);
	return err;
}

int db_change_n(const struct db *db, const char *sql, const struct db_value *value, unsigned n)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	int err = db_prepare(db, &st, sql);

	return err ? err : db_run_n(db, st, value, n);
}

int db_begin(struct db *db)
{
	db->since = g_get_monotonic_time();
	return db_exec(db, "BEGIN IMMEDIATE");
}

int db_end(const struct db *db, int err)
{
	if (!err)
		err = db_exec(db, "COMMIT");
	/* After some errors SQLite has rolled it back already. */
	if (err && !sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	return err;
}
