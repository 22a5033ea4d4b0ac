/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The last minutes of a session, in fixed memory: what each name held at each tick (process names
 * within control groups, thread names within these), and the samples of growth. It outlives
 * the rows of the processes. All memory is taken by history_new(). Pure: no clock.
 *
 * Times are nanoseconds of CLOCK_BOOTTIME, ascending from call to call; sizes are bytes.
 */
#ifndef TARE_HISTORY_H
#define TARE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#define HISTORY_TICKS 128 /* two minutes of ticks of a second */

struct history_limits {
	uint32_t names;   /* more are left out, and counted; a power of two */
	uint32_t samples; /* sums of an aggregate over a tenth of a second; the oldest go */
};
extern const struct history_limits history_limits; /* about 8 MiB */

struct history;

struct history *history_new(const struct history_limits *limits);
void history_free(struct history *h); /* takes NULL */
uint64_t history_bytes(const struct history *h);

/* A tick: history_begin(), then history_add() for each process (`thread` NULL) and each thread.
 * Rows of the same names are summed up. `cgroup` NULL: not known. */
void history_begin(struct history *h, uint64_t now_ns);
void history_add(struct history *h, const char *cgroup, const char *process, const char *thread,
		 int64_t held);

/* What these names held at a time, between two ticks on the line between them; 0: nothing was
 * seen of them. A time before the first tick counts as that tick. */
int64_t history_held(const struct history *h, const char *cgroup, const char *process,
		     const char *thread, uint64_t time_ns);
/* The earliest time that history_held() knows; UINT64_MAX: no tick yet. */
uint64_t history_first(const struct history *h);
/* The time of the last tick; 0: none yet. */
uint64_t history_last(const struct history *h);
/* How often history_add() found no room so far. */
uint64_t history_left_out(const struct history *h);

/* A sample of growth; `aggregate` as in struct sample_log (capture/sampler.h). */
void history_sample(struct history *h, uint64_t time_ns, uint32_t aggregate, uint64_t bytes);
/* All samples of `aggregate` are `into`'s from now on. */
void history_folded(struct history *h, uint32_t aggregate, uint32_t into);
/* Call `fn` for all sums of samples since `from_ns` whose time is not after `to_ns`. */
typedef void (*history_sample_fn)(void *ctx, uint32_t aggregate, uint64_t bytes);
void history_samples(const struct history *h, uint64_t from_ns, uint64_t to_ns,
		     history_sample_fn fn, void *ctx);
/* The time of the oldest sample that is kept, if older ones were dropped; else 0. */
uint64_t history_samples_first(const struct history *h);

#endif
