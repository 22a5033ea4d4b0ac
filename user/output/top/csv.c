/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rounds of `tare top` as CSV: one line for each row and round.
 */
#include "output/fields.h"
#include "output/top/top.h"

static const char *const first[] = { "round",  "time_s", "pid",   "tid",    "ppid",
				     "uid",    "comm",   "name",  "cgroup", "threads",
				     "weight", "user",   "kernel" };
static const char *const rate_name[] = { "growth", "in", "out", "faults" };

void top_csv_head(GString *out)
{
	struct fields f = { .out = out };

	for (unsigned i = 0; i < G_N_ELEMENTS(first); i++)
		fields_text(&f, first[i]);
	for (unsigned k = 0; k < TARE_KINDS; k++)
		fields_text(&f, kind_name[kind_order[k]]);
	for (unsigned i = 1; i < G_N_ELEMENTS(rate_name); i++) /* growth has no sum of its own */
		fields_text(&f, rate_name[i]);
	for (unsigned w = 0; w < LIVE_WINDOWS; w++)
		for (unsigned i = 0; i < G_N_ELEMENTS(rate_name); i++) {
			g_autofree char *name =
				g_strdup_printf("%s_per_s_%us", rate_name[i], live_seconds[w]);

			fields_text(&f, name);
		}
	fields_text(&f, "cause");
	fields_end(&f);
}

static void add_rates(struct fields *f, const struct live_row *r, const struct live_total *t)
{
	for (unsigned w = 0; w < LIVE_WINDOWS; w++) {
		const struct live_rate *rate = &r->rate[w];

		if (t->seconds[w] <= 0) {
			fields_blank(f, G_N_ELEMENTS(rate_name));
			continue;
		}
		fields_real(f, rate->growth, "%.0f");
		fields_real(f, rate->in, "%.0f");
		fields_real(f, rate->out, "%.0f");
		fields_real(f, rate->faults, "%.1f");
	}
}

static void add_row(GString *out, const struct live_row *r, const struct live_total *t,
		    const struct top_look *look)
{
	struct fields f = { .out = out };
	g_autofree char *cause = r->cause == LIVE_NO_CAUSE ? NULL : look->cause_name(r->cause);

	fields_int(&f, (int64_t)t->ticks);
	fields_real(&f, (double)(t->now_ns - t->origin_ns) / 1e9, "%.3f");
	fields_int(&f, r->pid ? r->pid : FIELD_UNKNOWN);
	fields_int(&f, r->tid ? r->tid : FIELD_UNKNOWN);
	fields_int(&f, r->pid ? r->ppid : FIELD_UNKNOWN);
	fields_int(&f, r->uid == LIVE_NO_UID ? FIELD_UNKNOWN : r->uid);
	fields_text(&f, r->comm);
	fields_text(&f, r->name);
	fields_text(&f, r->cgroup);
	fields_int(&f, r->threads);
	fields_int(&f, live_weight(r));
	fields_int(&f, r->now.user);
	fields_int(&f, r->now.kernel);
	for (unsigned i = 0; i < TARE_KINDS; i++) {
		enum tare_kind k = kind_order[i];

		fields_int(&f, k != TARE_KMEM || t->kmem ? r->kind[k] : FIELD_UNKNOWN);
	}
	fields_int(&f, (int64_t)r->now.in);
	fields_int(&f, (int64_t)r->now.out);
	fields_int(&f, (int64_t)r->now.faults);
	add_rates(&f, r, t);
	fields_text(&f, cause);
	fields_end(&f);
}

void top_csv(GString *out, const struct live_total *t, const GArray *rows, unsigned most,
	     const struct top_look *look)
{
	for (unsigned i = 0; i < rows->len && (!most || i < most); i++)
		add_row(out, &g_array_index(rows, struct live_row, i), t, look);
}
