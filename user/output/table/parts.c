/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/table/parts.h"

#include <string.h>

#include "base/text.h"
#include "model/title.h"

const char *const table_nonowner[TARE_NONOWNERS] = {
	[TARE_NONOWNER_RECLAIM] = "reclaim",      [TARE_NONOWNER_KHUGEPAGED] = "khugepaged",
	[TARE_NONOWNER_KERNEL] = "kernel thread", [TARE_NONOWNER_PROCESS] = "other process",
	[TARE_NONOWNER_LATE] = "late updates",
};

void table_heading(GString *out, const struct table_style *style, const char *name,
		   const char *meaning)
{
	g_string_append_c(out, '\n');
	paint(out, style, BOLD, name);
	g_string_append(out, *meaning ? "  " : "");
	paint_wrapped(out, style, DIM, (unsigned)strlen(name) + 2, meaning);
}

char *table_command(const GPtrArray *command, unsigned width)
{
	GString *line = g_string_new(NULL);

	/* 4 bytes is the longest UTF-8 character: then `width` columns are full. */
	for (unsigned i = 0; i < command->len && line->len < 4 * (gsize)width; i++) {
		/* A shown column comes from at most 4 bytes of UTF-8. */
		g_autofree char *part = g_strndup(g_ptr_array_index(command, i), 4 * width);
		g_autofree char *shown = text_printable(part);
		bool plain = *shown && !strpbrk(shown, " \"'`$&|;<>()*?[]{}!#~");
		g_autofree char *quoted = plain ? g_strdup(shown) : g_shell_quote(shown);

		g_string_append_printf(line, "%s%s", i ? " " : "", quoted);
	}
	return g_string_free(line, FALSE);
}

const char *table_comm(const char *comm)
{
	return comm ? comm : "?";
}

char *table_process_name(const struct report *r, const struct report_process *p, unsigned width)
{
	g_autofree char *comm = text_printable(p->title ?: table_comm(p->comm));
	g_autoptr(GPtrArray) words = title_arguments(r, p);
	GString *name = g_string_new(comm);
	char *fit;

	for (unsigned i = 0; i < words->len && name->len < 4 * (gsize)width; i++) {
		g_autofree char *part = g_strndup(g_ptr_array_index(words, i), 4 * width);
		g_autofree char *shown = text_printable(part);

		g_string_append_printf(name, " %s", shown);
	}
	fit = text_fit(name->str, width);
	g_string_free(name, TRUE);
	return fit;
}

void table_first_touch(GString *out, const struct table_style *style)
{
	g_string_append(out, "  ");
	paint_wrapped(
		out, style, DIM, 2,
		"pages count for who touched them first, not who keeps them: see man tare-run");
}

const char *table_when(const struct report *r)
{
	static const char *const name[] = {
		[REPORT_END] = "at the end",
		[REPORT_SNAPSHOT] = "at the snapshot",
		[REPORT_DETACH] = "when detached",
	};

	return name[r->reason];
}

/* "hog (pid 41)"; of many, the first two and a count. NULL: it is not known which. */
static char *oom_victims(const struct report *r)
{
	g_autoptr(GString) names = g_string_new(NULL);
	uint64_t n = 0;

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = g_ptr_array_index(r->processes, i);
		g_autofree char *comm = text_printable(table_comm(p->comm));

		if (!p->exit.oom)
			continue;
		n += p->count;
		if (names->len && n > 2)
			continue;
		g_string_append_printf(names, "%s%s", names->len ? ", " : "", comm);
		if (p->count == 1)
			g_string_append_printf(names, " (pid %d)", p->pid);
		else
			g_string_append_printf(names, " ×%" G_GUINT64_FORMAT, p->count);
	}
	if (n > 2)
		g_string_append_printf(names, " …, %" G_GUINT64_FORMAT " processes", n);
	return n ? g_strdup(names->str) : NULL;
}

char *table_oom(const struct report *r)
{
	const struct report_cgroup *c = &r->cgroup;
	int64_t kills = c->version ? MAX(c->oom_kills, 0) : 0;
	g_autofree char *n = text_count((uint64_t)kills), *limit = text_size(c->limit);
	g_autofree char *victims = oom_victims(r), *at = NULL;

	if (!kills && !victims)
		return NULL;
	at = !kills                     ? g_strdup("") :
	     c->limit == CGROUP_UNKNOWN ? g_strdup(", its control group was out of memory") :
					  g_strdup_printf(" at the limit of %s", limit);
	if (victims)
		return g_strdup_printf("the kernel killed %s%s", victims, at);
	return g_strdup_printf("the kernel killed %s process%s%s: not measured which", n,
			       kills == 1 ? "" : "es", at);
}
