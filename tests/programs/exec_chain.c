/* SPDX-License-Identifier: GPL-2.0-only
 *
 * exec_chain [N]: one process executes N programs in turn; program i touches i MiB.
 */
#include "prog.h"

int main(int argc, char **argv)
{
	size_t left = number(argc, argv, 1, 4), i = number(argc, argv, 2, 1);
	size_t before = number(argc, argv, 3, 0) + i * MIB;
	char a[24], b[24], c[24];

	touch(region(i * MIB), i * MIB);
	/* Each program also has its own data and stack: below 512 KiB. */
	say("touched tid=%d anon=%zu slack=%lu", getpid(), before, i * 512 * KIB);
	checkpoint("image");
	if (left <= 1)
		return 0;
	snprintf(a, sizeof(a), "%zu", left - 1);
	snprintf(b, sizeof(b), "%zu", i + 1);
	snprintf(c, sizeof(c), "%zu", before);
	execl("/proc/self/exe", argv[0], a, b, c, NULL);
	die("exec");
	return 1;
}
