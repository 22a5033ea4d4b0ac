/* SPDX-License-Identifier: GPL-2.0-only
 *
 * State that loader.c (loading) and loader_calls.c (calls) share. Nobody else includes it.
 */
#ifndef TARE_LOADER_IMPL_H
#define TARE_LOADER_IMPL_H

#include <glib.h>

#include "capture/loader.h"
#include "capture/ring.h"
#include "tare.skel.h"

struct loader {
	struct tare_bpf *skel;
	const struct loader_config *config;
	enum counter_backend backend;
	struct ring *ring, *samples;
	loader_record_fn ring_fn, samples_fn;
	void *ring_ctx, *samples_ctx;
	bool sampling, python;
	struct bpf_link *attach, *sweep;
	struct bpf_program *ledger;
	GPtrArray *links;
	int stats_fd;
	unsigned cpus;
	char *sweep_buffer;
};

#endif
