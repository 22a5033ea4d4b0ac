/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the parts of the reader of recordings.
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
	int64_t complete;                       /* 0: tare was ended meanwhile */
	bool unsorted;                          /* rows are not in the order of a report */
	GPtrArray *processes;                   /* struct report_process *, as the file has them */
	GPtrArray *tasks;                       /* struct report_task *, likewise */
	GArray *positions;                      /* struct task_position of each of them */
	GArray *process_numbers, *task_numbers; /* int64_t, ascending */
};

struct task_position {
	uint32_t process, task; /* as in the report */
};

/* Likewise, within limits that are not those of recording_limits.h. */
int recording_load_within(struct report **r, const char *path,
			  const struct recording_limits *limits);

/* A query of a table's rows; sizes are summed anew. */
sqlite3_stmt *load_query(struct loading *l, const char *table, const char *sql);
/* Take the present row's number, which has to be above the one before it. */
void load_number(struct loading *l, int column, GArray *numbers);
/* Where a number is among them; 0 on a complaint. */
uint32_t load_index(struct reader *r, int column, const GArray *numbers);
/* The same, or UINT32_MAX for NULL. */
uint32_t load_index_or_none(struct reader *r, int column, const GArray *numbers);
/* 0 for NULL: what is not measured is NULL in the file; features tell it to printers. */
int64_t load_bytes_or_0(struct reader *r, int column, int64_t least);

/* Processes and tasks, and all that is theirs; sorted as the books are. */
void load_who(struct loading *l);

/* Tables from modules to ticks, into report->profile. */
void load_profile(struct loading *l);

#endif
