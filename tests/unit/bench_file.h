/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the tests of store/bench: results in which every field has a value.
 */
#ifndef TARE_TEST_BENCH_FILE_H
#define TARE_TEST_BENCH_FILE_H

#include <math.h>

#include "store/bench_store.h"
#include "tests/unit/by_path.h"
#include "tests/unit/store_file.h"

/* Values that all differ, so that a mix-up is seen. */
static struct bench_run *some_run(uint64_t tasks, unsigned repeat, bool after)
{
	struct bench_run *run = bench_run_new();

	run->tasks = tasks;
	run->repeat = repeat;
	run->after = after;
	run->ready_s = 0.125 * repeat;
	run->cpu_s = 0.1;
	run->others = 0.375;
	for (int s = 0; s < (after ? BENCH_STATES : BENCH_AFTER); s++) {
		run->at[s].taken = true;
		run->at[s].settled = s != BENCH_PEAK;
		run->at[s].time_s = 1.5 + s;
		for (int p = 0; p < BENCH_PARTS; p++)
			run->at[s].part[p] = (int64_t)tasks * 4096 + s * 100 + p;
	}
	return run;
}

static void add_published(struct bench_row *row, const char *source, const char *version,
			  int64_t rss)
{
	struct bench_published *p = g_new0(struct bench_published, 1);

	p->source = g_strdup(source);
	p->version = g_strdup(version);
	p->tasks = 1000;
	p->rss = rss;
	g_ptr_array_add(row->published, p);
}

static struct bench_row *some_row(struct bench *b, const char *id)
{
	struct bench_row *row = bench_row_new();

	row->id = g_strdup(id);
	row->title = g_strdup_printf("%s's title", id);
	row->language = g_strdup("Go");
	row->family = g_strdup("sleep");
	row->task = g_strdup("a goroutine");
	row->root = g_strdup("bookworm");
	row->twin = g_strdup("go-old");
	row->version = g_strdup("1.24");
	row->command = g_strdup("./x {n} \"'; DROP TABLE runs; --");
	add_published(row, "2023", "Go 1.18", 2658 << 10);
	add_published(row, "2024", NULL, BENCH_UNKNOWN);
	g_ptr_array_add(b->rows, row);
	return row;
}

static struct bench *some_bench(void)
{
	struct bench *b = bench_new();
	struct bench_row *row;

	b->machine.kernel = g_strdup("6.1.0-18-amd64 x86_64");
	b->machine.distribution = g_strdup("Debian GNU/Linux 12 (bookworm)");
	b->machine.cpu = g_strdup("A CPU's name");
	b->machine.cpus = 2;
	b->machine.memory = INT64_C(8) << 30;
	b->machine.page_size = 4096;
	b->machine.tare_version = g_strdup("0.1.0-abc");
	b->machine.measured = g_strdup("ledger percpu");
	b->machine.limits = g_strdup("kernel.pid_max = 32768");
	b->started = g_strdup("2025-01-02T03:04:05Z");
	b->touch = 65536;
	b->memory_max = UINT64_C(6) << 30;
	row = some_row(b, "go");
	g_ptr_array_add(row->runs, some_run(1, 1, false));
	g_ptr_array_add(row->runs, some_run(1, 1, true));
	g_ptr_array_add(row->runs, some_run(10, 1, false));
	g_ptr_array_add(row->runs, some_run(10, 2, false));
	return b;
}

/* Makes a file with all of `b`. */
static void write_bench(const struct bench *b)
{
	struct bench_store *s = NULL;

	assert_int_equal(bench_create_at(&s, file, b, NULL), 0);
	for (unsigned i = 0; i < b->rows->len; i++) {
		struct bench_row *row = b->rows->pdata[i];

		assert_int_equal(bench_store_row(s, row), 0);
		for (unsigned j = 0; j < row->runs->len; j++)
			assert_int_equal(bench_store_run(s, row->id, row->runs->pdata[j]), 0);
	}
	if (b->complete)
		assert_int_equal(bench_store_finish(s), 0);
	bench_store_close(s);
}

static inline void write_some(void)
{
	struct bench *b = some_bench();

	write_bench(b);
	bench_free(b);
}

#endif
