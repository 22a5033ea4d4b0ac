/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One line about trust: green if all figures are exact; amber, with the gravest reasons first, if
 * anything is off, lost, not measured or approximate: then two lines, so that the way out is not
 * cut off. The section of the books has the details.
 */
#include "base/text.h"
#include "model/profile.h"
#include "model/view.h"
#include "output/table/head.h"

#define DOUBT_LEAST 20 /* columns in which a text says something */

static void add(GPtrArray *doubts, char *text)
{
	g_ptr_array_add(doubts, text);
}

static bool lost(const struct report *r)
{
	for (int i = 0; i < TARE_LOSSES; i++)
		if (r->lost[i])
			return true;
	return false;
}

static void add_books(GPtrArray *doubts, const struct report *r)
{
	g_autoptr(GPtrArray) reasons = report_reasons(r);

	if (!r->sums_valid)
		add(doubts, g_strdup("books not checked"));
	for (unsigned i = 0; r->sums_valid && i < reasons->len; i++) {
		const char *reason = reasons->pdata[i];

		if (g_str_has_suffix(reason, " lost") && lost(r))
			continue; /* what was lost comes next, with the way out */
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

/* "kernel memory not measured: no control group …", then the names of others that are not. */
static void add_features(GPtrArray *doubts, const struct report *r, bool measured)
{
	static const struct {
		const char *name, *words;
	} names[] = {
		{ "kmem", "kernel memory" }, { "virtual", "address space" },
		{ "samples", "stacks" },     { "faults_kernel", "kernel's page faults" },
		{ "ledger", "counters" },
	};

	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = g_ptr_array_index(r->features, i);
		const char *words = f->name;

		if (!f->why || report_measured(r, f->name) != measured ||
		    !g_strcmp0(f->name, "books"))
			continue;
		for (unsigned j = 0; j < G_N_ELEMENTS(names); j++)
			if (!g_strcmp0(f->name, names[j].name))
				words = names[j].words;
		add(doubts, g_strdup_printf("%s %s: %s", words, f->state, f->why));
	}
}

/* The texts in at most `width` columns. The last one with room is cut; those without are
 * counted. */
static char *join_doubts(const GPtrArray *doubts, unsigned width)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < doubts->len; i++) {
		unsigned after = doubts->len - i - 1, used = (unsigned)text_width(text->str);
		unsigned need = (i ? 2 : 0) + (after ? (unsigned)strlen("; 99 more") : 0);
		g_autofree char *safe = text_printable(doubts->pdata[i]), *fit = NULL;

		if (i && used + need + DOUBT_LEAST > width) {
			g_string_append_printf(text, "; %u more", after + 1);
			break;
		}
		fit = text_fit(safe, width - used - need);
		g_string_append_printf(text, "%s%s", i ? "; " : "", fit);
	}
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
		/* Less than two lines: words are not broken. */
		text = join_doubts(doubts, 2 * (style->width - MARGIN) - DOUBT_LEAST);
		paint_wrapped(out, style, WARN, MARGIN, text);
		return;
	}
	paint(out, style, GOOD,
	      view_kmem_difference(r, &difference) ?
		      "exact: all books balance, kernel memory too; nothing lost" :
		      "exact: all books balance; nothing lost");
	g_string_append_c(out, '\n');
}
