/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sums of stacks as profiles that are read over HTTP again and again: by `go tool pprof`, Grafana
 * Alloy and Pyroscope, Parca, the OpenTelemetry collector. Their demands:
 *  - sample types of user memory are Go's: alloc_objects/count, alloc_space/bytes,
 *    inuse_objects/count, inuse_space/bytes; an object is a page. Alloy takes four at most.
 *  - Alloy identifies a stack by the addresses of its locations, so an address is made from the
 *    names of function and file, and no two locations have the same.
 *  - ids are 1, 2, 3 …, labels are texts, no value is below 0, no sample has only zeros.
 *  - PPROF_PLAIN_MOST bytes before compression.
 */
#ifndef TARE_PPROF_SUMS_H
#define TARE_PPROF_SUMS_H

#include "model/stack_sums.h"

#define PPROF_PLAIN_MOST (4 << 20)

struct pprof_head {
	bool kernel;         /* kernel_space and kernel_alloc_space */
	int64_t time_ns;     /* since 1970 */
	int64_t duration_ns; /* of a difference; else 0: Parca takes any other for one */
	uint64_t period, page_size;
	const char *const *comments; /* ends with NULL */
};

/* profile.proto, not compressed. */
GString *pprof_sums_plain(struct stack_sums *s, const struct sums_query *q,
			  const struct pprof_head *head);
/* The same, gzip'd and of at most `most` bytes before that; keys are removed until it is. */
GString *pprof_sums(struct stack_sums *s, const struct sums_query *q, const struct pprof_head *head,
		    size_t most);

#endif
