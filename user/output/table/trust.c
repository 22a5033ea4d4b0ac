/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One line about trust: green if all figures are exact; amber, with the gravest reasons first, if
 * anything is off, lost, not measured or approximate. The section of the books has the details.
 */
#include "base/text.h"
#include "model/profile.h"
#include "model/view.h"
#include "output/table/head.h"

static void add(GPtrArray *doubts, char *text)
{
	g_ptr_array_add(doubts, text);
}

static void add_books(GPtrArray *doubts, const struct report *r)
{
	g_autoptr(GPtrArray) reasons = report_reasons(r);

	if (!r->sums_valid)
		add(doubts, g_strdup("books not checked"));
	for (unsigned i = 0; r->sums_valid && i < reasons->len; i++) {
		const char *reason = reasons->pdata[i];

		add(doubts, g_str_has_prefix(reason, "off") ? g_strdup_printf("books %s", reason) :
							      g_strdup(reason));
	}
	if (report_kind(r, TARE_KMEM) && r->kmem.by_cgroup == CGROUP_UNKNOWN)
		add(doubts, g_strdup("kernel memory not checked"));
	else if (report_kmem_off(r) && !r->kmem.whole)
		add(doubts, g_strdup("kernel memory of the control group is off"));
}

static void add_losses(GPtrArray *doubts, const struct report *r)
{
	for (int i = 0; i < TARE_LOSSES; i++) {
		g_autofree char *n = text_count(r->lost[i]);

		if (r->lost[i])
			add(doubts, g_strdup_printf("lost %s %s", n, lost_meaning[i]));
	}
}

static void add_samples(GPtrArray *doubts, const struct profile *p)
{
	g_autofree char *n = NULL, *changes = NULL;

	if (!p)
		return;
	n = text_count(p->lost.samples);
	changes = text_count(p->lost.vma_changes);
	if (p->lost.samples)
		add(doubts, g_strdup_printf("lost %s samples", n));
	if (p->lost.vma_changes)
		add(doubts, g_strdup_printf("lost %s changes of mappings", changes));
}

/* "not measured: kmem, virtual"; "approximate: causes". */
static void add_features(GPtrArray *doubts, const struct report *r, bool measured)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = g_ptr_array_index(r->features, i);

		if (f->why && report_measured(r, f->name) == measured &&
		    g_strcmp0(f->name, "books"))
			g_string_append_printf(names, "%s%s", names->len ? ", " : "", f->name);
	}
	if (names->len)
		add(doubts,
		    g_strdup_printf("%s: %s", measured ? "limited" : "not measured", names->str));
}

/* The texts in at most `width` columns. Those without room are counted; the first is cut. */
static char *join_doubts(const GPtrArray *doubts, unsigned width)
{
	GString *text = g_string_new(NULL);
	unsigned last = doubts->len;

	for (unsigned i = 0; i < doubts->len; i++) {
		g_autofree char *safe = text_printable(doubts->pdata[i]);
		g_autofree char *rest = g_strdup_printf("; %u more", doubts->len - i - 1);
		unsigned used = (unsigned)text_width(text->str) + (i ? 2 : 0);
		unsigned room = width - used - (i + 1 < doubts->len ? (unsigned)strlen(rest) : 0);

		if (i && used + text_width(safe) > width - strlen("; 9 more")) {
			last = i;
			break;
		}
		if (!i) {
			g_free(g_steal_pointer(&rest));
			rest = text_fit(safe, room);
			g_string_append(text, rest);
		} else {
			g_string_append_printf(text, "; %s", safe);
		}
	}
	if (last < doubts->len)
		g_string_append_printf(text, "; %u more", doubts->len - last);
	return g_string_free(text, FALSE);
}

void table_trust(GString *out, const struct report *r, const struct table_style *style)
{
	g_autoptr(GPtrArray) doubts = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text = NULL;
	int64_t difference;

	add_books(doubts, r);
	add_losses(doubts, r);
	add_samples(doubts, r->profile);
	add_features(doubts, r, false);
	add_features(doubts, r, true);
	print_label(out, style, "trust:");
	if (doubts->len) {
		text = join_doubts(doubts, style->width - MARGIN);
		paint(out, style, WARN, text);
	} else {
		paint(out, style, GOOD,
		      view_kmem_difference(r, &difference) ?
			      "exact: all books balance, kernel memory too; nothing lost" :
			      "exact: all books balance; nothing lost");
	}
	g_string_append_c(out, '\n');
}
