/* SPDX-License-Identifier: GPL-2.0-only
 *
 * busy [THREADS [PROCESSES]]: threads that map, touch, discard, move and unmap memory at once,
 * until stdin ends. For comparisons while it runs.
 */
#include "prog.h"

#define SLOTS 16
#define SLOT_PAGES 64UL

static volatile int stop;

static unsigned int next(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

static void change_slot(char **slot, unsigned int what)
{
	size_t bytes = SLOT_PAGES * PAGE;

	if (!*slot) {
		*slot = region(bytes);
		touch(*slot, (what % SLOT_PAGES + 1) * PAGE);
	} else if (what & 1) {
		munmap(*slot, bytes);
		*slot = NULL;
	} else if (what & 2) {
		madvise(*slot, bytes / 2, MADV_DONTNEED);
	} else if (what & 4) {
		char *to =
			mremap(*slot, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, region(bytes));
		*slot = to == MAP_FAILED ? NULL : to;
	} else {
		touch(*slot, bytes);
	}
}

static void *churn(void *p)
{
	unsigned int seed = (unsigned int)(size_t)p;
	char *slots[SLOTS] = { 0 };

	while (!stop) {
		unsigned int r = next(&seed);

		change_slot(&slots[r % SLOTS], next(&seed));
	}
	for (int i = 0; i < SLOTS; i++)
		if (slots[i])
			munmap(slots[i], SLOT_PAGES * PAGE);
	return NULL;
}

static void wait_for_end(void)
{
	char c[64];

	while (read(0, c, sizeof(c)) > 0)
		;
}

int main(int argc, char **argv)
{
	size_t n = number(argc, argv, 1, 4), processes = number(argc, argv, 2, 1);
	pthread_t t[n];

	for (size_t i = 1; i < processes; i++)
		if (!fork())
			break;
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&t[i], NULL, churn, (void *)(i + 1 + (size_t)getpid() * 64)))
			die("pthread_create");
	say("busy");
	wait_for_end();
	stop = 1;
	for (size_t i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	while (wait(NULL) > 0)
		;
	return 0;
}
