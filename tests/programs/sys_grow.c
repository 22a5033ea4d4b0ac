/* SPDX-License-Identifier: GPL-2.0-only
 *
 * sys_grow [MIB]: fresh pages that read() and recvfrom() fill, so that the faults are taken in
 * the kernel.
 */
#include "prog.h"

#include <sys/socket.h>

#define MESSAGE (64 * KIB) /* whole pages of any page size */

static size_t bytes;
static int file, pair[2];

static void by_pread(void *p)
{
	char *mem = region(bytes);

	(void)p;
	for (size_t at = 0; at < bytes; at += 64 * KIB)
		if (pread(file, mem + at, 64 * KIB, 0) != 64 * (ssize_t)KIB)
			_exit(96);
}

static void by_read(void *p)
{
	char *mem = region(bytes);

	(void)p;
	lseek(file, 0, SEEK_SET);
	for (size_t at = 0; at < bytes; at += 64 * KIB)
		if (read(file, mem + at, 64 * KIB) != 64 * (ssize_t)KIB)
			_exit(96);
}

static void by_receive(void *p)
{
	char *mem = region(MESSAGE);

	(void)p;
	if (recv(pair[1], mem, MESSAGE, MSG_WAITALL) != (ssize_t)MESSAGE)
		_exit(96);
}

int main(int argc, char **argv)
{
	static struct actor a, b, c;
	static char message[MESSAGE];

	bytes = number(argc, argv, 1, 4) * MIB;
	file = scratch_file(bytes);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	memset(message, 'x', sizeof(message));
	if (write(pair[0], message, sizeof(message)) != sizeof(message))
		die("write");
	actor_start(&a, "preader");
	actor_start(&b, "reader");
	actor_start(&c, "receiver");
	actor_do(&a, by_pread, NULL);
	actor_do(&b, by_read, NULL);
	actor_do(&c, by_receive, NULL);
	say("caused tid=%d by=pread64 in=%zu out=0", a.tid, bytes);
	say("touched tid=%d anon=%zu", b.tid, bytes);
	say("caused tid=%d by=read in=%zu out=0", b.tid, bytes);
	say("caused tid=%d by=recvfrom in=%lu out=0", c.tid, MESSAGE);
	checkpoint("read");
	actor_end(&a);
	actor_end(&b);
	actor_end(&c);
	return 0;
}
