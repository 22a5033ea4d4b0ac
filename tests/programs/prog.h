/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the programs of known growth: printing what was done, waiting at a checkpoint, fresh
 * memory without huge pages, and actors. An actor is a thread that does one act at a time and
 * touches no page of its own meanwhile (its stack is filled beforehand), so that its figures are
 * known exactly. It must not know of tare.
 *
 * Lines for the harness (tests/e2e/lib/facts.py), one fact each. Figures are totals of the task
 * since its start, in bytes:
 *   touched tid=T KIND=BYTES [slack=BYTES]   in: from BYTES to BYTES + slack
 *   freed   tid=T KIND=BYTES [slack=BYTES]   out, likewise
 *   caused  tid=T by=CAUSE in=BYTES out=BYTES [slack=BYTES]
 *   virtual tid=T mapped=BYTES unmapped=BYTES brk_up=BYTES brk_down=BYTES [slack=BYTES]
 *   inherited pid=P KIND=BYTES [slack=BYTES] initial balance
 *   named   tid=T hex=BYTES-OF-THE-NAME
 *   by_others pid=P way=in|out KIND=BYTES [slack=BYTES]   by tasks of other processes
 *   unseen  pagetable=BYTES                  growth without an event, until the next one
 *   checkpoint NAME                          nothing changes; a line of input goes on
 */
#ifndef PROG_H
#define PROG_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIB 1024UL
#define MIB (1024UL * 1024)
#define PAGE page_size()               /* of this machine: 4, 16 or 64 KiB */
#define ACTOR_STACK actor_stack_size() /* bytes */
/* Slack in figures of file or of all kinds: pages of the program's and libc's code that a thread
 * is the first to run, or the first after the kernel reclaimed them. */
#define CODE (1 * MIB)

static inline void die(const char *what)
{
	perror(what);
	_exit(99);
}

static inline size_t page_size(void)
{
	static size_t size;

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

/* The smallest stack that the architecture allows, since all of it is filled. */
static inline size_t actor_stack_size(void)
{
	size_t least = (size_t)PTHREAD_STACK_MIN;

	return least > 64 * KIB ? least : 64 * KIB;
}

static inline void put(const char *s, size_t len)
{
	while (len) {
		ssize_t n = write(1, s, len);

		if (n < 0 && errno != EINTR)
			die("write");
		if (n > 0) {
			s += n;
			len -= (size_t)n;
		}
	}
}

__attribute__((format(printf, 1, 2))) static inline void say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	line[n++] = '\n';
	put(line, (size_t)n);
}

/* Waits for a line on stdin. At the end of input it returns at once. */
static inline void checkpoint(const char *name)
{
	char c = 0;
	ssize_t n;

	say("checkpoint %s", name);
	do
		n = read(0, &c, 1);
	while ((n == 1 && c != '\n') || (n < 0 && errno == EINTR));
}

static inline size_t number(int argc, char **argv, int i, size_t otherwise)
{
	return i < argc ? strtoul(argv[i], NULL, 0) : otherwise;
}

static inline void plain_pages(void *p, size_t bytes)
{
	madvise(p, bytes, MADV_NOHUGEPAGE); /* EINVAL: a kernel without huge pages */
}

/* For stacks and other memory that is filled before madvise() could exclude huge pages. Where
 * the kernel uses huge pages for all, a thread's whole stack is resident when its creator writes
 * its top. */
static inline void no_huge_pages(void)
{
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

/* Maps private anonymous memory of small pages, none of them resident. */
static inline char *region(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	plain_pages(p, bytes);
	return p;
}

static inline void touch(volatile char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		p[i] = 1;
}

/* Makes an unnamed file on a file system with a page cache of its own. */
static inline int scratch_file(size_t bytes)
{
	const char *dir = getenv("TARE_TEST_DIR") ?: getenv("TMPDIR") ?: "/var/tmp";
	static char block[64 * 1024];
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/scratch-XXXXXX", dir);
	fd = mkstemp(path);
	if (fd < 0)
		die(path);
	unlink(path);
	memset(block, 'x', sizeof(block));
	for (size_t at = 0; at < bytes; at += sizeof(block))
		if (pwrite(fd, block, sizeof(block), (off_t)at) != sizeof(block))
			die("pwrite");
	return fd;
}

struct actor {
	pthread_t thread;
	pid_t tid;
	const char *name;
	void (*fn)(void *arg);
	void *arg;
	sem_t go, done;
};

static inline void *actor_main(void *p)
{
	struct actor *a = p;

	a->tid = gettid();
	pthread_setname_np(pthread_self(), a->name);
	sem_post(&a->done);
	for (;;) {
		while (sem_wait(&a->go))
			;
		if (!a->fn)
			return NULL;
		a->fn(a->arg);
		sem_post(&a->done);
	}
}

static inline void actor_wait(struct actor *a)
{
	while (sem_wait(&a->done))
		;
}

static inline void actor_start(struct actor *a, const char *name)
{
	char *stack = region(ACTOR_STACK);
	pthread_attr_t attr;

	memset(stack, 0, ACTOR_STACK);
	memset(a, 0, sizeof(*a));
	a->name = name;
	sem_init(&a->go, 0, 0);
	sem_init(&a->done, 0, 0);
	pthread_attr_init(&attr);
	errno = pthread_attr_setstack(&attr, stack, ACTOR_STACK);
	if (errno)
		die("pthread_attr_setstack");
	errno = pthread_create(&a->thread, &attr, actor_main, a);
	if (errno)
		die("pthread_create");
	pthread_attr_destroy(&attr);
	actor_wait(a);
}

static inline void actor_begin(struct actor *a, void (*fn)(void *), void *arg)
{
	a->fn = fn;
	a->arg = arg;
	sem_post(&a->go);
}

static inline void actor_do(struct actor *a, void (*fn)(void *), void *arg)
{
	actor_begin(a, fn, arg);
	actor_wait(a);
}

static inline void actor_end(struct actor *a)
{
	actor_begin(a, NULL, NULL);
	pthread_join(a->thread, NULL);
}

/* A pipe that holds a process or thread until it is opened. */
struct gate {
	int fd[2];
};

static inline void gate_make(struct gate *g)
{
	if (pipe2(g->fd, O_CLOEXEC))
		die("pipe2");
}

static inline void gate_open(struct gate *g)
{
	if (write(g->fd[1], "", 1) != 1)
		die("gate");
}

static inline void gate_wait(struct gate *g)
{
	char c;

	while (read(g->fd[0], &c, 1) < 0 && errno == EINTR)
		;
}

/* The exit status of a child, as a shell reports it. */
static inline int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
