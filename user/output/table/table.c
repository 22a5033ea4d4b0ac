/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report for eyes: the head, the peak, the books and the curve, and the
 * order of the sections. Who and why have files of their own.
 */
#include "output/table/sections.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "model/view.h"
#include "output/table/parts.h"

/* Where the text of "peak:", "books:" … begins. */
#define MARGIN 8
#define CURVE_MAX 120

static void append_repeated(GString *out, const char *s, unsigned n)
{
	while (n--)
		g_string_append(out, s);
}

/* How it ended, and after how long. */
static char *ending_text(const struct report *r, enum paint *how)
{
	g_autofree char *time = text_duration(r->duration_ns), *signal = NULL;

	*how = PLAIN;
	if (r->reason == REPORT_SNAPSHOT)
		return g_strdup_printf("snapshot after %s", time);
	if (r->reason == REPORT_DETACH)
		return g_strdup_printf("detached after %s", time);
	if (!r->exit.known)
		return g_strdup_printf("ended after %s", time);
	*how = r->exit.signal || r->exit.code ? BAD : PLAIN;
	if (!r->exit.signal)
		return g_strdup_printf("exit %d after %s", r->exit.code, time);
	signal = text_signal(r->exit.signal);
	return g_strdup_printf("%s after %s", signal, time);
}

static void print_head(GString *out, const struct report *r, const struct table_style *style)
{
	enum paint how;
	g_autofree char *right = ending_text(r, &how), *what = NULL, *fit = NULL;
	GString *rule = g_string_new(NULL);
	unsigned used = (unsigned)text_width(right) + (unsigned)strlen("-- tare:   - --");
	unsigned room = style->width - used;

	what = r->target ? text_printable(r->target) : table_command(r->command, room);
	fit = text_fit(*what ? what : "(no command)", room);
	paint(out, style, DIM, "━━ ");
	paint(out, style, BOLD, "tare: ");
	paint(out, style, BOLD, fit);
	append_repeated(rule, "━", room - (unsigned)text_width(fit) + 1);
	g_string_append_c(out, ' ');
	paint(out, style, DIM, rule->str);
	g_string_append_c(out, ' ');
	paint(out, style, how, right);
	paint(out, style, DIM, " ━━");
	g_string_append_c(out, '\n');
	g_string_free(rule, TRUE);
}

/* "peak:  " in bold, up to the margin. */
static void print_label(GString *out, const struct table_style *style, const char *name)
{
	paint(out, style, BOLD, name);
	g_string_append_printf(out, "%*s", MARGIN - (int)strlen(name), "");
}

static void margin_line(GString *out, const struct table_style *style, bool *first, enum paint how,
			const char *text)
{
	if (!*first)
		g_string_append_printf(out, "%*s", MARGIN, "");
	*first = false;
	paint_wrapped(out, style, how, MARGIN, text);
}

/* What the kernel's part of the peak covers. */
static const char *kernel_part(const struct report *r)
{
	bool tables = report_kind(r, TARE_PAGETABLE), stacks = report_kind(r, TARE_KSTACK);

	if (view_kernel(r))
		return "kernel";
	if (view_at_peak(r).known[TARE_KMEM])
		return "kernel, polled";
	return tables && stacks ? "page tables and stacks" :
	       tables           ? "page tables" :
	       stacks           ? "kernel stacks" :
				  NULL;
}

/* "2.03 MiB user + 265 MiB kernel". */
static char *peak_parts(const struct report *r)
{
	g_autofree char *user = text_size(r->peak_weight - r->peak_kernel);
	g_autofree char *kernel = text_size(r->peak_kernel);
	const char *part = kernel_part(r);

	return part ? g_strdup_printf("%s user + %s %s", user, kernel, part) :
		      g_strdup_printf("%s user; kernel not measured", user);
}

/* RSS was notably higher at another time. */
static bool rss_apart(const struct report *r)
{
	return r->peak_rss - (r->peak_weight - r->peak_kernel) > r->peak_rss / 100;
}

static void print_peak(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *size = text_size(r->peak_weight), *time = text_duration(r->peak_weight_ns);
	g_autofree char *bound = text_size((int64_t)r->peak_weight_bound);
	g_autofree char *parts = peak_parts(r), *when = NULL, *line = NULL;
	g_autofree char *rss = text_size(r->peak_rss);
	g_autofree char *rss_time = text_duration(r->peak_ns);
	bool first = false;

	print_label(out, style, "peak:");
	paint(out, style, BOLD, size);
	when = g_strdup_printf(" at %s%s%s%s", time, r->peak_weight_bound ? " (± " : "",
			       r->peak_weight_bound ? bound : "", r->peak_weight_bound ? ")" : "");
	g_string_append(out, when);
	if (MARGIN + text_width(size) + text_width(when) + text_width(parts) + 2 <= style->width)
		g_string_append_printf(out, ": %s\n", parts);
	else
		g_string_append_printf(out, "\n%*s%s\n", MARGIN, "", parts);
	if (!rss_apart(r))
		return;
	line = g_strdup_printf("RSS alone %s at %s", rss, rss_time);
	margin_line(out, style, &first, PLAIN, line);
}

/* The reason stands with the feature "books", or with the ledger's. */
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

/* The reason for this is below, among NOT MEASURED or NOTES. */
static bool has_reason(const struct report *r, const char *feature)
{
	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = g_ptr_array_index(r->features, i);

		if (f->why && !g_strcmp0(f->name, feature))
			return true;
	}
	return false;
}

/* Events against the control group's own counter. */
static char *kernel_checked(const struct report *r, int64_t difference)
{
	g_autofree char *cgroup = text_size(r->kmem.by_cgroup), *bound = text_size(r->kmem.bound);
	g_autofree char *off = text_size(ABS(difference));
	const char *who = r->kmem.whole ? "task" : "task and by others", *when = table_when(r);

	if (!difference)
		return g_strdup_printf("kernel memory by %s = the control group's %s %s", who,
				       cgroup, when);
	if (ABS(difference) <= r->kmem.bound)
		return g_strdup_printf("kernel memory by %s: within %s of the control group's %s "
				       "%s (bound %s)",
				       who, off, cgroup, when, bound);
	return g_strdup_printf("kernel memory by %s: %s %s than the control group's %s %s (bound "
			       "%s)",
			       who, off, difference < 0 ? "more" : "less", cgroup, when, bound);
}

static void kernel_books(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *line = NULL;
	int64_t difference = 0;
	bool first = false;

	if (r->kmem.whole && r->sums_valid && report_kmem_off(r)) /* said by the books */
		return;
	if (!report_kind(r, TARE_KMEM))
		line = g_strdup_printf("kernel memory per task: not measured%s",
				       has_reason(r, "kmem") ? " (reason below)" : "");
	else if (!view_kmem_difference(r, &difference))
		line = g_strdup("kernel memory by task: not checked, the control group's "
				"counter could not be read");
	else
		line = kernel_checked(r, difference);
	margin_line(out, style, &first, PLAIN, line);
}

/* Said here, near the top: it explains how a workload ended. */
static void print_oom(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *line = table_oom(r);

	if (!line)
		return;
	print_label(out, style, "OOM:");
	paint_wrapped(out, style, BAD, MARGIN, line);
}

static void print_books(GString *out, const struct report *r, const struct table_style *style)
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
		g_string_append_printf(out, " (%s address space%s closed at 0)", closed,
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

static void print_losses(GString *out, const struct report *r, const struct table_style *style)
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

/* Each column of the curve: the highest point in it, or the last before it. */
static int64_t *curve_columns(const struct report *r, unsigned columns, uint64_t begin,
			      uint64_t span)
{
	int64_t *column = g_new(int64_t, columns), before = 0;
	unsigned next = 0;

	for (unsigned c = 0; c < columns; c++) {
		uint64_t end = begin + (uint64_t)((double)span * (c + 1) / columns);
		bool any = false;

		column[c] = before;
		for (; next < r->series->len; next++) {
			const struct report_point *p =
				&g_array_index(r->series, struct report_point, next);

			if (p->time_ns > end)
				break;
			before = p->rss + p->nonrss;
			column[c] = any ? MAX(column[c], before) : before;
			any = true;
		}
	}
	return column;
}

static void time_axis(GString *out, const struct table_style *style, unsigned columns,
		      uint64_t begin, uint64_t end, uint64_t peak)
{
	g_autofree char *left = text_duration(begin), *right = text_duration(end);
	unsigned lw = (unsigned)text_width(left), rw = (unsigned)text_width(right), mark;
	GString *line = g_string_new(NULL);

	mark = (unsigned)((double)(MAX(peak, begin) - begin) / (double)(end - begin) * columns);
	mark = MIN(mark, columns - 1);
	g_string_append_printf(line, "%*s%s", MARGIN, "", left);
	if (mark > lw && mark + 2 + rw <= columns)
		g_string_append_printf(line, "%*s▲%*s%s", (int)(mark - lw), "",
				       (int)(columns - mark - 1 - rw), "", right);
	else
		g_string_append_printf(line, "%*s%s", (int)(columns - lw - rw), "", right);
	paint(out, style, DIM, line->str);
	g_string_append_c(out, '\n');
	g_string_free(line, TRUE);
}

static void print_curve(GString *out, const struct report *r, const struct table_style *style)
{
	static const char *const level[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	unsigned columns = MIN(style->width - MARGIN, CURVE_MAX), n = r->series->len;
	uint64_t begin, end;
	g_autofree int64_t *column = NULL;
	int64_t top = r->peak_weight;
	GString *line;

	if (n < 2)
		return;
	begin = g_array_index(r->series, struct report_point, 0).time_ns;
	end = g_array_index(r->series, struct report_point, n - 1).time_ns;
	if (end <= begin)
		return;
	column = curve_columns(r, columns, begin, end - begin);
	for (unsigned c = 0; c < columns; c++)
		top = MAX(top, column[c]);
	line = g_string_new(NULL);
	for (unsigned c = 0; c < columns; c++) {
		double height = (double)MAX(column[c], 0) / (double)MAX(top, 1);

		g_string_append(line, level[(unsigned)ceil(height * 8)]);
	}
	print_label(out, style, "weight:");
	g_string_append_printf(out, "%s\n", g_strchomp(line->str));
	g_string_free(line, TRUE);
	time_axis(out, style, columns, begin, end, r->peak_weight_ns);
}

/* What could not be measured, or was measured another way than the best. */
static void print_notes(GString *out, const struct report *r, const struct table_style *style,
			bool measured, const char *title, const char *meaning)
{
	bool any = false;

	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = g_ptr_array_index(r->features, i);
		g_autofree char *line = NULL, *safe = NULL;

		if (!f->why || report_measured(r, f->name) != measured)
			continue;
		if (!any)
			table_heading(out, style, title, meaning);
		any = true;
		line = measured ? g_strdup_printf("%s %s: %s", f->name, f->state, f->why) :
				  g_strdup_printf("%s: %s", f->name, f->why);
		safe = text_printable(line);
		g_string_append(out, "  ");
		paint_wrapped(out, style, PLAIN, 4, safe);
	}
}

static void print_self(GString *out, const struct report *r, const struct table_style *style)
{
	const struct report_self *s = &r->self;
	g_autofree char *rss = text_size((int64_t)s->rss), *maps = text_size((int64_t)s->map_bytes);
	g_autofree char *cpu = text_duration(s->cpu_ns), *updates = text_count(s->updates);
	GString *line = g_string_new(NULL);

	if (!s->valid) {
		g_string_free(line, TRUE);
		return;
	}
	g_string_printf(line, "%s RSS, %s BPF maps, %s CPU, %s counter updates", rss, maps, cpu,
			updates);
	if (s->ns_per_update >= 0)
		g_string_append_printf(line, " at %.0f ns", s->ns_per_update);
	table_heading(out, style, "SELF", "what tare itself cost");
	g_string_append(out, "  ");
	paint_wrapped(out, style, PLAIN, 2, line->str);
	g_string_free(line, TRUE);
}

char *table_render(const struct report *r, const struct table_style *wanted)
{
	struct table_style style = *wanted;
	GString *out = g_string_new(NULL);

	style.width = MAX(style.width, TABLE_WIDTH_MIN);
	print_head(out, r, &style);
	print_peak(out, r, &style);
	print_books(out, r, &style);
	kernel_books(out, r, &style);
	print_oom(out, r, &style);
	print_losses(out, r, &style);
	print_curve(out, r, &style);
	table_totals(out, r, &style);
	table_who(out, r, &style);
	table_why(out, r, &style);
	table_where(out, r, &style);
	table_kernel(out, r, &style);
	table_charged(out, r, &style);
	table_slabs(out, r, &style);
	table_virtual(out, r, &style);
	print_self(out, r, &style);
	print_notes(out, r, &style, false, "NOT MEASURED", "unknown, not 0");
	print_notes(out, r, &style, true, "NOTES", "measured, but not in the best way");
	return g_string_free(out, FALSE);
}
