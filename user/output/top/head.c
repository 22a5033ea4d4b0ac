/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The head of `tare top`: the workload's weight by kind, its growth, its curve, and tare itself.
 */
#include "output/top/top.h"

#include <string.h>

#include "base/text.h"
#include "output/table/paint.h"

#define MARGIN 9 /* columns of a line's label */
#define BAR_MOST 60
#define REMARK_LEAST 20
#define HEAD_LEAST 36 /* columns: narrower screens have no room for the target */

/* A line of parts; a part that finds no room is left out, and all behind it. */
struct line {
	GString *out;
	const struct top_look *look;
	unsigned used;
	bool full;
};

static struct line line_begin(GString *out, const struct top_look *look, const char *label)
{
	g_autofree char *text = g_strdup_printf("%-*s", MARGIN, label);

	paint(out, &look->style, DIM, text);
	return (struct line){ out, look, MARGIN, false };
}

static void line_add(struct line *l, enum paint how, const char *text)
{
	unsigned gap = l->used > MARGIN ? 2 : 0, width = (unsigned)text_width(text);

	if (l->full || l->used + gap + width > l->look->style.width) {
		l->full = true;
		return;
	}
	paint_spaces(l->out, gap);
	paint(l->out, &l->look->style, how, text);
	l->used += gap + width;
}

/* The last part of a line: cut, if there is room for a part of it. */
static void line_remark(struct line *l, const char *text)
{
	unsigned width = l->look->style.width;
	g_autofree char *fit = NULL;

	if (l->full || l->used + 2 + REMARK_LEAST > width)
		return;
	fit = text_fit(text, width - l->used - 2);
	line_add(l, DIM, fit);
}

static void G_GNUC_PRINTF(3, 4) line_printf(struct line *l, enum paint how, const char *format, ...)
{
	va_list args;
	g_autofree char *text = NULL;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	line_add(l, how, text);
}

static void line_end(struct line *l)
{
	while (l->out->len && l->out->str[l->out->len - 1] == ' ')
		g_string_truncate(l->out, l->out->len - 1);
	g_string_append_c(l->out, '\n');
}

/* "1:02.5", "1:00:02": time since the start, as on a player. */
static char *clock_text(uint64_t ns)
{
	uint64_t tenths = ns / 100000000, s = tenths / 10;

	if (s < 3600)
		return g_strdup_printf("%u:%02u.%u", (unsigned)(s / 60), (unsigned)(s % 60),
				       (unsigned)(tenths % 10));
	return g_strdup_printf("%" G_GUINT64_FORMAT ":%02u:%02u", s / 3600, (unsigned)(s / 60 % 60),
			       (unsigned)(s % 60));
}

static char *timeline_text(const struct top_timeline *line)
{
	g_autofree char *at = clock_text(line->at_ns), *end = clock_text(line->end_ns);

	return g_strdup_printf("%s%s%s of %s", line->state ? line->state : "",
			       line->state ? " " : "", at, end);
}

/* Where the measurement is in time. */
static char *when_text(const struct live_total *t, const struct top_look *look)
{
	g_autofree char *since = text_duration(t->now_ns - t->origin_ns);
	g_autofree char *every = text_duration(look->interval_ns);

	if (look->timeline)
		return timeline_text(look->timeline);
	return g_strdup_printf("%s%s, every %s%s", look->paused ? "paused, " : "", since, every,
			       look->slow ? " (a round takes long)" : "");
}

static void add_first(GString *out, const struct live_total *t, const struct top_look *look)
{
	g_autofree char *right = when_text(t, look);
	g_autofree char *target = text_printable(look->target), *fit = NULL;

	if (look->style.width < HEAD_LEAST) {
		fit = text_fit(right, look->style.width);
		paint(out, &look->style, BOLD, fit);
		g_string_append_c(out, '\n');
		return;
	}
	paint_head(out, &look->style, "tare top: ", target, right);
}

/* The kinds that the bar shows. Kernel memory is one of them. */
static const struct part {
	enum tare_kind kind;
	const char *name, *cell;
} parts[] = {
	{ TARE_ANON, "anon", "█" }, { TARE_FILE, "file", "▓" },    { TARE_SHMEM, "shmem", "▒" },
	{ TARE_SWAP, "swap", "░" }, { TARE_KINDS, "kernel", "▪" },
};

static int64_t part_bytes(const struct live_total *t, const struct part *p)
{
	return p->kind == TARE_KINDS ? t->sum.now.kernel : t->sum.kind[p->kind];
}

/* Each kind has its share of the bar's cells. The ends are rounded, so that they add up. */
static char *bar_text(const struct live_total *t, unsigned cells)
{
	GString *bar = g_string_new(NULL);
	double whole = 0, sum = 0;
	unsigned done = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++)
		whole += (double)MAX(part_bytes(t, &parts[i]), 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(parts) && whole > 0; i++) {
		sum += (double)MAX(part_bytes(t, &parts[i]), 0);
		for (; done < (unsigned)(sum / whole * cells + 0.5); done++)
			g_string_append(bar, parts[i].cell);
	}
	return g_string_free(bar, FALSE);
}

static void add_weight(GString *out, const struct live_total *t, const struct top_look *look)
{
	struct line l = line_begin(out, look, "weight");
	g_autofree char *weight = text_size(live_weight(&t->sum));
	g_autofree char *memory = text_size(look->memory);
	g_autofree char *available = text_size(look->available);
	unsigned room = look->style.width - MIN(look->style.width, MARGIN + 60);
	g_autofree char *bar = bar_text(t, CLAMP(room, 8, BAR_MOST));

	line_add(&l, BOLD, weight);
	line_add(&l, PLAIN, bar);
	if (look->memory)
		line_printf(&l, DIM, "of the machine's %s, %s available", memory, available);
	line_end(&l);
}

static void add_kinds(GString *out, const struct live_total *t, const struct top_look *look)
{
	struct line l = line_begin(out, look, "");

	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		int64_t bytes = part_bytes(t, &parts[i]);
		g_autofree char *size = text_size(bytes);

		if (bytes || parts[i].kind == TARE_ANON || parts[i].kind == TARE_KINDS)
			line_printf(&l, PLAIN, "%s %s %s", parts[i].cell, parts[i].name, size);
	}
	line_end(&l);
}

static void add_kernel(GString *out, const struct live_total *t, const struct top_look *look)
{
	struct line l = line_begin(out, look, "kernel");
	g_autofree char *tables = text_size(t->sum.kind[TARE_PAGETABLE]);
	g_autofree char *stacks = text_size(t->sum.kind[TARE_KSTACK]);
	g_autofree char *other = text_size(t->sum.kind[TARE_KMEM]);
	g_autofree char *rest = text_size(t->kmem_rest);

	line_printf(&l, PLAIN, "page tables %s", tables);
	line_printf(&l, PLAIN, "stacks %s", stacks);
	line_printf(&l, PLAIN, "other %s", t->kmem ? other : CELL_UNKNOWN);
	if (t->kmem && t->kmem_rest)
		line_printf(&l, DIM, "of no task %s", rest);
	if (!t->kmem && look->kmem_why)
		line_remark(&l, look->kmem_why);
	line_end(&l);
}

static void add_growth(GString *out, const struct live_total *t, const struct top_look *look)
{
	struct line l = line_begin(out, look, "growth");
	const struct live_rate *rate = &t->sum.rate[look->query.window];
	g_autofree char *growth = text_size((int64_t)rate->growth);
	g_autofree char *in = text_size((int64_t)rate->in);
	g_autofree char *out_rate = text_size((int64_t)rate->out);
	g_autofree char *faults = text_count((uint64_t)(rate->faults + 0.5));
	double seconds = t->seconds[look->query.window];

	if (seconds <= 0) {
		line_add(&l, DIM, "not known yet: this is the first look");
	} else {
		line_printf(&l, rate->growth > 0 ? WARN : PLAIN, "%s%s/s",
			    rate->growth >= 1 ? "+" : "", growth);
		line_printf(&l, PLAIN, "in %s/s", in);
		line_printf(&l, PLAIN, "out %s/s", out_rate);
		line_printf(&l, PLAIN, "faults %s/s", faults);
		line_printf(&l, DIM, "over %.*f s", seconds < 9.95 ? 1 : 0, seconds);
	}
	line_end(&l);
}

static const char *const curve_step[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

/* Weights as a curve of `cells` characters, each the largest of its share; those before `at` in one
 * style, with the time cursor there, and those behind it in another. at `n`: no cursor. */
static void paint_curve(GString *out, const struct top_look *look, const int64_t *weight,
			unsigned n, unsigned cells, unsigned at)
{
	int64_t low = INT64_MAX, high = INT64_MIN;
	unsigned cursor = at < n ? (unsigned)((uint64_t)at * (cells - 1) / MAX(n - 1, 1)) : cells;
	GString *part[2] = { g_string_new(NULL), g_string_new(NULL) };

	for (unsigned i = 0; i < n; i++) {
		low = MIN(low, weight[i]);
		high = MAX(high, weight[i]);
	}
	for (unsigned c = 0; c < cells; c++) {
		unsigned from = (unsigned)((uint64_t)c * n / cells);
		unsigned to = MAX((unsigned)((uint64_t)(c + 1) * n / cells), from + 1);
		int64_t most = weight[from];

		for (unsigned i = from; i < to; i++)
			most = MAX(most, weight[i]);
		g_string_append(
			part[c > cursor],
			c == cursor ? "│" :
				      curve_step[high > low ? (most - low) * 7 / (high - low) : 0]);
	}
	paint(out, &look->style, at < n ? BOLD : PLAIN, part[0]->str);
	paint(out, &look->style, DIM, part[1]->str);
	g_string_free(part[0], TRUE);
	g_string_free(part[1], TRUE);
}

static void add_range(struct line *l, const int64_t *weight, unsigned n)
{
	int64_t low = weight[0], high = weight[0];
	g_autofree char *low_text = NULL, *high_text = NULL;

	for (unsigned i = 0; i < n; i++) {
		low = MIN(low, weight[i]);
		high = MAX(high, weight[i]);
	}
	low_text = text_size(low);
	high_text = text_size(high);
	line_printf(l, DIM, "%s to %s", low_text, high_text);
}

/* The weight of the last ticks, or of a whole recording: its lowest is the bottom, its highest the
 * top. */
static void add_curve(GString *out, const struct live_total *t, const struct top_look *look)
{
	struct line l = line_begin(out, look, "curve");
	const struct top_timeline *line = look->timeline;
	unsigned room =
		CLAMP(look->style.width - MIN(look->style.width, MARGIN + 32), 8, LIVE_CURVE);
	unsigned n = line ? line->n : MIN(t->points, room);
	const int64_t *weight = line ? line->weight : t->curve + (t->points - n);

	if (n) {
		l.used += line ? room : n;
		paint_curve(out, look, weight, n, line ? room : n, line ? line->at : n);
		add_range(&l, weight, n);
	}
	line_end(&l);
}

static void add_tasks(GString *out, const struct live_total *t, const struct top_look *look)
{
	struct line l = line_begin(out, look, "tasks");
	g_autofree char *processes = text_count(t->sum.processes);
	g_autofree char *threads = text_count(t->sum.threads);
	g_autofree char *rss = text_size(look->self_rss);
	g_autofree char *lost = text_count(t->lost);

	line_printf(&l, PLAIN, "%s process%s, %s thread%s", processes,
		    t->sum.processes == 1 ? "" : "es", threads, t->sum.threads == 1 ? "" : "s");
	if (t->lost)
		line_printf(&l, BAD, "lost: %s", lost);
	else
		line_add(&l, DIM, "nothing lost");
	if (look->self_cpu >= 0)
		line_printf(&l, DIM, "tare: %.1f %% of a CPU, %s", look->self_cpu, rss);
	if (t->born || t->ended)
		line_printf(&l, PLAIN, "%u new, %u ended", (unsigned)t->born, (unsigned)t->ended);
	if (look->record)
		line_printf(&l, GOOD, "recording to %s", look->record);
	line_end(&l);
}

/* The lines, and the order in which they are left out on a low screen: the highest first. */
static const struct {
	void (*add)(GString *out, const struct live_total *t, const struct top_look *look);
	unsigned rank;
} lines[] = {
	{ add_first, 1 },  { add_weight, 2 }, { add_kinds, 5 }, { add_kernel, 7 },
	{ add_growth, 3 }, { add_curve, 6 },  { add_tasks, 4 },
};

void top_head(GString *out, const struct live_total *t, const struct top_look *look, unsigned most)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++)
		if (lines[i].rank <= most)
			lines[i].add(out, t, look);
}
