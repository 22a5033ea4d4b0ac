/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The lines above the sections: the command and how it ended, the peak, what was killed for lack of
 * memory, what was held before tare came.
 */
#include "output/table/head.h"

#include "base/text.h"
#include "model/view.h"
#include "output/table/sections.h"

static void append_repeated(GString *out, const char *s, unsigned n)
{
	while (n--)
		g_string_append(out, s);
}

/* When the command ended, or the report was made: "7.41 s". What came after is said apart. */
static char *duration_text(const struct report *r)
{
	uint64_t end = r->command_ns ?: r->duration_ns, last = report_last_end(r);
	g_autofree char *time = text_duration(end), *later = text_duration(last);

	if (!r->command_ns || last <= end || !strcmp(time, later))
		return g_steal_pointer(&time);
	return g_strdup_printf("%s; last process ended at %s", time, later);
}

/* How and when the workload ended. */
static char *ending_text(const struct report *r, enum paint *how)
{
	g_autofree char *time = duration_text(r), *signal = NULL;

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

/* Which kernel memory is in the peak; NULL: none. */
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

/* Was RSS more than 1 % higher at another time? */
static bool rss_apart(const struct report *r)
{
	return r->peak_rss - (r->peak_weight - r->peak_kernel) > r->peak_rss / 100;
}

static bool is_dump(const struct report *r)
{
	return r->incident && r->reason == REPORT_SNAPSHOT;
}

static void print_peak(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *size = text_size(r->peak_weight), *time = text_duration(r->peak_weight_ns);
	g_autofree char *bound = text_size((int64_t)r->peak_weight_bound);
	g_autofree char *parts = peak_parts(r), *when = NULL, *line = NULL;
	g_autofree char *rss = text_size(r->peak_rss);
	g_autofree char *rss_time = text_duration(r->peak_ns);
	bool first = false;

	/* A dump is of the moment of its incident; more may have been held at another time. */
	print_label(out, style, is_dump(r) ? "then:" : "peak:");
	paint(out, style, BOLD, size);
	when = g_strdup_printf(" at %s%s%s%s", time, r->peak_weight_bound ? " (± " : "",
			       r->peak_weight_bound ? bound : "", r->peak_weight_bound ? ")" : "");
	g_string_append(out, when);
	if (MARGIN + text_width(size) + text_width(when) + text_width(parts) + 2 <= style->width)
		g_string_append_printf(out, ": %s\n", parts);
	else
		g_string_append_printf(out, "\n%*s%s\n", MARGIN, "", parts);
	if (!rss_apart(r) || is_dump(r))
		return;
	line = g_strdup_printf("highest RSS: %s at %s", rss, rss_time);
	margin_line(out, style, &first, PLAIN, line);
}

/* Memory of an attached workload that no thread took since. */
static void print_held_before(GString *out, const struct report *r, const struct table_style *style)
{
	int64_t before = view_held_before(r);
	g_autofree char *size = text_size(before), *line = NULL;
	bool first = true;

	if (!before)
		return;
	print_label(out, style, "held:");
	line = g_strdup_printf("%s before tare came; below: growth from then on", size);
	margin_line(out, style, &first, PLAIN, line);
}

/* How the workload ended, if the kernel killed a part of it for lack of memory. */
static void print_oom(GString *out, const struct report *r, const struct table_style *style)
{
	g_autofree char *line = table_oom(r), *fit = NULL;

	if (!line)
		return;
	print_label(out, style, "OOM:");
	fit = text_fit(line, style->width - MARGIN);
	paint(out, style, BAD, fit);
	g_string_append_c(out, '\n');
}

void table_head(GString *out, const struct report *r, const struct table_style *style)
{
	print_head(out, r, style);
	table_incident(out, r, style);
	print_peak(out, r, style);
	if (!r->incident)
		print_oom(out, r, style);
	print_held_before(out, r, style);
	if (!(style->show & 1u << TABLE_BOOKS))
		table_trust(out, r, style);
	table_curve(out, r, style);
	if (!is_dump(r))
		table_moments(out, r, style);
}
