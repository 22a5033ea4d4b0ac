/* SPDX-License-Identifier: GPL-2.0-only
 *
 * fork_refused [MIB]: touches MIB, then calls a clone() that the kernel refuses after it has
 * copied the address space, and gives the memory back. The copy is part of the peak, though no
 * process came of it. The clone asks for a new network namespace, which a user without
 * CAP_SYS_ADMIN may not have.
 */
#include "prog.h"

#include <sched.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
	size_t size = number(argc, argv, 1, 32) * MIB;
	char *memory = region(size);

	touch(memory, size);
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		die("setresuid");
	if (syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0) >= 0)
		die("clone was not refused");
	munmap(memory, size);
	return 0;
}
