/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A JIT's perf map whose program appends to it, cuts it, or replaces it. Whatever the file
 * holds, a name that is found belongs to an entry that covers the address.
 */
/* runs: 140000 */
#include <sys/mman.h>

#include "symbol/perfmap.h"
#include "tests/fuzz/fuzz.h"

#define LOOKS 16

static void look_up(const struct perfmap *m, struct input *in)
{
	for (int i = 0; i < LOOKS; i++) {
		uint64_t address = input_number(in, i % 2 ? 2 : 8), start;
		const char *name = perfmap_find(m, address, &start);

		if (!name)
			continue;
		must(start <= address);
		must(strlen(name) <= 1024);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct perfmap *m = perfmap_new();
	int fd = memfd_create("map", MFD_CLOEXEC);

	for (int i = 0; in.left && i < 8; i++) {
		uint8_t what = input_number(&in, 1);
		size_t n = input_number(&in, what & 1 ? 2 : 1);

		if (what & 2)
			must(!ftruncate(fd, what >> 4));
		if (what & 4)
			lseek(fd, what >> 3, SEEK_SET);
		n = smaller(n, in.left);
		must(write(fd, in.at, n) == (ssize_t)n);
		in.at += n;
		in.left -= n;
		perfmap_update(m, fd, 1 << 16, what & 8);
		look_up(m, &(struct input){ in.at, in.left });
	}
	look_up(m, &in);
	perfmap_free(m);
	close(fd);
	return 0;
}
