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

	/* Stops when `width` columns are full for certain. */
	for (unsigned i = 0; i < command->len && line->len < 4 * (gsize)width; i++) {
		/* An escaped character is at most four times as long. */
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

char *table_oom(const struct report *r)
{
	const struct report_cgroup *c = &r->cgroup;
	g_autofree char *n = text_count(MAX(c->oom_kills, 0)), *limit = text_size(c->limit);
	const char *es = c->oom_kills == 1 ? "" : "es";

	if (!c->version || c->oom_kills <= 0)
		return NULL;
	if (c->limit == CGROUP_UNKNOWN)
		return g_strdup_printf("the kernel killed %s process%s of the control group, "
				       "which was out of memory",
				       n, es);
	return g_strdup_printf("the kernel killed %s process%s at the limit of %s", n, es, limit);
}
