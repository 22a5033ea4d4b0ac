/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The weighings of `tare bench` as comma-separated values by RFC 4180: a record
 * each, as in the JSON one for a run in which nothing was weighed, and one for a
 * workload that was not run. A field that is not known is empty. Text is kept as
 * it is: a spreadsheet may take "=…" for a formula.
 */
#include "output/bench.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

static const char *const columns[] = {
	"id",     "title",   "language", "family",     "root",       "version",
	"tasks",  "repeat",  "outcome",  "after",      "state",      "settled",
	"time_s", "ready_s", "cpu_s",    "stopped_by", "stopped_at",
};

/* After the first field of a record each comes with a comma before it. */
static void field(GString *out, const char *text)
{
	g_autofree char *valid = text_utf8(text, text ? strlen(text) : 0);
	g_auto(GStrv) part = NULL;
	g_autofree char *doubled = NULL;

	if (out->len && out->str[out->len - 1] != '\n')
		g_string_append_c(out, ',');
	if (!strpbrk(valid, "\",\r\n")) {
		g_string_append(out, valid);
		return;
	}
	part = g_strsplit(valid, "\"", -1);
	doubled = g_strjoinv("\"\"", part);
	g_string_append_printf(out, "\"%s\"", doubled);
}

static void empty(GString *out, unsigned n)
{
	while (n--)
		g_string_append_c(out, ',');
}

static void integer(GString *out, int64_t v)
{
	g_autofree char *text = g_strdup_printf("%" PRId64, v);

	field(out, v == BENCH_UNKNOWN ? "" : text);
}

static void boolean(GString *out, bool v)
{
	field(out, v ? "true" : "false");
}

/* To a microsecond, with a point whatever the locale. */
static void seconds(GString *out, double v)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE + 320];

	field(out, isfinite(v) ? g_ascii_formatd(text, sizeof(text), "%.6f", v) : "");
}

static void end(GString *out)
{
	g_string_append(out, "\r\n");
}

static enum bench_part part_at(int i)
{
	return i < TARE_KINDS ? (enum bench_part)kind_order[i] : (enum bench_part)i;
}

static void header(GString *out)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++)
		field(out, columns[i]);
	for (int i = 0; i < BENCH_PARTS; i++)
		field(out, bench_part_name[part_at(i)]);
	end(out);
}

static void workload(GString *out, const struct bench_row *row)
{
	/* An empty first field would be taken for none. */
	field(out, row->id && *row->id ? row->id : "-");
	field(out, row->title);
	field(out, row->language);
	field(out, row->family);
	field(out, row->root);
	field(out, row->version);
}

/* `w` is NULL where nothing was weighed. */
static void weighing(GString *out, const struct bench_row *row, const struct bench_run *run,
		     const struct bench_weighing *w)
{
	workload(out, row);
	integer(out, (int64_t)run->tasks);
	integer(out, run->repeat);
	field(out, bench_outcome_name[run->outcome]);
	boolean(out, run->after);
	field(out, w ? bench_state_name[w - run->at] : "");
	if (w && w != &run->at[BENCH_PEAK])
		boolean(out, w->settled);
	else
		field(out, "");
	seconds(out, w ? w->time_s : NAN);
	seconds(out, run->ready_s);
	seconds(out, run->cpu_s);
	field(out, run->stopped_by);
	integer(out, run->stopped_at);
	for (int i = 0; i < BENCH_PARTS; i++)
		integer(out, w ? w->part[part_at(i)] : BENCH_UNKNOWN);
	end(out);
}

static void missing(GString *out, const struct bench_row *row)
{
	workload(out, row);
	empty(out, 2);
	field(out, "missing");
	empty(out, 6);
	field(out, row->missing);
	empty(out, 1 + BENCH_PARTS);
	end(out);
}

char *bench_csv(const struct bench *b)
{
	GString *out = g_string_new(NULL);

	header(out);
	for (unsigned i = 0; i < b->rows->len; i++) {
		const struct bench_row *row = b->rows->pdata[i];

		for (unsigned r = 0; r < row->runs->len; r++) {
			const struct bench_run *run = row->runs->pdata[r];
			bool any = false;

			for (int s = 0; s < BENCH_STATES; s++) {
				if (run->at[s].taken)
					weighing(out, row, run, &run->at[s]);
				any |= run->at[s].taken;
			}
			if (!any)
				weighing(out, row, run, NULL);
		}
		if (!row->runs->len)
			missing(out, row);
	}
	return g_string_free(out, FALSE);
}
