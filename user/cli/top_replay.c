/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `tare top --replay`: a recording in place of a session, with a time cursor. The screen and the
 * rounds as text are those of a session.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cmd.h"
#include "cli/top.h"
#include "cli/top_functions.h"
#include "store/recording.h"
#include "store/replay.h"

#define NS 1000000000ULL
#define FAR_NS (10 * NS) /* [ and ] */
#define GAP_MOST_MS 1000 /* between two rounds while it plays, also where some were thinned */
#define WATCHED_MOST 3

struct top_replay {
	struct top *t;
	struct replay *file;
	struct top_timeline timeline;
	bool playing;
	int64_t *weight;
	struct {
		int fd;
		session_ready_fn fn;
		void *ctx;
	} watched[WATCHED_MOST];
	unsigned n_watched;
	uint64_t next_us; /* when the next round is due while it plays */
	/* The report of the recording, for functions; loaded when they are asked for. */
	struct report *report;
	bool no_report;
	GArray *entries; /* of its profile, as they were loaded */
	GArray *functions;
};

static struct top_replay *replaying; /* the names of causes have no context */

static char *replay_cause_name(uint32_t id)
{
	return replay_cause(replaying->file, id);
}

static const struct replay_point *point_at(const struct top_replay *r, unsigned index)
{
	return &g_array_index(replay_points(r->file), struct replay_point, index);
}

static int show(struct top_replay *r, unsigned index)
{
	struct top *t = r->t;
	int err = replay_seek(r->file, index, t->live);
	uint64_t gap_us;

	if (err) {
		t->err = err;
		top_quit(t);
		return err;
	}
	r->timeline.at = index;
	r->timeline.at_ns = point_at(r, index)->time_ns;
	t->look.first = !index;
	if (index + 1 == r->timeline.n) {
		r->playing = false;
	} else {
		gap_us = (point_at(r, index + 1)->time_ns - r->timeline.at_ns) / 1000;
		r->next_us = (uint64_t)g_get_monotonic_time() + MIN(gap_us, GAP_MOST_MS * 1000);
	}
	r->timeline.state = t->screen ? r->playing ? "playing" : "paused" : NULL;
	if (t->screen)
		top_screen_tick(t->screen);
	return 0;
}

/* The first round that is not before this time. */
static unsigned round_at(const struct top_replay *r, uint64_t time_ns)
{
	unsigned i = 0;

	while (i + 1 < r->timeline.n && point_at(r, i)->time_ns < time_ns)
		i++;
	return i;
}

static void seek(struct top *t, enum top_seek how)
{
	struct top_replay *r = t->replay;
	unsigned last = r->timeline.n - 1, at = r->timeline.at;
	uint64_t now = r->timeline.at_ns;
	bool playing = how == TOP_PLAY && !r->playing;

	if (how == TOP_BACK)
		at -= at > 0;
	else if (how == TOP_ON)
		at += at < last;
	else if (how == TOP_BACK_FAR)
		at = MIN(round_at(r, now - MIN(now, FAR_NS)), at - (at > 0));
	else if (how == TOP_ON_FAR)
		at = round_at(r, now + FAR_NS);
	else if (how == TOP_END)
		at = last;
	else if (how == TOP_START || (playing && at == last))
		at = 0;
	r->playing = playing;
	show(r, at);
}

static int watch(struct top *t, int fd, session_ready_fn fn, void *ctx)
{
	struct top_replay *r = t->replay;

	if (r->n_watched == WATCHED_MOST)
		return -ENOSPC;
	r->watched[r->n_watched].fd = fd;
	r->watched[r->n_watched].fn = fn;
	r->watched[r->n_watched++].ctx = ctx;
	return 0;
}

/* Load the report once. Its processes get ids, which a recording does not have. */
static bool load_report(struct top_replay *r)
{
	if (r->report || r->no_report)
		return r->report;
	if (recording_load(&r->report, r->t->options->replay) || !r->report->profile) {
		r->no_report = true;
		g_clear_pointer(&r->report, report_free);
		return false;
	}
	folding_apply(&r->t->options->base.folding, r->report);
	for (unsigned i = 0; i < r->report->processes->len; i++)
		((struct report_process *)r->report->processes->pdata[i])->id = i + 1;
	r->entries = g_array_copy(r->report->profile->entries);
	return true;
}

/* The process of the report that had this pid then; 0: none. */
static uint64_t reported_process(const struct top_replay *r, pid_t pid)
{
	for (unsigned i = 0; i < r->report->processes->len; i++) {
		const struct report_process *p = r->report->processes->pdata[i];

		if (p->pid == pid && p->start_ns <= r->timeline.at_ns &&
		    (!p->end_ns || p->end_ns >= r->timeline.at_ns))
			return p->id;
	}
	return 0;
}

static void details(struct top *t, struct top_details *d)
{
	struct top_replay *r = t->replay;

	d->replay = true;
	if (!load_report(r))
		return;
	memcpy(r->report->profile->entries->data, r->entries->data,
	       r->entries->len * sizeof(struct profile_entry));
	if (r->functions)
		g_array_unref(r->functions);
	r->functions = top_functions_of(r->report, reported_process(r, d->row.pid),
					r->t->look.query.window, r->timeline.at_ns);
	d->functions = r->functions;
}

/* Text: the rounds one after the other, at least --delay apart. */
static int print_rounds(struct top_replay *r)
{
	const struct top_options *o = r->t->options;
	uint64_t printed = 0, last_ns = 0;

	for (unsigned i = 0; i < r->timeline.n && !r->t->over; i++) {
		uint64_t time_ns = point_at(r, i)->time_ns;

		if (printed &&
		    time_ns - last_ns < o->delay_ns - o->delay_ns / 20) /* ticks are late */
			continue;
		if (show(r, i))
			break;
		r->t->look.interval_ns = time_ns - last_ns;
		last_ns = time_ns;
		top_print(r->t);
		r->t->begun = true;
		if (++printed == o->rounds)
			break;
	}
	return r->t->err;
}

static void on_end(void *ctx)
{
	top_quit(((struct top_replay *)ctx)->t);
}

static void wait_once(struct top_replay *r)
{
	struct pollfd fds[WATCHED_MOST];
	uint64_t now = (uint64_t)g_get_monotonic_time();
	int wait = -1;

	if (r->playing)
		wait = r->next_us > now ? (int)((r->next_us - now + 999) / 1000) : 0;
	for (unsigned i = 0; i < r->n_watched; i++)
		fds[i] = (struct pollfd){ .fd = r->watched[i].fd, .events = POLLIN };
	if (poll(fds, r->n_watched, wait) < 0 && errno != EINTR) {
		log_error("cannot wait for events: %s", g_strerror(errno));
		r->t->err = -errno;
		top_quit(r->t);
		return;
	}
	for (unsigned i = 0; i < r->n_watched && !r->t->over; i++)
		if (fds[i].revents)
			r->watched[i].fn(r->watched[i].ctx);
	if (!r->t->over && r->playing && (uint64_t)g_get_monotonic_time() >= r->next_us)
		show(r, r->timeline.at + 1);
}

static int run_screen(struct top_replay *r)
{
	struct top *t = r->t;
	sigset_t mask, old;
	int signals, err;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, &old);
	signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	err = signals < 0 ? -errno : watch(t, signals, on_end, r);
	err = err ?: top_screen_begin(t->screen);
	r->playing = true;
	if (!err)
		err = show(r, 0);
	while (!err && !t->over)
		wait_once(r);
	g_clear_pointer(&t->screen, top_screen_close);
	if (signals >= 0)
		close(signals);
	/* The signal that ended it is pending; it was not the end of a failure. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err ? err : t->err;
}

static void set_timeline(struct top_replay *r)
{
	unsigned n = replay_points(r->file)->len;

	r->weight = g_new(int64_t, n);
	for (unsigned i = 0; i < n; i++)
		r->weight[i] = point_at(r, i)->weight;
	r->timeline = (struct top_timeline){
		.weight = r->weight,
		.n = n,
		.end_ns = point_at(r, n - 1)->time_ns,
	};
	r->t->look.timeline = &r->timeline;
	r->t->look.cause_name = replay_cause_name;
	r->t->look.kmem_why = "not in the recording";
}

static const struct top_source source = { watch, seek, details };

int top_replay(struct top *t)
{
	struct top_replay r = { .t = t };
	int err = replay_open(&r.file, t->options->replay);

	if (err)
		return EXIT_FAILED;
	replaying = t->replay = &r;
	t->source = &source;
	set_timeline(&r);
	err = top_open_screen(t);
	if (!err)
		err = t->screen ? run_screen(&r) : print_rounds(&r);
	g_clear_pointer(&t->screen, top_screen_close);
	replay_close(r.file);
	report_free(r.report);
	if (r.entries)
		g_array_unref(r.entries);
	if (r.functions)
		g_array_unref(r.functions);
	g_free(r.weight);
	t->replay = NULL;
	t->source = NULL;
	return err ? EXIT_FAILED : 0;
}
