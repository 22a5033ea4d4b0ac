/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Features that only trying shows: makes a control group and loads all programs. For tare doctor.
 */
#include <glib.h>

#include "capture/cgroup.h"
#include "capture/features.h"
#include "capture/hidden.h"
#include "capture/loader.h"

static void try_cgroup(struct features *f)
{
	struct cgroup_config config = { .features = f };
	g_autofree char *why = NULL;
	struct cgroup *cg = NULL;

	if (cgroup_create(&cg, &config, &why))
		feature_set(f, FEATURE_OWN_CGROUP, FEATURE_NO, "%s", why ? why : "");
	else
		feature_set(f, FEATURE_OWN_CGROUP, FEATURE_YES, "v%u", cgroup_version(cg));
	cgroup_close(cg);
}

static void try_hidden(struct features *f)
{
	g_autofree char *who = NULL;
	int err = hidden_find(&f->btf, &who);

	if (err)
		feature_set(f, FEATURE_ALL_TASKS, FEATURE_UNKNOWN, "%s", g_strerror(-err));
	else if (who)
		feature_set(f, FEATURE_ALL_TASKS, FEATURE_NO, "none of %s", who);
	else
		feature_set(f, FEATURE_ALL_TASKS, FEATURE_YES, "who ran within %d ms", HIDDEN_MS);
}

/* Optional parts that the kernel refuses are turned off. */
static void try_programs(struct features *f)
{
	if (!loader_try(f))
		feature_set(f, FEATURE_PROGRAMS, FEATURE_YES, "loaded, nothing attached");
}

void features_try(struct features *f)
{
	try_cgroup(f);
	if (features_enough(f))
		try_programs(f);
	if (features_enough(f))
		try_hidden(f);
}
