/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The state of the sampler, for sampler.c (records, and whose they are), sampler_stacks.c (of
 * samples), sampler_maps.c (what is mapped) and sampler_profile.c (what it comes to).
 */
#ifndef TARE_SAMPLER_STATE_H
#define TARE_SAMPLER_STATE_H

#include "capture/sampler.h"
#include "symbol/jits.h"
#include "symbol/module.h"
#include "symbol/naming.h"
#include "symbol/python.h"
#include "symbol/stacks.h"
#include "symbol/unwind.h"

struct sampler {
	struct samples *samples;
	struct modules *modules;
	struct unwinder *unwinder;
	struct jits *jits;
	struct python *python;
	struct pythons *pythons;
	struct naming *naming;
	struct stacks *stacks;
	GHashTable *alive; /* ids of mms, during a sweep */
	unsigned crowd;    /* more address spaces than so many are a crowd */
	uint32_t period, vdso;
	uint64_t vdso_size;
	bool lines;
	bool said_left_out; /* that the timeline has not all */
	uint64_t malformed;
	GArray *endings;       /* struct ending: of tasks */
	struct sample_log log; /* its functions may be NULL */
};

/* Bytes between a sample's record and its copied stack. */
size_t sample_before_stack(const struct tare_sample *sample);

/* Take a record, which is whole. */
void sampler_sample(struct sampler *s, const struct proctable *proctable,
		    const struct tare_sample *sample);
void sampler_image(struct sampler *s, const struct tare_image *i);
void sampler_map(struct sampler *s, const struct tare_map *m);
void sampler_vma(struct sampler *s, const struct tare_vma *r);

/* An address space that ran before tare came, or whose beginning was lost: as it is now, and
 * the records from here on change that. */
void sampler_read_space(struct sampler *s, struct space *space, uint32_t pid);

#endif
