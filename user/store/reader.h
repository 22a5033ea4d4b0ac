/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rows of a SQLite file that anybody may have made: nothing that its schema would
 * have promised is believed, each value is looked at when it is taken out. The first
 * complaint is said and kept; from then on everything reads as nothing, so that a
 * caller needs to look at it at the end only. Only for user/store.
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
	sqlite3_stmt *row; /* its present row */
	int err;           /* the first complaint; 0: none */
	size_t text;       /* bytes taken so far */
	int64_t sum;       /* of all that reader_bytes() took, without signs */
	size_t most_text;  /* 0: 64 MiB */
	int64_t most_sum;  /* 0: 2^60 */
};

/* Step to the next row. */
bool reader_next(struct reader *r);
/* A query of a table's rows, ?1 being `of`. It has to be the present one (row, table)
 * while its rows are taken: whoever queries on the way puts that back. */
sqlite3_stmt *reader_query(struct reader *r, const char *table, const char *sql, int64_t of);

/* The same with ?1 bound to a text. */
sqlite3_stmt *reader_query_text(struct reader *r, const char *table, const char *sql,
				const char *of);

/* Columns of the present row. What is not of that type or out of bounds is a complaint. */
bool reader_is_null(const struct reader *r, int column);
int64_t reader_integer(struct reader *r, int column, int64_t least, int64_t most);
int64_t reader_size(struct reader *r, int column); /* 0 to 2^53 */
/* The same from `least`; NULL is READER_UNKNOWN. */
int64_t reader_known(struct reader *r, int column, int64_t least);
/* From `least` to 2^53, and 2^60 all together: no sum of them overflows. */
int64_t reader_bytes(struct reader *r, int column, int64_t least);
double reader_seconds(struct reader *r, int column); /* NULL is NAN */
/* Copies, without a NUL in them; 64 MiB all together. */
char *reader_text(struct reader *r, int column);
char *reader_text_or_null(struct reader *r, int column);
/* The place of a text in a list of names; 0 on a complaint. */
int reader_one_of(struct reader *r, int column, const char *const *name, int n);

/* Complaints: of a column's value, which "is WHAT"; of a row that is there twice. */
void reader_wrong(struct reader *r, int column, const char *what);
void reader_twice(struct reader *r);
/* Count a row in; too many is a complaint. */
void reader_count(struct reader *r, int64_t *taken, int64_t most);

/* A table that has not `taken` rows holds some that belong to nothing. */
void reader_check_rows(struct reader *r, const char *table, const char *sql, int64_t taken);
/* SQLite's own examination of a table, by "PRAGMA integrity_check(TABLE)": its pages,
 * indexes and types; of no CHECK, for it leaves these out of a schema that it reads
 * without the right to write. */
void reader_check_sound(struct reader *r, const char *sql);

#endif
