/* SPDX-License-Identifier: GPL-2.0-only
 *
 * uffd [MIB]: memory that userfaultfd fills by ioctl, as post-copy migration and snapshots of
 * virtual machines do. Says `skip` if userfaultfd is not available.
 */
#include "prog.h"

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

static size_t bytes;
static int fd;
static char *mem, *from;

static int prepare(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return 0;
	mem = region(bytes);
	from = region(bytes);
	memset(from, 'x', bytes);
	range.range.start = (unsigned long)mem;
	range.range.len = bytes;
	return !ioctl(fd, UFFDIO_REGISTER, &range);
}

static void copy(void *p)
{
	struct uffdio_copy c = { .dst = (unsigned long)mem,
				 .src = (unsigned long)from,
				 .len = bytes };

	(void)p;
	if (ioctl(fd, UFFDIO_COPY, &c))
		_exit(96);
}

int main(int argc, char **argv)
{
	static struct actor a;

	bytes = number(argc, argv, 1, 8) * MIB;
	if (!prepare()) {
		say("skip no userfaultfd: %s", strerror(errno));
		return 77;
	}
	actor_start(&a, "filler");
	actor_do(&a, copy, NULL);
	say("touched tid=%d anon=%zu", a.tid, bytes);
	say("caused tid=%d by=ioctl in=%zu out=0", a.tid, bytes);
	checkpoint("copied");
	actor_end(&a);
	return 0;
}
