/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Checks a profile against its report: the sums and the order that model/profile.h promises.
 */
#ifndef TARE_TESTS_PROFILE_CHECK_H
#define TARE_TESTS_PROFILE_CHECK_H

#include "model/functions.h"

/* The sum of a sample type over the entries of a process and kind; of one task unless `task` is
 * UINT32_MAX. */
static inline int64_t profile_sum(const struct profile *p, uint32_t process, uint32_t task,
				  uint32_t kind, enum sample_type type)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < p->entries->len; i++) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		if (e->process == process && e->kind == kind &&
		    (task == UINT32_MAX || e->task == task))
			sum += e->bytes[type];
	}
	return sum;
}

/* No entry is negative, nor holds more than it grew. */
static inline void profile_order_holds(const struct profile *p)
{
	for (unsigned i = 0; i < p->entries->len; i++) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		for (int k = 0; k < SAMPLE_TYPES; k++) {
			assert_true(e->bytes[k] >= 0);
			assert_true(profile_ungrown(e) ||
				    e->bytes[k] <= e->bytes[SAMPLE_TYPE_GROWN]);
		}
		assert_true(!profile_ungrown(e) || !e->bytes[SAMPLE_TYPE_GROWN]);
	}
	for (unsigned i = 0; i < p->virtual->len; i++) {
		const struct profile_virtual *a =
			&g_array_index(p->virtual, struct profile_virtual, i);

		assert_in_range(a->untouched, 0, a->bytes);
	}
}

/* The same of functions, whose sums are over entries; `name` of a synthetic frame begins with
 * '['. */
static inline void functions_order_holds(const struct profile *p)
{
	g_autoptr(GArray) functions = functions_of(p, SAMPLE_TYPE_GROWN);

	for (unsigned i = 0; i < functions->len; i++) {
		const struct function *f = &g_array_index(functions, struct function, i);

		for (int k = 0; k < SAMPLE_TYPES && *f->name != '['; k++) {
			assert_in_range(f->self[k], 0, f->self[SAMPLE_TYPE_GROWN]);
			assert_in_range(f->total[k], f->self[k], f->total[SAMPLE_TYPE_GROWN]);
		}
	}
}

static inline void profile_sums_hold(const struct report *r)
{
	for (uint32_t i = 0; i < r->processes->len; i++) {
		const struct report_process *proc = r->processes->pdata[i];

		for (uint32_t kind = 0; kind < TARE_KINDS; kind++) {
			if (kind == TARE_SWAP)
				continue;
			for (uint32_t j = 0; j < proc->tasks->len; j++) {
				const struct report_task *t = proc->tasks->pdata[j];

				assert_int_equal(profile_sum(r->profile, i, j, kind,
							     SAMPLE_TYPE_GROWN),
						 t->flow[kind].in);
			}
			assert_int_equal(profile_sum(r->profile, i, UINT32_MAX, kind,
						     SAMPLE_TYPE_LIVE_PEAK),
					 MAX(proc->at_peak[kind], 0));
			assert_int_equal(profile_sum(r->profile, i, UINT32_MAX, kind,
						     SAMPLE_TYPE_LIVE_END),
					 MAX(proc->balance[kind].net, 0));
		}
	}
}

static inline void profile_holds(const struct report *r)
{
	profile_order_holds(r->profile);
	profile_sums_hold(r);
}

#endif
