// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a stackless state machine written by hand. It is a struct of 16 bytes in one binary
 * heap, ordered by wake-up time. It costs nothing else, in the program or in the kernel, so it
 * is the lower bound for all other workloads. Idiomatic: an event loop in C keeps its timers so.
 */
#include "../c-pthread/args.h"

#include <assert.h>

enum state { START, SLEEPING, ENDED };

struct task {
	uint64_t wake; /* CLOCK_MONOTONIC, ns */
	uint32_t number;
	uint32_t state; /* enum state: where it continues */
};

static_assert(sizeof(struct task) == 16, "the header says so");

static struct args args;
static struct task *heap; /* the earliest first */
static long heaped, parked;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void push(struct task t)
{
	long i = heaped++;

	for (; i && heap[(i - 1) / 2].wake > t.wake; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = t;
}

static struct task pop(void)
{
	struct task first = heap[0], last = heap[--heaped];
	long i = 0;

	for (long child; (child = 2 * i + 1) < heaped; i = child) {
		if (child + 1 < heaped && heap[child + 1].wake < heap[child].wake)
			child++;
		if (heap[child].wake >= last.wake)
			break;
		heap[i] = heap[child];
	}
	heap[i] = last;
	return first;
}

static void wait_until(uint64_t wake)
{
	struct timespec until = { (time_t)(wake / 1000000000), (long)(wake % 1000000000) };

	if (wake > now())
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Runs a task until it waits or ends. */
static void resume(struct task t)
{
	switch ((enum state)t.state) {
	case START:
		parked++;
		t.wake = now() + (uint64_t)(args.seconds * 1e9);
		t.state = SLEEPING;
		push(t);
		break;
	case SLEEPING:
		t.state = ENDED;
		break;
	case ENDED:
		abort();
	}
}

int main(int argc, char **argv)
{
	struct task t;

	args = args_parse(argc, argv, ARGS_SLEEP, 0);
	heap = malloc((size_t)args.tasks * sizeof(*heap));
	if (args.tasks && !heap)
		args_stopped(&args, 0, strerror(errno));

	for (long i = 0; i < args.tasks; i++)
		resume((struct task){ .number = (uint32_t)i, .state = START });
	if (parked == args.tasks)
		args_ready(&args);
	if (!args.tasks)
		args_rest(&args);
	while (heaped) {
		t = pop();
		wait_until(t.wake);
		resume(t);
	}
	free(heap);
	return args_end(&args);
}
