/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Damages database files in two ways: changed bytes, which SQLite mostly refuses, and changed
 * values, which SQLite accepts and only tare's reader can refuse.
 */
#ifndef TARE_FUZZ_STORE_H
#define TARE_FUZZ_STORE_H

#include <sqlite3.h>

#include "tests/fuzz/fuzz.h"

#define CHANGES 12

static inline void write_bytes(const char *path, const void *data, size_t size)
{
	must(g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600,
				      NULL));
}

/* The names that a query returns: tables or columns. */
static inline GPtrArray *names_of(sqlite3 *db, const char *sql)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	sqlite3_stmt *st;

	if (!sqlite3_prepare_v2(db, sql, -1, &st, NULL))
		while (sqlite3_step(st) == SQLITE_ROW)
			g_ptr_array_add(names, g_strdup((const char *)sqlite3_column_text(st, 0)));
	sqlite3_finalize(st);
	return names;
}

static inline char *one_of(GPtrArray *names, struct input *in)
{
	return names->len ? names->pdata[input_number(in, 1) % names->len] : NULL;
}

static inline void bind_any(sqlite3_stmt *st, struct input *in)
{
	static const int64_t edges[] = {
		0,         1,         -1,         2,         255,       256,       65535,     65536,
		INT32_MAX, INT32_MIN, UINT32_MAX, INT64_MAX, INT64_MIN, 1LL << 53, 1LL << 40, 4096,
	};
	g_autofree char *text = NULL;
	size_t n;

	switch (input_number(in, 1) % 6) {
	case 0:
		sqlite3_bind_int64(st, 1, edges[input_number(in, 1) % G_N_ELEMENTS(edges)]);
		break;
	case 1:
		sqlite3_bind_int64(st, 1, (int64_t)input_number(in, 8));
		break;
	case 2:
		sqlite3_bind_int64(st, 1, (int8_t)input_number(in, 1));
		break;
	case 3:
		sqlite3_bind_null(st, 1);
		break;
	case 4:
		sqlite3_bind_double(st, 1, (double)(int64_t)input_number(in, 8));
		break;
	default:
		n = input_number(in, 1);
		n = smaller(n, in->left);
		text = input_text(in, n);
		sqlite3_bind_text(st, 1, text, (int)n, SQLITE_TRANSIENT);
	}
}

/* Changes a value in one row or in all rows, removes a row, or duplicates one. */
static inline void change_table(sqlite3 *db, const char *table, struct input *in)
{
	g_autofree char *columns =
		g_strdup_printf("SELECT name FROM pragma_table_info('%s')", table);
	g_autoptr(GPtrArray) names = names_of(db, columns);
	unsigned what = input_number(in, 1), row = input_number(in, 1);
	const char *column = one_of(names, in);
	g_autofree char *sql = NULL, *where = NULL;
	sqlite3_stmt *st;

	if (!column)
		return;
	where = what & 1 ?
			g_strdup("") :
			g_strdup_printf(" WHERE rowid IN (SELECT rowid FROM %s LIMIT 1 OFFSET %u)",
					table, row);
	if (what % 16 == 2)
		sql = g_strdup_printf("DELETE FROM %s%s", table, where);
	else if (what % 16 == 4)
		sql = g_strdup_printf("INSERT INTO %s SELECT * FROM %s%s", table, table, where);
	else
		sql = g_strdup_printf("UPDATE OR IGNORE %s SET %s = ?1%s", table, column, where);
	if (!sqlite3_prepare_v2(db, sql, -1, &st, NULL)) {
		bind_any(st, in);
		sqlite3_step(st);
	}
	sqlite3_finalize(st);
}

/* Changes rows as the sqlite3 shell can, without regard to references. */
static inline void change_values(const char *path, struct input *in)
{
	g_autoptr(GPtrArray) tables = NULL;
	sqlite3 *db;

	must(!sqlite3_open(path, &db));
	sqlite3_exec(db,
		     "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;"
		     " PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; BEGIN",
		     NULL, NULL, NULL);
	tables = names_of(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1");
	for (int i = 0; in->left && i < CHANGES; i++) {
		const char *table = one_of(tables, in);

		if (table)
			change_table(db, table, in);
	}
	must(!sqlite3_exec(db, "COMMIT; PRAGMA journal_mode = DELETE", NULL, NULL, NULL));
	sqlite3_close(db);
}

#endif
