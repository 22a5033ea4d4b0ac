/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Samples whose memory lives, of one address space, by page. Pure.
 *
 * They stand in pieces of bounded size, sorted; a page has one at most. About 40 bytes each.
 */
#ifndef TARE_LIVE_SAMPLES_H
#define TARE_LIVE_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

struct live_sample {
	uint64_t page;
	uint64_t bytes;    /* that it stands for */
	uint64_t born_seq; /* number of the last peak before it */
	uint32_t aggregate;
};

struct live_samples;

struct live_samples *live_samples_new(void);
void live_samples_free(void *l); /* takes NULL */
unsigned live_samples_count(const struct live_samples *l);

/* Returns whether there was one on that page; then `old` has it. */
bool live_samples_put(struct live_samples *l, const struct live_sample *live_sample,
		      struct live_sample *old);

typedef void (*live_sample_fn)(void *ctx, struct live_sample *live_sample);
/* Take out those on the pages [start, end), by page; `fn` gets each. It must not change `l`. */
void live_samples_cut(struct live_samples *l, uint64_t start, uint64_t end, live_sample_fn fn,
		      void *ctx);
/* Those on [start, end); `fn` may change all but the page. */
void live_samples_each(const struct live_samples *l, uint64_t start, uint64_t end,
		       live_sample_fn fn, void *ctx);

#endif
