/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For tests of symbol/: maps a program file at the addresses that it asks for.
 */
#ifndef TARE_TEST_SEGMENTS_H
#define TARE_TEST_SEGMENTS_H

#include "model/space.h"
#include "symbol/module.h"

/* Maps its segments as file 1 at the addresses of the file, each of at most 16 MiB. */
static inline void map_segments(struct space *space, const struct module *m)
{
	unsigned n;
	const struct segment *seg = module_segments(m, &n);

	for (unsigned i = 0; i < n; i++) {
		struct vma r = {
			.start = seg[i].address,
			.end = seg[i].address + MIN(seg[i].size, 1 << 24),
			.offset = seg[i].offset,
			.file = 1,
			.mapping = MAPPING_FILE,
			.code = seg[i].code,
		};

		space_set(space, &r);
	}
}

#endif
