/* SPDX-License-Identifier: GPL-2.0-only
 *
 * hog [MIB]: touches that much, and says so if it survives.
 */
#include "prog.h"

int main(int argc, char **argv)
{
	size_t bytes = number(argc, argv, 1, 256) * MIB;

	checkpoint("before");
	touch(region(bytes), bytes);
	say("survived %zu", bytes);
	checkpoint("survived");
	return 0;
}
