/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads rows of a SQLite file that anybody may have made. It does not rely on the file's schema:
 * each value is checked when it is read. The first error is logged and kept in `err`; after it all
 * values read as 0, NULL or no row, so that a caller needs to check `err` only at the end. Only for
 * user/store.
 */
#ifndef TARE_READER_H
#define TARE_READER_H

#include "store/db.h"

#define READER_MOST INT64_C(0x20000000000000) /* 2^53 */
#define READER_MOST_SECONDS 1e9
#define READER_UNKNOWN INT64_MIN

struct reader {
	struct db db;
	const char *table;
	sqlite3_stmt *row; /* the statement, at the current row */
	int err;           /* the first error; 0: none */
	size_t text;       /* bytes of text read so far */
	int64_t sum;       /* sum of the absolute values that reader_bytes() has returned */
	size_t most_text;  /* 0: 64 MiB */
	int64_t most_sum;  /* 0: 2^60 */
};

/* Step to the next row. */
bool reader_next(struct reader *r);
/* Begin a query with ?1 bound to `of`; the table's name is for messages. It becomes the current
 * query (`row`, `table`). A caller that runs another query before all rows were read restores
 * both. */
sqlite3_stmt *reader_query(struct reader *r, const char *table, const char *sql, int64_t of);

/* The same with ?1 bound to a text. */
sqlite3_stmt *reader_query_text(struct reader *r, const char *table, const char *sql,
				const char *of);

/* Columns of the current row. A value of another type or out of bounds is an error. */
bool reader_is_null(const struct reader *r, int column);
int64_t reader_integer(struct reader *r, int column, int64_t least, int64_t most);
int64_t reader_size(struct reader *r, int column); /* 0 to 2^53 */
/* `least` to 2^53; NULL is READER_UNKNOWN. */
int64_t reader_known(struct reader *r, int column, int64_t least);
/* `least` to 2^53; the sum of all absolute values is limited to 2^60: no sum overflows. */
int64_t reader_bytes(struct reader *r, int column, int64_t least);
double reader_seconds(struct reader *r, int column); /* NULL is NAN */
double reader_share(struct reader *r, int column);   /* 0 to 1; NULL is NAN */
/* Copies; a NUL within a text is an error. All texts together: 64 MiB. */
char *reader_text(struct reader *r, int column);
char *reader_text_or_null(struct reader *r, int column);
/* The index of a text in a list of names; 0 after an error. */
int reader_one_of(struct reader *r, int column, const char *const *name, int n);

/* Report an error: a column's value "is WHAT"; a row exists twice. */
void reader_wrong(struct reader *r, int column, const char *what);
void reader_twice(struct reader *r);
/* Count a row; more than `most` are an error. */
void reader_count(struct reader *r, int64_t *taken, int64_t most);

/* Check that a table has as many rows as were read; `sql` counts them. More: some belong to no row
 * of their parent table. */
void reader_check_rows(struct reader *r, const char *table, const char *sql, int64_t taken);
/* Run "PRAGMA integrity_check(TABLE)" on a table. It checks pages, indexes and types, but no CHECK
 * constraint: SQLite ignores these in a file that is open for reading only. */
void reader_check_sound(struct reader *r, const char *sql);

#endif
