/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The profile of a report: the sums of samples, and which samples are missing.
 */
#include "base/log.h"
#include "base/text.h"
#include "bpf/sampling.h"
#include "capture/cause.h"
#include "capture/sampler_state.h"

#define AHEAD_LEAST (1 << 20) /* bytes that a stack holds */
#define AHEAD_US 10000
#define PLACELESS 10 /* at most one of so many samples may have no address */

/* Why untouched memory is not measured; NULL: it is. It is known by the addresses of samples. Up to
 * Linux 6.1 a task reports its page faults in batches, and most samples have no address. */
static char *untouched_why(const struct sampler *s, const struct tare_sampling *counts,
			   const char *virtual_why)
{
	if (virtual_why)
		return g_strdup(virtual_why);
	if (counts->no_address * PLACELESS <= s->samples->mapped)
		return NULL;
	return g_strdup_printf("the addresses of %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
			       " samples are not known",
			       (uint64_t)counts->no_address, s->samples->mapped);
}

static void fill_thinned(struct profile *p, const struct tare_sampling *counts, uint64_t origin_ns)
{
	for (unsigned i = 0; i < TARE_THIN_LEVELS; i++) {
		const struct tare_thinned *t = &counts->thinned[i];

		if (t->taken || t->left)
			p->thinned[i] = (struct profile_thinned){
				.samples = t->taken,
				.bytes = t->bytes,
				.left = t->left,
				.from_ns = t->first_ns - MIN(t->first_ns, origin_ns),
				.to_ns = t->last_ns - MIN(t->last_ns, origin_ns),
			};
	}
	p->mean_period = sampling_mean_period(counts, (uint32_t)p->period);
}

/* Log once that the timeline is not complete. */
static void say_left_out(struct sampler *s)
{
	g_autofree char *size = text_size((int64_t)s->samples->timeline->left_out);

	if (!s->samples->timeline->left_out || s->said_left_out)
		return;
	s->said_left_out = true;
	log_warn("too many stacks at once: the time of growth is not known for some (%s so far);"
		 " sums are not affected",
		 size);
}

struct profile *sampler_profile(struct sampler *s, const struct report *r,
				const struct tare_sampling *counts, uint64_t peak_seq,
				uint64_t origin_ns, const char *virtual_why)
{
	struct profile *p = profile_new();

	p->period = s->period;
	p->virtual_why = g_strdup(virtual_why);
	p->untouched_why = untouched_why(s, counts, virtual_why);
	profile_fill(p, s->samples, r, peak_seq, origin_ns, cause_name);
	p->no_address = counts->no_address;
	fill_thinned(p, counts, origin_ns);
	p->lost =
		(struct profile_loss){ counts->lost, counts->lost_bytes, counts->lost_vma_changes };
	naming_fill(s->naming, p, s->samples, s->modules, s->jits, s->detail);
	say_left_out(s);
	return p;
}

void sampler_name_ahead(struct sampler *s)
{
	naming_ahead(s->naming, s->samples, s->modules, AHEAD_LEAST, AHEAD_US);
}

void sampler_told(struct sampler *s)
{
	samples_told(s->samples);
}
