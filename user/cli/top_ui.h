/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The screen of `tare top` without a terminal: what it shows, what keys do, and its lines. It must
 * not know ncurses, so that tests can press keys and read lines.
 */
#ifndef TARE_TOP_UI_H
#define TARE_TOP_UI_H

#include "model/live_view.h"
#include "output/top/top.h"

/* Keys that are no characters. */
enum top_key {
	TOP_KEY_UP = 0x110000,
	TOP_KEY_DOWN,
	TOP_KEY_LEFT,
	TOP_KEY_RIGHT,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_BACK, /* backspace */
	TOP_KEY_F1,
	TOP_KEY_F10 = TOP_KEY_F1 + 9,
};
#define TOP_KEY_ESCAPE 27
#define TOP_KEY_ENTER '\n'

/* Moves of a replay's time cursor. */
enum top_seek { TOP_BACK, TOP_ON, TOP_BACK_FAR, TOP_ON_FAR, TOP_START, TOP_END, TOP_PLAY };

/* What the screen asks of others. All may be NULL. */
struct top_ui_calls {
	void (*quit)(void *ctx);
	/* Write a report; the message says where, or what failed. The caller frees it. */
	char *(*write)(void *ctx);
	/* Start a recording, or stop it. The same. */
	char *(*record)(void *ctx);
	/* Fill in limit and functions of a process (row and opened_ns are set). `functions` are
	 * valid until the next call; their `opened` is set by the caller. */
	void (*details)(void *ctx, struct top_details *d);
	/* Of a replay. It calls top_ui_tick(). */
	void (*seek)(void *ctx, enum top_seek how);
	void *ctx;
};

struct top_ui;

/* `look` and `live` must outlive it. */
struct top_ui *top_ui_new(const struct live *live, struct top_look *look,
			  const struct top_ui_calls *calls);
void top_ui_free(struct top_ui *ui); /* takes NULL */

void top_ui_size(struct top_ui *ui, unsigned width, unsigned height);
/* The model has had a tick. */
void top_ui_tick(struct top_ui *ui);
/* A key: an enum top_key or a character. */
void top_ui_key(struct top_ui *ui, uint32_t key);
/* Show a message in the last line until the next key; takes it. NULL: none. */
void top_ui_say(struct top_ui *ui, char *message);
/* A click on a line of the screen (from 0), at a column. `twice`: a double click. */
void top_ui_click(struct top_ui *ui, unsigned line, unsigned column, bool twice);

/* The lines of the screen (char *, with paint()'s escape sequences if the look has colours), at
 * most as many as it is high; valid until the next call. `*selected`: the line to highlight, or
 * -1. */
const GPtrArray *top_ui_lines(struct top_ui *ui, int *selected);

#endif
