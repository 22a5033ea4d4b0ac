/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whether a weight that is looked at again and again has come to rest. Pure.
 */
#ifndef TARE_SETTLE_H
#define TARE_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

/* It rests when it moved by no more than 1/SETTLE_SHARE, or SETTLE_BYTES if that is
 * more, over the last SETTLE_LOOKS looks and SETTLE_SPAN_NS of time. */
#define SETTLE_LOOKS 12
#define SETTLE_SPAN_NS (500 * 1000 * 1000)
#define SETTLE_SHARE 1000
#define SETTLE_BYTES (64 * 1024)

struct settle {
	unsigned looks; /* since settle_begin() */
	uint64_t time_ns[SETTLE_LOOKS];
	int64_t weight[SETTLE_LOOKS];
	bool settled;
};

void settle_begin(struct settle *s);
/* One more look. True once it rests; `settled` keeps it. */
bool settle_look(struct settle *s, uint64_t time_ns, int64_t weight);

#endif
