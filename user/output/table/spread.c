/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Minimum, median and maximum of the members of a row of WHO. A member can be an entry of
 * the report that already stands for several; then the median is marked "about".
 */
#include "base/text.h"
#include "model/rollup.h"
#include "model/view.h"
#include "output/table/spread.h"

static char *spread_line(const char *what, struct spread s, bool about, uint64_t failed)
{
	g_autofree char *min = text_size(s.min), *median = text_size(s.median);
	g_autofree char *max = text_size(s.max), *count = text_count(failed);
	GString *text = g_string_new(NULL);

	if (s.min == s.max)
		g_string_printf(text, "%s: %s", what, min);
	else
		g_string_printf(text, "%s: min %s, median %s%s, max %s", what, min,
				about ? "about " : "", median, max);
	if (failed)
		g_string_append_printf(text, "; %s failed", count);
	return g_string_free(text, FALSE);
}

static struct spread_part process_part(const struct report_process *p)
{
	const struct report_spread *s = &p->rss_peak_spread;

	if (p->count > 1)
		return (struct spread_part){ p->count, s->min, s->median, s->max };
	return (struct spread_part){ 1, p->rss_peak, p->rss_peak, p->rss_peak };
}

static struct spread_part task_part(const struct report_task *t)
{
	const struct report_spread *s = &t->in_spread;
	int64_t in = (int64_t)view_rss(t->flow).in;

	if (t->count > 1)
		return (struct spread_part){ t->count, s->min, s->median, s->max };
	return (struct spread_part){ 1, in, in, in };
}

char *table_process_spread(const GPtrArray *processes, uint64_t failed)
{
	g_autofree struct spread_part *parts = g_new(struct spread_part, processes->len);
	bool about = false;

	for (unsigned i = 0; i < processes->len; i++) {
		parts[i] = process_part(g_ptr_array_index(processes, i));
		about |= parts[i].count > 1;
	}
	return spread_line("RSS peak of each", spread_merge(parts, processes->len), about, failed);
}

/* What the threads held at the peak, if it is known for each and not 0; else what they
 * took in. */
char *table_thread_spread(const struct rollup *threads)
{
	const GPtrArray *members = threads->members;
	g_autofree struct spread_part *parts = g_new(struct spread_part, members->len);
	bool about = false;

	for (unsigned i = 0; i < members->len; i++) {
		parts[i] = task_part(g_ptr_array_index(members, i));
		about |= parts[i].count > 1;
	}
	if (threads->spread.max && !about)
		return spread_line("weight of each at the peak", threads->spread, false, 0);
	return spread_line("IN of each", spread_merge(parts, members->len), about, 0);
}
