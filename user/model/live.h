/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The live model: what each living process and thread holds now, and how fast that changed over
 * the last 1, 10 and 60 seconds. It is fed by the process table after each sweep. Its memory is
 * bounded by the number of living tasks. Pure: no I/O, no clock. It must not know how rows are
 * shown. No face of it (terminal, scripts) computes a rate of its own.
 *
 * Sizes are in bytes, times in nanoseconds of CLOCK_BOOTTIME.
 */
#ifndef TARE_LIVE_H
#define TARE_LIVE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/books.h"

enum live_window { LIVE_1S, LIVE_10S, LIVE_60S, LIVE_WINDOWS };
extern const unsigned live_seconds[LIVE_WINDOWS]; /* 1, 10, 60 */

#define LIVE_CURVE 240 /* points of the curve: the last ones, one for each tick */

/* Counters at one time. `in`, `out`: resident memory taken and given back; so in - out = change of
 * RSS. */
struct live_counts {
	int64_t user, kernel; /* weight: their sum. User memory: RSS and swap */
	uint64_t in, out, faults;
};

/* Changes per second over a window; `growth` is that of the weight. A window spans its seconds
 * within a tenth (see live_total.seconds), or all the time that there was. */
struct live_rate {
	double growth, in, out, faults;
};

/* One process, one thread, or a sum over several. */
struct live_row {
	uint64_t id, proc; /* serial numbers, never used twice; the row is a process if tid is 0 */
	pid_t pid, ppid, tid;
	const char *name; /* of a process its title, or name and arguments; owned by the model */
	const char *comm; /* as in /proc/PID/comm; owned by the model */
	/* What it holds. Of a process: exact, by the kernel's own counters. Of a thread: what it
	 * took since tare came less what it gave back, which may be below 0. */
	int64_t kind[TARE_KINDS];
	struct live_counts now;
	struct live_rate rate[LIVE_WINDOWS];
	/* It has grown for the last minute (or since tare came, if that is half a minute ago) as it
	 * does now: no program that starts, and no single step. */
	bool lasting;
	uint32_t cause; /* by which most came in since tare came; LIVE_NO_CAUSE: nothing did */
	unsigned threads, processes;
	uint32_t uid;       /* LIVE_NO_UID: not known */
	const char *cgroup; /* its path; NULL: not known. Owned by the model */
	unsigned depth;     /* below its parent, in a tree; set by live_view */
};
#define LIVE_NO_CAUSE UINT32_MAX
#define LIVE_NO_UID UINT32_MAX

static inline int64_t live_weight(const struct live_row *r)
{
	return r->now.user + r->now.kernel;
}

/* The whole workload. Its weight is the sum over the rows of processes, and kmem_rest; in, out and
 * faults count ended processes too. */
struct live_total {
	struct live_row sum;
	bool kmem;            /* TARE_KMEM is known by task; else it is not in any sum */
	int64_t kmem_rest;    /* of sum.now.kernel: charged to no living task; in no row */
	uint64_t born, ended; /* processes, since the last tick */
	uint64_t ticks;
	uint64_t now_ns, origin_ns;
	double seconds[LIVE_WINDOWS]; /* the time that each window really spans; 0: no time yet */
	uint64_t lost;                /* losses of all kinds */
	int64_t curve[LIVE_CURVE];    /* weight at the last ticks, oldest first */
	unsigned points;
};

struct live;

struct live *live_new(void);
void live_free(struct live *l); /* takes NULL */

/* A tick: take the state of a process table that was swept just now. `in`: as for books_close();
 * its cause_name is not used. */
void live_tick(struct live *l, const struct books_input *in);

const struct live_total *live_total(const struct live *l);

/* The same from a recording: what a tick of that time saw. Rows hold id, proc, pid, ppid, tid,
 * name, comm, kind, now.in, .out, .faults, cause, uid, cgroup and, of a process, threads; other
 * members are not read, and texts are copied. */
struct live_round {
	uint64_t now_ns, origin_ns;
	bool kmem;
	int64_t kmem_rest;
	uint64_t in, out, faults; /* with those of ended processes */
	uint64_t born, ended;     /* processes so far */
	uint64_t lost;
	const GArray *rows;   /* struct live_row of processes and threads */
	const GArray *before; /* bool, of each row: it ran before tare came */
	bool resumed;         /* the first round after a gap: what rows hold now is no growth */
};
void live_replay(struct live *l, const struct live_round *round);
/* What live_replay() needs to know of a row that runs: did it run before tare came? */
bool live_before(const struct live *l, const struct live_row *row);
/* Processes so far: all, and those that ended. */
void live_counted(const struct live *l, uint64_t *born, uint64_t *ended);
/* Forget all rows and ticks. */
void live_clear(struct live *l);
/* Of a recording that was entered in the middle: the weights before the next round. */
void live_curve(struct live *l, const int64_t *weight, unsigned n);

/* Rows of all living processes, or of all threads of living processes; valid until the next tick.
 * In the order of their ids. */
void live_processes(const struct live *l, GArray *rows);
void live_threads(const struct live *l, GArray *rows);

/* What a process's memory came in by, since tare came: struct live_cause, largest first. False: no
 * such process lives. */
struct live_cause {
	uint32_t id;
	uint64_t in;               /* bytes */
	double rate[LIVE_WINDOWS]; /* of `in`, per second */
};
bool live_causes(const struct live *l, uint64_t proc, GArray *causes);
/* The row of a living process. False: there is none. */
bool live_process(const struct live *l, uint64_t proc, struct live_row *row);

/* Owner and control group come from elsewhere. live_unknown() gives a living process whose are not
 * known yet, or are older than `age_ns`; false: there is none. */
bool live_unknown(const struct live *l, uint64_t age_ns, uint64_t *id, pid_t *pid);
void live_know(struct live *l, uint64_t id, uint32_t uid, const char *cgroup);

/* The short name of what a control group belongs to: its service, container or slice. "" for the
 * root. Free with g_free(). */
char *live_unit(const char *cgroup);

#endif
