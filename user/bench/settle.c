/* SPDX-License-Identifier: GPL-2.0-only */
#include "bench/settle.h"

#include <glib.h>
#include <string.h>

void settle_begin(struct settle *s)
{
	memset(s, 0, sizeof(*s));
}

bool settle_look(struct settle *s, uint64_t time_ns, int64_t weight)
{
	unsigned at = s->looks++ % SETTLE_LOOKS;
	int64_t low = weight, high = weight;

	s->time_ns[at] = time_ns;
	s->weight[at] = weight;
	if (s->looks < SETTLE_LOOKS)
		return false;
	for (unsigned i = 0; i < SETTLE_LOOKS; i++) {
		low = MIN(low, s->weight[i]);
		high = MAX(high, s->weight[i]);
	}
	/* The slot that is overwritten next holds the oldest poll. */
	s->settled = time_ns - s->time_ns[s->looks % SETTLE_LOOKS] >= SETTLE_SPAN_NS &&
		     high - low <= MAX(high / SETTLE_SHARE, SETTLE_BYTES);
	return s->settled;
}
