/* SPDX-License-Identifier: GPL-2.0-only
 *
 * threads [N [K [STEP]]]: the thread worker-i touches K + i x STEP KiB (STEP is K by default),
 * then frees it.
 */
#include "prog.h"

struct worker {
	struct actor actor;
	char name[16];
	size_t bytes;
	char *mem;
};

static void grow(void *p)
{
	struct worker *w = p;

	w->mem = region(w->bytes);
	touch(w->mem, w->bytes);
}

static void drop(void *p)
{
	struct worker *w = p;

	munmap(w->mem, w->bytes);
}

static void all_workers(struct worker *w, size_t n, void (*fn)(void *))
{
	for (size_t i = 0; i < n; i++)
		actor_begin(&w[i].actor, fn, &w[i]);
	for (size_t i = 0; i < n; i++)
		actor_wait(&w[i].actor);
}

int main(int argc, char **argv)
{
	size_t n = number(argc, argv, 1, 8), k = number(argc, argv, 2, 256);
	size_t step = number(argc, argv, 3, k) * KIB;
	struct worker *w = calloc(n, sizeof(*w));

	for (size_t i = 0; i < n; i++) {
		w[i].bytes = k * KIB + i * step;
		snprintf(w[i].name, sizeof(w[i].name), "worker-%u", (unsigned int)i % 100000);
		actor_start(&w[i].actor, w[i].name);
	}
	all_workers(w, n, grow);
	for (size_t i = 0; i < n; i++) {
		say("touched tid=%d anon=%zu", w[i].actor.tid, w[i].bytes);
		say("caused tid=%d by=fault in=%zu out=0 slack=%lu", w[i].actor.tid, w[i].bytes,
		    CODE);
		say("virtual tid=%d mapped=%zu unmapped=0", w[i].actor.tid, w[i].bytes);
	}
	checkpoint("grown");
	all_workers(w, n, drop);
	for (size_t i = 0; i < n; i++) {
		say("freed tid=%d anon=%zu", w[i].actor.tid, w[i].bytes);
		say("caused tid=%d by=munmap in=0 out=%zu", w[i].actor.tid, w[i].bytes);
		say("virtual tid=%d mapped=%zu unmapped=%zu", w[i].actor.tid, w[i].bytes,
		    w[i].bytes);
	}
	checkpoint("freed");
	for (size_t i = 0; i < n; i++)
		actor_end(&w[i].actor);
	return 0;
}
