/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The results of `tare bench`: what each workload weighed with N tasks, and the
 * machine that it ran on. Plain data: bench/ fills it, store/ keeps it, output/
 * shows it; model/fit.h computes the tare and the bytes per task. It must not know
 * how a workload is built or weighed. Sizes are in bytes, times in seconds.
 */
#ifndef TARE_BENCH_H
#define TARE_BENCH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"

#define BENCH_UNKNOWN INT64_MIN /* not measured; null in JSON, NULL in SQL */

/* When a run was weighed. */
enum bench_state {
	BENCH_STEADY, /* all its tasks parked (`ready N`) and the weight settled */
	BENCH_PEAK,   /* when the weight was highest */
	BENCH_AFTER,  /* --after: all tasks have ended, the program still runs */
	BENCH_STATES,
};
extern const char *const bench_state_name[BENCH_STATES]; /* "steady" … */

/* The parts that are weighed: each kind (by its enum tare_kind), then sums over kinds,
 * then two figures of another source for comparison. */
enum bench_part {
	BENCH_USER = TARE_KINDS, /* anon + file + shmem + swap */
	BENCH_KERNEL,            /* pagetable + kstack + kmem */
	BENCH_WEIGHT,            /* user + kernel */
	BENCH_RSS,     /* anon + file + shmem, a page once for each process that maps it */
	BENCH_CHARGED, /* what the control group was charged, each page once; unknown at the peak */
	BENCH_PARTS,
};
/* "anon" … "kmem", "user", "kernel", "weight", "rss", "charged" */
extern const char *const bench_part_name[BENCH_PARTS];

struct bench_weighing {
	bool taken;    /* false: the run ended before */
	bool settled;  /* for steady and after: the weight had stopped changing */
	double time_s; /* since the command's start */
	int64_t part[BENCH_PARTS];
};

enum bench_outcome {
	BENCH_OK,
	BENCH_STOPPED, /* a limit stopped it: fewer tasks than N */
	BENCH_FAILED,  /* any other failure: could not start, died, hung, reported a wrong N … */
};
extern const char *const bench_outcome_name[]; /* "ok", "stopped", "failed" */

/* One run of one workload. */
struct bench_run {
	uint64_t tasks;  /* N */
	unsigned repeat; /* from 1 */
	bool after;      /* it was run with --after */
	enum bench_outcome outcome;
	char *stopped_by; /* "vm.max_map_count = 65530", "time limit of 120 s", … ; NULL when ok */
	int64_t stopped_at;    /* number of tasks then; or BENCH_UNKNOWN */
	double ready_s, cpu_s; /* until it wrote `ready`; NAN: it did not */
	double others; /* share of all CPUs that other programs used, 0 to 1; NAN: unknown */
	struct bench_weighing at[BENCH_STATES];
};

/* A figure published by others: max RSS. */
struct bench_published {
	char *source;  /* "2023" (Kołaczkowski), "2024" (hez2010) */
	char *version; /* "Go 1.18" */
	uint64_t tasks;
	int64_t rss;
};

/* A workload of the catalogue, or the user's own command. */
struct bench_row {
	char *id, *title, *language;
	char *family;    /* "sleep", "connect", "touch", "channel"; "own" for the user's command */
	char *task;      /* what one task is */
	char *root;      /* the Debian release it runs on: "bookworm", "sid" */
	char *twin;      /* id of the same program on an older runtime; NULL: none */
	char *version;   /* of its runtime; NULL: unknown */
	char *command;   /* as it was run, {n} for N */
	char *missing;   /* why it was not run, and what to do; NULL: it was run */
	GPtrArray *runs; /* struct bench_run *, by tasks, repeat */
	GPtrArray *published; /* struct bench_published *, by source, tasks */
};

struct bench_machine {
	char *kernel;       /* release and machine */
	char *distribution; /* PRETTY_NAME of os-release */
	char *cpu;          /* model name */
	unsigned cpus;
	int64_t memory; /* MemTotal */
	int64_t page_size;
	char *tare_version;
	char *measured; /* how: "ledger percpu, kernel memory by events, control group v1" */
	char *limits;   /* "kernel.pid_max = 32768, …", during the runs */
};

struct bench {
	struct bench_machine machine;
	char *started;       /* ISO 8601, UTC */
	bool complete;       /* false: interrupted; --resume continues */
	uint64_t touch;      /* --touch: bytes of stack that each task touched; 0: not given */
	uint64_t memory_max; /* --memory-max of each run; 0: none */
	GPtrArray *rows;     /* struct bench_row *, in the catalogue's order */
};

struct bench *bench_new(void);
void bench_free(struct bench *b); /* takes NULL */
struct bench_row *bench_row_new(void);
struct bench_run *bench_run_new(void);      /* nothing taken, all parts unknown */
void bench_run_free(struct bench_run *run); /* takes NULL */
void bench_published_free(void *published); /* struct bench_published; takes NULL */
struct bench_published *bench_published_copy(const struct bench_published *p);
struct bench_row *bench_find(const struct bench *b, const char *id); /* NULL: none */

/* Compute a weighing's sums from its kinds. A sum is unknown if one of its kinds is. */
void bench_sum(struct bench_weighing *w);

/* A peak that may not be the program's is not taken: a program in the newer root is started by a
 * script that enters it (tools/runtimes enter) and has about 10 MiB. */
void bench_check_peak(const struct bench_row *row, struct bench_run *run);

/* The state that a row's figures use: steady if any of its runs reached it, else the peak (for
 * programs that do not write `ready`). */
enum bench_state bench_row_state(const struct bench_row *row);

/* "ok" if the outcome of any run is ok; else "stopped", "failed" or "missing". */
const char *bench_row_status(const struct bench_row *row);

#endif
