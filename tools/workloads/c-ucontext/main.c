// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a coroutine by makecontext and swapcontext, with a stack of 16 KiB by mmap
 * (MAP_STACK; no guard page, since two mappings each would soon reach vm.max_map_count), a
 * ucontext_t of 968 bytes, and an entry in the scheduler's timer heap. Idiomatic: a small
 * scheduler on ucontext.h; a task runs until it sleeps.
 */
#include "../c-pthread/args.h"

#include <sys/mman.h>
#include <ucontext.h>

#define STACK (16 * 1024)

struct task {
	ucontext_t context;
	uint64_t wake; /* CLOCK_MONOTONIC, ns */
	bool ended;
};

static struct args args;
static ucontext_t scheduler;
static struct task *current, **heap; /* the earliest first */
static long heaped, parked;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void wait_until(uint64_t wake)
{
	struct timespec until = { (time_t)(wake / 1000000000), (long)(wake % 1000000000) };

	if (wake > now())
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void push(struct task *t)
{
	long i = heaped++;

	for (; i && heap[(i - 1) / 2]->wake > t->wake; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = t;
}

static struct task *pop(void)
{
	struct task *first = heap[0], *last = heap[--heaped];
	long i = 0;

	for (long child; (child = 2 * i + 1) < heaped; i = child) {
		if (child + 1 < heaped && heap[child + 1]->wake < heap[child]->wake)
			child++;
		if (heap[child]->wake >= last->wake)
			break;
		heap[i] = heap[child];
	}
	heap[i] = last;
	return first;
}

static void resume(struct task *t)
{
	current = t;
	swapcontext(&scheduler, &t->context);
	if (t->ended) {
		munmap(t->context.uc_stack.ss_sp, STACK);
		free(t);
	}
}

static void coroutine_sleep(double seconds)
{
	current->wake = now() + (uint64_t)(seconds * 1e9);
	push(current);
	swapcontext(&current->context, &scheduler);
}

static void body(void)
{
	args_touch(&args);
	parked++;
	coroutine_sleep(args.seconds);
	current->ended = true;
}

static bool spawn(void)
{
	struct task *t = calloc(1, sizeof(*t));
	void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (!t || stack == MAP_FAILED || getcontext(&t->context))
		return false;
	t->context.uc_stack.ss_sp = stack;
	t->context.uc_stack.ss_size = STACK;
	t->context.uc_link = &scheduler;
	makecontext(&t->context, body, 0);
	resume(t);
	return true;
}

int main(int argc, char **argv)
{
	struct task *t;

	args = args_parse(argc, argv, ARGS_SLEEP, STACK);
	heap = malloc((size_t)args.tasks * sizeof(struct task *));
	for (long i = 0; i < args.tasks; i++)
		if (!heap || !spawn())
			args_stopped(&args, i, strerror(errno));
	if (parked == args.tasks)
		args_ready(&args);
	if (!args.tasks)
		args_rest(&args);
	while (heaped) {
		t = pop();
		wait_until(t->wake);
		resume(t);
	}
	free(heap);
	return args_end(&args);
}
