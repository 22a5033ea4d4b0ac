/* SPDX-License-Identifier: GPL-2.0-only */
#include "bench/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define NS 1000000000ULL

struct progress_took {
	uint64_t tasks;
	unsigned runs;
	double seconds;
};

double progress_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void progress_open(struct progress *p, unsigned rows)
{
	struct winsize size;
	bool terminal = isatty(STDERR_FILENO);

	*p = (struct progress){ .terminal = terminal, .rows = rows, .width = 80 };
	if (terminal && !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		p->width = size.ws_col;
	p->start_s = progress_now();
	p->took = g_array_new(FALSE, FALSE, sizeof(struct progress_took));
	p->planned = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

static void wipe_line(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}

void progress_close(struct progress *p)
{
	wipe_line(p);
	if (p->took)
		g_array_unref(p->took);
	if (p->planned)
		g_hash_table_destroy(p->planned);
	*p = (struct progress){ 0 };
}

static int64_t *planned_runs(struct progress *p, uint64_t tasks)
{
	int64_t key = (int64_t)tasks, *count = g_hash_table_lookup(p->planned, &key);

	if (count)
		return count;
	count = g_new0(int64_t, 1);
	g_hash_table_insert(p->planned, g_memdup2(&key, sizeof(key)), count);
	return count;
}

void progress_plan(struct progress *p, uint64_t tasks)
{
	++*planned_runs(p, tasks);
}

void progress_done(struct progress *p, uint64_t tasks, double seconds)
{
	struct progress_took new = { tasks, 1, seconds };
	int64_t *left = planned_runs(p, tasks);

	*left = MAX(*left - 1, 0);
	if (seconds < 0)
		return;
	for (unsigned i = 0; i < p->took->len; i++) {
		struct progress_took *t = &g_array_index(p->took, struct progress_took, i);

		if (t->tasks != tasks)
			continue;
		t->runs++;
		t->seconds += seconds;
		return;
	}
	g_array_append_val(p->took, new);
}

/* From runs with the nearest N. */
static double guess_seconds(const struct progress *p, uint64_t tasks)
{
	const struct progress_took *best = NULL;
	double off = 0;

	for (unsigned i = 0; i < p->took->len; i++) {
		const struct progress_took *t = &g_array_index(p->took, struct progress_took, i);
		double this = t->tasks > tasks ? (double)t->tasks / (tasks + 1) :
						 (double)tasks / (t->tasks + 1);

		if (best && this >= off)
			continue;
		best = t;
		off = this;
	}
	return best ? best->seconds / best->runs : -1;
}

double progress_left(const struct progress *p)
{
	GHashTableIter iter;
	gpointer key, value;
	double sum = 0;

	g_hash_table_iter_init(&iter, p->planned);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		double each = guess_seconds(p, *(const int64_t *)key);

		if (each < 0)
			return -1;
		sum += each * *(const int64_t *)value;
	}
	return sum;
}

void progress_say(struct progress *p, const char *what)
{
	g_autofree char *gone = text_duration((uint64_t)(progress_now() - p->start_s) * NS);
	g_autofree char *printable = text_printable(what), *line = NULL, *cut = NULL;
	double left = progress_left(p);

	if (left < 0) {
		line = g_strdup_printf("[%u/%u] %s; %s", p->row, p->rows, printable, gone);
	} else {
		g_autofree char *rest = text_duration((uint64_t)left * NS);

		line = g_strdup_printf("[%u/%u] %s; %s, about %s left", p->row, p->rows, printable,
				       gone, rest);
	}
	if (!p->terminal) {
		fprintf(stderr, "%s\n", line);
		return;
	}
	cut = text_fit(line, p->width - 1);
	wipe_line(p);
	fputs(cut, stderr);
	fflush(stderr);
	p->shown = true;
}

void progress_note(struct progress *p, const char *what)
{
	g_autofree char *printable = text_printable(what);

	wipe_line(p);
	fprintf(stderr, "%s\n", printable);
}
