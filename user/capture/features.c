/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/features.h"

#include <errno.h>
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define CAPABILITIES "cap_bpf,cap_perfmon,cap_sys_ptrace,cap_setuid,cap_setgid,cap_kill+ep"

void feature_set(struct features *f, enum feature_id id, enum feature_state state, const char *fmt,
		 ...)
{
	va_list args;

	va_start(args, fmt);
	f->found[id].state = state;
	vsnprintf(f->found[id].detail, sizeof(f->found[id].detail), fmt, args);
	va_end(args);
}

void feature_refused(struct features *f, enum feature_id id, const char *reason)
{
	feature_set(f, id, FEATURE_NO, "%s", reason);
	f->found[id].refused = true;
}

void features_judge_arms(struct features *f)
{
	static const enum feature_id row[ARM_NONE] = {
		[ARM_PERCPU] = FEATURE_ARM_PERCPU,
		[ARM_COUNT] = FEATURE_ARM_COUNT,
		[ARM_CLASSIC] = FEATURE_ARM_CLASSIC,
	};

	if (features_has(f, FEATURE_ARM_CLASSIC) && !features_has(f, FEATURE_TRACEFS))
		feature_set(f, FEATURE_ARM_CLASSIC, FEATURE_NO, "tracefs: %s",
			    f->found[FEATURE_TRACEFS].detail);
	for (int arm = 0; arm < ARM_NONE; arm++)
		f->why_not[arm] = features_has(f, row[arm]) ? NULL : f->found[row[arm]].detail;
}

bool features_has(const struct features *f, enum feature_id id)
{
	return f->found[id].state == FEATURE_YES || f->found[id].state == FEATURE_PARTLY;
}

const char *features_why_not(const struct features *f, enum feature_id id, const char *missing)
{
	if (features_has(f, id))
		return NULL;
	return f->found[id].refused ? f->found[id].detail : missing;
}

enum ledger_arm features_best_arm(const struct features *f)
{
	int arm = 0;

	while (arm < ARM_NONE && f->why_not[arm])
		arm++;
	return arm;
}

static bool missing(const struct features *f, enum feature_id id)
{
	return feature_text[id].required && f->found[id].state == FEATURE_NO;
}

bool features_enough(const struct features *f)
{
	for (int id = 0; id < FEATURES; id++)
		if (missing(f, id))
			return false;
	return features_best_arm(f) != ARM_NONE;
}

static void say_missing(const struct features *f, enum feature_id id)
{
	const char *detail = f->found[id].detail, *mend_text = feature_text[id].mend;
	g_auto(GStrv) mends = g_strsplit(mend_text ? mend_text : "", FEATURE_OR, -1);

	error("%s: %s%s%s", feature_text[id].name, feature_text[id].without, *detail ? ": " : "",
	      detail);
	for (char **mend = mends; *mend; mend++)
		hint("%s", *mend);
}

static int refuse_unprivileged(const struct features *f)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

	error("not allowed to use BPF: %s",
	      f->bpf_errno ? f->found[FEATURE_BPF].detail : "without CAP_PERFMON");
	if (f->seccomp) {
		hint("outside of the container, or with a seccomp profile that allows bpf(2)");
		return -EPERM;
	}
	hint("sudo tare ...");
	hint("sudo setcap %s %s", CAPABILITIES, self ? self : "tare");
	return -EPERM;
}

int features_check(const struct features *f)
{
	int ret = 0;

	if (f->bpf_errno == EPERM || f->bpf_errno == EACCES || missing(f, FEATURE_PERFMON))
		return refuse_unprivileged(f);
	for (int id = 0; id < FEATURES; id++) {
		if (missing(f, id)) {
			say_missing(f, id);
			ret = -ENOTSUP;
		}
	}
	if (!ret && features_best_arm(f) == ARM_NONE) {
		error("no way to learn by how much a counter changed: %s; %s; %s",
		      f->why_not[ARM_PERCPU], f->why_not[ARM_COUNT], f->why_not[ARM_CLASSIC]);
		hint("%s", feature_text[FEATURE_ARM_CLASSIC].mend);
		ret = -ENOTSUP;
	}
	if (ret)
		hint("tare doctor");
	return ret;
}

int features_arm(const struct features *f, const char *forced, enum ledger_arm *arm)
{
	int i = 0;

	if (!forced) {
		*arm = features_best_arm(f);
		if (*arm != ARM_NONE)
			return 0;
		error("no ledger arm works here");
		hint("tare doctor");
		return -ENOTSUP;
	}
	while (i < ARM_NONE && strcmp(forced, ledger_arm_name[i]))
		i++;
	if (i == ARM_NONE) {
		error("no ledger arm is called '%s'", forced);
		hint("percpu, count or classic");
		return -EINVAL;
	}
	*arm = i;
	if (!f->why_not[i])
		return 0;
	error("ledger arm %s can't be had here: %s", forced, f->why_not[i]);
	return -ENOTSUP;
}
