/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The JSON of the books: balances by kind, whether they agree with the kernel, losses.
 */
#include "model/view.h"
#include "output/json/emit.h"
#include "output/json/sections.h"

json_t *json_balance(const struct balance *b, bool known)
{
	json_t *object = json_object();

	json_set_known(object, "initial", b->initial, known);
	json_set_known(object, "in", (int64_t)b->tasks.in, known);
	json_set_known(object, "out", (int64_t)b->tasks.out, known);
	json_set_known(object, "net", b->net, known);
	return object;
}

json_t *json_unattributed(const struct report *r, const struct balance balances[TARE_KINDS],
			  bool workload)
{
	json_t *object = json_object();

	for (int i = 0; i < TARE_KINDS; i++) {
		enum tare_kind kind = kind_order[i];

		json_set_known(object, kind_name[kind], balances[kind].unattributed,
			       view_checked(r, kind, workload));
	}
	return object;
}

json_t *json_books(const struct report *r)
{
	json_t *object = json_object();
	g_autofree char *why = report_why_off(r);

	json_object_set_new(object, "balanced",
			    r->sums_valid ? json_boolean(report_balanced(r)) : json_null());
	json_set_string(object, "why", why);
	json_set_known(object, "off_pages", (int64_t)r->off_pages, r->sums_valid);
	json_object_set_new(object, "checked", json_boolean(r->sums_valid));
	json_set_int(object, "mms_closed", (int64_t)r->mms_closed);
	json_set_known(object, "mms_nonzero", (int64_t)r->mms_nonzero, r->sums_valid);
	json_object_set_new(object, "unattributed", json_unattributed(r, r->totals, true));
	return object;
}

json_t *json_lost(const struct report *r)
{
	json_t *object = json_object();

	json_set_int(object, "total", (int64_t)report_lost_total(r));
	for (int i = 0; i < TARE_LOSSES; i++)
		json_set_int(object, lost_name[i], (int64_t)r->lost[i]);
	return object;
}

/* Losses with their meaning in words, so that pages need no table of meanings. */
json_t *json_losses(const struct report *r)
{
	json_t *array = json_array();

	for (int i = 0; i < TARE_LOSSES; i++) {
		json_t *one;

		if (!r->lost[i])
			continue;
		one = json_object();
		json_set_string(one, "name", lost_name[i]);
		json_set_int(one, "count", (int64_t)r->lost[i]);
		json_set_string(one, "meaning", lost_meaning[i]);
		json_array_append_new(array, one);
	}
	return array;
}

json_t *json_nonowner_causes(const struct flow causes[TARE_NONOWNERS])
{
	json_t *object = json_object();

	for (int i = 0; i < TARE_NONOWNERS; i++)
		json_object_set_new(object, nonowner_name[i], json_flow(causes[i], true));
	return object;
}

json_t *json_totals(const struct report *r)
{
	json_t *object = json_object();

	for (int i = 0; i < TARE_KINDS; i++) {
		const struct balance *b = &r->totals[kind_order[i]];
		const char *kind = kind_name[kind_order[i]];
		bool known = report_kind(r, kind_order[i]);
		json_t *one = json_balance(b, known);

		if (kind_order[i] == TARE_KMEM && !r->kmem.whole) /* includes other processes */
			json_set_known(one, "initial", 0, false);
		json_object_set_new(one, "by_others",
				    json_flow(b->nonowner, known && (kind_order[i] != TARE_KMEM ||
								     r->kmem.whole)));
		json_set_known(one, "unattributed", b->unattributed,
			       view_checked(r, kind_order[i], true));
		json_object_set_new(object, kind, one);
	}
	return object;
}
