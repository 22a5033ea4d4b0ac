/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which face a run of `tare top` has: the screen, or rounds as text.
 */
#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/top.h"

void top_print(struct top *t)
{
	const struct top_options *o = t->options;
	const struct live_total *total = live_total(t->live);
	const GArray *rows = live_view_rows(t->view, t->live, &o->query);
	GString *text = g_string_new(NULL);
	int err;

	if (o->format == TOP_JSONL) {
		top_json(text, total, rows, o->rows, &t->look);
	} else if (o->format == TOP_CSV) {
		if (!t->begun)
			top_csv_head(text);
		top_csv(text, total, rows, o->rows, &t->look);
	} else {
		top_round(text, total, rows, o->rows, &t->look);
		if (t->look.ascii)
			top_to_ascii(text);
	}
	err = fileout_stream(STDOUT_FILENO, text->str, text->len);
	g_string_free(text, TRUE);
	if (!err)
		return;
	if (err != -EPIPE && err != -EINTR) { /* the reader has seen enough; a signal */
		log_error("cannot write to stdout: %s", g_strerror(-err));
		t->err = err;
	}
	top_quit(t);
}

int top_open_screen(struct top *t)
{
	if (t->options->batch)
		return 0;
	if (!top_screen_possible()) {
		log_warn("no terminal that can show a screen: plain text, as with -b");
		return 0;
	}
	t->screen = top_screen_open(t);
	return t->screen ? 0 : -ENOTTY;
}
