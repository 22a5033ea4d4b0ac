/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A run of `tare top`, shared by its files:
 *   cmd_top.c      the session
 *   top_face.c     the screen, or rounds as text
 *   top_ui.c, top_keys.c, top_details.c   the screen's lines and keys, without a terminal
 *   top_functions.c   functions and limits for the details
 *   top_screen.c   the terminal, by ncursesw
 *   top_replay.c   a recording in place of a session
 */
#ifndef TARE_TOP_RUN_H
#define TARE_TOP_RUN_H

#include <signal.h>

#include "capture/features.h"
#include "capture/session.h"
#include "cli/reporter.h"
#include "cli/top_options.h"
#include "cli/top_ui.h"

struct top;
struct top_screen;

/* What the screen asks of a replay. */
struct top_source {
	int (*watch)(struct top *t, int fd, session_ready_fn fn, void *ctx); /* session_watch() */
	void (*seek)(struct top *t, enum top_seek how);
	void (*details)(struct top *t, struct top_details *d);
};

struct top {
	struct reporter reporter; /* first: the session's callbacks get its address */
	const struct top_options *options;
	struct options session_options; /* the reporter's: a recording may begin later */
	/* A recording that began with a key; NULL: none. */
	char *own_path;
	struct fileout *own_record;
	struct features *features;
	struct session *session;
	/* A recording in place of a session, and its calls; NULL: there is a session. */
	struct top_replay *replay;
	const struct top_source *source;
	struct live *live;
	struct live_view *view; /* of plain text */
	struct top_look look;
	struct top_screen *screen;  /* NULL: plain text */
	uint64_t cpu_ns, cpu_at_ns; /* of tare: at the last tick */
	bool begun, over;           /* the first round was shown; nothing more is */
	int err;
};

/* End the run: a command that tare started gets SIGTERM. */
static inline void top_quit(struct top *t)
{
	t->over = true;
	if (t->replay)
		return;
	if (t->options->base.command[0])
		session_kill(t->session, SIGTERM);
	session_stop(t->session);
}

static inline void top_forget_record(struct top *t)
{
	g_clear_pointer(&t->own_record, fileout_close);
	g_clear_pointer(&t->own_path, g_free);
}

/* Show a recording, as text or on the screen. Returns the exit status. */
int top_replay(struct top *t);
/* A round as text; it may end the run. */
void top_print(struct top *t);

/* Can there be a screen: are stdin and stdout a terminal that can do more than print? */
bool top_screen_possible(void);
/* Open the screen if the options and the terminal allow one. 0, or negative errno, logged. */
int top_open_screen(struct top *t);
/* Take the terminal. From now on messages are kept; top_screen_close() prints them. NULL, with a
 * message: this terminal is not known. */
struct top_screen *top_screen_open(struct top *t);
/* Wait for keys too, when the session exists. Returns 0 or negative errno, logged. */
int top_screen_begin(struct top_screen *s);
void top_screen_tick(struct top_screen *s);  /* after each tick of the model */
void top_screen_close(struct top_screen *s); /* takes NULL; the terminal is as it was */

#endif
