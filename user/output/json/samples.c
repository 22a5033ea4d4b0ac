/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The member "samples" of the JSON report: how samples were taken, and their sums.
 */
#include "model/profile.h"
#include "output/json/emit.h"
#include "output/json/sections.h"

/* Unmeasured values are null. `untouched_why` is the reason, for untouched or for both. */
static json_t *virtual(const struct profile *p)
{
	json_t *object = json_object();
	int64_t count = 0, bytes = 0, untouched = 0;

	for (unsigned i = 0; i < p->virtual->len; i++) {
		const struct profile_virtual *a =
			&g_array_index(p->virtual, struct profile_virtual, i);

		count += (int64_t)a->count;
		bytes += a->bytes;
		untouched += a->untouched;
	}
	json_set_known(object, "count", count, !p->virtual_why);
	json_set_known(object, "bytes", bytes, !p->virtual_why);
	json_set_known(object, "untouched", untouched, !p->untouched_why);
	json_set_string(object, "untouched_why", p->untouched_why);
	return object;
}

/* Times when the sampling period was longer. */
static json_t *json_thinned(const struct profile *p)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < TARE_THIN_LEVELS; i++) {
		const struct profile_thinned *t = &p->thinned[i];
		json_t *one;

		if (!t->samples && !t->left)
			continue;
		one = json_object();
		json_set_int(one, "period", (int64_t)(p->period << (i + 1)));
		json_set_int(one, "count", (int64_t)t->samples);
		json_set_int(one, "bytes", (int64_t)t->bytes);
		json_set_int(one, "left", (int64_t)t->left);
		json_set_int(one, "from_ns", (int64_t)t->from_ns);
		json_set_int(one, "to_ns", (int64_t)t->to_ns);
		json_array_append_new(array, one);
	}
	return array;
}

/* Number, quality and sums of samples. The stacks are in the member "profile". */
json_t *json_samples(const struct profile *p)
{
	json_t *object = json_object(), *lost = json_object(), *sample_types = json_object();
	uint64_t stacks = p->complete + p->truncated;

	json_set_int(object, "period", (int64_t)p->period);
	json_set_int(object, "count", (int64_t)p->samples);
	json_set_int(object, "complete", (int64_t)p->complete);
	json_set_int(object, "truncated", (int64_t)p->truncated);
	json_set_int(object, "fallback", (int64_t)p->fallback);
	json_set_int(object, "no_stack", (int64_t)p->no_stack);
	json_set_int(object, "no_address", (int64_t)p->no_address);
	json_object_set_new(object, "complete_share",
			    stacks ? json_real((double)p->complete / (double)stacks) : json_null());
	json_set_int(lost, "samples", (int64_t)p->lost.samples);
	json_set_int(lost, "bytes", (int64_t)p->lost.bytes);
	json_set_int(lost, "vma_changes", (int64_t)p->lost.vma_changes);
	json_object_set_new(object, "lost", lost);
	json_object_set_new(object, "thinned", json_thinned(p));
	for (int i = 0; i < SAMPLE_TYPES; i++) {
		json_t *one = json_object();

		json_set_int(one, "sampled", (int64_t)p->sampled[i]);
		json_set_int(one, "total", p->total[i]);
		json_set_int(one, "error", (int64_t)profile_error(p, p->total[i]));
		json_object_set_new(sample_types, sample_type_name[i], one);
	}
	json_object_set_new(object, "types", sample_types);
	json_object_set_new(object, "virtual", virtual(p));
	return object;
}
