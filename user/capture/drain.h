/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A thread that only empties the rings. The main thread also names stacks and writes the
 * recording, and it waits for a CPU among thousands of the workload's threads; meanwhile the
 * kernel side still finds room in the rings. Records wait in queues of bounded size until the
 * main thread takes them.
 *
 *   ring -> the thread -> queue -> drain_take(), drain_next() -> process table, sampler
 *
 * If a queue is full, its ring fills up. The kernel side then takes fewer samples, and keeps the
 * sums of final records. It must not know what records mean, nor BPF.
 */
#ifndef TARE_DRAIN_H
#define TARE_DRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum drain_ring { DRAIN_EVENTS, DRAIN_SAMPLES, DRAIN_RINGS };

struct drain_source {
	int fd; /* readable when the ring must be emptied; -1: there is no such ring */
	uint64_t ring_bytes;
	/* Passes the records in the ring to drain_put(), until the ring is empty or drain_put()
	 * returns other than 0. Called by one thread at a time. */
	void (*consume)(void *ctx);
	uint64_t (*limit)(void *ctx); /* bytes that its queue may hold; called by the thread */
	void *ctx;
};

struct drain_config {
	struct drain_source source[DRAIN_RINGS];
	bool priority; /* raise the thread's priority above the workload's */
	/* Called by the thread at the time that drain_alarm() set; may be NULL. */
	void (*alarm)(void *ctx);
	void *ctx;
};

struct drain;

/* Start the thread. Returns 0 or negative errno, logged. */
int drain_open(struct drain **d, const struct drain_config *config);
void drain_close(struct drain *d); /* takes NULL; ends the thread */

/* Readable when drain_take() is due. */
int drain_fd(const struct drain *d);

/* Called by `consume`: keep a copy of the record. Not 0: `consume` must stop now. */
int drain_put(struct drain *d, enum drain_ring which, const void *data, size_t size);

/* Empty the rings, events first, and take all records that have come so far; drain_next() returns
 * them one by one. */
void drain_take(struct drain *d);
/* The next record that drain_take() took; NULL: there is none left. Valid until the next call. */
const void *drain_next(struct drain *d, enum drain_ring which, size_t *size);

/* Have `alarm` called at this time of CLOCK_MONOTONIC; an earlier setting is forgotten. With 0
 * it is not called, and is not running any more when this returns. */
void drain_alarm(struct drain *d, uint64_t at_ns);

/* How many records were dropped because there was no memory for them. */
uint64_t drain_dropped(const struct drain *d);

#endif
