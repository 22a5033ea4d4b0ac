/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Decides whether a weight that is polled has settled. Pure.
 */
#ifndef TARE_SETTLE_H
#define TARE_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

/* A weight has settled if it changed by at most 1/SETTLE_SHARE, or by SETTLE_BYTES if that is more,
 * during the last SETTLE_LOOKS polls, which span at least SETTLE_SPAN_NS. */
#define SETTLE_LOOKS 12
#define SETTLE_SPAN_NS (500 * 1000 * 1000)
#define SETTLE_SHARE 1000
#define SETTLE_BYTES (64 * 1024)

struct settle {
	unsigned looks; /* polls since settle_begin() */
	uint64_t time_ns[SETTLE_LOOKS];
	int64_t weight[SETTLE_LOOKS];
	bool settled;
};

void settle_begin(struct settle *s);
/* One more poll. Returns whether the weight has settled; also in `settled`. */
bool settle_look(struct settle *s, uint64_t time_ns, int64_t weight);

#endif
