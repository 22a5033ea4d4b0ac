/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by top_ui.c (lines), top_keys.c, top_details.c and top_help.c.
 */
#ifndef TARE_TOP_UI_IMPL_H
#define TARE_TOP_UI_IMPL_H

#include "cli/top_ui.h"

enum top_input { INPUT_NONE, INPUT_SEARCH, INPUT_FILTER };

struct top_ui {
	const struct live *live;
	struct top_look *look; /* its query is the screen's */
	struct top_ui_calls calls;
	struct live_view *view;
	unsigned width, height;

	GArray *rows; /* struct live_row: copies; their texts are in `texts` */
	struct live_total total;
	GStringChunk *texts;
	uint64_t selected; /* live_row_key(); 0: the first row */
	unsigned at;       /* index of the selected row */
	unsigned first;    /* index of the first row on the screen */
	bool following;    /* the selection stays with its row when rows move */

	GHashTable *expanded; /* ids of groups whose members are shown */

	enum top_input input;
	GString *typed;
	char *filter, *searched;
	char *message; /* in the last line, until the next key */
	bool help;

	uint64_t process; /* whose details are shown; 0: none */
	uint64_t opened_ns;
	unsigned scroll;
	GHashTable *cause_base;    /* id -> uint64_t *: in, when the details were opened */
	GHashTable *function_base; /* name -> int64_t *: total, likewise; NULL: not known yet */
	GString *details;          /* its lines, made at the last tick */

	GPtrArray *lines;
};

/* Rows of the last tick, in the order of the query. */
void top_ui_read(struct top_ui *ui);
/* How many rows the screen has room for. */
unsigned top_ui_room(const struct top_ui *ui);
void top_ui_say(struct top_ui *ui, char *message);               /* takes the message */
const struct live_row *top_ui_selected(const struct top_ui *ui); /* NULL: there are no rows */
void top_ui_select(struct top_ui *ui, int at);                   /* any number: the nearest row */

/* Show a process's details, or make their lines anew. False: it has ended; the last lines stay. */
bool top_ui_open(struct top_ui *ui, uint64_t process);
bool top_ui_details(struct top_ui *ui);
void top_ui_shut(struct top_ui *ui);

/* "h help  / search …", for the last line: the longest first, ended by NULL. */
extern const char *const top_ui_hints[];
/* The lines of the help, ended by NULL. */
extern const char *const top_ui_help[];

#endif
