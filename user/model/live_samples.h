/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The live samples of one address space, by page: samples whose memory is still allocated. Pure.
 *
 * A page has at most one. They are kept in sorted pieces of bounded size; each takes about
 * 40 bytes.
 */
#ifndef TARE_LIVE_SAMPLES_H
#define TARE_LIVE_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

struct live_sample {
	uint64_t page;
	uint64_t bytes;    /* that the sample stands for */
	uint64_t born_seq; /* number of the workload's peaks when it was taken */
	uint32_t aggregate;
};

struct live_samples;

struct live_samples *live_samples_new(void);
void live_samples_free(void *l); /* takes NULL */
unsigned live_samples_count(const struct live_samples *l);

/* Add one; it replaces the one on its page. Returns whether there was one; then it is in `old`,
 * which may be NULL. */
bool live_samples_put(struct live_samples *l, const struct live_sample *live_sample,
		      struct live_sample *old);

typedef void (*live_sample_fn)(void *ctx, struct live_sample *live_sample);
/* Remove those on pages [start, end); `fn` gets each, by page. `fn` must not change `l`. */
void live_samples_cut(struct live_samples *l, uint64_t start, uint64_t end, live_sample_fn fn,
		      void *ctx);
/* Call `fn` for those on pages [start, end); it may change all but the page. */
void live_samples_each(const struct live_samples *l, uint64_t start, uint64_t end,
		       live_sample_fn fn, void *ctx);

#endif
