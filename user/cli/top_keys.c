/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What keys and clicks do. The letters are htop's where htop has them.
 */
#include <string.h>

#include "cli/top_ui_impl.h"

/* A row below the selected one that has the text; else from the first on. */
static void search(struct top_ui *ui)
{
	unsigned n = ui->rows->len;

	for (unsigned i = 1; i <= n && ui->searched && *ui->searched; i++) {
		unsigned at = (ui->at + i) % n;

		if (live_row_matches(&g_array_index(ui->rows, struct live_row, at), ui->searched)) {
			top_ui_select(ui, (int)at);
			return;
		}
	}
	top_ui_say(ui, g_strdup_printf("no row has \"%s\"", ui->searched ? ui->searched : ""));
}

static void set_filter(struct top_ui *ui, const char *text)
{
	char *filter = g_strdup(text);

	g_free(ui->filter);
	ui->filter = filter;
	ui->look->query.filter = filter;
	top_ui_read(ui);
}

/* A key while a text is typed. The filter applies as it is typed. */
static void input_key(struct top_ui *ui, uint32_t key)
{
	enum top_input input = ui->input;
	char utf8[7] = "";

	if (key == TOP_KEY_ESCAPE || key == TOP_KEY_ENTER) {
		ui->input = INPUT_NONE;
		if (input == INPUT_FILTER && key == TOP_KEY_ESCAPE)
			set_filter(ui, "");
		if (input != INPUT_SEARCH || key != TOP_KEY_ENTER)
			return;
		g_free(ui->searched);
		ui->searched = g_strdup(ui->typed->str);
		search(ui);
		return;
	}
	if (key == TOP_KEY_BACK && ui->typed->len) {
		const char *last =
			g_utf8_find_prev_char(ui->typed->str, ui->typed->str + ui->typed->len);

		g_string_truncate(ui->typed, last ? (gsize)(last - ui->typed->str) : 0);
	} else if (key >= ' ' && key != 127 && key < TOP_KEY_UP && g_unichar_validate(key)) {
		utf8[g_unichar_to_utf8(key, utf8)] = '\0';
		g_string_append(ui->typed, utf8);
	}
	if (input == INPUT_FILTER)
		set_filter(ui, ui->typed->str);
}

static void begin_input(struct top_ui *ui, enum top_input input)
{
	ui->input = input;
	g_string_assign(ui->typed, input == INPUT_FILTER ? ui->filter : "");
}

static void sort_by(struct top_ui *ui, enum live_sort sort)
{
	struct live_query *q = &ui->look->query;

	q->inverted = q->sort == sort && !q->inverted;
	q->sort = sort;
	top_ui_say(ui, g_strdup_printf("sorted by %s%s", live_sort_name[sort],
				       q->inverted ? ", inverted" : ""));
	top_ui_read(ui);
}

/* The sort column to the left or right, in the order of the screen. */
static void move_sort(struct top_ui *ui, int by)
{
	int column = (int)top_column_of(ui->look->query.sort);
	enum live_sort sort = LIVE_SORTS;

	for (unsigned i = 0; i < TOP_COLUMNS && sort == LIVE_SORTS; i++) {
		column = (column + by + TOP_COLUMNS) % TOP_COLUMNS;
		sort = top_sort_of((enum top_column)column);
	}
	sort_by(ui, sort);
}

static void toggle_pause(struct top_ui *ui)
{
	ui->look->paused = !ui->look->paused;
	if (!ui->look->paused)
		top_ui_tick(ui);
	else
		top_ui_say(ui, g_strdup("paused; measuring goes on. space: go on"));
}

static void say_group(struct top_ui *ui)
{
	static const char *const text[LIVE_GROUPS] = { "one row per process",
						       "one row per control group",
						       "one row per name" };

	top_ui_say(ui, g_strdup(text[ui->look->query.group]));
}

/* Keys that change what is shown. False: it is another key. */
static bool query_key(struct top_ui *ui, uint32_t key)
{
	struct live_query *q = &ui->look->query;

	switch (key) {
	case '1':
	case '2':
	case '3':
		q->window = key - '1';
		break;
	case 't':
	case TOP_KEY_F1 + 4:
		q->tree = !q->tree;
		break;
	case 'H':
		q->threads = !q->threads;
		break;
	case 'g':
		q->group = (q->group + 1) % LIVE_GROUPS;
		say_group(ui);
		break;
	case 'I':
		q->inverted = !q->inverted;
		break;
	default:
		return false;
	}
	top_ui_read(ui);
	if (ui->process)
		top_ui_details(ui);
	return true;
}

/* Keys that move a replay in time. False: it is another key. */
static bool time_key(struct top_ui *ui, uint32_t key)
{
	static const struct {
		uint32_t key;
		enum top_seek how;
	} keys[] = {
		{ TOP_KEY_LEFT, TOP_BACK }, { TOP_KEY_RIGHT, TOP_ON },   { '[', TOP_BACK_FAR },
		{ ']', TOP_ON_FAR },        { TOP_KEY_HOME, TOP_START }, { TOP_KEY_END, TOP_END },
		{ ' ', TOP_PLAY },          { 'Z', TOP_PLAY },
	};

	for (unsigned i = 0; ui->calls.seek && i < G_N_ELEMENTS(keys); i++)
		if (keys[i].key == key) {
			ui->calls.seek(ui->calls.ctx, keys[i].how);
			return true;
		}
	return false;
}

/* Keys that move the selection, or scroll. False: it is another key. */
static bool move_key(struct top_ui *ui, uint32_t key)
{
	int room = (int)top_ui_room(ui), by;
	bool scrolls = ui->process || ui->help;

	switch (key) {
	case TOP_KEY_UP:
		by = -1;
		break;
	case TOP_KEY_DOWN:
		by = 1;
		break;
	case TOP_KEY_PAGE_UP:
		by = -room;
		break;
	case TOP_KEY_PAGE_DOWN:
		by = room;
		break;
	case TOP_KEY_HOME:
		by = G_MININT / 4;
		break;
	case TOP_KEY_END:
		by = G_MAXINT / 4;
		break;
	default:
		return false;
	}
	if (scrolls)
		ui->scroll = (unsigned)MAX((int)ui->scroll + by, 0);
	else
		top_ui_select(ui, (int)ui->at + by);
	return true;
}

static void quit_key(struct top_ui *ui)
{
	if (ui->calls.quit)
		ui->calls.quit(ui->calls.ctx);
}

/* Back to the rows: from help, from details, from a filter. */
static void back_key(struct top_ui *ui)
{
	if (ui->help)
		ui->help = false;
	else if (ui->process)
		top_ui_shut(ui);
	else
		set_filter(ui, "");
	ui->scroll = 0;
}

/* Show the members of a group below it, or no longer. */
static void toggle_group(struct top_ui *ui, uint64_t id)
{
	if (!g_hash_table_remove(ui->expanded, &id))
		g_hash_table_add(ui->expanded, g_memdup2(&id, sizeof(id)));
	top_ui_read(ui);
}

static void plus_key(struct top_ui *ui)
{
	const struct live_row *row = top_ui_selected(ui);

	if (row && !row->proc && !ui->process && !ui->help)
		toggle_group(ui, row->id);
}

static void enter_key(struct top_ui *ui)
{
	const struct live_row *row = top_ui_selected(ui);

	if (ui->process || ui->help || !row)
		return;
	if (!row->proc)
		toggle_group(ui, row->id);
	else if (!top_ui_open(ui, row->proc))
		top_ui_say(ui, g_strdup("this process has ended"));
}

static void other_key(struct top_ui *ui, uint32_t key)
{
	switch (key) {
	case 'q':
	case TOP_KEY_F10:
		quit_key(ui);
		break;
	case TOP_KEY_ESCAPE:
		back_key(ui);
		break;
	case 'h':
	case '?':
	case TOP_KEY_F1:
		ui->help = !ui->help;
		ui->scroll = 0;
		break;
	case '/':
	case TOP_KEY_F1 + 2:
		begin_input(ui, INPUT_SEARCH);
		break;
	case '\\':
	case TOP_KEY_F1 + 3:
		begin_input(ui, INPUT_FILTER);
		break;
	case 'n':
		search(ui);
		break;
	case '<':
		move_sort(ui, -1);
		break;
	case '>':
	case TOP_KEY_F1 + 5:
		move_sort(ui, 1);
		break;
	case 'F':
		ui->following = !ui->following;
		top_ui_say(ui, g_strdup(ui->following ? "the selection follows its row" :
							"the selection stays in its place"));
		break;
	case ' ':
	case 'Z':
		toggle_pause(ui);
		break;
	case TOP_KEY_ENTER:
		enter_key(ui);
		break;
	case '+':
	case '-':
		plus_key(ui);
		break;
	case 'w':
		if (!ui->calls.write)
			top_ui_say(ui, g_strdup("a replay: tare report and tare export write"
						" reports of the file"));
		else
			top_ui_say(ui, ui->calls.write(ui->calls.ctx));
		break;
	case 'r':
		if (!ui->calls.record)
			top_ui_say(ui, g_strdup("this is a recording"));
		else
			top_ui_say(ui, ui->calls.record(ui->calls.ctx));
		break;
	default:
		break;
	}
}

void top_ui_key(struct top_ui *ui, uint32_t key)
{
	if (key == '\r')
		key = TOP_KEY_ENTER;
	g_clear_pointer(&ui->message, g_free);
	if (ui->input)
		input_key(ui, key);
	else if (!time_key(ui, key) && !move_key(ui, key) && !query_key(ui, key))
		other_key(ui, key);
}

void top_ui_click(struct top_ui *ui, unsigned line, unsigned column, bool twice)
{
	unsigned head = ui->height - 1 - top_ui_room(ui), at;
	enum live_sort sort = top_sort_of(top_column_at(ui->look, column));

	if (!ui->process && !ui->help && line + 1 == head && sort != LIVE_SORTS) {
		sort_by(ui, sort);
		return;
	}
	if (ui->process || ui->help || line < head || line >= ui->height - 1)
		return;
	at = ui->first + line - head;
	if (at >= ui->rows->len)
		return;
	top_ui_select(ui, (int)at);
	if (twice)
		enter_key(ui);
}
