/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The section TOTALS: memory taken, given back and held, by kind, with the sums RSS, KERNEL
 * and WEIGHT.
 */
#include "output/table/sections.h"

#include <string.h>

#include "base/text.h"
#include "model/view.h"
#include "output/table/parts.h"

/* Columns that are not all 0. */
struct shape {
	bool initial, nonowner, unattributed, at_peak;
};

/* PARTLY: only some parts of a sum are known, so it is a minimum. */
enum known { UNKNOWN, PARTLY, KNOWN };

struct total {
	enum known flows;   /* IN and OUT of the tasks */
	enum known outside; /* initial balance and BY OTHERS */
	enum known held;    /* at the peak and now */
	struct balance balance;
	int64_t at_peak, now;
};

static void amount_cell(struct grid *g, enum known known, int64_t bytes)
{
	g_autofree char *size = text_size(bytes), *least = g_strdup_printf("≥ %s", size);

	if (known == UNKNOWN)
		grid_unknown(g);
	else if (known == PARTLY)
		grid_cell(g, bytes ? PLAIN : DIM, least);
	else
		grid_size(g, bytes);
}

static void change_cell(struct grid *g, enum known known, enum paint how, int64_t bytes)
{
	if (known == KNOWN)
		grid_signed_size(g, how, bytes);
	else
		grid_unknown(g);
}

static void total_row(struct grid *g, const struct shape *shape, enum paint how, const char *name,
		      const struct total *t)
{
	g_autofree char *indented = g_strdup_printf("  %s", name);
	const struct balance *b = &t->balance;

	grid_cell(g, how, indented);
	if (shape->initial)
		amount_cell(g, t->outside, b->initial);
	else
		grid_blank(g);
	amount_cell(g, t->flows, (int64_t)b->tasks.in);
	amount_cell(g, t->flows, (int64_t)b->tasks.out);
	if (shape->nonowner)
		change_cell(g, t->outside, PLAIN, flow_net(b->nonowner));
	else
		grid_blank(g);
	if (shape->unattributed)
		change_cell(g, t->outside, BAD, b->unattributed);
	else
		grid_blank(g);
	if (shape->at_peak)
		amount_cell(g, t->held, t->at_peak);
	else
		grid_blank(g);
	amount_cell(g, t->held, t->now);
}

/* The kernel's own counter and the events may differ by their bound. */
static bool within_bound(const struct report *r, int kind)
{
	return kind == TARE_KMEM && ABS(r->totals[kind].unattributed) <= r->kmem.bound;
}

static struct shape find_shape(const struct report *r, const struct total total[TARE_KINDS],
			       const struct total *sock)
{
	struct shape shape = { .at_peak = sock->at_peak != sock->now };

	for (int k = 0; k < TARE_KINDS; k++) {
		const struct balance *b = &total[k].balance;

		shape.at_peak |= total[k].at_peak != total[k].now;
		shape.initial |= b->initial != 0;
		shape.nonowner |= b->nonowner.in || b->nonowner.out;
		shape.unattributed |= b->unattributed && !within_bound(r, k);
	}
	return shape;
}

static enum known known_both(enum known sum, enum known part)
{
	return part == KNOWN ? sum : PARTLY;
}

/* Values that are not known are 0. */
static void add_total(struct total *sum, const struct total *t)
{
	sum->flows = known_both(sum->flows, t->flows);
	sum->outside = known_both(sum->outside, t->outside);
	sum->held = known_both(sum->held, t->held);
	sum->balance.initial += t->balance.initial;
	view_add(&sum->balance.tasks, t->balance.tasks);
	view_add(&sum->balance.nonowner, t->balance.nonowner);
	sum->balance.unattributed += t->balance.unattributed;
	sum->at_peak += t->at_peak;
	sum->now += t->now;
}

static struct total sum_totals(const struct total total[TARE_KINDS], const enum tare_kind *kinds,
			       unsigned n)
{
	struct total s = { .flows = KNOWN, .outside = KNOWN, .held = KNOWN };

	for (unsigned i = 0; i < n; i++)
		add_total(&s, &total[kinds[i]]);
	return s;
}

/* kind_order[] starts with the three kinds of RSS and ends with the three of the kernel. */
static void total_rows(struct grid *g, const struct shape *shape,
		       const struct total total[TARE_KINDS], const struct total *sock)
{
	static const char *const name[] = {
		[TARE_PAGETABLE] = "page tables",
		[TARE_KSTACK] = "kernel stacks",
		[TARE_KMEM] = "other kernel",
	};
	struct total rss = sum_totals(total, kind_order, 3),
		     kernel = sum_totals(total, kind_order + 4, 3);
	struct total weight = sum_totals(total, kind_order, TARE_KINDS);

	for (int i = 0; i < TARE_KINDS; i++) {
		enum tare_kind k = kind_order[i];

		total_row(g, shape, PLAIN, k < TARE_PAGETABLE ? kind_name[k] : name[k], &total[k]);
		if (k == TARE_SHMEM)
			total_row(g, shape, BOLD, "RSS", &rss);
	}
	if (sock->at_peak || sock->now) {
		total_row(g, shape, PLAIN, "sockets", sock);
		add_total(&kernel, sock);
		add_total(&weight, sock);
	}
	total_row(g, shape, BOLD, "KERNEL", &kernel);
	total_row(g, shape, BOLD, "WEIGHT", &weight);
}

/* Other processes share the control group: their part of its counter, and of the updates by
 * others, is not known. */
static void shared_line(struct grid *g, const struct report *r)
{
	if (report_kind(r, TARE_KMEM) && !r->kmem.whole)
		grid_line(g, DIM, 0, 2,
			  "other kernel: only what its tasks were charged and freed, because "
			  "other processes share the control group");
}

static void fill_totals(const struct report *r, struct total total[TARE_KINDS], struct total *sock)
{
	struct view_held now = view_now(r), peak = view_at_peak(r);

	for (int k = 0; k < TARE_KINDS; k++) {
		bool flows = report_kind(r, k),
		     outside = flows && (k != TARE_KMEM || r->kmem.whole);

		total[k] = (struct total){
			.flows = flows ? KNOWN : UNKNOWN,
			.outside = outside ? KNOWN : UNKNOWN,
			.held = now.known[k] && peak.known[k] ? KNOWN : UNKNOWN,
			.at_peak = peak.kind[k],
			.now = now.kind[k],
		};
		if (flows)
			total[k].balance = r->totals[k];
	}
	*sock = (struct total){ .held = KNOWN, .at_peak = peak.sock, .now = now.sock };
}

void table_totals(GString *out, const struct report *r, const struct table_style *style)
{
	static const struct grid_column columns[] = {
		{ .title = "  KIND" },
		{ .title = "INITIAL", .right = true },
		{ .title = "IN", .right = true },
		{ .title = "OUT", .right = true },
		{ .title = "BY OTHERS", .right = true },
		{ .title = "UNATTRIBUTED", .right = true },
		{ .title = "AT PEAK", .right = true, .drop = 2 },
		{ .title = "NET", .right = true },
	};
	struct grid *g = grid_new(columns, G_N_ELEMENTS(columns));
	struct total total[TARE_KINDS], sock;
	struct shape shape;
	g_autofree char *meaning = NULL;

	fill_totals(r, total, &sock);
	shape = find_shape(r, total, &sock);
	total_rows(g, &shape, total, &sock);
	shared_line(g, r);
	meaning = g_strdup_printf("by kind; NET: held %s", table_when(r));
	table_heading(out, style, "TOTALS", meaning);
	grid_render(g, out, style);
	grid_free(g);
}
