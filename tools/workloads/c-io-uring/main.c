// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a pending IORING_OP_TIMEOUT in the program's only ring; its completion ends it. The
 * program keeps nothing for it, the kernel keeps a request and a timer. Idiomatic: submitted
 * through liburing, a full ring at a time.
 */
#include "../c-pthread/args.h"

#include <liburing.h>

#define ENTRIES 4096

static struct args args;

static void submit(struct io_uring *ring, long started)
{
	int n = io_uring_submit(ring);

	if (n < 0)
		args_stopped(&args, started, strerror(-n));
}

static void start_all(struct io_uring *ring)
{
	struct __kernel_timespec sleep = { args.sleep.tv_sec, args.sleep.tv_nsec };
	struct io_uring_sqe *sqe;

	for (long i = 0; i < args.tasks; i++) {
		sqe = io_uring_get_sqe(ring);
		if (!sqe) {
			submit(ring, i);
			sqe = io_uring_get_sqe(ring);
		}
		io_uring_prep_timeout(sqe, &sleep, 0, 0);
		io_uring_sqe_set_data64(sqe, (uint64_t)i);
	}
	submit(ring, args.tasks);
}

static void join_all(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n;
	int error;

	for (long ended = 0; ended < args.tasks; ended += n) {
		error = io_uring_wait_cqe(ring, &cqe);
		if (error && error != -EINTR)
			args_stopped(&args, ended, strerror(-error));
		n = 0;
		io_uring_for_each_cqe(ring, head, cqe)
		{
			if (cqe->res != -ETIME)
				args_stopped(&args, (long)cqe->user_data, strerror(-cqe->res));
			n++;
		}
		io_uring_cq_advance(ring, n);
	}
}

int main(int argc, char **argv)
{
	struct io_uring ring;
	int error;

	args = args_parse(argc, argv, ARGS_SLEEP, 0);
	error = io_uring_queue_init(ENTRIES, &ring, 0);
	if (error)
		args_stopped(&args, 0, strerror(-error));
	start_all(&ring);
	args_ready(&args);
	if (!args.tasks)
		args_rest(&args);
	join_all(&ring);
	io_uring_queue_exit(&ring);
	return args_end(&args);
}
