/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Closing the books: making a report from the process table. Pure: no I/O. It must not know
 * where the process table came from, nor how a report is shown.
 */
#ifndef TARE_BOOKS_H
#define TARE_BOOKS_H

#include "model/report.h"
#include "model/proctable.h"

struct books_input {
	const struct proctable *proctable;
	struct tare_workload workload; /* as BPF has it now */
	/* The moment of peak_weight and of at_peak: the workload's peak; the last one that was
	 * noted (an OOM kill), also if more is held now; or now. */
	enum books_peak { BOOKS_PEAK, BOOKS_PEAK_NOTED, BOOKS_PEAK_NOW } peak;
	uint64_t page_size;
	uint64_t origin_ns; /* CLOCK_BOOTTIME of the report's time 0 */
	uint64_t now_ns;    /* CLOCK_BOOTTIME of the snapshot */
	bool sums_valid;    /* the kernel's counters have a shape that tare can sum */
	struct books_kmem {
		enum kmem_level level;
		bool whole;        /* only the workload is in the cgroup */
		int64_t initial;   /* bytes: its counter less the events, at the start */
		int64_t elsewhere; /* bytes of attached page tables and stacks that another
				      cgroup was charged for and that still exist */
		int64_t by_cgroup; /* its counter, read at the same moment as `workload` */
		int64_t bound;     /* bytes by which that counter may lag */
		bool hidden;       /* hidden tasks (without events) were searched */
	} kmem;
	/* Name of a cause (TARE_CAUSE_* or system call). Free with g_free(). */
	char *(*cause_name)(uint32_t id);
};

/* Fill processes, totals, books, peak, losses and duration of `r`.
 *
 * `unattributed`, for each process and kind, is the kernel's counter less the sum of the updates.
 * For a process that has ended the counter is 0. A process that was quiet
 * during the sweep is compared with the sum over its tasks. The tasks of a process that ran
 * during the sweep were read at different moments, so its sums are those that BPF read at one
 * moment (see take_sums() in bpf/sums.bpf.h). */
void books_close(struct report *r, const struct books_input *in);

/* The number of the peak that at_peak is of; TARE_PEAK_NOW: it is now. */
uint64_t books_peak_seq(const struct books_input *in);

/* Sort processes, and the tasks of each, as books_close() does: by weight at the peak. */
void books_sort(struct report *r);

#endif
