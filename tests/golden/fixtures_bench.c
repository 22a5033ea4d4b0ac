/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Results of `tare bench` made by hand for the tests of its printers. Included by
 * tests/golden/render_bench.c and tests/unit/.
 */
#include <math.h>
#include <string.h>

#include "model/bench.h"

#define KIB 1024LL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* The weight of a workload by kind: without tasks, and per task. */
struct shape {
	const char *id, *title, *language, *family, *version;
	int64_t tare[TARE_KINDS], slope[TARE_KINDS];
	double ready_us; /* per task */
};

static const struct shape go = {
	.id = "sleep/go",
	.title = "Go, goroutines",
	.language = "Go",
	.family = "sleep",
	.version = "go1.19.8",
	.tare = { [TARE_ANON] = 1100 * KIB,
		  [TARE_FILE] = 1400 * KIB,
		  [TARE_PAGETABLE] = 76 * KIB,
		  [TARE_KSTACK] = 80 * KIB,
		  [TARE_KMEM] = 410 * KIB },
	.slope = { [TARE_ANON] = 2664, [TARE_PAGETABLE] = 5 },
	.ready_us = 0.8,
};
static const struct shape tokio = {
	.id = "sleep/tokio",
	.title = "Rust, tokio tasks",
	.language = "Rust",
	.family = "sleep",
	.version = "tokio 1.24.2",
	.tare = { [TARE_ANON] = 260 * KIB,
		  [TARE_FILE] = 2300 * KIB,
		  [TARE_PAGETABLE] = 60 * KIB,
		  [TARE_KSTACK] = 48 * KIB,
		  [TARE_KMEM] = 350 * KIB },
	.slope = { [TARE_ANON] = 209 },
	.ready_us = 0.3,
};
static const struct shape pthread = {
	.id = "sleep/pthread",
	.title = "C, POSIX threads",
	.language = "C",
	.family = "sleep",
	.version = "glibc 2.36",
	.tare = { [TARE_ANON] = 90 * KIB,
		  [TARE_FILE] = 1200 * KIB,
		  [TARE_PAGETABLE] = 44 * KIB,
		  [TARE_KSTACK] = 16 * KIB,
		  [TARE_KMEM] = 300 * KIB },
	.slope = { [TARE_ANON] = 8192,
		   [TARE_PAGETABLE] = 8200,
		   [TARE_KSTACK] = 16384,
		   [TARE_KMEM] = 3610 },
	.ready_us = 14,
};
static const struct shape python = {
	.id = "sleep/asyncio",
	.title = "Python, asyncio tasks",
	.language = "Python",
	.family = "sleep",
	.version = "3.11.2",
	.tare = { [TARE_ANON] = 9600 * KIB,
		  [TARE_FILE] = 8400 * KIB,
		  [TARE_PAGETABLE] = 120 * KIB,
		  [TARE_KSTACK] = 16 * KIB,
		  [TARE_KMEM] = 720 * KIB },
	.slope = { [TARE_ANON] = 1297, [TARE_PAGETABLE] = 3 },
	.ready_us = 9,
};
static const struct shape java = {
	.id = "sleep/java-virtual",
	.title = "Java, virtual threads",
	.language = "Java",
	.family = "sleep",
	.version = "openjdk 21.0.7",
	.tare = { [TARE_ANON] = 27 * MIB,
		  [TARE_FILE] = 21 * MIB,
		  [TARE_PAGETABLE] = 350 * KIB,
		  [TARE_KSTACK] = 480 * KIB,
		  [TARE_KMEM] = 1300 * KIB },
	.slope = { [TARE_ANON] = 930, [TARE_PAGETABLE] = 2, [TARE_KMEM] = 1 },
	.ready_us = 2.1,
};
static const struct shape epoll = {
	.id = "connect/epoll",
	.title = "C, epoll",
	.language = "C",
	.family = "connect",
	.version = "glibc 2.36",
	.tare = { [TARE_ANON] = 90 * KIB,
		  [TARE_FILE] = 1200 * KIB,
		  [TARE_PAGETABLE] = 40 * KIB,
		  [TARE_KSTACK] = 16 * KIB,
		  [TARE_KMEM] = 290 * KIB },
	.slope = { [TARE_ANON] = 24, [TARE_KMEM] = 4940 },
	.ready_us = 6,
};
static const struct shape gevent = {
	.id = "connect/gevent",
	.title = "Python, gevent greenlets",
	.language = "Python",
	.family = "connect",
	.version = "22.10.2",
	.tare = { [TARE_ANON] = 13 * MIB,
		  [TARE_FILE] = 11 * MIB,
		  [TARE_PAGETABLE] = 130 * KIB,
		  [TARE_KSTACK] = 32 * KIB,
		  [TARE_KMEM] = 800 * KIB },
	.slope = { /* bytes */
		   [TARE_ANON] = 7460,
		   [TARE_SHMEM] = 2,
		   [TARE_PAGETABLE] = 15,
		   [TARE_KMEM] = 5012 },
	.ready_us = 31,
};
static const struct shape prefork = {
	.id = "connect/prefork",
	.title = "C, a process each",
	.language = "C",
	.family = "connect",
	.version = "glibc 2.36",
	.tare = { [TARE_ANON] = 100 * KIB,
		  [TARE_FILE] = 1300 * KIB,
		  [TARE_PAGETABLE] = 40 * KIB,
		  [TARE_KSTACK] = 16 * KIB,
		  [TARE_KMEM] = 290 * KIB },
	.slope = { [TARE_ANON] = 96 * KIB,
		   [TARE_FILE] = 490 * KIB,
		   [TARE_PAGETABLE] = 40 * KIB,
		   [TARE_KSTACK] = 16 * KIB,
		   [TARE_KMEM] = 21 * KIB },
	.ready_us = 200,
};
static const struct shape own = {
	.id = "own",
	.title = "./server --clients {n}",
	.family = "own",
	.tare = { [TARE_ANON] = 4 * MIB,
		  [TARE_FILE] = 3 * MIB,
		  [TARE_PAGETABLE] = 50 * KIB,
		  [TARE_KSTACK] = 16 * KIB,
		  [TARE_KMEM] = 330 * KIB },
	.slope = { /* bytes */
		   [TARE_ANON] = 36 * KIB,
		   [TARE_SWAP] = 130,
		   [TARE_PAGETABLE] = 72,
		   [TARE_KMEM] = 1800 },
	.ready_us = NAN,
};

static struct bench_row *add_row(struct bench *b, const struct shape *s)
{
	struct bench_row *row = bench_row_new();

	row->id = g_strdup(s->id);
	row->title = g_strdup(s->title);
	row->language = g_strdup(s->language);
	row->family = g_strdup(s->family);
	row->task = g_strdup("sleeps until it is told to end");
	row->root = g_strdup("bookworm");
	row->version = g_strdup(s->version);
	row->command = g_strdup_printf("build/workloads/%s {n}", s->id);
	g_ptr_array_add(b->rows, row);
	return row;
}

static struct bench_run *add_run(struct bench_row *row, uint64_t tasks, unsigned repeat)
{
	struct bench_run *run = bench_run_new();

	run->tasks = tasks;
	run->repeat = repeat;
	g_ptr_array_add(row->runs, run);
	return run;
}

/* `off`: fraction added to all sizes. Whole pages of user memory, as the kernel counts them. */
static void add_weighing(struct bench_run *run, enum bench_state state, const struct shape *s,
			 double off)
{
	struct bench_weighing *w = &run->at[state];

	w->taken = true;
	w->settled = state != BENCH_PEAK;
	w->time_s = state == BENCH_PEAK ? 0.4 : state == BENCH_STEADY ? 1.5 : 9;
	for (int k = 0; k < TARE_KINDS; k++) {
		double size = (double)s->tare[k] + (double)s->slope[k] * (double)run->tasks;

		w->part[k] = (int64_t)round(size * (1 + off) / 4096) * 4096;
	}
	bench_sum(w);
	if (state != BENCH_PEAK)
		w->part[BENCH_CHARGED] = w->part[BENCH_WEIGHT] - w->part[TARE_FILE];
}

/* A good run: a settled weight, and a slightly higher peak. */
static struct bench_run *good_run(struct bench_row *row, const struct shape *s, uint64_t tasks,
				  unsigned repeat, double off)
{
	struct bench_run *run = add_run(row, tasks, repeat);

	add_weighing(run, BENCH_STEADY, s, off);
	add_weighing(run, BENCH_PEAK, s, off + 0.02);
	run->ready_s = 0.05 + s->ready_us * 1e-6 * (double)tasks;
	run->cpu_s = 0.9 * run->ready_s;
	run->others = 0.02;
	return run;
}

/* Two runs each with 1, 1,000 … up to `most` tasks. */
static void good_runs(struct bench_row *row, const struct shape *s, uint64_t most)
{
	static const double off[] = { 0.001, -0.001, 0.0015, -0.0005, 0.0004, -0.002 };
	unsigned i = 0;

	for (uint64_t n = 1; n <= most; n *= n == 1 ? 1000 : 10)
		for (unsigned r = 1; r <= 2; r++)
			good_run(row, s, n, r, off[i++ % G_N_ELEMENTS(off)]);
}

static void fail_run(struct bench_run *run, enum bench_outcome outcome, const char *by, int64_t at)
{
	run->outcome = outcome;
	run->stopped_by = g_strdup(by);
	run->stopped_at = at;
}

/* Published figures like "2023 Go 1.18" for N = 1, 10,000, 100,000, 1,000,000; 0: none. */
static void add_published(struct bench_row *row, const char *source, const char *version,
			  const double mega[4], double unit)
{
	static const uint64_t tasks[] = { 1, 10000, 100000, 1000000 };

	for (unsigned i = 0; i < 4; i++) {
		struct bench_published *p;

		if (!mega[i])
			continue;
		p = g_new0(struct bench_published, 1);
		p->source = g_strdup(source);
		p->version = g_strdup(version);
		p->tasks = tasks[i];
		p->rss = (int64_t)(mega[i] * unit);
		g_ptr_array_add(row->published, p);
	}
}

static struct bench *fixture_machine(void)
{
	struct bench *b = bench_new();
	struct bench_machine *m = &b->machine;

	m->kernel = g_strdup("6.18.0 x86_64");
	m->distribution = g_strdup("Debian GNU/Linux 12 (bookworm)");
	m->cpu = g_strdup("AMD EPYC 7B13");
	m->cpus = 8;
	m->memory = 32 * GIB;
	m->page_size = 4096;
	m->tare_version = g_strdup("0.1.0");
	m->measured = g_strdup("ledger percpu, kernel memory by events, control group v2");
	m->limits = g_strdup("kernel.pid_max = 32768, kernel.threads-max = 255,000, "
			     "vm.max_map_count = 65530");
	b->started = g_strdup("2025-11-03T14:05:00Z");
	b->complete = true;
	return b;
}

static void add_sleepers(struct bench *b)
{
	static const double go23[] = { 1.8, 28.6, 269, 2658 },
			    go24[] = { 3.6, 34.3, 262.7, 2585.6 };
	static const double tokio23[] = { 3.0, 4.6, 23.7, 213.6 };
	static const double thread23[] = { 2.5, 48.3, 0, 0 };
	struct bench_row *row;
	struct bench_run *run;

	row = add_row(b, &go);
	good_runs(row, &go, 1000000);
	add_published(row, "2023", "Go 1.18", go23, 1024 * 1000);
	add_published(row, "2024", "Go 1.23", go24, MIB);
	run = good_run(row, &go, 1000000, 3, 0.3); /* its weights belong to other runs */
	run->after = true;
	add_weighing(run, BENCH_AFTER, &go, -0.4);

	row = add_row(b, &pthread);
	good_runs(row, &pthread, 10000);
	for (unsigned r = 1; r <= 2; r++)
		fail_run(add_run(row, 100000, r), BENCH_STOPPED, "vm.max_map_count = 65530",
			 32750 + r);
	add_published(row, "2023", "Rust 1.69", thread23, 1024 * 1000);

	row = add_row(b, &tokio);
	good_runs(row, &tokio, 1000000);
	add_published(row, "2023", "tokio 1.28", tokio23, 1024 * 1000);

	row = add_row(b, &java); /* its heap grows in large steps */
	good_runs(row, &java, 100000);
	good_run(row, &java, 1000000, 1, 0.35);
	row->root = (g_free(row->root), g_strdup("sid"));
	row->twin = g_strdup("sleep/java-thread");

	row = add_row(b, &python);
	good_runs(row, &python, 100000);
	run = good_run(row, &python, 1000000, 1, 0.003);
	run->at[BENCH_STEADY].settled = false;
	run->others = 0.47;
}

/* All outcomes on a machine that measures everything. */
static struct bench *fixture_all(void)
{
	static const struct shape bun = { .id = "sleep/bun",
					  .title = "Bun, timers",
					  .language = "JavaScript",
					  .family = "sleep" };
	static const struct shape racket = { .id = "sleep/racket",
					     .title = "Racket, threads",
					     .language = "Racket",
					     .family = "sleep",
					     .version = "8.6" };
	static const struct shape fork = { .id = "sleep/fork",
					   .title = "C, processes",
					   .language = "C",
					   .family = "sleep",
					   .version = "glibc 2.36" };
	struct bench *b = fixture_machine();
	struct bench_row *row;

	add_sleepers(b);
	row = add_row(b, &bun);
	row->missing = g_strdup("no `bun` on PATH: npm install --prefix ~/.local bun");
	row = add_row(b, &racket);
	fail_run(add_run(row, 1, 1), BENCH_FAILED, "it ended with exit 1 before it was ready", 0);
	row = add_row(b, &fork);
	fail_run(add_run(row, 1000, 1), BENCH_STOPPED, "pids.max = 512 of /jobs/bench.slice", 509);
	good_runs(add_row(b, &prefork), &prefork, 1000); /* pages shared between the processes */
	row = add_row(b, &epoll);
	good_runs(row, &epoll, 100000);
	fail_run(add_run(row, 1000000, 1), BENCH_STOPPED, "time limit of 120 s", BENCH_UNKNOWN);
	row = add_row(b, &gevent);
	good_runs(row, &gevent, 10000);
	fail_run(good_run(row, &gevent, 100000, 1, 0.2), BENCH_FAILED, "SIGKILL: out of memory",
		 71233);
	row = add_row(b, &own); /* never prints `ready` */
	for (uint64_t n = 10; n <= 1000; n *= 10) {
		struct bench_run *run = add_run(row, n, 1);

		add_weighing(run, BENCH_PEAK, &own, n == 100 ? 0.004 : 0);
		run->cpu_s = 0.2 + (double)n / 1e3;
	}
	return b;
}

/* A month later on another machine: some results have changed. */
static struct bench *fixture_later(void)
{
	struct bench *b = fixture_machine();
	struct shape s = go;
	struct bench_row *row;

	g_free(b->machine.kernel);
	g_free(b->machine.tare_version);
	b->machine.kernel = g_strdup("6.19.2 x86_64");
	b->machine.tare_version = g_strdup("0.2.0");
	g_free(b->started);
	b->started = g_strdup("2025-12-01T09:00:00Z");
	s.version = "go1.24.1";
	s.slope[TARE_ANON] = 2710;
	good_runs(add_row(b, &s), &s, 1000000);
	s = tokio;
	s.version = "tokio 1.43.0";
	s.slope[TARE_ANON] = 440;
	s.tare[TARE_ANON] += 600 * KIB;
	good_runs(add_row(b, &s), &s, 1000000);
	good_runs(add_row(b, &pthread), &pthread, 10000);
	s = epoll;
	s.slope[TARE_KMEM] = 4410;
	good_runs(add_row(b, &s), &s, 100000);
	s = python;
	row = add_row(b, &s); /* one N: no fit */
	good_run(row, &s, 1000, 1, 0);
	s = tokio;
	s.id = "sleep/async-std";
	s.title = "Rust, async-std tasks";
	s.version = "1.12";
	good_runs(add_row(b, &s), &s, 1000000);
	return b;
}

/* A kernel that counts no kernel memory; run with --touch, and interrupted. */
static struct bench *fixture_interrupted(void)
{
	struct bench *b = fixture_machine();

	g_free(b->machine.measured);
	b->machine.measured = g_strdup("ledger classic, kernel memory not measured: no memory "
				       "control group");
	b->complete = false;
	b->touch = 16 * KIB;
	b->memory_max = 4 * GIB;
	good_runs(add_row(b, &go), &go, 100000);
	good_runs(add_row(b, &pthread), &pthread, 1000);
	good_run(add_row(b, &tokio), &tokio, 1, 1, 0); /* one N */
	good_run(add_row(b, &python), &python, 1, 1, 0);
	good_run(b->rows->pdata[3], &python, 1000, 1, 0); /* two N: no interval */
	add_row(b, &epoll);                               /* it never ran */
	for (unsigned i = 0; i < b->rows->len; i++) {
		struct bench_row *row = b->rows->pdata[i];

		for (unsigned r = 0; r < row->runs->len; r++) {
			struct bench_run *run = row->runs->pdata[r];

			for (int s = 0; s < BENCH_STATES; s++) {
				run->at[s].part[TARE_KMEM] = BENCH_UNKNOWN;
				run->at[s].part[BENCH_CHARGED] = BENCH_UNKNOWN;
				bench_sum(&run->at[s]);
			}
		}
	}
	return b;
}

#define HOSTILE "a|b`c`\"d\",\n\x1b[31m\xe2\x80\xae<b>*_x_*</b>\x07\xff [l](u) \\ #\r"

/* Names that would colour, reorder or break the output. */
static struct bench *fixture_hostile(void)
{
	static const struct shape s = { .id = HOSTILE,
					.title = HOSTILE,
					.language = HOSTILE,
					.family = HOSTILE,
					.version = HOSTILE,
					.tare = { [TARE_ANON] = MIB },
					.slope = { [TARE_ANON] = 1000000000 } };
	static const double mega[] = { 1, 2, 3, 4 };
	struct shape t = { .id = "=cmd()", .title = "=1+2", .family = "sleep" };
	struct bench *b = fixture_machine();
	struct bench_row *row = add_row(b, &s);

	b->machine.kernel = (g_free(b->machine.kernel), g_strdup(HOSTILE));
	b->machine.cpu = (g_free(b->machine.cpu), g_strdup(HOSTILE));
	b->machine.measured = (g_free(b->machine.measured), g_strdup(HOSTILE));
	b->machine.limits = (g_free(b->machine.limits), g_strdup(HOSTILE));
	b->started = (g_free(b->started), g_strdup(HOSTILE));
	good_runs(row, &s, 1000000);
	fail_run(add_run(row, 10000000, 1), BENCH_STOPPED, HOSTILE, 9223372036854775807);
	add_published(row, HOSTILE, HOSTILE, mega, MIB);
	row = add_row(b, &t);
	row->missing = g_strdup(HOSTILE);
	return b;
}

/* No results. */
static struct bench *fixture_empty(void)
{
	struct bench *b = bench_new();
	struct bench_row *row = bench_row_new();

	row->id = g_strdup("own");
	g_ptr_array_add(b->rows, row);
	return b;
}

struct fixture_bench {
	const char *name;
	struct bench *(*make)(void);
};

static const struct fixture_bench bench_fixtures[] = {
	{ "bench-all", fixture_all },
	{ "bench-later", fixture_later },
	{ "bench-interrupted", fixture_interrupted },
	{ "bench-hostile", fixture_hostile },
	{ "bench-empty", fixture_empty },
};
