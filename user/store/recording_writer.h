/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the parts of the writer of recordings: the state of a checkpoint, and rows on their way
 * into a table. Values beyond the limits are cut here, and counted. Only for user/store.
 */
#ifndef TARE_RECORDING_WRITER_H
#define TARE_RECORDING_WRITER_H

#include "model/report.h"
#include "store/recording_rows.h"

#define WRITER_FIGURES 24
#define WRITER_TOO_LARGE (-EMSGSIZE) /* no other error has this value */
#define WRITER_SINGLES 8192          /* bytes of texts reserved for texts, features and the note */

struct writer {
	struct db *db;
	struct rows *rows;
	const struct recording_limits *limits;
	struct report *report;
	/* The last checkpoint: all rows are written, with the report's own numbers, so that a
	 * reader gets the same report, in the same order. */
	bool last;
	uint64_t most_bytes; /* of the file; beyond it the error is WRITER_TOO_LARGE */
	uint64_t text_left;  /* bytes of texts that may still be written */
	uint64_t extra_left; /* the part of text_left for optional texts */
	/* Text of a feature "recording" that says what was left out; NULL: nothing was. */
	const char *note;
	struct {
		const char *name;
		int64_t value;
	} figure[WRITER_FIGURES]; /* figures of the file, not of the report */
	unsigned figures;
	uint64_t texts_cut, sizes_cut;
	GPtrArray *cuts;     /* owns the shortened texts */
	sqlite3_stmt *pages; /* query of the file's size */
	unsigned puts;
	uint32_t *process_number, *task_number; /* numbers in the file, by index in the report */
	uint32_t *first_task; /* index in task_number of each process's first task */
	int err;
};

/* Write all tables of a report, within a transaction. After writer_begin() the caller knows what
 * was cut, and fills in `figure` and `note`. writer_end() returns the first error. */
void writer_begin(struct writer *w);
int writer_end(struct writer *w);

/* Look at the file's size; if it is too large, set WRITER_TOO_LARGE: there is no need to go on. */
void writer_look_at_size(struct writer *w);

void writer_singles(struct writer *w); /* figures, texts, features, series, slabs */
void writer_who(struct writer *w);     /* command, processes and tasks */
void writer_profile(struct writer *w);

/* The number of a thing, and the hashes of its rows in each table. `index`: its index in the
 * report. */
struct thing {
	uint32_t number;
	uint64_t *hash[PARTS_MOST];
	bool fresh;
};
struct thing writer_thing(struct writer *w, enum known_sort sort, uint64_t id, bool share,
			  uint32_t index);

struct table {
	struct writer *w;
	const char *name;
	const char *key; /* NULL, or the column by which old rows of a thing are removed */
	sqlite3_stmt *put, *clear;
	GArray *values; /* struct db_value: the rows since the last flush */
	unsigned columns;
	int64_t sum; /* sum of the table's sizes so far, for limits->sum */
};

struct table table_begin(struct writer *w, const char *name, const char *key);
void table_end(struct table *t);
void table_add(struct table *t, const struct db_value *value, unsigned n);
#define table_row(t, ...)                                      \
	table_add(t, (const struct db_value[]){ __VA_ARGS__ }, \
		  sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value))
/* The rows since the last flush belong to one thing. They are written if their hash differs from
 * *hash, which is updated. */
void table_flush(struct table *t, uint64_t *hash, int64_t key);
/* The same for a table whose rows are known by position. */
void table_placed(struct table *t, enum placed_sort sort, uint32_t position);

/* Values, cut to the limits. A text that does not fit is shortened, or "". */
struct db_value writer_text(struct writer *w, const char *text);
/* An optional text: NULL if it does not fit. */
struct db_value writer_extra(struct writer *w, const char *text);
struct db_value writer_vma(struct writer *w, int64_t n, int64_t least, int64_t most);
struct db_value writer_size(struct writer *w, uint64_t n); /* times, counts */
/* Sizes, which readers sum up: the sum by table is limited. Signed, and unsigned. */
struct db_value table_bytes(struct table *t, int64_t n);
struct db_value table_count(struct table *t, uint64_t n);

#endif
