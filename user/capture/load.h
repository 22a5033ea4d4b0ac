/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Loads the BPF object, also on a kernel that refuses some of it: each optional part that the
 * kernel refuses is turned off. It must not know what the programs do once they are loaded.
 */
#ifndef TARE_LOAD_H
#define TARE_LOAD_H

#include "capture/features.h"

struct tare_bpf;
struct bpf_program;

/* Configure an opened object for the features that are on; called for each attempt. Returns 0 or
 * negative errno. */
typedef int (*load_fit_fn)(void *ctx, struct tare_bpf *skel);
/* Attach a loaded object. If that fails, *refused is the program that could not be attached. */
typedef int (*load_use_fn)(void *ctx, struct tare_bpf *skel, const struct bpf_program **refused);

struct load_config {
	struct features *features;
	load_fit_fn fit;
	load_use_fn use;
	void *ctx;
	bool quiet; /* errors are not logged, but kept as the detail of FEATURE_PROGRAMS */
};

/* Parts that the kernel refuses are turned off in `features`. Returns 0, or negative errno,
 * logged, if the kernel refuses the ledger itself. */
int load_programs(struct tare_bpf **skel, const struct load_config *config);

#endif
