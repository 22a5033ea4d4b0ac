/* SPDX-License-Identifier: GPL-2.0-only
 *
 * huge [N]: N transparent huge pages, one fault each. Then one is split by giving a part of it
 * back, one is freed whole, and half a huge page of small pages is collapsed into a whole one.
 * Says `skip` if the kernel gives none.
 */
#include "prog.h"

#define HUGE huge_size()
#define HUGE_MOST (32 * MIB) /* a guest has no memory for eight larger ones */
#define SMALL_MOST 2048      /* small pages in a huge page of up to 32 MiB */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* since 6.1 */
#endif

static size_t n;
static char *mem;

/* The size of a huge page is what one page table maps: 2 MiB, or 32 MiB with pages of 16 KiB. */
static size_t huge_size(void)
{
	static size_t size;
	FILE *f = size ? NULL : fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re");

	if (!size && (!f || fscanf(f, "%zu", &size) != 1))
		size = 2 * MIB;
	if (f)
		fclose(f);
	return size;
}

static void fill(void *p)
{
	char *at = mmap(NULL, (n + 1) * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	(void)p;
	if (at == MAP_FAILED)
		die("mmap");
	mem = (char *)(((unsigned long)at + HUGE - 1) & ~(HUGE - 1));
	madvise(mem, n * HUGE, MADV_HUGEPAGE);
	for (size_t i = 0; i < n; i++)
		mem[i * HUGE] = 1;
}

static void split(void *p)
{
	(void)p;
	madvise(mem, 64 * PAGE, MADV_DONTNEED);
	madvise(mem + HUGE, HUGE, MADV_DONTNEED);
}

static int collapsed;

static void collapse(void *p)
{
	char *at = (char *)(((unsigned long)region(2 * HUGE) + HUGE - 1) & ~(HUGE - 1));

	(void)p;
	touch(at, HUGE / 2);
	madvise(at, HUGE, MADV_HUGEPAGE);
	collapsed = !madvise(at, HUGE, MADV_COLLAPSE);
}

/* True if one touch brought all of them. */
static int all_came(void)
{
	unsigned char in[SMALL_MOST];

	return !mincore(mem + (n - 1) * HUGE, HUGE, in) && (in[HUGE / PAGE - 1] & 1);
}

int main(int argc, char **argv)
{
	static struct actor a, b;

	n = number(argc, argv, 1, 8);
	if (HUGE > HUGE_MOST || HUGE / PAGE > SMALL_MOST) {
		say("skip huge pages of %zu MiB", HUGE / MIB);
		return 77;
	}
	actor_start(&a, "huge");
	actor_do(&a, fill, NULL);
	if (!all_came()) {
		say("skip no huge pages");
		return 77;
	}
	say("touched tid=%d anon=%zu", a.tid, n * HUGE);
	say("unseen pagetable=%lu", PAGE); /* the last one's table is counted after its event */
	checkpoint("filled");
	actor_do(&a, split, NULL);
	say("freed tid=%d anon=%lu", a.tid, 64 * PAGE + HUGE);
	say("caused tid=%d by=madvise in=0 out=%lu", a.tid, 64 * PAGE + HUGE);
	checkpoint("split");
	actor_start(&b, "collapser");
	actor_do(&b, collapse, NULL);
	say("touched tid=%d anon=%lu", b.tid, collapsed ? HUGE : HUGE / 2);
	say("caused tid=%d by=madvise in=%lu out=0", b.tid, collapsed ? HUGE / 2 : 0);
	say("collapsed %s", collapsed ? "yes" : "no");
	checkpoint("collapsed");
	actor_end(&b);
	actor_end(&a);
	return 0;
}
