/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Any bytes in the place of a Go program's .gopclntab, with a tree of inlined calls in it.
 */
/* runs: 500000 */
#include <sys/mman.h>

#include "symbol/gopclntab.h"
#include "tests/fuzz/fuzz.h"

#define ADDRESSES 12

static void on_line(void *ctx, const char *function, const char *file, int line)
{
	++*(unsigned *)ctx;
	must(*function && g_utf8_validate(function, -1, NULL));
	must(*file && g_utf8_validate(file, -1, NULL));
	must(line >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	int fd = memfd_create("go", MFD_CLOEXEC);
	struct gopclntab_place place = { .fd = fd, .text = input_number(&in, 3) };
	uint64_t gofunc = input_number(&in, 2), at[ADDRESSES], offset;
	struct gopclntab *t;
	int32_t frame;

	for (unsigned i = 0; i < ADDRESSES; i++)
		at[i] = input_number(&in, 3);
	place.size = in.left;
	must(pwrite(fd, in.at, in.left, 0) == (ssize_t)in.left);
	t = gopclntab_new(&place);
	if (t)
		gopclntab_tell(t, 0, gofunc);
	for (unsigned i = 0; t && i < ADDRESSES; i++) {
		const char *name = gopclntab_symbol(t, at[i], &offset);
		unsigned told = 0;

		must(!name || (*name && strlen(name) < 4096 && offset <= at[i]));
		must(gopclntab_lines(t, at[i], on_line, &told) == told && told <= 32);
		must(!gopclntab_frame(t, at[i], &frame) || frame >= 0);
	}
	gopclntab_free(t);
	close(fd);
	return 0;
}
