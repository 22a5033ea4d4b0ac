/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A storm of page faults, which times itself: storm THREADS MIB ROUNDS.
 * Each thread touches MIB of fresh anonymous memory in 4 KiB pages, all at
 * once, ROUNDS times. Prints the median over the rounds of a fault's time in
 * ns, of each round's threads the mean. Giving back is not timed.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE 4096UL

static pthread_barrier_t barrier;
static size_t bytes;
static int rounds;

/* Of the CPU, by this thread: what else the machine does is not in it. */
static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *worker(void *arg)
{
	double *ns = arg; /* of a fault, by round */
	char *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED || madvise(mem, bytes, MADV_NOHUGEPAGE))
		die("mmap");
	for (int r = 0; r < rounds; r++) {
		double start;

		pthread_barrier_wait(&barrier);
		start = now_ns();
		for (size_t at = 0; at < bytes; at += PAGE)
			*(volatile char *)(mem + at) = 1;
		ns[r] = (now_ns() - start) / (double)(bytes / PAGE);
		pthread_barrier_wait(&barrier);
		if (madvise(mem, bytes, MADV_DONTNEED))
			die("madvise");
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t *id;
	double *ns, *mean;

	bytes = (argc > 2 ? strtoul(argv[2], NULL, 10) : 256) << 20;
	rounds = argc > 3 ? atoi(argv[3]) : 9;
	if (threads < 1 || !bytes || rounds < 1)
		return 2;
	id = calloc(threads, sizeof(*id));
	ns = calloc((size_t)threads * rounds, sizeof(*ns));
	mean = calloc(rounds, sizeof(*mean));
	if (!id || !ns || !mean)
		die("calloc");
	pthread_barrier_init(&barrier, NULL, threads);
	for (int t = 0; t < threads; t++)
		if (pthread_create(&id[t], NULL, worker, ns + (size_t)t * rounds))
			die("pthread_create");
	for (int t = 0; t < threads; t++)
		pthread_join(id[t], NULL);
	for (int r = 0; r < rounds; r++)
		for (int t = 0; t < threads; t++)
			mean[r] += ns[(size_t)t * rounds + r] / threads;
	qsort(mean, rounds, sizeof(*mean), by_value);
	printf("%.1f\n", mean[rounds / 2]);
	return 0;
}
