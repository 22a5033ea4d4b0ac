/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/books.h"

#include <stdlib.h>
#include <string.h>

#include "bpf/ledger.h"
#include "model/books_parts.h"

static int by_task(gconstpointer a, gconstpointer b)
{
	const struct report_task *x = *(struct report_task *const *)a;
	const struct report_task *y = *(struct report_task *const *)b;
	int64_t peak_x = kinds_weight(x->at_peak), peak_y = kinds_weight(y->at_peak);
	uint64_t in_x = x->flow[TARE_ANON].in + x->flow[TARE_FILE].in + x->flow[TARE_SHMEM].in;
	uint64_t in_y = y->flow[TARE_ANON].in + y->flow[TARE_FILE].in + y->flow[TARE_SHMEM].in;

	if (peak_x != peak_y)
		return peak_x < peak_y ? 1 : -1;
	if (in_x != in_y)
		return in_x < in_y ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_process(gconstpointer a, gconstpointer b)
{
	const struct report_process *x = *(struct report_process *const *)a;
	const struct report_process *y = *(struct report_process *const *)b;

	int64_t peak_x = kinds_weight(x->at_peak), peak_y = kinds_weight(y->at_peak);

	if (peak_x != peak_y)
		return peak_x < peak_y ? 1 : -1;
	if (x->rss_peak != y->rss_peak)
		return x->rss_peak < y->rss_peak ? 1 : -1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void books_sort(struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++)
		g_ptr_array_sort(((struct report_process *)r->processes->pdata[i])->tasks, by_task);
	g_ptr_array_sort(r->processes, by_process);
}

static void add_totals(struct report *r, const struct report_process *p,
		       const struct proctable_proc *wp, const struct books_input *in)
{
	for (int k = 0; k < TARE_KINDS; k++) {
		struct balance *sum = &r->totals[k];
		const struct balance *b = &p->balance[k];

		sum->initial += b->initial;
		flow_add(&sum->tasks, b->tasks);
		flow_add(&sum->nonowner, b->nonowner);
		sum->unattributed += b->unattributed;
		balance_close(sum);
		if (k < TARE_MEMBERS && !wp->fold)
			r->off_pages += llabs(b->unattributed) / in->page_size;
	}
	if (wp->fold && in->sums_valid) /* in the sum of a fold, differences may cancel out */
		r->off_pages += wp->fold->off;
	for (int i = 0; i < TARE_NONOWNERS; i++)
		flow_add(&r->nonowner_cause[i], p->nonowner_cause[i]);
}

/* Ended tasks whose process is not known are in a row of their own. Their sums are missing in
 * other rows, so only the sum over all rows can be checked. */
static void check_totals(struct report *r, const struct books_input *in)
{
	r->off_pages = 0;
	for (int k = 0; k < TARE_MEMBERS && in->sums_valid; k++)
		r->off_pages += llabs(r->totals[k].unattributed) / in->page_size;
}

uint64_t books_peak_seq(const struct books_input *in)
{
	return last_peak(in);
}

/* The workload's RSS is summed in steps (ledger_fold_at()), so its peak has a bound. The peak of a
 * single process is exact. The workload's peak is at least its largest process's. */
static void build_peak(struct report *r, const struct books_input *in)
{
	const struct tare_workload *w = &in->workload;
	int64_t pages = MAX(w->peak, w->rss);
	uint64_t n = report_processes(r);

	r->peak_rss = pages * (int64_t)in->page_size;
	r->peak_ns = since_origin(in->origin_ns, w->rss > w->peak ? in->now_ns : w->peak_ns);
	r->peak_bound = (ledger_fold_at(pages) - 1) * in->page_size;
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		if (n > 1 && p->rss_peak <= r->peak_rss)
			continue;
		r->peak_rss = p->rss_peak;
		r->peak_ns = p->rss_peak_ns;
	}
	note_peak(&r->peak_rss, &r->peak_ns, r->totals, in);
	if (n <= 1)
		r->peak_bound = 0;
}

static void build_weight_peak(struct report *r, const struct books_input *in)
{
	const struct tare_workload *w = &in->workload;
	int64_t pages = is_rising(in) ? w->rss + w->nonrss : w->weight_peak;

	r->peak_weight = pages * (int64_t)in->page_size;
	r->peak_weight_bound = (ledger_fold_at(MAX(w->peak, w->rss)) - 1) * in->page_size;
	r->peak_kernel = at_peak(in, w->nonrss - w->swap, w->weight_peak_kernel);
	r->peak_weight_ns = since_origin(in->origin_ns, last_peak_ns(in));
}

void books_close(struct report *r, const struct books_input *in)
{
	g_autoptr(GPtrArray) guests = books_guests(in);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, in->proctable->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct report_process *p = books_process(value, guests, in);

		g_ptr_array_add(r->processes, p);
		add_totals(r, p, value, in);
	}
	if (g_hash_table_contains(in->proctable->procs, &(uint64_t){ PROCTABLE_REST }))
		check_totals(r, in);
	books_sort(r);
	memcpy(r->lost, in->workload.lost, sizeof(r->lost));
	r->mms_closed = in->workload.mms_closed;
	r->mms_nonzero = in->workload.mms_nonzero;
	r->sums_valid = in->sums_valid;
	r->malformed = in->proctable->malformed;
	r->duration_ns = since_origin(in->origin_ns, in->now_ns);
	build_peak(r, in);
	build_weight_peak(r, in);
	books_kmem(r, in);
	books_sort(r); /* again: books_kmem() changed the rows' kernel memory */
	r->balanced = true;
	r->balanced = report_balanced(r);
}
