/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by books.c (sums, peaks), books_process.c, books_task.c and books_kmem.c: amounts of
 * abi.h's structs, converted to those of a report.
 */
#ifndef TARE_BOOKS_PARTS_H
#define TARE_BOOKS_PARTS_H

#include "bpf/ledger.h"
#include "model/books.h"
#include "model/fold.h"

/* The four members of RSS are counted in pages, the other kinds in bytes. */
static inline uint64_t bytes_of_kind(const struct books_input *in, int kind, uint64_t n)
{
	return kind < TARE_MEMBERS ? n * in->page_size : n;
}

static inline struct flow flow_bytes(const struct books_input *in, int kind,
				     const struct tare_flow *f)
{
	struct tare_flow plain = fold_flow(f);

	return (struct flow){ bytes_of_kind(in, kind, plain.in),
			      bytes_of_kind(in, kind, plain.out) };
}

static inline void flow_add(struct flow *sum, struct flow f)
{
	sum->in += f.in;
	sum->out += f.out;
}

static inline void flow_change(struct flow *f, int64_t delta)
{
	if (delta > 0)
		f->in += delta;
	else
		f->out -= delta;
}

static inline bool is_rising(const struct books_input *in)
{
	if (in->peak != BOOKS_PEAK)
		return in->peak == BOOKS_PEAK_NOW;
	return in->workload.rss + in->workload.nonrss > in->workload.weight_peak;
}

/* The number of the weight's last peak. If the peak is now, it is a number that no task has noted,
 * so that each task's net now is taken as its net at the peak. */
static inline uint64_t last_peak(const struct books_input *in)
{
	return is_rising(in) ? TARE_PEAK_NOW : in->workload.peak_seq;
}

/* A figure at the last peak, from pages to bytes: `then`, or `now` if the peak is now. */
static inline int64_t at_peak(const struct books_input *in, int64_t now, int64_t then)
{
	return (is_rising(in) ? now : then) * (int64_t)in->page_size;
}

static inline uint64_t since_origin(uint64_t origin, uint64_t t)
{
	return t > origin ? t - origin : 0;
}

static inline uint64_t last_peak_ns(const struct books_input *in)
{
	return is_rising(in) ? in->now_ns : in->workload.weight_peak_ns;
}

/* A guest is a task that uses another process's address space (vfork, CLONE_VM): its updates
 * there, and its cached pages, are those of a non-owner. */
static inline bool is_guest(const struct tare_task *s)
{
	return s->mm_proc && s->mm_proc != s->proc;
}

static inline int64_t cached_bytes(const struct tare_task *s, int kind,
				   const struct books_input *in)
{
	return (s->cached[kind] - s->cached0[kind]) * (int64_t)in->page_size;
}

static inline struct report_spread spread_of(const struct sketch *s, const struct books_input *in)
{
	return (struct report_spread){ bytes_of_kind(in, TARE_ANON, s->min),
				       bytes_of_kind(in, TARE_ANON, sketch_median(s)),
				       bytes_of_kind(in, TARE_ANON, s->max) };
}

/* Raise a peak of RSS to the RSS now: the present sums were read a moment after the peak, and may
 * be larger. */
static inline void note_peak(int64_t *peak, uint64_t *when, const struct balance held[TARE_KINDS],
			     const struct books_input *in)
{
	int64_t rss = held[TARE_ANON].net + held[TARE_FILE].net + held[TARE_SHMEM].net;

	if (rss <= *peak)
		return;
	*peak = rss;
	*when = since_origin(in->origin_ns, in->now_ns);
}

/* The row of a task. Never NULL. */
struct report_task *books_task(const struct proctable_task *wt, const struct books_input *in);
/* The row of a process; `guests`: books_guests(). Never NULL. */
struct report_process *books_process(const struct proctable_proc *wp, const GPtrArray *guests,
				     const struct books_input *in);
/* All is_guest() tasks: struct tare_task, not owned. */
GPtrArray *books_guests(const struct books_input *in);

/* Fill r->kmem and the totals of TARE_KMEM, and limit each row's kernel memory to what the row can
 * hold. Call it when all other kinds are closed. */
void books_kmem(struct report *r, const struct books_input *in);

#endif
