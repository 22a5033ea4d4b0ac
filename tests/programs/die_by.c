/* SPDX-License-Identifier: GPL-2.0-only
 *
 * die_by SIGNAL [MIB]: touches memory, then kills itself.
 */
#include "prog.h"

int main(int argc, char **argv)
{
	int sig = (int)number(argc, argv, 1, SIGTERM);
	size_t bytes = number(argc, argv, 2, 4) * MIB;

	touch(region(bytes), bytes);
	say("touched tid=%d anon=%zu slack=%lu", getpid(), bytes, MIB);
	checkpoint("dying");
	signal(sig, SIG_DFL);
	kill(getpid(), sig);
	pause();
	return 0;
}
