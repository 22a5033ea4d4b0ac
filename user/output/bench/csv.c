/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The weighings of `tare bench` as comma-separated values (RFC 4180): one record per
 * weighing. A run that was never weighed, and a workload that was not run, get one record
 * too. An unknown value is an empty field.
 */
#include "output/bench/bench.h"

#include <math.h>

#include "output/fields.h"

static const char *const columns[] = {
	"id",     "title",   "language", "family",     "root",       "version",
	"tasks",  "repeat",  "outcome",  "after",      "state",      "settled",
	"time_s", "ready_s", "cpu_s",    "stopped_by", "stopped_at",
};

static void add_integer(struct fields *f, int64_t v)
{
	fields_int(f, v == BENCH_UNKNOWN ? FIELD_UNKNOWN : v);
}

static void add_boolean(struct fields *f, bool v)
{
	fields_text(f, v ? "true" : "false");
}

/* Seconds with six decimals. */
static void add_seconds(struct fields *f, double v)
{
	fields_real(f, v, "%.6f");
}

static enum bench_part part_at(int i)
{
	return i < TARE_KINDS ? (enum bench_part)kind_order[i] : (enum bench_part)i;
}

static void add_header(struct fields *f)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++)
		fields_text(f, columns[i]);
	for (int i = 0; i < BENCH_PARTS; i++)
		fields_text(f, bench_part_name[part_at(i)]);
	fields_end(f);
}

static void add_workload(struct fields *f, const struct bench_row *row)
{
	fields_text(f, row->id);
	fields_text(f, row->title);
	fields_text(f, row->language);
	fields_text(f, row->family);
	fields_text(f, row->root);
	fields_text(f, row->version);
}

/* `w` NULL: the run was never weighed. */
static void add_weighing(struct fields *f, const struct bench_row *row, const struct bench_run *run,
			 const struct bench_weighing *w)
{
	add_workload(f, row);
	add_integer(f, (int64_t)run->tasks);
	add_integer(f, run->repeat);
	fields_text(f, bench_outcome_name[run->outcome]);
	add_boolean(f, run->after);
	fields_text(f, w ? bench_state_name[w - run->at] : "");
	if (w && w != &run->at[BENCH_PEAK])
		add_boolean(f, w->settled);
	else
		fields_text(f, "");
	add_seconds(f, w ? w->time_s : NAN);
	add_seconds(f, run->ready_s);
	add_seconds(f, run->cpu_s);
	fields_text(f, run->stopped_by);
	add_integer(f, run->stopped_at);
	for (int i = 0; i < BENCH_PARTS; i++)
		add_integer(f, w ? w->part[part_at(i)] : BENCH_UNKNOWN);
	fields_end(f);
}

static void add_missing(struct fields *f, const struct bench_row *row)
{
	add_workload(f, row);
	fields_blank(f, 2);
	fields_text(f, "missing");
	fields_blank(f, 6);
	fields_text(f, row->missing);
	fields_blank(f, 1 + BENCH_PARTS);
	fields_end(f);
}

char *bench_csv(const struct bench *b)
{
	struct fields f = { .out = g_string_new(NULL) };

	add_header(&f);
	for (unsigned i = 0; i < b->rows->len; i++) {
		const struct bench_row *row = b->rows->pdata[i];

		for (unsigned r = 0; r < row->runs->len; r++) {
			const struct bench_run *run = row->runs->pdata[r];
			bool any = false;

			for (int s = 0; s < BENCH_STATES; s++) {
				if (run->at[s].taken)
					add_weighing(&f, row, run, &run->at[s]);
				any |= run->at[s].taken;
			}
			if (!any)
				add_weighing(&f, row, run, NULL);
		}
		if (!row->runs->len)
			add_missing(&f, row);
	}
	return g_string_free(f.out, FALSE);
}
