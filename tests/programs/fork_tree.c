/* SPDX-License-Identifier: GPL-2.0-only
 *
 * fork_tree [LEVELS [WIDTH]]: each process forks WIDTH others, LEVELS deep. Each touches 64 KiB
 * and fills a pipe. All stay until the first process releases them.
 */
#include "prog.h"

#define FULL (64 * KIB) /* capacity of a pipe */

static struct gate ready, hold;
static size_t width;

static void take_memory(void)
{
	static char data[FULL];
	struct gate own;

	touch(region(64 * KIB), 64 * KIB);
	gate_make(&own);
	if (write(own.fd[1], data, sizeof(data)) != (ssize_t)sizeof(data))
		die("write to a pipe");
	gate_open(&ready);
}

static void grow(size_t levels)
{
	int bad = 0;

	for (size_t i = 0; levels && i < width; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid) {
			close(hold.fd[1]); /* its end releases all of them */
			grow(levels - 1);
			take_memory();
			gate_wait(&hold);
			while (wait(&bad) > 0)
				;
			_exit(0);
		}
	}
}

int main(int argc, char **argv)
{
	size_t levels = number(argc, argv, 1, 3), n = 0, row = 1;

	width = number(argc, argv, 2, 4);
	for (size_t i = 0; i <= levels; i++, row *= width)
		n += row;
	gate_make(&ready);
	gate_make(&hold);
	grow(levels);
	take_memory();
	for (size_t i = 0; i < n; i++)
		gate_wait(&ready);
	say("count processes=%zu", n);
	say("made tid=%d n=%zu bytes=%zu", getpid(), n, n * FULL);
	checkpoint("made");
	close(hold.fd[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
