/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A JIT: makes two functions at run time, NAME_outer, which calls NAME_inner, which grows by
 * 16 MiB. Writes their names to the map /tmp/perf-PID.map, and runs them: jit WAY NAME [NAME]
 *   plain     does only that
 *   delete    then waits for the end of its input and deletes the map. Makes and runs code
 *             with the second name, and writes this name to the deleted file
 *   replace   as delete, but writes the second name to a new file in place of the map
 *   exec      then waits for the end of its input and executes itself: plain, with the second
 *             name
 *   fork      then forks a child, which runs the same code
 *   stranger  as plain, but the map belongs to another user
 *   link, pipe, huge  as plain, but the map is replaced by a link or a pipe, or made 1 TiB large
 */
/* build: -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES (16UL << 20)
#define CODE 4096

/* It needs a frame, since the chain of frames is followed. */
#define FRAME asm volatile("" : : "r"(__builtin_frame_address(0)))

/* The "made" code is a copy of what the compiler made of these two functions, each in a section
 * of its own. Neither depends on its address. */
typedef void (*inner_fn)(char *from, char *to);

__attribute__((noipa, used, section("jit_inner"))) static void inner(char *from, char *to)
{
	FRAME;
	for (; from < to; from += 4096) /* the smallest page size */
		*(volatile char *)from = 1;
}

__attribute__((noipa, used, section("jit_outer"))) static void outer(char *from, char *to,
								     inner_fn fn,
								     volatile int *after)
{
	FRAME;
	fn(from, to);
	++*after; /* code after a call keeps the compiler from making it a jump */
}

extern const char __start_jit_inner[], __stop_jit_inner[], __start_jit_outer[], __stop_jit_outer[];

struct code {
	inner_fn inner;
	void (*outer)(char *from, char *to, inner_fn fn, volatile int *after);
};

static char path[64], other[80];

static int open_map(int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | flags, 0644);

	if (fd < 0)
		exit(1);
	return fd;
}

static size_t put_code(char *at, const char *from, const char *to)
{
	memcpy(at, from, (size_t)(to - from));
	__builtin___clear_cache(at, at + (to - from));
	return (size_t)(to - from);
}

static struct code make(const char *name, int map)
{
	char *at = mmap(NULL, 2 * CODE, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		exit(1);
	dprintf(map, "%lx %zx %s_inner\n", (long)at,
		put_code(at, __start_jit_inner, __stop_jit_inner), name);
	dprintf(map, "%lx %zx %s_outer\n", (long)at + CODE,
		put_code(at + CODE, __start_jit_outer, __stop_jit_outer), name);
	return (struct code){ (inner_fn)(uintptr_t)at, (void *)(uintptr_t)(at + CODE) };
}

static volatile int after;

__attribute__((noipa)) static void run(struct code code)
{
	char *mem = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		exit(1);
	madvise(mem, BYTES, MADV_NOHUGEPAGE);
	code.outer(mem, mem + BYTES, code.inner, &after);
	after++;
}

static void wait_for_end(void)
{
	char c;

	while (read(0, &c, 1) > 0)
		;
}

/* 0: it could. */
static int spoil(const char *way, int map)
{
	snprintf(other, sizeof(other), "%s.other", path);
	if (!strcmp(way, "link")) {
		if (rename(path, other) || symlink(other, path))
			return -1;
	} else if (!strcmp(way, "pipe")) {
		if (unlink(path) || mkfifo(path, 0666))
			return -1;
	} else if (!strcmp(way, "huge")) {
		return ftruncate(map, 1L << 40);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *way = argc > 2 ? argv[1] : "plain", *name = argc > 2 ? argv[2] : "jit";
	const char *second = argc > 3 ? argv[3] : "second";
	struct code code;
	int map;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	map = open_map(O_TRUNC);
	code = make(name, map);
	if (!strcmp(way, "stranger") && fchown(map, 65534, 65534))
		return 1;
	if (spoil(way, map))
		return 1;
	run(code);
	if (!strcmp(way, "exec")) {
		wait_for_end();
		execl("/proc/self/exe", argv[0], "plain", second, NULL);
		return 1;
	}
	if (!strcmp(way, "fork")) {
		if (!fork()) {
			run(code);
			_exit(0);
		}
		wait(NULL);
	}
	if (!strcmp(way, "delete") || !strcmp(way, "replace")) {
		wait_for_end();
		unlink(path);
		if (!strcmp(way, "replace"))
			map = open_map(O_EXCL);
		code = make(second, map);
		run(code);
	}
	if (!strcmp(way, "stranger"))
		unlink(path);
	return 0;
}
