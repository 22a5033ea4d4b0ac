/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Loading the BPF object even where this kernel refuses some of it: each optional part that
 * the kernel refuses is turned off. It must not know
 * what the programs do once they are loaded.
 */
#ifndef TARE_LOAD_H
#define TARE_LOAD_H

#include "capture/features.h"

struct tare_bpf;
struct bpf_program;

/* Fits an opened object to what `f` has; called again for each try. 0 or negative errno. */
typedef int (*load_fit_fn)(void *ctx, struct tare_bpf *skel);
/* Uses a loaded object; on failure *refused is the program that could not be attached. */
typedef int (*load_use_fn)(void *ctx, struct tare_bpf *skel, const struct bpf_program **refused);

struct load_config {
	struct features *features;
	load_fit_fn fit;
	load_use_fn use;
	void *ctx;
	bool quiet; /* what goes wrong is not said: FEATURE_PROGRAMS has it */
};

/* What is refused is off in `features` from then on. 0, or negative errno, said: the ledger
 * itself was refused. */
int load_programs(struct tare_bpf **skel, const struct load_config *config);

#endif
