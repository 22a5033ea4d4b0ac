/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The story of an incident, above all else: what happened, the victim, the trigger, the limit, and
 * who grew just before.
 */
#include "model/incident.h"

#include <string.h>

#include "base/text.h"
#include "output/table/head.h"
#include "output/table/grid.h"
#include "output/table/sections.h"

#define NS 1000000000ULL
#define ROWS 3 /* of a sort */

/* "hog (pid 41)", "hog (pid 41, thread filler)". */
static char *task_text(const struct incident_task *t)
{
	g_autofree char *comm = text_printable(t->comm ?: "?");
	g_autofree char *thread = text_printable(t->thread ?: "");

	if (!*thread || !g_strcmp0(t->comm, t->thread))
		return g_strdup_printf("%s (pid %d)", comm, t->pid);
	return g_strdup_printf("%s (pid %d, thread %s)", comm, t->pid, thread);
}

static void append_size(GString *text, const char *before, int64_t bytes)
{
	g_autofree char *size = text_size(bytes);

	g_string_append_printf(text, "%s%s", before, size);
}

static void oom_text(GString *text, const struct incident *i)
{
	g_autofree char *victim = task_text(&i->victim);

	g_string_printf(text, "the kernel killed %s", victim);
	if (i->victim_held)
		append_size(text, ", which held ", i->victim_held);
	if (i->kills > 1)
		g_string_append_printf(text, "; %" G_GUINT64_FORMAT " kills so far", i->kills);
}

static void what_line(GString *out, const struct incident *i, const struct table_style *style)
{
	static const char *const label[INCIDENT_WHATS] = {
		[INCIDENT_OOM] = "OOM:",    [INCIDENT_EVENT] = "event:",  [INCIDENT_RULE] = "rule:",
		[INCIDENT_ASKED] = "dump:", [INCIDENT_PREKILL] = "oomd:",
	};
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *detail = text_printable(i->detail ?: ""),
			*time = text_duration(i->time_ns);
	bool first = true;

	if (i->what == INCIDENT_OOM)
		oom_text(text, i);
	else
		g_string_assign(text, *detail ? detail : "a dump was asked for");
	g_string_append_printf(text, "; %s after the start", time);
	print_label(out, style, label[i->what]);
	margin_line(out, style, &first, i->what == INCIDENT_OOM ? BAD : BOLD, text->str);
}

static void limit_line(GString *out, const struct incident *i, const struct table_style *style)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *cgroup = text_printable(i->cgroup ?: "");
	bool first = true;

	if (i->limit) {
		append_size(text, "", i->usage);
		append_size(text, " of ", i->limit);
		g_string_append_printf(text, " in %s", *cgroup ? cgroup : "its control group");
	} else if (i->what == INCIDENT_OOM) {
		g_string_assign(text,
				"no control group was at its limit: the machine had no memory");
	} else if (*cgroup) {
		g_string_assign(text, cgroup);
	} else {
		return;
	}
	print_label(out, style, i->limit || i->what == INCIDENT_OOM ? "limit:" : "group:");
	margin_line(out, style, &first, PLAIN, text->str);
}

/* What was held is not of the kill, but of the workload's peak or another kill, more than a second
 * apart. */
static void moment_line(GString *out, const struct incident *i, const struct table_style *style)
{
	bool before = i->held_ns <= i->time_ns;
	uint64_t apart = before ? i->time_ns - i->held_ns : i->held_ns - i->time_ns;
	g_autofree char *time = text_duration(apart), *line = NULL;
	bool first = true;

	if (i->at_kill || apart < NS)
		return;
	line = g_strdup_printf("held and grown: as of %s %s the kill", time,
			       before ? "before" : "after");
	print_label(out, style, "note:");
	margin_line(out, style, &first, PLAIN, line);
}

static void asked_line(GString *out, const struct incident *i, const struct table_style *style)
{
	g_autofree char *who = task_text(&i->trigger), *line = NULL;
	bool first = true;

	if (!i->trigger.pid)
		return;
	line = g_strdup_printf("by %s%s", who,
			       i->trigger.pid == i->victim.pid ? ", which was killed itself" :
								 ", which is not the victim");
	print_label(out, style, "asked:");
	margin_line(out, style, &first, PLAIN, line);
}

static char *name_of(const struct incident_row *row)
{
	g_autofree char *name = text_printable(row->name ?: "?");
	g_autofree char *thread = text_printable(row->thread ?: "");

	if (row->sort != INCIDENT_THREAD)
		return g_steal_pointer(&name);
	return g_strdup_printf("%s › %s", name, thread);
}

/* The last part of a path says which group it is. */
static char *group_name(const char *cgroup)
{
	const char *slash = cgroup ? strrchr(cgroup, '/') : NULL;

	return text_printable(slash && slash[1] ? slash + 1 : cgroup ?: "");
}

/* Near tare's start the longer windows are no longer than the shorter. */
static bool is_longer(const struct incident *i, int w)
{
	return !w || i->span_ns[w] > i->span_ns[w - 1];
}

static void add_row(struct grid *g, const struct incident *i, const struct incident_row *row)
{
	g_autofree char *name = name_of(row), *group = group_name(row->cgroup);
	g_autofree char *function = text_printable(row->function ?: "");

	grid_cell(g, PLAIN, name);
	grid_cell(g, DIM, incident_sort_name[row->sort]);
	for (int w = 0; w < INCIDENT_WINDOWS; w++)
		if (is_longer(i, w))
			grid_signed_size(g, PLAIN, row->grown[w]);
		else
			grid_blank(g);
	grid_size(g, row->held);
	if (*function)
		grid_cell(g, PLAIN, function);
	else
		grid_blank(g);
	if (*group)
		grid_cell(g, DIM, group);
	else
		grid_blank(g);
}

/* "1 s"; where tare came later, how long it really is. */
static char *window_title(const struct incident *i, int w)
{
	static const unsigned seconds[INCIDENT_WINDOWS] = { 1, 10, 60 };
	g_autofree char *span = text_duration(i->span_ns[w]);

	if (i->span_ns[w] >= seconds[w] * NS - NS / 20)
		return g_strdup_printf("%u s", seconds[w]);
	return g_strdup(span);
}

static void grew(GString *out, const struct incident *i, const struct table_style *style)
{
	g_autofree char *one = window_title(i, 0), *ten = window_title(i, 1);
	g_autofree char *sixty = window_title(i, 2);
	const struct grid_column columns[] = {
		{ .title = "GREW IN THE LAST", .soft = 24, .hard = 16, .cut = CUT_MIDDLE },
		{ .title = "", .drop = 4 },
		{ .title = one, .right = true },
		{ .title = ten, .right = true },
		{ .title = sixty, .right = true },
		{ .title = "HELD", .right = true, .drop = 2 },
		{ .title = "MOSTLY", .soft = 24, .hard = 12, .cut = CUT_MIDDLE },
		{ .title = "IN", .soft = 16, .hard = 8, .drop = 3, .cut = CUT_MIDDLE },
	};
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));
	bool first = true;

	for (int sort = 0; sort < INCIDENT_SORTS; sort++) {
		unsigned n = 0;

		for (unsigned at = 0; at < i->rows->len; at++) {
			const struct incident_row *row =
				&g_array_index(i->rows, struct incident_row, at);

			if ((int)row->sort == sort && n++ < ROWS)
				add_row(g, i, row);
		}
	}
	if (grid_rows(g)) {
		g_string_append_c(out, '\n');
		grid_render(g, out, style);
	} else {
		print_label(out, style, "grew:");
		margin_line(out, style, &first, PLAIN, "nothing by 64 KiB or more");
	}
	grid_free(g);
	if (i->left_out) {
		g_autofree char *n = text_count(i->left_out);
		g_autofree char *line =
			g_strdup_printf("  %s updates of names found no room in the history", n);

		paint(out, style, DIM, line);
		g_string_append_c(out, '\n');
	}
}

void table_incident(GString *out, const struct report *r, const struct table_style *style)
{
	const struct incident *i = r->incident;

	if (!i)
		return;
	what_line(out, i, style);
	limit_line(out, i, style);
	if (i->what == INCIDENT_OOM)
		asked_line(out, i, style);
	moment_line(out, i, style);
	grew(out, i, style);
	g_string_append_c(out, '\n');
}
