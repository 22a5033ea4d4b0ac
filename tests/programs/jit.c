/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A JIT: makes code that grows by 16 MiB, NAME_inner called by NAME_outer, and
 * writes what it is called to /tmp/perf-PID.map: jit WAY NAME [NAME]
 *   plain     does that
 *   delete    then waits for its input to end, deletes the map, makes code by the
 *             second name, whose map goes to the same file, and runs that
 *   replace   the same with a new file
 *   exec      executes itself: plain, with the second name
 *   fork      its child runs the code too, as forked
 *   stranger  the map is somebody else's
 *   link, pipe, huge  a link or a pipe is put in its place, or it is made 1 TiB large
 */
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

/* From rdi to rsi a byte each 4096: push rbp; mov rbp, rsp; … pop rbp; ret */
static const unsigned char inner[] = {
	0x55, 0x48, 0x89, 0xe5,                   /* push rbp; mov rbp, rsp */
	0xc6, 0x07, 0x01,                         /* mov byte [rdi], 1 */
	0x48, 0x81, 0xc7, 0x00, 0x10, 0x00, 0x00, /* add rdi, 4096 */
	0x48, 0x39, 0xf7, 0x72, 0xf1,             /* cmp rdi, rsi; jb: the mov */
	0x5d, 0xc3,                               /* pop rbp; ret */
};
static const unsigned char outer[] = {
	0x55, 0x48, 0x89, 0xe5,                               /* push rbp; mov rbp, rsp */
	0x48, 0xb8, 0,    0,    0, 0, 0, 0, 0, 0, 0xff, 0xd0, /* mov rax, inner; call rax */
	0x5d, 0xc3,                                           /* pop rbp; ret */
};

typedef void (*code_fn)(char *from, char *to);

static char path[64], other[80];

static int open_map(int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | flags, 0644);

	if (fd < 0)
		exit(1);
	return fd;
}

static code_fn make(const char *name, int map)
{
	unsigned char *code = mmap(NULL, 2 * CODE, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t at = (uintptr_t)code;

	if (code == MAP_FAILED)
		exit(1);
	memcpy(code, inner, sizeof(inner));
	memcpy(code + CODE, outer, sizeof(outer));
	memcpy(code + CODE + 6, &at, sizeof(at));
	dprintf(map, "%lx %zx %s_inner\n%lx %zx %s_outer\n", (long)at, sizeof(inner), name,
		(long)at + CODE, sizeof(outer), name);
	return (code_fn)(uintptr_t)(at + CODE);
}

static volatile int after;

__attribute__((noipa)) static void run(code_fn fn)
{
	char *mem = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		exit(1);
	madvise(mem, BYTES, MADV_NOHUGEPAGE);
	fn(mem, mem + BYTES);
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
	code_fn fn;
	int map;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	map = open_map(O_TRUNC);
	fn = make(name, map);
	if (!strcmp(way, "stranger") && fchown(map, 65534, 65534))
		return 1;
	if (spoil(way, map))
		return 1;
	run(fn);
	if (!strcmp(way, "exec")) {
		wait_for_end();
		execl("/proc/self/exe", argv[0], "plain", second, NULL);
		return 1;
	}
	if (!strcmp(way, "fork")) {
		if (!fork()) {
			run(fn);
			_exit(0);
		}
		wait(NULL);
	}
	if (!strcmp(way, "delete") || !strcmp(way, "replace")) {
		wait_for_end();
		unlink(path);
		if (!strcmp(way, "replace"))
			map = open_map(O_EXCL);
		fn = make(second, map);
		run(fn);
	}
	if (!strcmp(way, "stranger"))
		unlink(path);
	return 0;
}
