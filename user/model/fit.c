/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/fit.h"

/* Rmath.h: its functions by their own names, without R. */
#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>

#define LEVEL 0.95 /* confidence level of the intervals */
#define NOISE 1e-9 /* rounding noise: a smaller difference does not choose the worst N */

/* The runs of one fit, and the data that all parts share. */
struct points {
	enum bench_state state;
	unsigned n;
	const struct bench_run **run;
	double *tasks;
	double *scale; /* mean weight of the runs with its N */
};

static bool went_well(const struct bench_run *run, enum bench_state state)
{
	return run->outcome == BENCH_OK && run->at[state].taken &&
	       run->after == (state == BENCH_AFTER);
}

double fit_mean(const struct bench_row *row, enum bench_state state, int part, uint64_t tasks,
		unsigned *n)
{
	unsigned found = 0;
	double sum = 0;

	for (unsigned i = 0; i < row->runs->len; i++) {
		const struct bench_run *run = row->runs->pdata[i];

		if (run->tasks != tasks || !went_well(run, state))
			continue;
		found++;
		sum += run->at[state].part[part] == BENCH_UNKNOWN ?
			       NAN :
			       (double)run->at[state].part[part];
	}
	if (n)
		*n = found;
	return found ? sum / found : NAN;
}

/* Is the part known in every run? */
static bool known_in_all(const struct points *p, enum bench_part part)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->run[i]->at[p->state].part[part] == BENCH_UNKNOWN)
			return false;
	return true;
}

/* The part by which runs get their statistical weights: the first of this order that is known in
 * all runs. */
static enum bench_part scale_part(const struct points *p)
{
	static const enum bench_part order[] = { BENCH_WEIGHT, BENCH_USER, BENCH_RSS };

	for (unsigned i = 0; i < G_N_ELEMENTS(order); i++)
		if (known_in_all(p, order[i]))
			return order[i];
	return BENCH_CHARGED;
}

static void points_init(struct points *p, const struct bench_row *row, enum bench_state state)
{
	unsigned len = row->runs->len;
	enum bench_part by;

	p->state = state;
	p->n = 0;
	p->run = g_new(const struct bench_run *, len);
	p->tasks = g_new(double, len);
	p->scale = g_new(double, len);
	for (unsigned i = 0; i < len; i++) {
		const struct bench_run *run = row->runs->pdata[i];

		if (!went_well(run, state))
			continue;
		p->run[p->n] = run;
		p->tasks[p->n++] = (double)run->tasks;
	}
	by = scale_part(p);
	for (unsigned i = 0; i < p->n; i++) {
		double mean = fit_mean(row, state, by, p->run[i]->tasks, NULL);

		p->scale[i] = mean >= 1 ? mean : 1; /* false for NAN */
	}
}

static void points_clear(struct points *p)
{
	g_free(p->run);
	g_free(p->tasks);
	g_free(p->scale);
}

static bool two_n(const struct points *p)
{
	for (unsigned i = 1; i < p->n; i++)
		if (p->run[i]->tasks != p->run[0]->tasks)
			return true;
	return false;
}

/* Values that were added one by one (Welford: no precision is lost for large ones). */
struct moments {
	unsigned n;
	double mean, squares; /* squares: of the distances from the mean */
};

static void moments_add(struct moments *m, double value)
{
	double off = value - m->mean;

	m->mean += off / ++m->n;
	m->squares += off * (value - m->mean);
}

static double moments_variance(const struct moments *m)
{
	return m->n > 1 ? m->squares / (m->n - 1) : 0;
}

/* The runs with the N of run i, of one part. first: run i is the first of them. */
static struct moments repeats_of(const struct points *p, const double *y, unsigned i, bool *first)
{
	struct moments m = { 0 };

	*first = true;
	for (unsigned j = 0; j < p->n; j++) {
		if (p->run[j]->tasks != p->run[i]->tasks)
			continue;
		*first = *first && j >= i;
		moments_add(&m, y[j]);
	}
	return m;
}

static void find_worst(const struct points *p, const double *y, struct fit *fit)
{
	for (unsigned i = 0; i < p->n; i++) {
		bool first;
		struct moments m = repeats_of(p, y, i, &first);
		double off = fabs(m.mean - fit->tare - fit->slope * p->tasks[i]) / p->scale[i];

		if (i && off <= fit->worst + NOISE)
			continue;
		fit->worst = off;
		fit->worst_tasks = p->run[i]->tasks;
	}
	fit->linear = fit->worst <= FIT_OFF;
}

/* The t that a value with `df` degrees of freedom does not exceed, either way, at LEVEL. */
static double student(double df)
{
	return qt((1 + LEVEL) / 2, df, true, false);
}

/* A sum of variances; Σ v² / df gives its degrees of freedom (Welch, Satterthwaite). */
struct variance {
	double sum, by_df;
};

static void add_variance(struct variance *s, double v, unsigned df)
{
	s->sum += v;
	s->by_df += df ? v * v / df : 0;
}

/* Half of the 95 % interval of a value with this variance. */
static double half_width(const struct variance *s)
{
	return s->by_df > 0 ? student(s->sum * s->sum / s->by_df) * sqrt(s->sum) : 0;
}

/* Sums over the different N, for the interval. `w`, `x_mean`, `xx`: of fit_values(). */
struct spread {
	unsigned k;                  /* different N */
	double pooled;               /* relative variance of runs with one N */
	struct variance slope, tare; /* by that of repeats */
	double off;                  /* weighted squares of the means' distances from the line */
};

static struct spread spread_of(const struct points *p, const double *y, double w, double x_mean,
			       double xx, const struct fit *fit)
{
	struct spread s = { 0 };
	double squares = 0;

	for (unsigned i = 0; i < p->n; i++) {
		bool first;
		struct moments m = repeats_of(p, y, i, &first);

		s.k += first;
		squares += first ? m.squares / (p->scale[i] * p->scale[i]) : 0;
	}
	s.pooled = p->n > s.k ? squares / (p->n - s.k) : 0;
	for (unsigned i = 0; i < p->n; i++) {
		bool first;
		struct moments m = repeats_of(p, y, i, &first);
		double wi = 1 / (p->scale[i] * p->scale[i]);
		double by_slope = wi * (p->tasks[i] - x_mean) / xx;
		double by_tare = wi / w - x_mean * by_slope;
		double off = m.mean - fit->tare - fit->slope * p->tasks[i];
		double variance = m.n > 1 ? moments_variance(&m) : s.pooled / wi;
		unsigned df = m.n > 1 ? m.n - 1 : p->n - s.k;

		if (!first)
			continue;
		add_variance(&s.slope, m.n * by_slope * by_slope * variance, df);
		add_variance(&s.tare, m.n * by_tare * by_tare * variance, df);
		s.off += m.n * wi * off * off;
	}
	return s;
}

static void fit_interval(const struct points *p, const double *y, double w, double x_mean,
			 double xx, struct fit *fit)
{
	struct spread s = spread_of(p, y, w, x_mean, xx, fit);
	double line = s.k > 2 ? student(s.k - 2) * sqrt(s.off / (s.k - 2)) : 0;
	/* If w were 1/variance, the variance of the slope were 1 / xx, and that of the tare
	 * 1 / w + x_mean² / xx. */
	double slope = fmax(half_width(&s.slope), line / sqrt(xx));
	double tare = fmax(half_width(&s.tare), line * sqrt(1 / w + x_mean * x_mean / xx));

	fit->lo = fit->slope - slope;
	fit->hi = fit->slope + slope;
	fit->tare_lo = fit->tare - tare;
	fit->tare_hi = fit->tare + tare;
}

/* The line y = tare + slope * x with the least Σ w (y - tare - slope * x)², x being the tasks. The
 * sums are taken about the weighted means, so that large values lose no precision. */
static void fit_values(const struct points *p, const double *y, struct fit *fit)
{
	double w = 0, x_mean = 0, y_mean = 0, xx = 0, xy = 0;

	for (unsigned i = 0; i < p->n; i++) {
		double wi = 1 / (p->scale[i] * p->scale[i]);

		w += wi;
		x_mean += (p->tasks[i] - x_mean) * wi / w;
		y_mean += (y[i] - y_mean) * wi / w;
	}
	for (unsigned i = 0; i < p->n; i++) {
		double wi = 1 / (p->scale[i] * p->scale[i]), dx = p->tasks[i] - x_mean;

		xx += wi * dx * dx;
		xy += wi * dx * (y[i] - y_mean);
	}
	fit->slope = xy / xx;
	fit->tare = y_mean - fit->slope * x_mean;
	fit->valid = true;
	find_worst(p, y, fit);
	fit->interval = p->n > 2;
	if (fit->interval)
		fit_interval(p, y, w, x_mean, xx, fit);
}

/* Fit the sum of some parts (bits). */
static void fit_parts(const struct points *p, unsigned parts, struct fit *fit)
{
	g_autofree double *y = g_new0(double, p->n);

	if (!two_n(p) || !parts)
		return;
	for (unsigned part = 0; part < BENCH_PARTS; part++) {
		if (!(parts >> part & 1))
			continue;
		if (!known_in_all(p, part))
			return;
		for (unsigned i = 0; i < p->n; i++)
			y[i] += (double)p->run[i]->at[p->state].part[part];
	}
	fit_values(p, y, fit);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of the known values. Sorts `v`. */
static double median(double *v, unsigned n)
{
	unsigned m = 0;

	for (unsigned i = 0; i < n; i++)
		if (!isnan(v[i]))
			v[m++] = v[i];
	if (!m)
		return NAN;
	qsort(v, m, sizeof(*v), by_value);
	return (v[(m - 1) / 2] + v[m / 2]) / 2;
}

static void fill_times(const struct points *p, struct row_fit *fit)
{
	g_autofree double *ready = g_new(double, p->n), *cpu = g_new(double, p->n);
	unsigned n = 0;

	for (unsigned i = 0; i < p->n; i++) {
		if (p->run[i]->tasks != fit->most)
			continue;
		ready[n] = p->run[i]->ready_s;
		cpu[n++] = p->run[i]->cpu_s;
	}
	fit->ready_s = median(ready, n);
	fit->cpu_s = median(cpu, n);
}

void fit_row(const struct bench_row *row, struct row_fit *fit)
{
	const struct fit *weight;
	struct points p;

	*fit = (struct row_fit){ .state = bench_row_state(row) };
	points_init(&p, row, fit->state);
	fit->runs = p.n;
	for (unsigned i = 0; i < p.n; i++) {
		fit->most = MAX(fit->most, p.run[i]->tasks);
		fit->unsettled += fit->state != BENCH_PEAK && !p.run[i]->at[fit->state].settled;
	}
	for (int part = 0; part < BENCH_PARTS; part++)
		fit_parts(&p, 1u << part, &fit->part[part]);
	weight = fit->part[BENCH_WEIGHT].valid ? &fit->part[BENCH_WEIGHT] : &fit->part[BENCH_USER];
	fit->bent = weight->valid && !weight->linear;
	fill_times(&p, fit);
	points_clear(&p);
}

bool fit_sum(const struct bench_row *row, unsigned parts, struct fit *fit)
{
	struct points p;

	*fit = (struct fit){ 0 };
	points_init(&p, row, bench_row_state(row));
	fit_parts(&p, parts, fit);
	points_clear(&p);
	return fit->valid;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

GArray *fit_tasks(const struct bench_row *row)
{
	enum bench_state state = bench_row_state(row);
	GArray *all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	unsigned n = 0;

	for (unsigned i = 0; i < row->runs->len; i++) {
		const struct bench_run *run = row->runs->pdata[i];

		if (went_well(run, state))
			g_array_append_val(all, run->tasks);
	}
	g_array_sort(all, by_number);
	for (unsigned i = 0; i < all->len; i++) {
		uint64_t tasks = g_array_index(all, uint64_t, i);

		if (!n || tasks != g_array_index(all, uint64_t, n - 1))
			g_array_index(all, uint64_t, n++) = tasks;
	}
	g_array_set_size(all, n);
	return all;
}

/* Values of the runs with one N: how many, their mean, and the variance of that mean. */
struct level {
	unsigned n;
	bool known;
	double mean, variance;
};

static bool sum_parts(const struct bench_weighing *w, unsigned parts, double *sum)
{
	*sum = 0;
	for (unsigned part = 0; part < BENCH_PARTS; part++) {
		if (!(parts >> part & 1))
			continue;
		if (w->part[part] == BENCH_UNKNOWN)
			return false;
		*sum += (double)w->part[part];
	}
	return parts;
}

static struct level level_at(const struct bench_row *row, unsigned parts, uint64_t tasks)
{
	enum bench_state state = bench_row_state(row);
	struct level l = { .known = true };
	struct moments m = { 0 };

	for (unsigned i = 0; i < row->runs->len; i++) {
		const struct bench_run *run = row->runs->pdata[i];
		double value;

		if (run->tasks != tasks || !went_well(run, state))
			continue;
		l.known &= sum_parts(&run->at[state], parts, &value);
		moments_add(&m, value);
	}
	l.n = m.n;
	l.mean = m.mean;
	l.known &= m.n > 0;
	if (m.n > 1)
		l.variance = moments_variance(&m) / m.n;
	return l;
}

/* Half of the 95 % interval of a mean of n values, or of a difference of two such. */
static double half_of(double variance, unsigned n)
{
	return student(n - 1) * sqrt(variance);
}

struct fit_at fit_at(const struct bench_row *row, unsigned parts, uint64_t tasks)
{
	g_autoptr(GArray) all = fit_tasks(row);
	uint64_t fewest = all->len ? g_array_index(all, uint64_t, 0) : tasks;
	struct level low = level_at(row, parts, fewest), high = level_at(row, parts, tasks);
	double more = (double)tasks - (double)fewest;
	struct fit_at at = { 0 };

	if (tasks <= fewest || !low.known || !high.known)
		return at;
	at.known = true;
	at.tare = low.mean;
	at.bytes = (high.mean - low.mean) / more;
	at.interval = MIN(low.n, high.n) > 1;
	if (at.interval) {
		at.half = half_of(high.variance + low.variance, MIN(low.n, high.n)) / more;
		at.tare_half = half_of(low.variance, low.n);
	}
	return at;
}
