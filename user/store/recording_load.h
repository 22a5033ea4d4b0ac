/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the two halves of the reader of recordings.
 */
#ifndef TARE_RECORDING_LOAD_H
#define TARE_RECORDING_LOAD_H

#include "model/report.h"
#include "store/reader.h"

struct loading {
	struct reader r;
	struct report *report;
	int64_t complete; /* 0: tare was ended meanwhile */
	GArray *tasks;    /* struct task_place, by their number in the file */
};

struct task_place {
	uint32_t process, task; /* as in the report */
};

/* Take the next row's number, which has to be `expected`; `most` rows are too many. */
void load_number(struct reader *r, int column, uint64_t expected);
/* A number below `n`; 0 on a complaint. */
uint32_t load_index(struct reader *r, int column, uint32_t n);
/* The same, or UINT32_MAX for NULL. */
uint32_t load_index_or_none(struct reader *r, int column, uint32_t n);

/* Tables from modules to ticks, into report->profile. */
void load_profile(struct loading *l);

#endif
