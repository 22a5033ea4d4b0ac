/* SPDX-License-Identifier: GPL-2.0-only
 *
 * remap [MIB]: mremap that grows a mapping (new pages are touched after it), moves it (no page
 * changes), and shrinks it (half is given back).
 */
#include "prog.h"

static size_t bytes;
static char *mem;

static void *remap(size_t old, size_t now, int flags, void *to)
{
	void *p = mremap(mem, old, now, flags, to);

	if (p == MAP_FAILED)
		die("mremap");
	return p;
}

static void grow(void *p)
{
	(void)p;
	mem = region(bytes);
	touch(mem, bytes);
	mem = remap(bytes, 2 * bytes, MREMAP_MAYMOVE, NULL);
	plain_pages(mem, 2 * bytes);
	touch(mem + bytes, bytes);
}

static void move(void *p)
{
	char *to = region(2 * bytes);

	(void)p;
	mem = remap(2 * bytes, 2 * bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

static void shrink(void *p)
{
	(void)p;
	mem = remap(2 * bytes, bytes, 0, NULL);
}

int main(int argc, char **argv)
{
	static struct actor a;

	bytes = number(argc, argv, 1, 8) * MIB;
	actor_start(&a, "remapper");
	actor_do(&a, grow, NULL);
	say("touched tid=%d anon=%zu", a.tid, 2 * bytes);
	checkpoint("grown");
	actor_do(&a, move, NULL);
	say("freed tid=%d anon=0", a.tid);
	checkpoint("moved");
	actor_do(&a, shrink, NULL);
	say("freed tid=%d anon=%zu", a.tid, bytes);
	say("caused tid=%d by=mremap in=0 out=%zu", a.tid, bytes);
	say("touched tid=%d anon=%zu", a.tid, 2 * bytes);
	checkpoint("shrunk");
	actor_end(&a);
	return 0;
}
