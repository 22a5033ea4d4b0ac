/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the kernel takes of the BPF programs, found out by loading them and attaching none.
 */
#include <errno.h>

#include "capture/loader.h"

#define TRIAL_RING (64 * 1024)

static const struct loader_config trial = {
	.trial = true,
	.max_mms = 64,
	.ring_bytes = TRIAL_RING,
};

int loader_settle(struct features *f, enum ledger_arm *arm)
{
	struct loader_config config = trial;
	struct loader *l = NULL;
	int err;

	config.features = f;
	config.arm = *arm;
	err = loader_open(&l, &config);
	if (!err)
		*arm = loader_arm(l);
	loader_close(l);
	return err;
}

int loader_try(struct features *f)
{
	struct loader_config config = trial;
	bool works = false;
	int err = -ENOTSUP;

	config.features = f;
	config.arm_forced = true;
	config.quiet = true;
	config.period = TRIAL_RING;
	config.stack = TARE_STACK_MAX;
	config.samples_ring_bytes = TRIAL_RING;
	for (int arm = 0; arm < ARM_NONE; arm++) {
		struct loader *l = NULL;

		config.arm = arm;
		if (f->why_not[arm])
			continue;
		err = loader_open(&l, &config);
		loader_close(l);
		if (err && !f->why_not[arm]) /* not for the arm's sake: no other would do */
			return err;
		works = works || !err;
	}
	return works ? 0 : err;
}
