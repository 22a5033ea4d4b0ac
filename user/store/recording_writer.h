/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the writer of recordings: one checkpoint under way, and rows on their way into a
 * table. What is beyond the limits is cut here, and counted. Only for user/store.
 */
#ifndef TARE_RECORDING_WRITER_H
#define TARE_RECORDING_WRITER_H

#include "model/report.h"
#include "store/recording_rows.h"

#define WRITER_FIGURES 24
#define WRITER_TOO_LARGE (-EMSGSIZE) /* nobody else's */
#define WRITER_SINGLES 8192 /* bytes of texts that are kept for texts, features and the note */

struct writer {
	struct db *db;
	struct rows *rows;
	const struct recording_limits *limits;
	struct report *report;
	/* The last checkpoint: everything is written anew, numbered as the report has it, so
	 * that what is read is the report as it was, to the order of its rows. */
	bool last;
	uint64_t most_bytes; /* of the file: beyond it WRITER_TOO_LARGE */
	uint64_t text_left;  /* bytes of texts that may still be written */
	uint64_t extra_left; /* of them, of those that a report can do without */
	/* A feature "recording" that says what was left out; NULL: all is there. */
	const char *note;
	struct {
		const char *name;
		int64_t value;
	} figure[WRITER_FIGURES]; /* of the file, not of the report */
	unsigned figures;
	uint64_t texts_cut, sizes_cut;
	GPtrArray *cuts;     /* texts that are shorter now */
	sqlite3_stmt *pages; /* how large the file is */
	unsigned puts;
	uint32_t *process_number, *task_number; /* in the file; tasks are counted through */
	uint32_t *first_task;                   /* of each process, in task_number */
	int err;
};

/* All tables of a report, within a transaction: writer_begin(), then, when it is known what
 * was cut, `figure` and `note` are the caller's to fill, then writer_end(), which returns
 * the first error. */
void writer_begin(struct writer *w);
int writer_end(struct writer *w);

/* Soon after the file has become too large there is no need to go on. */
void writer_look_at_size(struct writer *w);

void writer_singles(struct writer *w); /* figures, texts, features, series, slabs */
void writer_who(struct writer *w);     /* command, processes and tasks */
void writer_profile(struct writer *w);

/* The number of a thing, and the hashes of its rows in each table. `index`: where the
 * report has it. */
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
	const char *key; /* NULL, or the column whose rows go before new ones are written */
	sqlite3_stmt *put, *clear;
	GArray *values; /* struct db_value: the rows since the last flush */
	unsigned columns;
	int64_t sum; /* of its sizes so far */
};

struct table table_begin(struct writer *w, const char *name, const char *key);
void table_end(struct table *t);
void table_add(struct table *t, const struct db_value *value, unsigned n);
#define table_row(t, ...)                                      \
	table_add(t, (const struct db_value[]){ __VA_ARGS__ }, \
		  sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value))
/* The rows since the last flush belong together: written when they are not what `hash`
 * says. */
void table_flush(struct table *t, uint64_t *hash, int64_t key);
/* The same for a table whose rows go by position. */
void table_placed(struct table *t, enum placed_sort sort, uint32_t position);

/* Values within the limits. A text that does not fit is shorter, or "". */
struct db_value writer_text(struct writer *w, const char *text);
/* NULL where it does not fit. */
struct db_value writer_extra(struct writer *w, const char *text);
struct db_value writer_vma(struct writer *w, int64_t n, int64_t least, int64_t most);
struct db_value writer_size(struct writer *w, uint64_t n); /* times, counts */
/* What is summed, by table: of either sign, or not below 0. */
struct db_value table_bytes(struct table *t, int64_t n);
struct db_value table_count(struct table *t, uint64_t n);

#endif
