/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/series.h"

struct series {
	GArray *points; /* struct report_point */
	uint64_t interval_ns;
	struct report_point last; /* the latest, kept or not */
};

struct series *series_new(uint64_t interval_ns)
{
	struct series *s = g_new0(struct series, 1);

	s->points = g_array_new(FALSE, FALSE, sizeof(struct report_point));
	s->interval_ns = interval_ns;
	return s;
}

void series_free(struct series *s)
{
	if (!s)
		return;
	g_array_unref(s->points);
	g_free(s);
}

static void thin_points(struct series *s)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->points->len; i += 2)
		g_array_index(s->points, struct report_point, kept++) =
			g_array_index(s->points, struct report_point, i);
	g_array_set_size(s->points, kept);
	s->interval_ns *= 2;
}

void series_add(struct series *s, const struct report_point *point)
{
	const struct report_point *before;

	s->last = *point;
	if (s->points->len) {
		before = &g_array_index(s->points, struct report_point, s->points->len - 1);
		if (point->time_ns < before->time_ns + s->interval_ns - s->interval_ns / 10)
			return;
	}
	g_array_append_val(s->points, s->last);
	if (s->points->len >= SERIES_POINTS)
		thin_points(s);
}

void series_copy(const struct series *s, GArray *points)
{
	const struct report_point *end;

	g_array_append_vals(points, s->points->data, s->points->len);
	if (!s->points->len)
		return;
	end = &g_array_index(s->points, struct report_point, s->points->len - 1);
	if (end->time_ns != s->last.time_ns)
		g_array_append_val(points, s->last);
}
