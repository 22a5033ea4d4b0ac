/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One measurement, from attaching to the last report: whom to follow, the loop
 * that waits for what happens, and reports on the way. It must not know
 * options, formats or files.
 */
#ifndef TARE_SESSION_H
#define TARE_SESSION_H

#include "capture/cgroup.h"
#include "capture/launch.h"
#include "capture/loader.h"
#include "capture/sampler.h"
#include "model/report.h"

struct session;

struct session_config {
	struct loader_config load;
	uint64_t interval_ns;       /* of the series */
	uint64_t snapshot_every_ns; /* 0: only on SIGUSR1 */
	uint64_t duration_ns;       /* 0: no end by the clock */
	bool wait_all;              /* run: to the last descendant's end */
	bool self;                  /* fill report.self */
	bool slab;                  /* fill report.slabs */
	uint32_t keep_tasks;        /* by themselves when they have ended: see proctable_keep() */
	bool no_priority;           /* nothing of tare runs ahead of the workload */
	bool lines;                 /* of the profile: source lines and inlined functions */
	struct cgroup *cgroup;      /* run: the command's own; NULL: none. Not owned */
	const char *cgroup_why;     /* the reason when there is none */
	/* Called for each snapshot, which it may complete. A failure is the caller's to say. */
	void (*on_snapshot)(void *ctx, struct report *r);
	/* NULL, or called at each interval, with the weight of the workload. */
	void (*on_look)(void *ctx, uint64_t time_ns, int64_t weight);
	/* NULL, or called for a report at the start, at the end of the loop and so often that
	 * the last one was never made more than checkpoint_ns ago; it may complete it. Its books
	 * are not checked. */
	void (*on_checkpoint)(void *ctx, struct report *r);
	uint64_t checkpoint_ns;
	const struct sample_log *log; /* NULL, or gets each sample; copied */
	/* NULL, or a signal is the caller's to answer: the command does not get it. */
	void (*on_signal)(void *ctx, int signal);
	void *ctx;
};

/* Load and attach; signals that the loop handles are blocked from here on. */
int session_open(struct session **s, const struct session_config *config);
void session_close(struct session *s); /* takes NULL */

/* Follow a child of launch_start() that is to run `name`, and let it go. 0, or
 * negative errno, said. */
int session_launch(struct session *s, struct launch *l, const char *name);

/* Follow what runs already. */
struct session_targets {
	GArray *pids;       /* pid_t; NULL: none named */
	const char *comm;   /* NULL: not by name */
	const char *cgroup; /* NULL: not by control group */
	bool all;
};
/* 0, or negative errno, said: -ESRCH for a pid that is not there, -EINVAL for a
 * kernel thread, -ENOENT when nothing matches. */
int session_attach(struct session *s, const struct session_targets *targets);

/* While session_loop() runs, call `fn` when the descriptor can be read or its other
 * end is closed, until session_unwatch(). 0, or negative errno, not said. */
typedef void (*session_ready_fn)(void *ctx);
int session_watch(struct session *s, int fd, session_ready_fn fn, void *ctx);
void session_unwatch(struct session *s, int fd);

/* Send the command a signal; nothing when it has ended. */
void session_kill(const struct session *s, int signal);

/* Wait until the command (the targets) ended, the duration is over or, when
 * attached, SIGINT or SIGTERM. 0, or negative errno, said. `status` is the
 * command's wait status. */
int session_loop(struct session *s, int *status);

/* Attached, and every target has ended: there was nothing left to detach from. */
bool session_targets_ended(const struct session *s);

/* When the command was let go, or tare came: CLOCK_BOOTTIME, as records have it. */
uint64_t session_origin(const struct session *s);

/* By which backend the ledger is kept. */
enum counter_backend session_backend(const struct session *s);

/* The books as they stand; never NULL. The caller adds command and features. */
struct report *session_report(struct session *s, enum report_reason reason);

#endif
