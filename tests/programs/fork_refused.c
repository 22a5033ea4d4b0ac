/* SPDX-License-Identifier: GPL-2.0-only
 *
 * fork_refused [MIB]: touches so much, then makes a child by a clone() that the kernel
 * refuses after it has copied the address space, and gives the memory back. What the copy
 * held is at the peak, and no process came of it. A new network namespace is what is refused,
 * to a user without CAP_SYS_ADMIN.
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
