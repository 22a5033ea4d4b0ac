/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whether a report's books balance, and why not. Decided only here.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/report.h"

static void add_reason(GPtrArray *reasons, char *text)
{
	g_ptr_array_add(reasons, text);
}

/* "anon +12.0 KiB, file -4.00 KiB"; or that the differences cancel out in the sum. */
static char *off_by_kind(const struct report *r)
{
	GString *list = g_string_new(NULL);

	for (int i = 0; i < TARE_KINDS; i++) {
		int64_t off = r->totals[kind_order[i]].unattributed;
		g_autofree char *size = text_size(off);

		if (off && kind_order[i] != TARE_KMEM) /* it has a reason of its own */
			g_string_append_printf(list, "%s%s %s%s", list->len ? ", " : "",
					       kind_name[kind_order[i]], off > 0 ? "+" : "", size);
	}
	if (!list->len)
		g_string_append(list, "they cancel out over the processes");
	return g_string_free(list, FALSE);
}

/* The `why` of a feature of the report; NULL: none. */
static const char *feature_why(const struct report *r, const char *name)
{
	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = r->features->pdata[i];

		if (!g_strcmp0(f->name, name))
			return f->why;
	}
	return NULL;
}

bool report_kmem_off(const struct report *r)
{
	const struct report_kmem *k = &r->kmem;

	return k->level == KMEM_EVENTS && k->by_cgroup != CGROUP_UNKNOWN &&
	       llabs(k->by_cgroup - k->by_events) > k->bound;
}

static char *kmem_off(const struct report *r)
{
	int64_t difference = r->kmem.by_cgroup - r->kmem.by_events;
	g_autofree char *off = text_size(llabs(difference)), *bound = text_size(r->kmem.bound);
	g_autofree char *group = text_size(r->kmem.by_cgroup);
	const char *why = feature_why(r, "kmem");

	return g_strdup_printf("kernel memory: off by %s, the control group has %s, %s than the "
			       "events tell (bound %s)%s%s",
			       off, group, difference < 0 ? "less" : "more", bound, why ? ": " : "",
			       why ? why : "");
}

GPtrArray *report_reasons(const struct report *r)
{
	GPtrArray *reasons = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *kinds = off_by_kind(r), *pages = text_count(r->off_pages);
	g_autofree char *closed = text_count(r->mms_closed), *bad = text_count(r->mms_nonzero);
	g_autofree char *lost = text_count(report_lost_sums(r));
	g_autofree char *malformed = text_count(r->malformed);

	if (r->off_pages)
		add_reason(reasons, g_strdup_printf("off by %s page%s: %s", pages,
						    r->off_pages == 1 ? "" : "s", kinds));
	if (r->mms_nonzero)
		add_reason(reasons,
			   g_strdup_printf("off: %s of %s address spaces did not close at 0", bad,
					   closed));
	if (r->kmem.whole && report_kmem_off(r))
		add_reason(reasons, kmem_off(r));
	if (r->malformed)
		add_reason(reasons, g_strdup_printf("not known to balance: %s records from the "
						    "kernel made no sense",
						    malformed));
	if (report_lost_sums(r))
		add_reason(reasons, g_strdup_printf("not known to balance: %s lost", lost));
	if (!reasons->len && !r->balanced) /* an older tare recorded that, without a reason */
		add_reason(reasons, g_strdup("not balanced"));
	return reasons;
}

bool report_balanced(const struct report *r)
{
	g_autoptr(GPtrArray) reasons = report_reasons(r);

	return r->sums_valid && !reasons->len;
}

char *report_why_off(const struct report *r)
{
	g_autoptr(GPtrArray) reasons = report_reasons(r);

	if (!r->sums_valid || !reasons->len)
		return NULL;
	g_ptr_array_add(reasons, NULL);
	return g_strjoinv("; ", (char **)reasons->pdata);
}
