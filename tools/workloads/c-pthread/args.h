/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the C and C++ workloads: their arguments, and the few lines that they print.
 * Compiles as C and as C++.
 *
 *	N [SECONDS] [--after] [--touch BYTES] [--stack BYTES]	of the family sleep
 *	N SECONDS HOST:PORT					of the family connect
 */
#ifndef WORKLOADS_ARGS_H
#define WORKLOADS_ARGS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <alloca.h>
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MOST 100000000
#define ARGS_SECONDS_MOST 1e6
/* Bytes of its stack that a task needs for itself; --touch can use the rest. */
#define ARGS_STACK_OWN 8192

enum args_kind { ARGS_SLEEP = 0, ARGS_STACK_OPTION = 1, ARGS_CONNECT = 2 };

struct args {
	long tasks;
	double seconds;
	struct timespec sleep; /* the same time */
	bool after;
	size_t stack; /* bytes per task; 0: tasks have no stacks */
	size_t touch; /* bytes of the stack to use */
	struct sockaddr_in peer;
};

__attribute__((noreturn)) static inline void args_bad(const char *what, const char *value)
{
	fprintf(stderr, "%s%s%s\n", what, value ? ": " : "", value ? value : "");
	exit(2);
}

static inline long args_number(const char *name, const char *text, long most)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || n > most)
		args_bad(name, text);
	return n;
}

static inline struct sockaddr_in args_address(char *text)
{
	struct sockaddr_in to;
	char *colon = strrchr(text, ':');

	memset(&to, 0, sizeof(to));
	to.sin_family = AF_INET;
	if (!colon)
		args_bad("not HOST:PORT", text);
	to.sin_port = htons((uint16_t)args_number("bad port", colon + 1, 65535));
	*colon = 0;
	if (inet_pton(AF_INET, text, &to.sin_addr) != 1)
		args_bad("bad host", text);
	return to;
}

static inline void args_positional(struct args *a, int argc, char **argv, int kind)
{
	char *end;

	if (argc < 1 || argc > 2 + !!(kind & ARGS_CONNECT))
		args_bad(kind & ARGS_CONNECT ? "usage: N SECONDS HOST:PORT" : "usage: N [SECONDS]",
			 NULL);
	a->tasks = args_number("bad number of tasks", argv[0], ARGS_MOST);
	a->seconds = 10;
	if (argc > 1) {
		a->seconds = strtod(argv[1], &end);
		if (end == argv[1] || *end || !(a->seconds >= 0 && a->seconds <= ARGS_SECONDS_MOST))
			args_bad("bad number of seconds", argv[1]);
	}
	a->sleep.tv_sec = (time_t)a->seconds;
	a->sleep.tv_nsec = (long)((a->seconds - (double)a->sleep.tv_sec) * 1e9);
	if (kind & ARGS_CONNECT) {
		if (argc < 3)
			args_bad("no HOST:PORT", NULL);
		a->peer = args_address(argv[2]);
	}
}

/* stack: default stack size of a task; 0: tasks have no stacks. */
static inline struct args args_parse(int argc, char **argv, int kind, size_t stack)
{
	static const struct option options[] = {
		{ "after", no_argument, NULL, 'a' },
		{ "touch", required_argument, NULL, 't' },
		{ "stack", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct args a;
	int c;

	memset(&a, 0, sizeof(a));
	a.stack = stack;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'a' && !(kind & ARGS_CONNECT))
			a.after = true;
		else if (c == 't' && stack)
			a.touch = (size_t)args_number("bad --touch", optarg, LONG_MAX);
		else if (c == 's' && (kind & ARGS_STACK_OPTION))
			a.stack = (size_t)args_number("bad --stack", optarg, LONG_MAX);
		else
			args_bad(c == '?' ? "bad arguments" : "not an option of this program",
				 NULL);
	}
	args_positional(&a, argc - optind, argv + optind, kind);
	if (a.touch && (a.stack < ARGS_STACK_OWN || a.touch > a.stack - ARGS_STACK_OWN))
		args_bad("--touch: more than a stack holds", NULL);
	return a;
}

/* Prints that all tasks are parked. */
static inline void args_ready(const struct args *a)
{
	printf("ready %ld\n", a->tasks);
	fflush(stdout);
}

/* Called when all tasks have ended. Returns main's status; with --after it never returns. */
static inline int args_end(const struct args *a)
{
	if (a->after) {
		printf("after %ld\n", a->tasks);
		fflush(stdout);
		for (;;)
			pause();
	}
	return 0;
}

/* Reports that the runtime refused another task after the first `started`, and exits. */
__attribute__((noreturn)) static inline void args_stopped(const struct args *a, long started,
							  const char *reason)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "stopped at %ld of %ld: %s\n", started, a->tasks,
			 reason);

	/* Several threads may come here: only one of them prints. */
	static bool said;
	if (!__atomic_exchange_n(&said, true, __ATOMIC_SEQ_CST))
		_exit(write(STDERR_FILENO, line, (size_t)n) == n ? 3 : 4);
	for (;;)
		pause();
}

static inline void args_rest(const struct args *a)
{
	clock_nanosleep(CLOCK_MONOTONIC, 0, &a->sleep, NULL);
}

/* Writes to that much of the stack. */
__attribute__((noinline, unused)) static void args_touch(const struct args *a)
{
	volatile char *below = (volatile char *)alloca(a->touch);

	for (size_t i = 0; i < a->touch; i += 4096)
		below[i] = 1;
}

/* Raises the soft limit of open files to the hard limit. */
static inline void args_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Tasks are spread over 127.0.0.1 to 127.0.0.8, each of which has its own ports. */
static inline struct sockaddr_in args_peer(const struct args *a, long i)
{
	struct sockaddr_in to = a->peer;

	to.sin_addr.s_addr = htonl((ntohl(to.sin_addr.s_addr) & ~0xffu) | (1 + (uint32_t)(i % 8)));
	return to;
}

#endif
