/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the files that implement struct samples: samples.c takes records, samples_live.c
 * has the live samples, samples_names.c numbers names, files and stacks, samples_fold.c keeps
 * all of it bounded.
 *
 * Invariants, which hold between any two calls of the functions of samples.h. The tests check
 * them (tests/unit/samples_check.h):
 *  1. The number of a node is larger than its parent's, and the node's frame exists. So one pass
 *     over the nodes by number visits callers first.
 *  2. Every number of a name or file in a frame, a VMA, an early sample or an aggregate is in
 *     use. A number becomes free only when nothing refers to it. Name 0 is "".
 *  3. A name or file has exactly one number. A number without a name or file is in free_names or
 *     free_files.
 *  4. No two used aggregates have the same key. The sums of a moved aggregate are in another one;
 *     a number that was kept is resolved with aggregates_now().
 *  5. A page of an address space has at most one live sample. `live` of an aggregate is the sum
 *     of the bytes of its live samples; live_count is the number of all live samples.
 *  6. At most EARLY_MOST samples wait for the record of their VMA; these are in no aggregate yet.
 *  7. Numbers of nodes, frames and aggregates are valid until the next samples_add(),
 *     samples_virtual() or samples_settle(). Only samples_fold.c renumbers, and reports it to
 *     `watch`.
 */
#ifndef TARE_SAMPLES_IMPL_H
#define TARE_SAMPLES_IMPL_H

#include "model/live_samples.h"
#include "model/samples.h"

/* Kernel memory is in no address space. Its live samples are in two pseudo address spaces, where
 * a "page" is made from the id of the task that holds the memory:
 * STACKS: kernel stacks, one for each task: page = task id.
 * KMEMS: other kernel memory: each task has 2^KMEM_BITS pages. */
#define STACKS UINT64_MAX
#define KMEMS (UINT64_MAX - 1)
#define KMEM_BITS 24

#define EARLY_MOST 8192 /* 300 bytes each */

/* A sample that waits for the record of its VMA (TARE_SAMPLE_EARLY). */
struct early {
	struct tare_sample sample;
	uint32_t node, thread_name;
	uint64_t count; /* samples that it stands for */
};

/* The time of a record. */
struct moment {
	uint64_t time_ns, peak_seq;
};

/* Begin a live sample. A sample without an address lives as long as its address space: its page
 * number is beyond all addresses. */
void samples_begin_live(struct samples *s, const struct tare_sample *sample, uint32_t aggregate);

/* End all live samples on the pages [page, end). */
void samples_end_pages(struct samples *s, uint64_t mm, uint64_t page, uint64_t end,
		       struct moment now);

/* An address space ends: keep what it had mapped and not in memory, for samples_untouched(). */
void samples_keep_untouched(struct samples *s, uint64_t mm);

/* In samples_names.c. A name or file to forget must not be in use. */
void samples_names_new(struct samples *s);
void samples_names_free(struct samples *s);
void samples_forget_name(struct samples *s, uint32_t number);
void samples_forget_file(struct samples *s, uint32_t number);

/* Is it time for samples_settle()? */
static inline bool samples_crowded(const struct samples *s)
{
	return s->aggregates->used > s->next.aggregates ||
	       s->virtual_aggregates->used > s->next.virtual ||
	       s->live_count > s->next.live_samples || intern_count(s->nodes) > s->next.nodes ||
	       s->names->len - s->free_names->len > s->next.names ||
	       s->files->len - s->free_files->len > s->next.files;
}

#endif
