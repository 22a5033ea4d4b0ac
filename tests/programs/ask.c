/* SPDX-License-Identifier: GPL-2.0-only
 *
 * ask CASE: maps memory and touches little of it. Each way to map is a function of its own. A
 * CASE runs some of these functions, then stops at a checkpoint.
 */
#include "prog.h"

#define SMALL (16 * KIB)
#define OWN __attribute__((noinline))

static void *last;

/* A call at a function's end is compiled to a jump, and the function would be missing in the
 * stack. */
static void *got(void *p)
{
	if (p == MAP_FAILED)
		die("ask");
	return last = p;
}

static void *map(size_t bytes, int flags, int fd)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
}

OWN static char *ask_anonymous(size_t bytes)
{
	char *p = got(map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1));

	plain_pages(p, bytes);
	return p;
}

OWN static char *ask_file(size_t bytes)
{
	int fd = scratch_file(0);

	if (ftruncate(fd, (off_t)bytes))
		die("ftruncate");
	return got(map(bytes, MAP_SHARED, fd));
}

OWN static char *ask_populated(size_t bytes)
{
	return got(map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1));
}

OWN static char *ask_small(void)
{
	return got(map(SMALL, MAP_PRIVATE | MAP_ANONYMOUS, -1));
}

OWN static char *ask_heap(size_t bytes)
{
	return got(sbrk((intptr_t)bytes));
}

OWN static char *ask_more(void *p, size_t from, size_t to)
{
	return got(mremap(p, from, to, MREMAP_MAYMOVE));
}

/* Leaves no room below the next mapping, so that mremap has to move. */
static char *walled(size_t bytes)
{
	char *p = ask_anonymous(bytes + PAGE);

	munmap(p + bytes, PAGE);
	got(mmap(p + bytes, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	return p;
}

static void big(void)
{
	touch(ask_anonymous(1024 * MIB) + 512 * MIB, MIB);
}

static void file(void)
{
	touch(ask_file(256 * MIB), 32 * MIB);
}

static void parts(void)
{
	char *p = ask_anonymous(256 * MIB);

	touch(p, 64 * MIB);
	munmap(p + 32 * MIB,
	       64 * MIB); /* half of the touched part, and as much of the untouched part */
	madvise(p, 16 * MIB, MADV_DONTNEED);
}

static void replaced(void)
{
	char *p = ask_anonymous(256 * MIB);

	got(mmap(p + 64 * MIB, 128 * MIB, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

static void moved(void)
{
	char *p = walled(64 * MIB);

	touch(p, 16 * MIB);
	ask_more(p, 64 * MIB, 192 * MIB);
}

static void heap(void)
{
	char *p = ask_heap(128 * MIB);

	plain_pages(p, 128 * MIB);
	touch(p, 64 * MIB);
	if (sbrk(-(intptr_t)(96 * MIB)) == (void *)-1)
		die("sbrk");
}

static void small(void)
{
	for (int i = 0; i < 4096; i++) {
		char *p = ask_small();

		if (i % 2)
			munmap(p, SMALL);
	}
}

static void populated(void)
{
	ask_populated(128 * MIB);
}

/* No call mapped the copy, and the child's end changes nothing. */
static void forked(void)
{
	char *p = ask_anonymous(128 * MIB);
	pid_t pid = fork();

	if (!pid) {
		munmap(p, 64 * MIB);
		ask_heap(32 * MIB);
		_exit(0);
	}
	reap(pid);
}

static const struct {
	const char *name;
	void (*fn)(void);
} cases[] = {
	{ "big", big },           { "file", file },           { "parts", parts },
	{ "replaced", replaced }, { "moved", moved },         { "heap", heap },
	{ "small", small },       { "populated", populated }, { "forked", forked },
};

int main(int argc, char **argv)
{
	no_huge_pages();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (argc > 1 && !strcmp(argv[1], cases[i].name)) {
			cases[i].fn();
			if (argc > 2 && !strcmp(argv[2], "exec"))
				execl("/bin/cat", "cat", (char *)NULL);
			checkpoint(argv[1]);
			return 0;
		}
	return 2;
}
