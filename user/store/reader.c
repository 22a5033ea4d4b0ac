/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/reader.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/log.h"

#define MOST_TEXT (64 << 20) /* bytes, all together */
#define MOST_SUM (INT64_C(1) << 60)

bool reader_next(struct reader *r)
{
	int code;

	if (r->err)
		return false;
	code = sqlite3_step(r->row);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		r->err = db_fail(&r->db);
	return code == SQLITE_ROW;
}

sqlite3_stmt *reader_query(struct reader *r, const char *table, const char *sql, int64_t of)
{
	sqlite3_stmt *st = NULL;

	r->err = r->err ? r->err : db_prepare(&r->db, &st, sql);
	if (st)
		sqlite3_bind_int64(st, 1, of);
	r->table = table;
	r->row = st;
	return st;
}

sqlite3_stmt *reader_query_text(struct reader *r, const char *table, const char *sql,
				const char *of)
{
	sqlite3_stmt *st = reader_query(r, table, sql, 0);

	if (st)
		sqlite3_bind_text(st, 1, of, -1, SQLITE_TRANSIENT);
	return st;
}

void reader_wrong(struct reader *r, int column, const char *what)
{
	if (!r->err)
		log_error("%s: table %s: %s is %s", r->db.path, r->table,
			  sqlite3_column_name(r->row, column), what);
	r->err = -EBADMSG;
}

/* Is the column of this type? NULL is of none; a mismatch is an error. */
static bool of_type(struct reader *r, int column, int type)
{
	static const char *const name[] = {
		[SQLITE_INTEGER] = "not an integer",
		[SQLITE_FLOAT] = "not a number",
		[SQLITE_TEXT] = "not a text",
	};

	if (r->err)
		return false;
	if (sqlite3_column_type(r->row, column) == type)
		return true;
	reader_wrong(r, column, name[type]);
	return false;
}

bool reader_is_null(const struct reader *r, int column)
{
	return !r->err && sqlite3_column_type(r->row, column) == SQLITE_NULL;
}

int64_t reader_integer(struct reader *r, int column, int64_t least, int64_t most)
{
	int64_t n;

	if (!of_type(r, column, SQLITE_INTEGER))
		return least;
	n = sqlite3_column_int64(r->row, column);
	if (n >= least && n <= most)
		return n;
	reader_wrong(r, column, "out of all bounds");
	return least;
}

int64_t reader_size(struct reader *r, int column)
{
	return reader_integer(r, column, 0, READER_MOST);
}

int64_t reader_known(struct reader *r, int column, int64_t least)
{
	return reader_is_null(r, column) ? READER_UNKNOWN :
					   reader_integer(r, column, least, READER_MOST);
}

int64_t reader_bytes(struct reader *r, int column, int64_t least)
{
	int64_t n = reader_integer(r, column, least, READER_MOST);

	r->sum += ABS(n);
	if (r->sum > (r->most_sum ? r->most_sum : MOST_SUM)) {
		reader_wrong(r, column, "one of too many sizes beyond all bounds");
		r->sum = 0;
	}
	return r->err ? 0 : n;
}

static double positive_real(struct reader *r, int column, double most)
{
	double x;

	if (reader_is_null(r, column) || !of_type(r, column, SQLITE_FLOAT))
		return NAN;
	x = sqlite3_column_double(r->row, column);
	if (x >= 0 && x <= most)
		return x;
	reader_wrong(r, column, "out of all bounds");
	return NAN;
}

double reader_seconds(struct reader *r, int column)
{
	return positive_real(r, column, READER_MOST_SECONDS);
}

double reader_share(struct reader *r, int column)
{
	return positive_real(r, column, 1);
}

/* Valid until the next step; "" after an error. */
static const char *peek_text(struct reader *r, int column)
{
	const char *text;

	if (!of_type(r, column, SQLITE_TEXT))
		return "";
	text = (const char *)sqlite3_column_text(r->row, column);
	if (!text) {
		r->err = db_fail(&r->db);
		return "";
	}
	if (strlen(text) == (size_t)sqlite3_column_bytes(r->row, column))
		return text;
	reader_wrong(r, column, "a text with a NUL in it");
	return "";
}

char *reader_text(struct reader *r, int column)
{
	const char *found = peek_text(r, column);

	r->text += strlen(found) + 1;
	if (r->text > (r->most_text ? r->most_text : MOST_TEXT)) {
		reader_wrong(r, column, "one text too many");
		found = "";
	}
	return g_strdup(found);
}

char *reader_text_or_null(struct reader *r, int column)
{
	return reader_is_null(r, column) ? NULL : reader_text(r, column);
}

int reader_one_of(struct reader *r, int column, const char *const *name, int n)
{
	const char *found = peek_text(r, column);

	for (int i = 0; i < n && !r->err; i++)
		if (!strcmp(found, name[i]))
			return i;
	if (!r->err)
		reader_wrong(r, column, "none of the names that tare knows");
	return 0;
}

void reader_count(struct reader *r, int64_t *taken, int64_t most)
{
	if (++*taken > most && !r->err) {
		log_error("%s: table %s has too many rows", r->db.path, r->table);
		r->err = -EFBIG;
	}
}

void reader_twice(struct reader *r)
{
	if (!r->err)
		log_error("%s: table %s has a row twice", r->db.path, r->table);
	r->err = -EBADMSG;
}

void reader_check_rows(struct reader *r, const char *table, const char *sql, int64_t taken)
{
	g_autoptr(sqlite3_stmt) st = reader_query(r, table, sql, 0);

	if (reader_next(r) && sqlite3_column_int64(st, 0) != taken) {
		log_error("%s: table %s has rows without a parent row", r->db.path, table);
		r->err = -EBADMSG;
	}
}

void reader_check_sound(struct reader *r, const char *sql)
{
	g_autoptr(sqlite3_stmt) st = reader_query(r, "", sql, 0);
	const char *said;

	if (!reader_next(r))
		return;
	said = (const char *)sqlite3_column_text(st, 0);
	if (said && !strcmp(said, "ok"))
		return;
	log_error("%s is damaged: %.300s", r->db.path, said ? said : "");
	r->err = -EBADMSG;
}
