/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The section of the books: do they balance, and what was lost.
 */
#include "base/text.h"
#include "model/view.h"
#include "output/table/head.h"
#include "output/table/sections.h"

/* The reason is stored in the feature "books", else in "ledger". */
static const char *why_not_checked(const struct report *r)
{
	const char *why = NULL;

	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = g_ptr_array_index(r->features, i);

		if (f->why &&
		    (!g_strcmp0(f->name, "books") || (!why && !g_strcmp0(f->name, "ledger"))))
			why = f->why;
	}
	return why ? why : "the kernel's own counters could not be summed";
}

static void books_off(GString *out, const struct report *r, const struct table_style *style)
{
	g_autoptr(GPtrArray) reasons = report_reasons(r);
	bool first = true;

	for (unsigned i = 0; i < reasons->len; i++) {
		g_autofree char *safe = text_printable(reasons->pdata[i]);

		margin_line(out, style, &first, BAD, safe);
	}
}

/* Does NOT MEASURED or NOTES, further down, give the reason? */
static bool has_reason(const struct report *r, const char *feature)
{
	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = g_ptr_array_index(r->features, i);

		if (f->why && !g_strcmp0(f->name, feature))
			return true;
	}
	return false;
}

/* Compare the sum of the events with the control group's own counter. */
static char *kernel_checked(const struct report *r, int64_t difference)
{
	g_autofree char *group = text_size(r->kmem.by_cgroup), *bound = text_size(r->kmem.bound);
	g_autofree char *off = text_size(ABS(difference));
	const char *who = r->kmem.whole ? "" : " and others", *when = table_when(r);

	if (!difference)
		return g_strdup_printf("kernel memory: sum of tasks%s = control group's %s %s", who,
				       group, when);
	if (ABS(difference) <= r->kmem.bound)
		return g_strdup_printf("kernel memory: sum of tasks%s within %s of the control "
				       "group's %s %s (bound %s)",
				       who, off, group, when, bound);
	return g_strdup_printf("kernel memory: sum of tasks%s is %s %s than the control group's "
			       "%s %s (bound %s)",
			       who, off, difference < 0 ? "more" : "less", group, when, bound);
}

static void kernel_books(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *line = NULL;
	int64_t difference = 0;
	bool first = false;

	if (r->kmem.whole && r->sums_valid && report_kmem_off(r)) /* task_books() prints it */
		return;
	if (!report_kind(r, TARE_KMEM))
		line = g_strdup_printf("kernel memory by task: not measured%s",
				       has_reason(r, "kmem") ? " (reason below)" : "");
	else if (!view_kmem_difference(r, &difference))
		line = g_strdup("kernel memory by task: not checked, the control group's "
				"counter could not be read");
	else
		line = kernel_checked(r, difference);
	margin_line(out, style, &first, PLAIN, line);
}

static void task_books(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *closed = text_count(r->mms_closed), *why = NULL, *line = NULL;
	bool first = false;

	print_label(out, style, "books:");
	if (!r->sums_valid) {
		why = text_printable(why_not_checked(r));
		line = g_strdup_printf("not checked: %s", why);
		paint_wrapped(out, style, PLAIN, MARGIN, line);
		return;
	}
	if (!report_balanced(r)) {
		books_off(out, r, style);
		return;
	}
	paint(out, style, GOOD, "balanced");
	if (r->mms_closed)
		g_string_append_printf(out, " (%s ended address space%s, all counters 0)", closed,
				       r->mms_closed == 1 ? "" : "s");
	g_string_append_c(out, '\n');
	if (r->lost[TARE_LOST_RECORD_TASK]) {
		g_autofree char *n = text_count(r->lost[TARE_LOST_RECORD_TASK]);

		g_clear_pointer(&line, g_free);
		line = g_strdup_printf("records of %s ended task%s lost; their sums are kept", n,
				       r->lost[TARE_LOST_RECORD_TASK] == 1 ? "" : "s");
		margin_line(out, style, &first, PLAIN, line);
	}
}

static void losses(GString *out, const struct report *r, const struct table_style *style)
{
	for (int i = 0; i < TARE_LOSSES; i++) {
		g_autofree char *n = text_count(r->lost[i]), *line = NULL;

		if (!r->lost[i])
			continue;
		line = g_strdup_printf("%s %s", n, lost_meaning[i]);
		print_label(out, style, "lost:");
		paint_wrapped(out, style, BAD, MARGIN, line);
	}
}

void table_books(GString *out, const struct report *r, const struct table_style *style)
{
	g_string_append_c(out, '\n');
	task_books(out, r, style);
	kernel_books(out, r, style);
	losses(out, r, style);
}
