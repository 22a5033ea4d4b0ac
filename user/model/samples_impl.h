/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the files of samples share: samples.c takes records, samples_lives.c has what lives,
 * samples_names.c what has a number, samples_fold.c keeps the bounds.
 *
 * Whenever none of them is at work (tests/unit/samples_check.h looks):
 *  1. A stack's parent has a smaller number than the stack, and its frame is there: one pass
 *     in the order of numbers meets callers first.
 *  2. A frame, a range, an early sample or a aggregate refers to names and files that are there:
 *     a number is free only once nothing has it, and names' number 0 is "".
 *  3. Each name and file that is there has one number, and each number without one is in the
 *     list of those that are free.
 *  4. No two aggregates that are used have the same key. The sums of one that was moved are in
 *     another; whoever keeps a number goes by aggregates_now().
 *  5. A page of an address space has one life at most. `live` of a aggregate is the sum of the
 *     bytes of its lives, live_count how many there are in all.
 *  6. Samples that wait for their range are EARLY_MOST at most, and in no aggregate.
 *  7. Numbers of stacks, frames and aggregates hold until the next samples_add(), _virtual() or
 *     _settle(): only samples_fold.c gives others, and tells those that keep some (`watch`).
 */
#ifndef TARE_SAMPLES_IMPL_H
#define TARE_SAMPLES_IMPL_H

#include "model/live_samples.h"
#include "model/samples.h"

/* Kernel stacks live in no address space: by the number of their task. */
#define STACKS UINT64_MAX
/* Nor does other kernel memory: what a task holds at its end is nobody's. By its task too,
 * which has many: so many numbers each. */
#define KMEMS (UINT64_MAX - 1)
#define KMEM_BITS 24

#define EARLY_MOST 8192 /* 300 bytes each */

/* A sample that waits for the record of its VMA. */
struct early {
	struct tare_sample sample;
	uint32_t node, thread_name;
	uint64_t count; /* samples that it stands for */
};

/* When, as the records have it. */
struct moment {
	uint64_t time_ns, peak_seq;
};

/* Pages that are in no VMA are those whose mapping is not known: they live as long
 * as their address space. They go behind all addresses. */
void samples_begin_live(struct samples *s, const struct tare_sample *sample, uint32_t aggregate);

/* End all live samples on the pages [page, end). */
void samples_end_pages(struct samples *s, uint64_t mm, uint64_t page, uint64_t end,
		       struct moment now);

/* samples_names.c's. What is forgotten must not be in use. */
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
