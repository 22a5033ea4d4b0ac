/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A request takes a report of the session, or uses the last one if it is young. A request with
 * ?seconds=N waits: its client is answered when its time is over, by a timer of the session's loop.
 */
#include "agent/pprof.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "agent/pprof_groups.h"
#include "base/log.h"
#include "model/frame_rules.h"
#include "output/stacks/pprof_sums.h"

#define NS 1000000000ULL
#define AGE_NS NS              /* a report is used for so long: many readers cost as one */
#define AGE_LEAST_NS (NS / 10) /* … by those who measure a time */
#define WAITS 8                /* clients that wait at the same time */
#define SECONDS_MOST 60
/* Bytes; larger arrays are mapped, and given back when they are freed. glibc raises its own limit
 * at each of them, and then keeps what a report needed for ever. */
#define MAPPED (256 << 10)
#define TYPE "application/octet-stream"

/* A client that waits. */
struct wait {
	struct agent *agent;
	struct http_request *q; /* NULL: free */
	bool kernel;
	char *comm, *cgroup; /* NULL: all */
	struct sums_mark *mark;
	uint64_t from_ns, until_ns; /* CLOCK_BOOTTIME */
};

struct agent_pprof {
	struct stack_sums *user, *kernel;
	struct frame_rules *rules;
	struct pprof_groups *groups;
	uint64_t taken_ns; /* CLOCK_BOOTTIME of the last report; 0: none yet */
	int64_t taken_epoch_ns;
	uint64_t period; /* bytes of growth for each sample */
	char *comments[3];
	int timer;
	struct wait wait[WAITS];
};

static int64_t epoch_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * (int64_t)NS + t.tv_nsec;
}

static struct stack_sums *sums_of(const struct agent_pprof *p, bool kernel)
{
	return kernel ? p->kernel : p->user;
}

static void describe(struct agent_pprof *p, const struct profile *profile)
{
	p->period = profile->period;
	g_free(p->comments[0]);
	g_free(p->comments[1]);
	p->comments[0] = g_strdup_printf("tare: growth by samples, one per %" G_GUINT64_FORMAT
					 " bytes; held memory scaled to the kernel's counters",
					 profile->period);
	p->comments[1] = g_strdup_printf("lost samples: %" G_GUINT64_FORMAT " (%" G_GUINT64_FORMAT
					 " bytes); they are part of [other]",
					 profile->lost.samples, profile->lost.bytes);
}

/* Take a report, unless the last one is younger than `age_ns`. False: there are no samples. */
static bool refresh(struct agent *a, uint64_t age_ns)
{
	struct agent_pprof *p = a->pprof;
	struct report *r;

	if (p->taken_ns && agent_now_ns() - p->taken_ns < age_ns)
		return true;
	r = session_growth(a->session);
	if (!r->profile) {
		report_free(r);
		return false;
	}
	frame_rules_apply(p->rules, r->profile, false);
	pprof_groups_begin(p->groups, r, a);
	stack_sums_take(p->user, r, pprof_group, p->groups);
	stack_sums_take(p->kernel, r, pprof_group, p->groups);
	describe(p, r->profile);
	p->taken_ns = agent_now_ns();
	p->taken_epoch_ns = epoch_ns();
	report_free(r);
	return true;
}

static void answer(struct agent *a, struct http_request *q, bool kernel,
		   const struct sums_query *query, uint64_t duration_ns)
{
	const struct agent_pprof *p = a->pprof;
	struct pprof_head head = {
		.kernel = kernel,
		.time_ns = p->taken_epoch_ns - (int64_t)duration_ns,
		.duration_ns = (int64_t)duration_ns,
		.period = p->period,
		.page_size = (uint64_t)sysconf(_SC_PAGESIZE),
		.comments = (const char *const *)p->comments,
	};
	GString *body = pprof_sums(sums_of(p, kernel), query, &head, PPROF_PLAIN_MOST);

	http_answer(q, 200, TYPE, body);
}

static void end_wait(struct agent *a, struct wait *w)
{
	stack_sums_unmark(sums_of(a->pprof, w->kernel), w->mark);
	g_free(w->comm);
	g_free(w->cgroup);
	*w = (struct wait){ NULL };
}

/* Wake up when the first wait is over. */
static void set_timer(struct agent_pprof *p)
{
	struct itimerspec t = { { 0, 0 }, { 0, 0 } };
	uint64_t first = UINT64_MAX;

	for (unsigned i = 0; i < WAITS; i++)
		if (p->wait[i].q)
			first = MIN(first, p->wait[i].until_ns);
	if (first != UINT64_MAX) {
		t.it_value.tv_sec = (time_t)(first / NS);
		t.it_value.tv_nsec = (long)(first % NS);
	}
	timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

static void on_timer(void *ctx)
{
	struct agent *a = ctx;
	struct agent_pprof *p = a->pprof;
	uint64_t times, now = agent_now_ns();

	if (read(p->timer, &times, sizeof(times)) != sizeof(times))
		return;
	for (unsigned i = 0; i < WAITS; i++) {
		struct wait *w = &p->wait[i];
		struct sums_query query = { w->comm, w->cgroup, w->mark };
		struct http_request *q = w->q;

		if (!q || w->until_ns > now)
			continue;
		refresh(a, AGE_LEAST_NS);
		w->q = NULL; /* the answer ends the request: on_gone() is not meant */
		answer(a, q, w->kernel, &query, p->taken_ns - MIN(w->from_ns, p->taken_ns - 1));
		end_wait(a, w);
	}
	set_timer(p);
}

static void on_gone(void *ctx, struct http_request *q)
{
	struct wait *w = ctx;
	struct agent *a = w->agent;

	if (w->q != q)
		return;
	end_wait(a, w);
	set_timer(a->pprof);
}

/* NULL: there is none. */
static struct wait *free_wait(struct agent_pprof *p)
{
	for (unsigned i = 0; i < WAITS; i++)
		if (!p->wait[i].q)
			return &p->wait[i];
	return NULL;
}

static void begin_wait(struct agent *a, struct http_request *q, bool kernel,
		       const struct sums_query *query, unsigned seconds)
{
	struct agent_pprof *p = a->pprof;
	struct wait *w = free_wait(p);

	*w = (struct wait){
		.agent = a,
		.q = q,
		.kernel = kernel,
		.comm = g_strdup(query->comm),
		.cgroup = g_strdup(query->cgroup),
		.mark = stack_sums_mark(sums_of(p, kernel)),
		.from_ns = p->taken_ns,
		.until_ns = p->taken_ns + seconds * NS,
	};
	http_on_gone(q, on_gone, w);
	set_timer(p);
}

static void answer_any(struct agent *a, struct http_request *q, bool kernel)
{
	struct sums_query query = { http_query(q, "comm"), http_query(q, "cgroup"), NULL };
	unsigned seconds = 0;

	if (!http_query_number(q, "seconds", 1, SECONDS_MOST, &seconds))
		return;
	if (seconds && !free_wait(a->pprof)) /* first: it costs nothing */
		http_answer_text(q, 503, "%d clients wait for a difference already\n", WAITS);
	else if (!refresh(a, seconds ? AGE_LEAST_NS : AGE_NS))
		http_answer_text(q, 404, "no samples: `period = 0` in the configuration\n");
	else if (seconds)
		begin_wait(a, q, kernel, &query, seconds);
	else
		answer(a, q, kernel, &query, 0);
}

void pprof_allocs(struct agent *a, struct http_request *q)
{
	answer_any(a, q, false);
}

void pprof_heap(struct agent *a, struct http_request *q)
{
	answer_any(a, q, false);
}

void pprof_kernel(struct agent *a, struct http_request *q)
{
	answer_any(a, q, true);
}

void pprof_shrink(struct agent *a)
{
	stack_sums_shrink(a->pprof->user);
	stack_sums_shrink(a->pprof->kernel);
}

int pprof_begin(struct agent *a)
{
	struct agent_pprof *p = g_new0(struct agent_pprof, 1);
	int err = 0;

	a->pprof = p;
	mallopt(M_MMAP_THRESHOLD, MAPPED);
	p->user = stack_sums_new(false, SUMS_MOST);
	p->kernel = stack_sums_new(true, SUMS_MOST);
	p->rules = frame_rules_new();
	p->groups = pprof_groups_new();
	p->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (p->timer < 0)
		err = -errno;
	if (!err)
		err = session_watch(a->session, p->timer, on_timer, a);
	if (err)
		log_error("cannot wait for a clock: %s", g_strerror(-err));
	return err;
}

void pprof_end(struct agent *a)
{
	struct agent_pprof *p = a->pprof;

	if (!p)
		return;
	for (unsigned i = 0; i < WAITS; i++)
		end_wait(a, &p->wait[i]);
	if (p->timer >= 0)
		close(p->timer);
	pprof_groups_free(p->groups);
	frame_rules_free(p->rules);
	stack_sums_free(p->user);
	stack_sums_free(p->kernel);
	for (unsigned i = 0; i < G_N_ELEMENTS(p->comments); i++)
		g_free(p->comments[i]);
	g_clear_pointer(&a->pprof, g_free);
}
