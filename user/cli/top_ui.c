/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/top_ui.h"

#include <string.h>

#include "base/text.h"
#include "cli/top_ui_impl.h"

#define LOW 16 /* lines: a lower screen has a shorter head */
#define HEAD_LOW 3
#define LOWEST 8

struct top_ui *top_ui_new(const struct live *live, struct top_look *look,
			  const struct top_ui_calls *calls)
{
	struct top_ui *ui = g_new0(struct top_ui, 1);

	ui->live = live;
	ui->look = look;
	ui->calls = *calls;
	ui->view = live_view_new();
	ui->rows = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	ui->texts = g_string_chunk_new(16384);
	ui->typed = g_string_new(NULL);
	ui->details = g_string_new(NULL);
	ui->lines = g_ptr_array_new_with_free_func(g_free);
	ui->filter = g_strdup(look->query.filter ? look->query.filter : "");
	ui->following = true;
	ui->expanded = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	look->query.filter = ui->filter;
	look->query.expanded = ui->expanded;
	look->query.steady = true;
	return ui;
}

void top_ui_free(struct top_ui *ui)
{
	if (!ui)
		return;
	top_ui_shut(ui);
	live_view_free(ui->view);
	g_array_unref(ui->rows);
	g_string_chunk_free(ui->texts);
	g_string_free(ui->typed, TRUE);
	g_string_free(ui->details, TRUE);
	g_ptr_array_unref(ui->lines);
	ui->look->query.expanded = NULL;
	g_hash_table_unref(ui->expanded);
	g_free(ui->filter);
	g_free(ui->searched);
	g_free(ui->message);
	g_free(ui);
}

static unsigned head_lines(const struct top_ui *ui)
{
	return ui->height < LOWEST ? 1 : ui->height < LOW ? HEAD_LOW : TOP_HEAD_LINES;
}

unsigned top_ui_room(const struct top_ui *ui)
{
	unsigned others = head_lines(ui) + 2; /* titles, last line */

	return ui->height > others ? ui->height - others : 1;
}

void top_ui_say(struct top_ui *ui, char *message)
{
	g_free(ui->message);
	ui->message = message;
}

const struct live_row *top_ui_selected(const struct top_ui *ui)
{
	return ui->at < ui->rows->len ? &g_array_index(ui->rows, struct live_row, ui->at) : NULL;
}

static void scroll_to_selected(struct top_ui *ui)
{
	unsigned room = top_ui_room(ui), most = ui->rows->len > room ? ui->rows->len - room : 0;

	if (ui->at < ui->first)
		ui->first = ui->at;
	if (ui->at >= ui->first + room)
		ui->first = ui->at - room + 1;
	ui->first = MIN(ui->first, most);
}

void top_ui_select(struct top_ui *ui, int at)
{
	const struct live_row *row;

	ui->at = (unsigned)CLAMP(at, 0, MAX((int)ui->rows->len - 1, 0));
	row = top_ui_selected(ui);
	/* At the top the selection stays there: it is the row to worry about. */
	ui->selected = row && ui->at ? live_row_key(row) : 0;
	scroll_to_selected(ui);
}

/* The selected row may have moved, or have gone. */
static void find_selected(struct top_ui *ui)
{
	unsigned i = 0;

	while (ui->following && ui->selected && i < ui->rows->len &&
	       live_row_key(&g_array_index(ui->rows, struct live_row, i)) != ui->selected)
		i++;
	if (ui->following && ui->selected && i < ui->rows->len)
		ui->at = i;
	top_ui_select(ui, (int)ui->at);
}

static const char *keep(struct top_ui *ui, const char *text)
{
	return text ? g_string_chunk_insert_const(ui->texts, text) : NULL;
}

void top_ui_read(struct top_ui *ui)
{
	const GArray *rows = live_view_rows(ui->view, ui->live, &ui->look->query);

	ui->total = *live_total(ui->live);
	g_string_chunk_clear(ui->texts);
	g_array_set_size(ui->rows, 0);
	g_array_append_vals(ui->rows, rows->data, rows->len);
	for (unsigned i = 0; i < ui->rows->len; i++) {
		struct live_row *r = &g_array_index(ui->rows, struct live_row, i);

		r->name = keep(ui, r->name);
		r->comm = keep(ui, r->comm);
		r->cgroup = keep(ui, r->cgroup);
	}
	find_selected(ui);
}

void top_ui_tick(struct top_ui *ui)
{
	if (ui->look->paused)
		return;
	top_ui_read(ui);
	if (ui->process && !top_ui_details(ui))
		top_ui_say(ui, g_strdup(ui->calls.seek ? "this process does not run at this time" :
							 "this process has ended"));
}

void top_ui_size(struct top_ui *ui, unsigned width, unsigned height)
{
	ui->width = ui->look->style.width = MAX(width, 20);
	ui->height = MAX(height, 4);
	scroll_to_selected(ui);
	if (ui->process)
		top_ui_details(ui);
}

static void add_text(struct top_ui *ui, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line && (line[1] || **line); line++)
		if (ui->lines->len < ui->height - 1)
			g_ptr_array_add(ui->lines, g_strdup(*line));
}

static void add_rows(struct top_ui *ui, int *selected)
{
	g_autoptr(GString) text = g_string_new(NULL);

	top_titles(text, ui->look);
	add_text(ui, text->str);
	for (unsigned i = ui->first; i < ui->rows->len && i < ui->first + top_ui_room(ui); i++) {
		g_string_truncate(text, 0);
		top_row(text, &g_array_index(ui->rows, struct live_row, i), ui->look);
		if (i == ui->at)
			*selected = (int)ui->lines->len;
		add_text(ui, text->str);
	}
	if (!ui->rows->len)
		add_text(ui, *ui->filter ? "no row has this text: \\ changes the filter" :
					   "no processes");
}

/* Lines of a text that is longer than the screen. */
static void add_scrolled(struct top_ui *ui, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	unsigned n = g_strv_length(lines), room = ui->height - 1 - ui->lines->len;

	ui->scroll = MIN(ui->scroll, n > room ? n - room : 0);
	for (unsigned i = 0; i < room && ui->scroll + i < n; i++)
		g_ptr_array_add(ui->lines, g_strdup(lines[ui->scroll + i]));
}

static void add_help(struct top_ui *ui)
{
	g_autofree char *text = g_strjoinv("\n", (char **)top_ui_help);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GString) fit = g_string_new(NULL);

	for (char **line = lines; *line; line++) {
		g_autofree char *cut = text_fit(*line, ui->width);

		g_string_append_printf(fit, "%s\n", cut);
	}
	add_scrolled(ui, fit->str);
}

/* The longest that fits. */
static const char *hint(const struct top_ui *ui)
{
	unsigned i = 0;

	while (top_ui_hints[i + 1] && strlen(top_ui_hints[i]) > ui->width)
		i++;
	return top_ui_hints[i];
}

static void add_last(struct top_ui *ui)
{
	g_autofree char *text = NULL, *printable = NULL;

	while (ui->lines->len < ui->height - 1)
		g_ptr_array_add(ui->lines, g_strdup(""));
	if (ui->input)
		text = g_strdup_printf("%s: %s_",
				       ui->input == INPUT_SEARCH ? "search" :
								   "filter (empty: all rows)",
				       ui->typed->str);
	else if (ui->message)
		text = g_strdup(ui->message);
	else if (ui->process || ui->help)
		text = g_strdup("Esc back   arrows scroll   1 2 3 window   q quit");
	else if (ui->calls.seek && !*ui->filter)
		text = g_strdup("h help  space play  ←→ step  [] 10 s  Home End  \\ filter"
				"  Enter details  q quit");
	else if (*ui->filter)
		text = g_strdup_printf("filter: %s   %s", ui->filter, hint(ui));
	else
		text = g_strdup(hint(ui));
	printable = text_printable(text);
	g_ptr_array_add(ui->lines, text_fit(printable, ui->width));
}

static void to_ascii(GPtrArray *lines)
{
	for (unsigned i = 0; i < lines->len; i++) {
		GString *text = g_string_new(lines->pdata[i]);

		top_to_ascii(text);
		g_free(lines->pdata[i]);
		lines->pdata[i] = g_string_free(text, FALSE);
	}
}

const GPtrArray *top_ui_lines(struct top_ui *ui, int *selected)
{
	g_autoptr(GString) head = g_string_new(NULL);

	*selected = -1;
	g_ptr_array_set_size(ui->lines, 0);
	if (ui->help) {
		add_help(ui);
	} else if (ui->process) {
		top_head(head, &ui->total, ui->look, 1);
		add_text(ui, head->str);
		add_scrolled(ui, ui->details->str);
	} else {
		top_head(head, &ui->total, ui->look, head_lines(ui));
		add_text(ui, head->str);
		add_rows(ui, selected);
	}
	add_last(ui);
	if (ui->look->ascii)
		to_ascii(ui->lines);
	return ui->lines;
}
