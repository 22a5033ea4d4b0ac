/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare agent: one process and one main thread that follow all processes of a machine and answer
 * over HTTP. The session's loop (capture/session.h) calls everything here: a tick each second,
 * and http.c whenever a client has sent something.
 *   agent.c    start, ticks, signals, end
 *   config.c   the configuration file
 *   self.c     its own figures and its memory limit
 *   http.c, listen.c   HTTP by libmicrohttpd
 *   routes.c   which path is answered by which function
 * A subject of the agent (groups, profiles, the black box) has a file and a header of its own, and
 * its state is a pointer in struct agent, which it makes in X_begin(), and frees in X_end().
 */
#ifndef TARE_AGENT_H
#define TARE_AGENT_H

#include <time.h>

#include "agent/config.h"
#include "agent/http.h"
#include "capture/features.h"
#include "capture/session.h"
#include "model/live.h"

#define AGENT_TICK_NS 1000000000ULL

/* What tare itself takes and how it fares, as of the last tick (self.c). */
struct agent_self {
	uint64_t started_ns;   /* CLOCK_BOOTTIME */
	int64_t started_epoch; /* seconds since the epoch */
	uint64_t cpu_ns;       /* user and system, since the start */
	int64_t rss;           /* bytes */
	uint64_t map_bytes;    /* of the BPF maps; 0: not known */
	uint64_t ticks;
	uint64_t late;      /* ticks that came late, or not at all */
	uint64_t tick_ns;   /* CPU time of the last tick */
	uint64_t ticked_ns; /* CLOCK_BOOTTIME of the last tick; 0: none yet */
	uint64_t reloads, reloads_failed;
	uint64_t thinned;           /* times that detail was given up at the memory limit */
	uint64_t trimmed_ns;        /* CLOCK_BOOTTIME: when it was looked for unused memory */
	uint64_t shrunk_ns;         /* CLOCK_BOOTTIME: the last time it was near the limit */
	uint64_t requests, refused; /* HTTP: all; of these, those with a status from 400 */
	uint64_t lost[TARE_LOSSES], lost_all;
	uint64_t lost_ns; /* CLOCK_BOOTTIME of the last loss; 0: none */
	/* The books: tare's sums compared with the kernel's own counters, each minute. */
	uint64_t audits;   /* 0: not compared yet */
	uint64_t audit_ns; /* CLOCK_BOOTTIME of the next one */
	int64_t off_bytes; /* by which they differ */
	char *off_why;     /* NULL: they balance */
	GHashTable *off;   /* id of each process whose books were off in the last comparisons -> how
			  * many in a row; NULL: none */
	uint64_t nonzero;  /* address spaces that did not close at 0, of the last comparison */
};

struct agent {
	struct agent_config *config; /* replaced by a reload; keep no pointer into it */
	struct features *features;
	enum counter_backend backend;
	struct session *session;
	struct live *live;
	struct http *http;
	struct agent_self self;
	/* Of the other files; NULL: not begun. */
	struct groups *groups;
	struct cgroup_ids *cgroup_ids; /* NULL: they cannot be found by ids */
	struct agent_pprof *pprof;
	struct blackbox *blackbox;
	const struct books_input *swept; /* during a tick: what live_tick() was given; else NULL */
	bool confined;                   /* to the processes of a container */
	bool over;
};

/* Run until SIGTERM or SIGINT. `load` makes the configuration (see config.h): at the start, and at
 * each SIGHUP. Returns 0, or negative errno, logged. */
struct agent_options {
	struct features *features;
	enum counter_backend backend;
	struct agent_config *(*load)(void *ctx);
	void *ctx;
};
int agent_run(const struct agent_options *o);

/* CLOCK_BOOTTIME. */
static inline uint64_t agent_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

#endif
