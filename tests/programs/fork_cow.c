/* SPDX-License-Identifier: GPL-2.0-only
 *
 * fork_cow [MIB]: a child's initial balance is what fork copied. What it writes of that later
 * replaces pages and adds none. A private page of a file that it writes changes from file to
 * anon.
 */
#include "prog.h"

static size_t bytes, file_bytes = 2 * MIB;
static char *mem, *file;
static struct gate hold, ready;
static struct actor a;

static void fill(void *p)
{
	(void)p;
	touch(mem, bytes);
}

static void read_file(void)
{
	volatile char *r = file;

	for (size_t i = 0; i < file_bytes; i += PAGE)
		(void)r[i];
}

static void child(void)
{
	read_file();
	gate_open(&ready);
	gate_wait(&hold);
	touch(mem, bytes / 2); /* copies: the number of pages stays */
	touch(file, file_bytes);
	touch(region(MIB), MIB);
	gate_open(&ready);
	gate_wait(&hold);
	munmap(mem, bytes);
	gate_open(&ready);
	gate_wait(&hold);
	_exit(0);
}

static void step(const char *name)
{
	gate_wait(&ready);
	checkpoint(name);
	gate_open(&hold);
}

int main(int argc, char **argv)
{
	pid_t pid;

	bytes = number(argc, argv, 1, 16) * MIB;
	mem = region(bytes);
	file = mmap(NULL, file_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, scratch_file(file_bytes),
		    0);
	if (file == MAP_FAILED)
		die("mmap");
	actor_start(&a, "filler");
	actor_do(&a, fill, NULL);
	gate_make(&hold);
	gate_make(&ready);
	checkpoint("before");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		child();
	/* Outside the region: libc's and the program's own data, the stacks. */
	say("inherited pid=%d anon=%zu slack=%lu", pid, bytes, MIB);
	say("touched tid=%d anon=%zu", a.tid, bytes);
	say("touched tid=%d anon=0 slack=%lu", pid, 64 * PAGE);
	say("touched tid=%d file=%zu slack=%lu", pid, file_bytes, CODE);
	step("forked");
	/* The child's own: copies of the file's pages, the new MiB, its stack and data. */
	say("touched tid=%d anon=%zu slack=%lu", pid, file_bytes + MIB, 64 * PAGE);
	step("copied");
	say("freed tid=%d anon=%zu slack=%lu", pid, bytes, 16 * PAGE);
	step("freed");
	actor_end(&a);
	return reap(pid);
}
