/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/bench.h"

#include <math.h>
#include <string.h>

#define ENTER_MOST (16 << 20) /* bytes: more than the script that enters the newer root */

const char *const bench_state_name[BENCH_STATES] = { "steady", "peak", "after" };
const char *const bench_outcome_name[] = { "ok", "stopped", "failed" };
const char *const bench_part_name[BENCH_PARTS] = {
	[TARE_FILE] = "file",
	[TARE_ANON] = "anon",
	[TARE_SWAP] = "swap",
	[TARE_SHMEM] = "shmem",
	[TARE_PAGETABLE] = "pagetable",
	[TARE_KSTACK] = "kstack",
	[TARE_KMEM] = "kmem",
	[BENCH_USER] = "user",
	[BENCH_KERNEL] = "kernel",
	[BENCH_WEIGHT] = "weight",
	[BENCH_RSS] = "rss",
	[BENCH_CHARGED] = "charged",
};

void bench_run_free(struct bench_run *run)
{
	if (!run)
		return;
	g_free(run->stopped_by);
	g_free(run);
}

void bench_published_free(void *published)
{
	struct bench_published *p = published;

	if (!p)
		return;
	g_free(p->source);
	g_free(p->version);
	g_free(p);
}

struct bench_published *bench_published_copy(const struct bench_published *p)
{
	struct bench_published *copy = g_memdup2(p, sizeof(*p));

	copy->source = g_strdup(p->source);
	copy->version = g_strdup(p->version);
	return copy;
}

static void row_free(void *data)
{
	struct bench_row *row = data;

	g_free(row->id);
	g_free(row->title);
	g_free(row->language);
	g_free(row->family);
	g_free(row->task);
	g_free(row->root);
	g_free(row->twin);
	g_free(row->version);
	g_free(row->command);
	g_free(row->missing);
	g_ptr_array_unref(row->runs);
	g_ptr_array_unref(row->published);
	g_free(row);
}

struct bench *bench_new(void)
{
	struct bench *b = g_new0(struct bench, 1);

	b->rows = g_ptr_array_new_with_free_func(row_free);
	return b;
}

void bench_free(struct bench *b)
{
	if (!b)
		return;
	g_free(b->machine.kernel);
	g_free(b->machine.distribution);
	g_free(b->machine.cpu);
	g_free(b->machine.tare_version);
	g_free(b->machine.measured);
	g_free(b->machine.limits);
	g_free(b->started);
	g_ptr_array_unref(b->rows);
	g_free(b);
}

struct bench_row *bench_row_new(void)
{
	struct bench_row *row = g_new0(struct bench_row, 1);

	row->runs = g_ptr_array_new_with_free_func((GDestroyNotify)bench_run_free);
	row->published = g_ptr_array_new_with_free_func(bench_published_free);
	return row;
}

struct bench_run *bench_run_new(void)
{
	struct bench_run *run = g_new0(struct bench_run, 1);

	run->stopped_at = BENCH_UNKNOWN;
	run->ready_s = run->cpu_s = run->others = NAN;
	for (int s = 0; s < BENCH_STATES; s++)
		for (int p = 0; p < BENCH_PARTS; p++)
			run->at[s].part[p] = BENCH_UNKNOWN;
	return run;
}

struct bench_row *bench_find(const struct bench *b, const char *id)
{
	for (unsigned i = 0; i < b->rows->len; i++) {
		struct bench_row *row = b->rows->pdata[i];

		if (!strcmp(row->id, id))
			return row;
	}
	return NULL;
}

static int64_t sum_known(const int64_t *part, const int *which, unsigned n)
{
	int64_t total = 0;

	for (unsigned i = 0; i < n; i++) {
		if (part[which[i]] == BENCH_UNKNOWN)
			return BENCH_UNKNOWN;
		total += part[which[i]];
	}
	return total;
}

void bench_sum(struct bench_weighing *w)
{
	static const int rss[] = { TARE_ANON, TARE_FILE, TARE_SHMEM };
	static const int user[] = { BENCH_RSS, TARE_SWAP };
	static const int kernel[] = { TARE_PAGETABLE, TARE_KSTACK, TARE_KMEM };
	static const int all[] = { BENCH_USER, BENCH_KERNEL };

	w->part[BENCH_RSS] = sum_known(w->part, rss, G_N_ELEMENTS(rss));
	w->part[BENCH_USER] = sum_known(w->part, user, G_N_ELEMENTS(user));
	w->part[BENCH_KERNEL] = sum_known(w->part, kernel, G_N_ELEMENTS(kernel));
	w->part[BENCH_WEIGHT] = sum_known(w->part, all, G_N_ELEMENTS(all));
}

void bench_check_peak(const struct bench_row *row, struct bench_run *run)
{
	struct bench_weighing *peak = &run->at[BENCH_PEAK];
	int64_t rss = peak->part[BENCH_RSS];

	if (!g_strcmp0(row->root, "sid") && rss != BENCH_UNKNOWN && rss < ENTER_MOST)
		peak->taken = false;
}

enum bench_state bench_row_state(const struct bench_row *row)
{
	for (unsigned i = 0; i < row->runs->len; i++)
		if (((struct bench_run *)row->runs->pdata[i])->at[BENCH_STEADY].taken)
			return BENCH_STEADY;
	return BENCH_PEAK;
}

const char *bench_row_status(const struct bench_row *row)
{
	enum bench_outcome best = BENCH_FAILED;

	if (row->missing || !row->runs->len)
		return "missing";
	for (unsigned i = 0; i < row->runs->len; i++)
		best = MIN(best, ((struct bench_run *)row->runs->pdata[i])->outcome);
	return bench_outcome_name[best];
}
