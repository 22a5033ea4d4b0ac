/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The rings are emptied by a thread of their own, which does nothing else: while tare names
 * stacks, writes a recording or waits for a CPU among thousands of the workload's threads,
 * the kernel side always finds room. What it takes out waits in memory, within bounds, until
 * the main thread processes it.
 *
 *   ring -> the thread -> queue -> drain_take(), drain_next() -> process table, sampler
 *
 * Where the queue is full the ring fills, and the kernel side does what it does then: samples
 * are thinned, sums of final records are kept. It must not know what records mean, nor BPF.
 */
#ifndef TARE_DRAIN_H
#define TARE_DRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum drain_ring { DRAIN_EVENTS, DRAIN_SAMPLES, DRAIN_RINGS };

struct drain_source {
	int fd; /* becomes readable when the ring is to be emptied; -1: there is no such ring */
	uint64_t ring_bytes;
	/* Hands the records in the ring to drain_put(), until the ring is empty or drain_put()
	 * does not return 0. Called by one thread at a time. */
	void (*consume)(void *ctx);
	uint64_t (*limit)(void *ctx); /* of its queue, bytes; called by the thread */
	void *ctx;
};

struct drain_config {
	struct drain_source source[DRAIN_RINGS];
	bool priority; /* raise the thread's above the workload's */
	/* Called by the thread at the time that drain_alarm() was given; may be NULL. */
	void (*alarm)(void *ctx);
	void *ctx;
};

struct drain;

/* Start the thread. 0, or negative errno with the reason said. */
int drain_open(struct drain **d, const struct drain_config *config);
void drain_close(struct drain *d); /* takes NULL; ends the thread */

/* Readable when drain_take() is due. */
int drain_fd(const struct drain *d);

/* Called by `consume`: keep a copy of the record. Not 0: stop, that is enough for now. */
int drain_put(struct drain *d, enum drain_ring which, const void *data, size_t size);

/* Empty the rings, events first, and take all that has come so far: drain_next() hands it out. */
void drain_take(struct drain *d);
/* The next record that was taken; NULL: there is no other. Valid until the next call. */
const void *drain_next(struct drain *d, enum drain_ring which, size_t *size);

/* `alarm` is called at this time, of CLOCK_MONOTONIC, in place of one that is still to come;
 * 0: not at all, and it does not run any more when this returns. */
void drain_alarm(struct drain *d, uint64_t at_ns);

/* Records for which there was no memory. */
uint64_t drain_dropped(const struct drain *d);

#endif
