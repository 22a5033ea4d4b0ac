// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a TCP connection, made by IORING_OP_CONNECT, with a pending IORING_OP_RECV in the
 * program's only ring. Idiomatic: the buffer must exist as long as the request, so the program
 * keeps a struct of 576 bytes for it (a descriptor, the address, 512 bytes of buffer).
 */
#include "../c-pthread/args.h"

#include <assert.h>
#include <liburing.h>
#include <sys/socket.h>

#define ENTRIES 4096
/* Concurrent connects: fewer than the peer's queues hold. */
#define AT_ONCE 1024

struct task {
	_Alignas(64) struct sockaddr_in to;
	int fd;
	bool connected;
	char buffer[512];
};

static_assert(sizeof(struct task) == 576, "the header says so");

static struct args args;
static struct io_uring ring;
static long parked, ended;

static struct io_uring_sqe *request(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	if (!sqe) {
		io_uring_submit(&ring);
		sqe = io_uring_get_sqe(&ring);
	}
	return sqe;
}

static void start(struct task *t, long number)
{
	struct io_uring_sqe *sqe;

	t->to = args_peer(&args, number);
	t->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		args_stopped(&args, number, strerror(errno));
	sqe = request();
	io_uring_prep_connect(sqe, t->fd, (struct sockaddr *)&t->to, sizeof(t->to));
	io_uring_sqe_set_data(sqe, t);
}

static void receive(struct task *t)
{
	struct io_uring_sqe *sqe = request();

	io_uring_prep_recv(sqe, t->fd, t->buffer, sizeof(t->buffer), 0);
	io_uring_sqe_set_data(sqe, t);
}

static void completed(struct task *t, int result)
{
	if (!t->connected) {
		if (result)
			args_stopped(&args, parked, strerror(-result));
		t->connected = true;
		parked++;
		receive(t);
	} else if (result > 0) {
		receive(t);
	} else {
		close(t->fd);
		ended++;
	}
}

/* False when the time is up: that completion has no task. */
static bool handle_some(void)
{
	struct io_uring_cqe *cqe;
	struct task *t;
	int error = io_uring_submit_and_wait(&ring, 1), result;

	if (error < 0 && error != -EINTR)
		args_stopped(&args, parked, strerror(-error));
	while (!io_uring_peek_cqe(&ring, &cqe)) {
		t = io_uring_cqe_get_data(cqe);
		result = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
		if (!t)
			return false;
		completed(t, result);
	}
	return true;
}

int main(int argc, char **argv)
{
	struct __kernel_timespec seconds;
	struct io_uring_sqe *sqe;
	struct task *tasks;
	int error;

	args = args_parse(argc, argv, ARGS_CONNECT, 0);
	args_raise_files();
	tasks = aligned_alloc(64, (size_t)args.tasks * sizeof(*tasks));
	error = io_uring_queue_init(ENTRIES, &ring, 0);
	if (error || !tasks)
		args_stopped(&args, 0, strerror(error ? -error : errno));
	for (long started = 0; parked < args.tasks; handle_some())
		for (; started < args.tasks && started - parked < AT_ONCE; started++) {
			tasks[started].connected = false;
			start(&tasks[started], started);
		}
	io_uring_submit(&ring);
	args_ready(&args);

	seconds.tv_sec = args.sleep.tv_sec;
	seconds.tv_nsec = args.sleep.tv_nsec;
	sqe = request();
	io_uring_prep_timeout(sqe, &seconds, 0, 0);
	io_uring_sqe_set_data(sqe, NULL);
	while (handle_some() && (!args.tasks || ended < args.tasks))
		;
	return 0;
}
