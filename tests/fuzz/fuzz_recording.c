/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Any bytes in the place of a recording.
 */
/* runs: 8000 */
#include "tests/fuzz/recording.h"

static char *path;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	path = file_named("recording");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	write_bytes(path, data, size);
	read_recording(path, (size ? data[size - 1] : 0) & 63);
	unlink(path);
	return 0;
}
