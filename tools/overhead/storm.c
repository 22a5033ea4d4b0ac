/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A storm of page faults that times itself. It touches only fresh anonymous memory in 4 KiB
 * pages, in windows of 8 MiB (about 3 ms), until SIGTERM. It prints "START END NS" for each
 * window: when it began and ended, in ns of CLOCK_MONOTONIC, and this thread's CPU time per
 * fault, in ns. NS does not depend on what else the machine runs. Giving the memory back is not
 * timed.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE 4096UL
#define WINDOW (8UL << 20)

static volatile sig_atomic_t over;

static void on_term(int signal)
{
	(void)signal;
	over = 1;
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void window(char *mem)
{
	int64_t start = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_THREAD_CPUTIME_ID), end;

	for (size_t at = 0; at < WINDOW; at += PAGE)
		*(volatile char *)(mem + at) = 1;
	cpu = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	end = now_ns(CLOCK_MONOTONIC);
	printf("%lld %lld %.2f\n", (long long)start, (long long)end,
	       (double)cpu / (double)(WINDOW / PAGE));
	if (madvise(mem, WINDOW, MADV_DONTNEED))
		die("madvise");
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_term };
	char *mem = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED || madvise(mem, WINDOW, MADV_NOHUGEPAGE))
		die("mmap");
	if (sigaction(SIGTERM, &action, NULL))
		die("sigaction");
	setvbuf(stdout, NULL, _IOLBF, 4096); /* each window is printed when it is over */
	while (!over)
		window(mem);
	return fflush(stdout) ? 1 : 0;
}
