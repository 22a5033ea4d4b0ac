/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Samples, from the ring to a profile. A stack is unwound when its sample comes, while the files
 * that it ran are still mapped. Frames get their names at the end.
 *
 * Bounds: model/samples.h (samples), symbol/module.h (files), symbol/rules.h (rules for unwinding),
 * symbol/jits.h (maps of JIT code) and symbol/python.h (Python's functions) state their own. State
 * of a process is dropped at the record of its end. If that record was lost, it is dropped after
 * sampler_crowded() has asked for a sweep and sampler_alive() has seen which processes live.
 */
#ifndef TARE_SAMPLER_H
#define TARE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/abi.h"
#include "capture/pythons.h"
#include "model/profile.h"
#include "model/proctable.h"
#include "symbol/naming.h"

struct sampler;

/* Callbacks for each sample and each change of a VMA when it comes; times are since boot. */
struct sample_log {
	void (*sample)(void *ctx, const struct tare_sample *sample, uint32_t aggregate);
	/* All samples of `aggregate` belong to `into` from now on; the number `aggregate` is not
	 * used again. May be NULL. */
	void (*folded)(void *ctx, uint32_t aggregate, uint32_t into);
	/* `path`: the file that the VMA maps; NULL: none. */
	void (*vma)(void *ctx, const struct tare_vma *r, const char *path);
	void *ctx;
};

/* `log` and `watch` may be NULL. */
struct sampler *sampler_new(uint32_t period, enum naming_detail detail,
			    const struct sample_log *log, const struct python_watch *watch);
void sampler_free(struct sampler *s); /* takes NULL */

/* The workload will execute this file. */
void sampler_expect(struct sampler *s, const char *path);

/* Process one record of the ring of samples. `proctable` has the names of threads. Returns 0, or
 * -EINVAL for a malformed record, which is counted and otherwise ignored. */
int sampler_record(struct sampler *s, const struct proctable *proctable, const void *data,
		   size_t size);

/* A task's final record came from the ring of events. Samples of the task may still be in the ring
 * of samples; so its end takes effect at sampler_caught_up(), which is called when that ring has
 * been emptied. */
void sampler_task_ended(struct sampler *s, const struct tare_task *task);
void sampler_caught_up(struct sampler *s);
/* At sampler_caught_up(), add this task's sums to those of another task (samples_fold()). */
void sampler_fold(struct sampler *s, uint64_t task, uint64_t into_task, uint64_t into_proc);

/* Final records were lost, and the process table has a row in place of those tasks: their samples
 * move to that row. Call it when all samples taken before the loss have been processed. */
void sampler_lost(struct sampler *s, const struct proctable *proctable);

/* Are there so many sums that the smallest ones will soon be merged? The caller then first folds
 * all tasks that have ended and can be folded. */
bool sampler_full(const struct sampler *s);

/* Are there more address spaces than can be expected to live? The caller then passes the buffers
 * of a sweep to sampler_alive(); sampler_swept() drops address spaces that were in none of them. */
bool sampler_crowded(const struct sampler *s);
void sampler_alive(struct sampler *s, const void *data, size_t size);
void sampler_swept(struct sampler *s);

/* A buffer of records from a sweep after attaching: read the VMAs of its address spaces from /proc
 * now, while their processes live. */
void sampler_found(struct sampler *s, struct proctable *proctable, const void *data, size_t size);
/* Read the names that Python programs gave to their live threads. Each call reads the names of
 * new threads; with `all`, also those of the other threads. */
void sampler_name_threads(struct sampler *s, struct proctable *proctable, bool all);

/* For a session of months on a whole machine: keep fewer files of programs open. */
void sampler_thrifty(struct sampler *s);
/* Free memory: keep half as many sums as are allowed now, and close the files of programs. */
void sampler_shrink(struct sampler *s);

/* The profile of all samples so far, with names, scaled to the report. origin_ns: start of the
 * report. `virtual_why`: why mapped memory is not measured; NULL: it is. The caller frees the
 * profile. */
struct profile *sampler_profile(struct sampler *s, const struct report *r,
				const struct tare_sampling *counts, uint64_t peak_seq,
				uint64_t origin_ns, const char *virtual_why);
/* The next profile's `fresh` is what grows from now on. */
/* Name the functions that hold much memory, as far as that takes little time: for a session that
 * ends long after the processes that it follows. */
void sampler_name_ahead(struct sampler *s);

void sampler_told(struct sampler *s);

#endif
