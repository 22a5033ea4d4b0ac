/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Samples, from the ring to a profile: their stacks unwound as they come, while
 * what they ran is still mapped; named at the end.
 *
 * Bounds: samples keep their own (model/samples.h), files (symbol/module.h), rules for
 * unwinding (symbol/unwind.h), maps of code (symbol/jits.h) and Python's functions
 * (symbol/python.h) theirs. What is kept by process is dropped at the record of its end; where
 * that record was lost, after sampler_crowded() has asked for what lives (sampler_alive()).
 */
#ifndef TARE_SAMPLER_H
#define TARE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/abi.h"
#include "capture/pythons.h"
#include "model/profile.h"
#include "model/proctable.h"

struct sampler;

/* Callbacks for each sample and change of a VMA as it comes; times are since the boot. */
struct sample_log {
	void (*sample)(void *ctx, const struct tare_sample *sample, uint32_t aggregate);
	/* From now on what was counted by one aggregate belongs to another; the first never comes
	 * again. May be NULL. */
	void (*folded)(void *ctx, uint32_t aggregate, uint32_t into);
	/* `path`: of the file that it maps; NULL: none. */
	void (*vma)(void *ctx, const struct tare_vma *r, const char *path);
	void *ctx;
};

/* `log` and `watch` may be NULL. */
struct sampler *sampler_new(uint32_t period, bool lines, const struct sample_log *log,
			    const struct python_watch *watch);
void sampler_free(struct sampler *s); /* takes NULL */

/* This file will be run. */
void sampler_expect(struct sampler *s, const char *path);

/* Take one record of the ring of samples. 0, or -EINVAL for one that makes no
 * sense, which is counted and otherwise ignored. `proctable` names the threads. */
int sampler_record(struct sampler *s, const struct proctable *proctable, const void *data,
		   size_t size);

/* A task ended, by its last record of the other ring. It counts from sampler_caught_up()
 * on: when the samples that were in their ring then have been taken. */
void sampler_task_ended(struct sampler *s, const struct tare_task *task);
void sampler_caught_up(struct sampler *s);
/* Its sums are those of another task from then on, likewise (samples_fold). */
void sampler_fold(struct sampler *s, uint64_t task, uint64_t into_task, uint64_t into_proc);

/* Final records were lost, and the table knows it: samples of tasks that are not in it are
 * those of what stands for them. After all samples from before. */
void sampler_lost(struct sampler *s, const struct proctable *proctable);

/* Are there so many sums that the smallest will soon be put together? Then all tasks that ended
 * and can be folded should be, first. */
bool sampler_full(const struct sampler *s);

/* Are there more address spaces than likely live? Then a sweep's buffers of records go to
 * sampler_alive(), and sampler_swept() drops those that were in none. */
bool sampler_crowded(const struct sampler *s);
void sampler_alive(struct sampler *s, const void *data, size_t size);
void sampler_swept(struct sampler *s);

/* A buffer of records from a sweep: the address spaces in it are looked at now, while
 * their processes live. */
void sampler_found(struct sampler *s, struct proctable *proctable, const void *data, size_t size);
/* Names that Python programs gave threads that live: of new threads at each call, of others
 * where `all`. */
void sampler_name_threads(struct sampler *s, struct proctable *proctable, bool all);

/* All so far, named and scaled to the report, which began at origin_ns. `virtual_why`: NULL,
 * or why nobody sees what is mapped. The caller frees it. */
struct profile *sampler_profile(struct sampler *s, const struct report *r,
				const struct tare_sampling *counts, uint64_t peak_seq,
				uint64_t origin_ns, const char *virtual_why);

#endif
