/* SPDX-License-Identifier: GPL-2.0-only
 *
 * crowd THREADS MIB ROUNDS: each thread touches MIB of fresh anonymous memory in 4 KiB
 * pages, all at once, ROUNDS times.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096UL

static pthread_barrier_t barrier;
static size_t bytes;
static int rounds;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *worker(void *arg)
{
	char *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED || madvise(mem, bytes, MADV_NOHUGEPAGE))
		die("mmap");
	for (int r = 0; r < rounds; r++) {
		pthread_barrier_wait(&barrier);
		for (size_t at = 0; at < bytes; at += PAGE)
			*(volatile char *)(mem + at) = 1;
		pthread_barrier_wait(&barrier);
		if (madvise(mem, bytes, MADV_DONTNEED))
			die("madvise");
	}
	return arg;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t *id;

	bytes = (argc > 2 ? strtoul(argv[2], NULL, 10) : 1) << 20;
	rounds = argc > 3 ? atoi(argv[3]) : 1;
	if (threads < 1 || !bytes || rounds < 1)
		return 2;
	id = calloc(threads, sizeof(*id));
	if (!id)
		die("calloc");
	pthread_barrier_init(&barrier, NULL, threads);
	for (int t = 0; t < threads; t++)
		if (pthread_create(&id[t], NULL, worker, NULL))
			die("pthread_create");
	for (int t = 0; t < threads; t++)
		pthread_join(id[t], NULL);
	return 0;
}
