/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/bench/notes.h"

#include <string.h>

#include "output/bench/view.h"

struct notes {
	enum bench_note which;
	bench_note_fn say;
	void *ctx;
	bool said;
};

/* Takes ownership of the text. NULL: no note. */
static void add_note(struct notes *n, const struct bench_row *row, char *text)
{
	if (!text)
		return;
	n->say(n->ctx, n->which, !n->said, row, text);
	n->said = true;
	g_free(text);
}

static void of_lines(const struct bench *b, struct notes *n)
{
	g_autoptr(GPtrArray) lines = bench_lines(b, NULL);

	for (unsigned i = 0; i < lines->len; i++) {
		const struct bench_line *l = lines->pdata[i];

		add_note(n, l->row,
			 n->which == BENCH_NOTE_BENT ? bench_steps_text(l) :
						       bench_shared_text(&l->fit));
	}
}

static void of_ended(const struct bench_row *row, struct notes *n)
{
	enum bench_outcome outcome = n->which == BENCH_NOTE_STOPPED ? BENCH_STOPPED : BENCH_FAILED;
	g_autoptr(GPtrArray) runs = bench_ended(row, outcome);
	g_autofree char *most = NULL;
	struct row_fit fit;

	fit_row(row, &fit);
	most = bench_most_text(&fit);
	for (unsigned i = 0; i < runs->len; i++) {
		g_autofree char *why = bench_ended_text(runs->pdata[i]);

		add_note(n, row, g_strdup_printf("%s; %s", why, most));
	}
}

static void of_row(const struct bench *b, const struct bench_row *row, struct notes *n)
{
	switch (n->which) {
	case BENCH_NOTE_AFTER:
		add_note(n, row, bench_after_text(row));
		break;
	case BENCH_NOTE_BUSY:
		add_note(n, row, bench_busy_text(row));
		break;
	case BENCH_NOTE_MISSING:
		if (!strcmp(bench_row_status(row), "missing"))
			add_note(n, row, g_strdup(bench_missing_text(b, row)));
		break;
	default:
		of_ended(row, n);
	}
}

void bench_notes(const struct bench *b, enum bench_note which, bench_note_fn say, void *ctx)
{
	struct notes n = { .which = which, .say = say, .ctx = ctx };

	if (which == BENCH_NOTE_BENT || which == BENCH_NOTE_SHARED) {
		of_lines(b, &n);
		return;
	}
	for (unsigned i = 0; i < b->rows->len; i++)
		of_row(b, b->rows->pdata[i], &n);
}
