/* SPDX-License-Identifier: GPL-2.0-only
 *
 * outside pageout|cold|write|read PID ADDRESS BYTES: changes another process's memory by
 * process_madvise, process_vm_writev or process_vm_readv.
 */
#include "prog.h"

#include <sys/uio.h>

static long advise(pid_t pid, void *at, size_t bytes, int advice)
{
	struct iovec v = { at, bytes };
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return -1;
	return syscall(SYS_process_madvise, fd, &v, 1, advice, 0);
}

static long transfer(pid_t pid, void *at, size_t bytes, int write_it)
{
	struct iovec here = { calloc(1, bytes), bytes }, there = { at, bytes };

	return write_it ? process_vm_writev(pid, &here, 1, &there, 1, 0) :
			  process_vm_readv(pid, &here, 1, &there, 1, 0);
}

int main(int argc, char **argv)
{
	size_t bytes = number(argc, argv, 4, 0);
	pid_t pid = (pid_t)number(argc, argv, 2, 0);
	void *at = (void *)number(argc, argv, 3, 0);
	long n = -1;

	if (argc < 5)
		return 2;
	if (!strcmp(argv[1], "pageout"))
		n = advise(pid, at, bytes, 21 /* MADV_PAGEOUT */);
	else if (!strcmp(argv[1], "cold"))
		n = advise(pid, at, bytes, 20 /* MADV_COLD */);
	else
		n = transfer(pid, at, bytes, argv[1][0] == 'w');
	if (n < 0)
		die(argv[1]);
	say("did %s bytes=%ld", argv[1], n);
	return 0;
}
