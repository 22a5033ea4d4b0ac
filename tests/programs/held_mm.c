/* SPDX-License-Identifier: GPL-2.0-only
 *
 * held_mm PID PREFIX ROUNDS: a process's memory is freed by a reader of its /proc files. In each
 * round a child grows, and a thread begins to read the child's /proc/PID/cmdline into a page
 * that userfaultfd withholds: the read holds the child's address space. The child ends, the
 * page is given, so that the reader frees the address space; then the child is reaped, and
 * tare (PID) is asked for a snapshot at once, which is awaited: PREFIX.ROUND.json. The child's task
 * is then out of the list of tasks, and the kernel frees it later (RCU). Says `skip` if
 * userfaultfd is not available.
 */
#include "prog.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define GROWN (8 * MIB)

static int uffd, cmdline;
static char *withheld;

static int prepare(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		return 0;
	withheld = region(PAGE);
	range.range.start = (unsigned long)withheld;
	range.range.len = PAGE;
	return !ioctl(uffd, UFFDIO_REGISTER, &range);
}

static void *read_cmdline(void *unused)
{
	(void)unused;
	if (read(cmdline, withheld, PAGE) <= 0)
		die("cmdline");
	return NULL;
}

/* The reader waits for the page. */
static void await_fault(void)
{
	struct pollfd p = { uffd, POLLIN, 0 };
	struct uffd_msg msg;

	if (poll(&p, 1, -1) != 1 || read(uffd, &msg, sizeof(msg)) != sizeof(msg))
		die("userfaultfd");
}

static void give_page(void)
{
	struct uffdio_zeropage z = { .range = { (unsigned long)withheld, PAGE } };

	if (ioctl(uffd, UFFDIO_ZEROPAGE, &z))
		die("UFFDIO_ZEROPAGE");
}

/* A child that has grown and waits for the end of `until`. */
static pid_t grow(int until[2], int grown[2])
{
	pid_t pid = fork();
	char c = 'g';

	if (pid)
		return pid;
	close(until[1]);
	touch(region(GROWN), GROWN);
	if (write(grown[1], &c, 1) != 1 || read(until[0], &c, 1))
		_exit(1);
	_exit(0);
}

static void one_round(pid_t tare, const char *prefix, size_t round)
{
	char path[4096], c;
	int until[2], grown[2];
	siginfo_t info;
	struct stat st;
	pthread_t reader;
	pid_t pid;

	if (pipe(until) || pipe(grown))
		die("pipe");
	pid = grow(until, grown);
	if (read(grown[0], &c, 1) != 1)
		die("child");
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	cmdline = open(path, O_RDONLY);
	if (cmdline < 0 || pthread_create(&reader, NULL, read_cmdline, NULL))
		die(path);
	await_fault();
	for (int i = 0; i < 2; i++) {
		close(until[i]);
		close(grown[i]);
	}
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		die("waitid");
	give_page();
	pthread_join(reader, NULL);
	close(cmdline);
	madvise(withheld, PAGE, MADV_DONTNEED);
	reap(pid);
	kill(tare, SIGUSR1);
	snprintf(path, sizeof(path), "%s.%zu.json", prefix, round);
	while (stat(path, &st))
		sched_yield();
}

int main(int argc, char **argv)
{
	size_t rounds = number(argc, argv, 3, 1);

	if (argc < 4)
		return 2;
	if (!prepare()) {
		say("skip no userfaultfd: %s", strerror(errno));
		return 77;
	}
	for (size_t i = 1; i <= rounds; i++)
		one_round((pid_t)number(argc, argv, 1, 0), argv[2], i);
	return 0;
}
