/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the parts of the reader of recordings (recording_load*.c).
 */
#ifndef TARE_RECORDING_LOAD_H
#define TARE_RECORDING_LOAD_H

#include "model/report.h"
#include "store/reader.h"
#include "store/recording_limits.h"

struct loading {
	struct reader r;
	const struct recording_limits *limits;
	struct report *report;
	uint32_t schema;
	int64_t complete;                       /* figures.complete: recording_format.h */
	bool unsorted;                          /* rows are not in the order of a report */
	GPtrArray *processes;                   /* struct report_process *, as the file has them */
	GPtrArray *tasks;                       /* struct report_task *, as the file has them */
	GArray *positions;                      /* struct task_position of each of them */
	GArray *process_numbers, *task_numbers; /* int64_t, ascending */
};

struct task_position {
	uint32_t process, task; /* indexes in the report */
};

/* As recording_load(), with other limits than recording_limits.h has. */
int recording_load_within(struct report **r, const char *path,
			  const struct recording_limits *limits);

/* Begin a query of a table's rows; the sum of sizes starts at 0 (limits->sum). */
sqlite3_stmt *load_query(struct loading *l, const char *table, const char *sql);
/* Append the current row's number, which must be greater than the one before it. */
void load_number(struct loading *l, int column, GArray *numbers);
/* The index of this column's number in `numbers`; 0 after an error. */
uint32_t load_index(struct reader *r, int column, const GArray *numbers);
/* The same, or UINT32_MAX for NULL. */
uint32_t load_index_or_none(struct reader *r, int column, const GArray *numbers);
/* NULL (not measured) becomes 0; printers know from the features that it is not measured. */
int64_t load_bytes_or_0(struct reader *r, int column, int64_t least);

/* Load processes and tasks with all their rows, in the order of a report. */
void load_who(struct loading *l);

/* Load the tables of the profile (modules to ticks) into report->profile. */
void load_profile(struct loading *l);

#endif
