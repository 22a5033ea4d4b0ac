/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finds out which BPF programs the kernel accepts: loads them, and attaches none.
 */
#include <errno.h>

#include "capture/loader.h"

#define TRIAL_RING (64 * 1024)

static const struct loader_config trial = {
	.trial = true,
	.max_mms = 64,
	.ring_bytes = TRIAL_RING,
};

int loader_settle(struct features *f, enum counter_backend *backend)
{
	struct loader_config config = trial;
	struct loader *l = NULL;
	int err;

	config.features = f;
	config.backend = *backend;
	err = loader_open(&l, &config);
	if (!err)
		*backend = loader_backend(l);
	loader_close(l);
	return err;
}

int loader_try(struct features *f)
{
	struct loader_config config = trial;
	bool works = false;
	int err = -ENOTSUP;

	config.features = f;
	config.backend_forced = true;
	config.quiet = true;
	config.period = TRIAL_RING;
	config.stack = TARE_STACK_MAX;
	config.samples_ring_bytes = TRIAL_RING;
	for (int backend = 0; backend < BACKEND_NONE; backend++) {
		struct loader *l = NULL;

		config.backend = backend;
		if (f->why_not[backend])
			continue;
		err = loader_open(&l, &config);
		loader_close(l);
		if (err && !f->why_not[backend]) /* not the backend's fault: others fail too */
			return err;
		works = works || !err;
	}
	return works ? 0 : err;
}
