/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One measurement, from attaching to the last report: which processes are followed, the event
 * loop, and the reports. It must not know options, formats or files.
 */
#ifndef TARE_SESSION_H
#define TARE_SESSION_H

#include "capture/cgroup.h"
#include "capture/launch.h"
#include "capture/loader.h"
#include "capture/sampler.h"
#include "model/books.h"
#include "model/report.h"

struct session;

struct session_config {
	struct loader_config load;
	uint64_t interval_ns;       /* of the series */
	uint64_t snapshot_every_ns; /* 0: only on SIGUSR1 */
	uint64_t duration_ns;       /* 0: no time limit */
	bool wait_all;              /* run: until the last descendant has ended */
	bool self;                  /* fill report.self */
	bool slab;                  /* fill report.slabs */
	uint32_t keep_tasks;        /* so many ended tasks keep a row: proctable_keep() */
	bool no_priority;           /* tare does not raise its priority above the workload's */
	enum naming_detail detail;  /* of the profile's names */
	struct cgroup *cgroup;      /* run: the command's own; NULL: none. Not owned */
	const char *cgroup_why;     /* the reason why there is none */
	/* Called for each snapshot. It may add to the report, and logs its own errors. */
	void (*on_snapshot)(void *ctx, struct report *r);
	/* NULL, or called at each interval with the time and the workload's weight (bytes). */
	void (*on_look)(void *ctx, uint64_t time_ns, int64_t weight);
	/* NULL, or called with a report at the start, at the end of the loop, and in between. The
	 * time between two calls is chosen so that the last report is never older than
	 * checkpoint_ns. The function may add to the report. The report's books are not checked. */
	void (*on_checkpoint)(void *ctx, struct report *r);
	uint64_t checkpoint_ns;
	/* NULL, or called for each OOM kill (oom.bpf.c), followed victim or not, while the victim's
	 * rows are still there. session_freeze() gives the report. */
	void (*on_oom)(void *ctx, const struct tare_oom *oom);
	const struct sample_log *log; /* NULL, or called for each sample; copied */
	/* NULL, or called for each signal to tare; else the signal is passed to the command. */
	void (*on_signal)(void *ctx, int signal);
	/* Attached to all, the session goes on until session_stop(), also when no target lives or a
	 * signal comes, and attaches again to tasks that it missed. on_signal() must be set;
	 * it gets SIGUSR1 and SIGUSR2 too. */
	bool daemon;
	struct proctable_ends ends; /* all NULL, or called for each final record */
	void *ctx;
};

/* Load and attach. The signals that the loop handles are blocked from now on. Returns 0 or negative
 * errno, logged. */
int session_open(struct session **s, const struct session_config *config);
void session_close(struct session *s); /* takes NULL */

/* Follow the child of launch_start() and let it execute `name`. Returns 0 or negative errno,
 * logged. */
int session_launch(struct session *s, struct launch *l, const char *name);

/* Running processes to follow. */
struct session_targets {
	GArray *pids;       /* pid_t; NULL: none named */
	const char *comm;   /* NULL: not by name */
	const char *cgroup; /* NULL: not by control group */
	bool all;
};
/* Returns 0, or negative errno, logged: -ESRCH (no such pid), -EINVAL (a kernel thread), -ENOENT
 * (nothing matches) or another. */
int session_attach(struct session *s, const struct session_targets *targets);

/* While session_loop() runs, call `fn` whenever the descriptor is readable or its other end is
 * closed, until session_unwatch(). Returns 0 or negative errno, not logged. */
typedef void (*session_ready_fn)(void *ctx);
int session_watch(struct session *s, int fd, session_ready_fn fn, void *ctx);
/* Call it before the descriptor is closed. */
void session_unwatch(struct session *s, int fd);

/* Sweep over all tasks and fill `in` for live_tick(), as of now. on_look() may call it. The process
 * table in `in` is valid until on_look() returns. */
void session_live(struct session *s, struct books_input *in);
/* The same of the sweep that a checkpoint or a report was just made from. */
void session_swept(const struct session *s, struct books_input *in);
/* Why kernel memory beyond page tables and stacks is not known by task; NULL: it is. */
const char *session_kmem_why(const struct session *s);
/* Call on_look() at this interval from now on. */
void session_pace(struct session *s, uint64_t interval_ns);
/* Make checkpoints from now on, as on_checkpoint() of the configuration; `fn` NULL: one more, then
 * none. Returns 0 or negative errno, not logged. */
int session_checkpoints(struct session *s, void (*fn)(void *ctx, struct report *r), uint64_t ns);
/* End session_loop(), as at a signal. */
void session_stop(struct session *s);

/* Free memory that can be had again, or that only detail is kept in. */
void session_shrink(struct session *s);
/* A report whose books are checked, without a profile, in which nothing waits for long. */
struct report *session_audit(struct session *s);
/* Bytes of the BPF maps; 0: not known. */
uint64_t session_map_bytes(struct session *s);

/* Send the command a signal, unless it has ended. */
void session_kill(const struct session *s, int signal);

/* Run until the command or all targets have ended or the duration is over; if tare attached, also
 * until SIGINT or SIGTERM. Returns 0 or negative errno, logged. `status`: the command's wait
 * status. */
int session_loop(struct session *s, int *status);

/* Did tare attach, and have all targets ended? */
bool session_targets_ended(const struct session *s);

/* CLOCK_BOOTTIME, as in records, when the command was started or tare attached. */
uint64_t session_origin(const struct session *s);

/* The counter backend in use. */
enum counter_backend session_backend(const struct session *s);

/* A report as of now for a checkpoint: it waits for nothing, and the books are not checked. Never
 * NULL. */
struct report *session_glance(struct session *s);

/* The same, for the one caller that adds up growth: the profile's `fresh` is what grew since the
 * last such report. */
struct report *session_growth(struct session *s);

/* The same; its peak is the last OOM kill (of a session with load.freeze) or now. The books of what
 * lived then are as of that moment, whatever came after it. Reads nothing of /proc. */
struct report *session_freeze(struct session *s, bool kill);

/* A report as of now; never NULL. The caller adds command and features. */
struct report *session_report(struct session *s, enum report_reason reason);

#endif
