/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Closing the books: a report from the process table. Pure: all that it needs is given.
 */
#ifndef TARE_BOOKS_H
#define TARE_BOOKS_H

#include "model/report.h"
#include "model/proctable.h"

struct books_input {
	const struct proctable *proctable;
	struct tare_workload workload; /* as the kernel side holds it now */
	uint64_t page_size;
	uint64_t origin_ns; /* CLOCK_BOOTTIME of the report's time 0 */
	uint64_t now_ns;    /* likewise, of the snapshot */
	bool sums_valid;    /* the kernel's counters can be summed (known shape) */
	struct books_kmem {
		enum kmem_level level;
		bool whole;      /* nobody else is in the cgroup */
		int64_t initial; /* bytes that it was charged less those by events, at the start */
		int64_t elsewhere; /* of the attached tables and stacks those that another
				      cgroup was charged for, and are there still */
		int64_t by_cgroup; /* its counter when workload.cgroup.events was what it is here */
		int64_t bound;     /* how far that counter may lag */
		bool hidden;       /* tasks without events were looked for */
	} kmem;
	/* Name of a cause (TARE_CAUSE_* or system call). Allocated. */
	char *(*cause_name)(uint32_t id);
};

/* Fill processes, totals, books, peak, losses and duration of `r`.
 *
 * unattributed, per process and kind: what the kernel's counters say less what
 * the updates add up to. For a process that has ended the kernel says 0. For
 * one that was quiet during the sweep the comparison is with the sum over its
 * tasks. For one that ran meanwhile its tasks were read at different moments,
 * so the comparison is within the kernel, at one moment (see take_sums()). */
void books_close(struct report *r, const struct books_input *in);

/* Processes, and tasks within each, in the order that books_close() gives them. */
void books_sort(struct report *r);

#endif
