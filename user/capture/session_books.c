/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A session's reports: waits for late records, sweeps over tasks and closes the books.
 */
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/cause.h"
#include "capture/sampler.h"
#include "capture/self.h"
#include "capture/session_state.h"
#include "model/books.h"

#define EXITING_NS SESSION_NS     /* how long to wait for exiting tasks */
#define STALE_NS (SESSION_NS / 4) /* how long a snapshot waits for sums of ended tasks */
#define EXITING_LOOK_MS 1         /* between two looks at them */
#define SETTLE_TRIES 5            /* of a report of running tasks that does not balance */
#define SETTLE_MS 4
#define LOST_MANY 4096 /* lost final records: as many rows of ended tasks may be in the table */
#define FREES_MATTER (1 << 20) /* bytes of kernel memory that are worth waiting for */
#define FREES_MS 100           /* if nothing is freed for so long, stop waiting */

static int on_sweep(void *ctx, const void *data, size_t size)
{
	return proctable_sweep(((struct session *)ctx)->proctable, data, size, false);
}

static int on_second_look(void *ctx, const void *data, size_t size)
{
	return proctable_sweep(((struct session *)ctx)->proctable, data, size, true);
}

static uint64_t lost_records(const struct session *s)
{
	struct tare_workload w;

	loader_workload(s->loader, &w);
	return w.lost[TARE_LOST_RECORD_TASK] + w.lost[TARE_LOST_RECORD_MM];
}

/* `check`: sweep twice. A task whose values are the same in both did not run in between; its
 * books can be compared. If final records were lost, two sweeps also show which tasks live. */
static void sweep_tasks(struct session *s, bool check)
{
	int err;

	session_drain(s);
	s->lost_records = lost_records(s);
	check = check || s->lost_records;
	proctable_sweep_begin(s->proctable);
	err = loader_sweep(s->loader, on_sweep, s);
	if (!err && check)
		err = loader_sweep(s->loader, on_second_look, s);
	s->looked_twice = !err && check;
	if (err)
		log_warn("the sweep over tasks failed: %s", g_strerror(-err));
	session_drain(s);
}

static void on_lost(void *ctx, uint64_t proc, const struct tare_ended *e)
{
	proctable_lost(((struct session *)ctx)->proctable, proc, e);
}

void session_read_lost(struct session *s)
{
	uint64_t lost = lost_records(s);

	if (lost == s->lost_read)
		return;
	if (loader_ended(s->loader, on_lost, s))
		log_warn("sums of ended tasks could not be read");
	s->lost_read = lost;
}

/* Read the sums of tasks and address spaces whose final records were lost. False: a record was lost
 * during the sweep, so its task may be counted in the sweep too. */
static bool take_lost(struct session *s)
{
	uint64_t lost = lost_records(s);

	if (!lost)
		return true;
	session_read_lost(s);
	if (!s->looked_twice) /* else living tasks would be taken for ended ones */
		return false;
	proctable_drop_lost(s->proctable);
	if (s->sampler && lost != s->lost_dropped)
		sampler_lost(s->sampler, s->proctable);
	s->lost_dropped = lost;
	return lost_records(s) == s->lost_records; /* and none was lost while they were read */
}

void session_forget_lost(struct session *s)
{
	if (lost_records(s) - s->lost_dropped < LOST_MANY)
		return;
	sweep_tasks(s, true);
	take_lost(s);
}

/* Is any task exiting? If final records were lost, a task that a sweep does not find may have
 * ended or be exiting; then the kernel side's count of tasks that have not ended decides. */
static bool any_exiting(const struct session *s)
{
	if (!lost_records(s))
		return proctable_exiting(s->proctable);
	return loader_tasks(s->loader) > proctable_met(s->proctable);
}

static bool any_stale(const struct session *s)
{
	return !lost_records(s) && proctable_stale(s->proctable);
}

/* Wait while there are such tasks, at most so long. Other sources are not handled meanwhile: a
 * signal or the clock must not begin another report within this one. */
static void wait_while(struct session *s, bool (*any)(const struct session *s), uint64_t most_ns)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + most_ns;

	while (any(s) && clock_ns(CLOCK_MONOTONIC) < until) {
		poll(NULL, 0, EXITING_LOOK_MS);
		session_drain(s);
	}
}

/* For a snapshot: a task that ended in the meantime sends its record, a zombie is in the next
 * sweep. */
static void settle_stale(struct session *s, bool check)
{
	if (any_stale(s) && proctable_outdated(s->proctable))
		sweep_tasks(s, check);
	wait_while(s, any_stale, STALE_NS);
}

/* The kernel frees memory of an ended command later (RCU, workqueues): wait as long as it does. */
static void wait_for_frees(struct session *s)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + EXITING_NS;
	int64_t held = kmem_held(s->kmem), before = INT64_MAX;

	while (held > FREES_MATTER && held < before && clock_ns(CLOCK_MONOTONIC) < until) {
		poll(NULL, 0, FREES_MS);
		before = held;
		held = kmem_held(s->kmem);
	}
}

/* How and when the command ended. The kernel's time, if its row was not folded: tare saw the end
 * later. */
static void describe_exit(const struct session *s, struct report *r)
{
	if (!s->launched || !s->command_ended)
		return;
	r->exit.known = true;
	if (WIFSIGNALED(s->status))
		r->exit.signal = WTERMSIG(s->status);
	else
		r->exit.code = WEXITSTATUS(s->status);
	r->command_ns = s->command_ended_ns - MIN(s->origin_ns, s->command_ended_ns);
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		if (p->pid == s->launch.pid && p->end_ns && p->end_ns < r->command_ns) {
			r->command_ns = p->end_ns;
			return;
		}
	}
}

static struct books_input books_input(const struct session *s, bool check)
{
	return (struct books_input){
		.proctable = s->proctable,
		.page_size = sysconf(_SC_PAGESIZE),
		.origin_ns = s->origin_ns,
		.sums_valid = check && loader_sums_valid(s->loader),
		.cause_name = cause_name,
	};
}

/* No waiting for late records, and no checks: it is called often. */
void session_live(struct session *s, struct books_input *in)
{
	sweep_tasks(s, false);
	take_lost(s);
	session_swept(s, in);
}

void session_swept(const struct session *s, struct books_input *in)
{
	*in = books_input(s, true);
	in->now_ns = clock_ns(CLOCK_BOOTTIME);
	kmem_books(s->kmem, &in->workload, &in->kmem);
}

static struct report *close_books(struct session *s, enum report_reason reason, bool check,
				  enum books_peak peak)
{
	struct report *r = report_new();
	struct books_input in = books_input(s, check);

	in.peak = peak;

	sweep_tasks(s, check);
	if (reason == REPORT_END) /* final records come an RCU grace period after the end */
		wait_while(s, any_exiting, EXITING_NS);
	else if (check)
		settle_stale(s, check);
	for (int i = 0; !take_lost(s) && i < SETTLE_TRIES; i++)
		sweep_tasks(s, check);
	proctable_fold(s->proctable, true); /* now: books and profile must see the same rows */
	in.now_ns = clock_ns(CLOCK_BOOTTIME);
	if (reason == REPORT_END && !proctable_living(s->proctable))
		wait_for_frees(s);
	kmem_books(s->kmem, &in.workload, &in.kmem);
	r->reason = reason;
	books_close(r, &in);
	describe_exit(s, r);
	series_copy(s->series, r->series);
	kmem_describe(s->kmem, r, in.now_ns - s->origin_ns);
	s->last = in.workload;
	s->last_peak = books_peak_seq(&in);
	if (s->config.self)
		self_fill(s->loader, &r->self);
	return r;
}

static bool books_are_off(const struct report *r)
{
	return r->off_pages ||
	       (r->kmem.level == KMEM_EVENTS && r->kmem.by_cgroup != CGROUP_UNKNOWN &&
		r->kmem.by_cgroup != r->kmem.by_events);
}

static void add_profile(struct session *s, struct report *r)
{
	const char *virtual_why = features_why_not(s->config.load.features, FEATURE_SYS_EXIT,
						   "the kernel has no sys_exit tracepoint");
	struct tare_sampling counts;

	session_drain(s);
	loader_sampling(s->loader, &counts);
	r->profile =
		sampler_profile(s->sampler, r, &counts, s->last_peak, s->origin_ns, virtual_why);
}

/* If a task is preempted between a change and its event, the kernel's sums have the change and
 * tare's do not, until the task runs again. A real difference does not
 * disappear, so the books are closed again after a short wait. */
static struct report *settle_books(struct session *s, enum report_reason reason)
{
	struct report *r = close_books(s, reason, true, BOOKS_PEAK);

	for (int i = 0; i < SETTLE_TRIES && books_are_off(r); i++) {
		report_free(r);
		poll(NULL, 0, SETTLE_MS);
		r = close_books(s, reason, true, BOOKS_PEAK);
	}
	return r;
}

struct report *session_audit(struct session *s)
{
	return settle_books(s, REPORT_SNAPSHOT);
}

struct report *session_books(struct session *s, enum report_reason reason)
{
	struct report *r = settle_books(s, reason);

	if (s->proctable->malformed) /* the reason why books may not balance */
		log_warn("%" G_GUINT64_FORMAT " records from the kernel are malformed",
			 s->proctable->malformed);
	if (s->sampler)
		add_profile(s, r);
	return r;
}

static struct report *glance(struct session *s, enum books_peak peak)
{
	struct report *r = close_books(s, REPORT_SNAPSHOT, false, peak);

	report_add_feature(r, "books", "not checked",
			   "this is a checkpoint of a run; the books are compared at snapshots and"
			   " at the end");
	if (s->sampler)
		add_profile(s, r);
	return r;
}

struct report *session_glance(struct session *s)
{
	return glance(s, BOOKS_PEAK);
}

struct report *session_growth(struct session *s)
{
	struct report *r = session_glance(s);

	if (s->sampler)
		sampler_told(s->sampler);
	return r;
}

struct report *session_freeze(struct session *s, bool kill)
{
	struct report *r = glance(s, kill ? BOOKS_PEAK_NOTED : BOOKS_PEAK_NOW);

	if (kill)
		loader_thaw(s->loader);
	return r;
}
