/* SPDX-License-Identifier: GPL-2.0-only
 *
 * uring_timeouts [N]: N pending timeouts of an hour in one io_uring. They cost no user memory,
 * and an io_kiocb each in the kernel. Says `skip` if io_uring is not available.
 */
#include "prog.h"

#include <linux/io_uring.h>
#include <linux/time_types.h>

#define BATCH 4096

static size_t n;
static int ring;
static unsigned int *tail, mask;

static char *map_ring(size_t bytes, off_t what)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, what);

	if (p == MAP_FAILED)
		die("mmap of the ring");
	return p;
}

/* The entries are reused unchanged: every submission has the same BATCH timeouts. */
static void fill_ring(const struct io_uring_params *p)
{
	static struct __kernel_timespec hour = { .tv_sec = 3600 };
	struct io_uring_sqe *sqe;
	unsigned int *array;
	char *sq;

	sq = map_ring(p->sq_off.array + p->sq_entries * sizeof(*array), IORING_OFF_SQ_RING);
	sqe = (void *)map_ring(p->sq_entries * sizeof(*sqe), IORING_OFF_SQES);
	array = (void *)(sq + p->sq_off.array);
	tail = (void *)(sq + p->sq_off.tail);
	mask = p->sq_entries - 1;
	for (unsigned int i = 0; i <= mask; i++) {
		memset(&sqe[i], 0, sizeof(sqe[i]));
		sqe[i].opcode = IORING_OP_TIMEOUT;
		sqe[i].fd = -1;
		sqe[i].addr = (unsigned long)&hour;
		sqe[i].len = 1;
		array[i] = i;
	}
}

static void submit(void *p)
{
	for (size_t done = 0; done < n;) {
		size_t some = n - done < BATCH ? n - done : BATCH;
		long took;

		__atomic_store_n(tail, (unsigned int)(done + some), __ATOMIC_RELEASE);
		took = syscall(SYS_io_uring_enter, ring, some, 0, 0, NULL, 0);
		if (took < 0)
			die("io_uring_enter");
		done += (size_t)took;
	}
	(void)p;
}

int main(int argc, char **argv)
{
	struct io_uring_params p = { 0 };
	static struct actor a;

	n = number(argc, argv, 1, 1000000);
	ring = (int)syscall(SYS_io_uring_setup, BATCH, &p);
	if (ring < 0) {
		say("skip no io_uring: %s", strerror(errno));
		return 77;
	}
	fill_ring(&p);
	actor_start(&a, "submitter");
	checkpoint("before");
	actor_do(&a, submit, NULL);
	say("made tid=%d n=%zu", a.tid, n);
	checkpoint("made");
	actor_end(&a);
	return 0;
}
