/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The state of the sampler, for its files: sampler.c (records; ends of tasks), sampler_stacks.c
 * (stacks of samples), sampler_maps.c (VMAs and files) and sampler_profile.c (the profile).
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
	unsigned crowd;    /* see sampler_crowded(): more address spaces than that are too many */
	uint32_t period, vdso;
	uint64_t vdso_size;
	enum naming_detail detail;
	bool said_left_out; /* it was logged that the timeline is not complete */
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

/* Read the VMAs of an address space from /proc/PID/maps, unless they are known. That is for an
 * address space that is older than tare, or whose first records were lost. Later records change
 * its VMAs. */
void sampler_read_space(struct sampler *s, struct space *space, uint32_t pid);

#endif
