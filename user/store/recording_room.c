/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/recording_room.h"

#include <string.h>

#include "model/profile.h"
#include "model/thin.h"

/* Rows in other tables for each process or task: mostly one for each kind. Stacks that are folded
 * have one row for each task or process and kind. */
#define ROWS_EACH (2 * TARE_KINDS + 2)

void room_init(struct room *room)
{
	*room = (struct room){ UINT_MAX, UINT_MAX, UINT_MAX, UINT_MAX, UINT_MAX, UINT64_MAX };
}

struct who {
	uint64_t tasks, causes, names, texts, bytes; /* bytes: of names and texts */
};

static uint64_t bytes_of(const GPtrArray *texts)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < texts->len; i++)
		sum += strlen(texts->pdata[i]) + 1;
	return sum;
}

static struct who who_of(const struct report *r)
{
	struct who who = { .bytes = bytes_of(r->command) };

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		who.tasks += p->tasks->len;
		who.texts += p->argv->len + p->images->len;
		who.bytes += bytes_of(p->argv) + bytes_of(p->images);
		for (unsigned j = 0; j < p->tasks->len; j++) {
			const struct report_task *t = p->tasks->pdata[j];

			who.causes += t->causes->len;
			who.names += t->names->len;
			who.bytes += bytes_of(t->names);
		}
	}
	return who;
}

/* Keep the first texts, as many as fit. */
static void keep_some(GPtrArray *texts, uint64_t *left)
{
	if (texts->len > *left)
		g_ptr_array_remove_range(texts, (guint)*left, texts->len - (guint)*left);
	*left -= texts->len;
}

/* Earlier names, arguments and images: leave out those of the smallest processes. */
static void fit_texts(struct report *r, uint64_t rows)
{
	uint64_t texts = rows, names = rows;

	for (unsigned i = 0; i < r->processes->len; i++) {
		struct report_process *p = r->processes->pdata[i];

		p->argv_truncated |= p->argv->len > texts;
		keep_some(p->argv, &texts);
		keep_some(p->images, &texts);
		for (unsigned j = 0; j < p->tasks->len; j++)
			keep_some(((struct report_task *)p->tasks->pdata[j])->names, &names);
	}
}

static void fit_who(const struct room *room, const struct recording_limits *limits,
		    struct report *r)
{
	unsigned most = (unsigned)MIN(limits->rows / ROWS_EACH, UINT_MAX);
	unsigned processes = MIN(room->processes, most), tasks = MIN(room->tasks, most);
	struct who who = who_of(r);

	if (r->processes->len > processes || who.tasks > tasks)
		report_thin(r, processes, tasks);
	for (who = who_of(r); who.causes > limits->rows; who = who_of(r)) {
		tasks = (unsigned)who.tasks / 2;
		if (tasks < r->processes->len)
			processes = MAX(r->processes->len / 2, 1);
		report_thin(r, processes, tasks);
	}
	if (who.names > limits->rows || who.texts > limits->rows)
		fit_texts(r, limits->rows);
}

static bool stacks_fit(const struct report *r, unsigned keep, const struct recording_limits *limits)
{
	const struct profile *p = r->profile;
	uint64_t rows = limits->rows;

	return p->entries->len <= keep && p->virtual->len <= keep && p->entries->len <= rows &&
	       p->virtual->len <= rows && p->nodes->len <= rows && p->frames->len <= rows &&
	       profile_written(r) <= limits->written;
}

static unsigned last_slot(const struct profile *p)
{
	return p->ticks->len ?
		       g_array_index(p->ticks, struct profile_tick, p->ticks->len - 1).slot :
		       0;
}

static void fit_stacks(const struct room *room, const struct recording_limits *limits,
		       struct report *r, struct thinned *thinned)
{
	struct profile *p = r->profile;
	unsigned keep = (unsigned)MIN(room->stacks, limits->rows);
	uint64_t slot_ns = p->slot_ns;

	/* With many tasks, synthetic frames may exceed `keep`; the number of tasks is bounded. */
	if (!stacks_fit(r, keep, limits)) {
		thinned->stacks = true;
		profile_thin(p, keep);
	}
	while (!stacks_fit(r, UINT_MAX, limits) && keep) {
		keep /= 2;
		profile_thin(p, keep);
	}
	while ((p->ticks->len > MIN(room->ticks, limits->rows) && last_slot(p)) ||
	       last_slot(p) >= limits->slots)
		profile_coarsen(p);
	thinned->slot_ns = p->slot_ns > slot_ns ? p->slot_ns : 0;
}

static void fit_series(const struct room *room, const struct recording_limits *limits,
		       struct report *r)
{
	while (r->series->len > MAX(MIN(room->points, limits->rows), 1)) {
		unsigned kept = 0;

		for (unsigned i = 0; i < r->series->len; i += 2)
			g_array_index(r->series, struct report_point, kept++) =
				g_array_index(r->series, struct report_point, i);
		g_array_set_size(r->series, kept);
	}
}

void room_apply(const struct room *room, const struct recording_limits *limits, struct report *r,
		struct thinned *thinned)
{
	uint64_t before = r->processes->len + who_of(r).tasks, points = r->series->len;

	*thinned = (struct thinned){ 0 };
	fit_who(room, limits, r);
	thinned->rows = before - (r->processes->len + who_of(r).tasks);
	if (r->profile)
		fit_stacks(room, limits, r, thinned);
	fit_series(room, limits, r);
	thinned->points = points - r->series->len;
}

enum part { WHO, EXTRA, STACKS, TICKS, POINTS, ROOM_PARTS };

/* Estimate the bytes of each part in the file; 0 if the part can't be reduced. */
static void estimate_bytes(const struct room *room, const struct report *r,
			   uint64_t bytes[ROOM_PARTS])
{
	const struct profile *p = r->profile;
	struct who who = who_of(r);

	if (r->processes->len > 1 || who.tasks > 1)
		bytes[WHO] = r->processes->len * 720ULL + who.tasks * 360 + who.causes * 40;
	if (room->extra)
		bytes[EXTRA] = MIN(who.bytes, room->extra);
	if (r->series->len > 1)
		bytes[POINTS] = r->series->len * 70ULL;
	if (!p)
		return;
	if (room->stacks && (p->entries->len || p->virtual->len))
		bytes[STACKS] = p->entries->len * 100ULL + p->frames->len * 90ULL +
				p->nodes->len * 14ULL + p->virtual->len * 60ULL;
	if (last_slot(p))
		bytes[TICKS] = p->ticks->len * 22ULL;
}

bool room_less(struct room *room, const struct report *r)
{
	uint64_t bytes[ROOM_PARTS] = { 0 };
	const struct profile *p = r->profile;
	enum part most = WHO;

	estimate_bytes(room, r, bytes);
	for (int i = 0; i < ROOM_PARTS; i++)
		if (bytes[i] > bytes[most])
			most = (enum part)i;
	if (!bytes[most])
		return false;
	switch (most) {
	case WHO:
		room->processes = MAX(r->processes->len / 2, 1);
		room->tasks = (unsigned)MAX(who_of(r).tasks / 2, 1);
		break;
	case EXTRA:
		room->extra = bytes[EXTRA] / 2;
		break;
	case STACKS:
		room->stacks = MIN(room->stacks, MAX(p->entries->len, p->virtual->len)) / 2;
		break;
	case TICKS:
		room->ticks = p->ticks->len / 2;
		break;
	default:
		room->points = r->series->len / 2;
	}
	return true;
}
