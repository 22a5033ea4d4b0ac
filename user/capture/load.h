/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The BPF object loaded, in spite of what this kernel does not take of it: all that is
 * beside the ledger is turned off, one by one, as the kernel refuses it. It must not know
 * what the programs do once they are loaded.
 */
#ifndef TARE_LOAD_H
#define TARE_LOAD_H

#include "capture/features.h"

struct tare_bpf;
struct bpf_program;

/* Fits an opened object to what `f` has; called again for each try. 0 or negative errno. */
typedef int (*load_fit_fn)(void *ctx, struct tare_bpf *skel);
/* Makes use of one that is loaded; *refused is the program that was to be attached. */
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
