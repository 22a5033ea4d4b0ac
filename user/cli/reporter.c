/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/reporter.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fileout.h"
#include "cli/terminal.h"
#include "output/output.h"
#include "version.h"

#define SAMPLES_RING (8 << 20)

/* Folded stacks have no place to say it. */
static void warn_lost(const struct profile *p)
{
	const struct profile_loss *l = &p->lost;

	if (l->samples)
		warn("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
		     " samples did not fit into the buffer: a larger --period takes fewer",
		     l->samples, l->samples + p->samples);
	if (l->ranges)
		warn("%" G_GUINT64_FORMAT " changes of address spaces did not fit into the "
		     "buffer: names and live pictures may be wrong",
		     l->ranges);
}

static char *render(const struct reporter *r, const struct report *report)
{
	struct table_style style = terminal_style(r->options->output ? -1 : STDERR_FILENO);

	style.all_threads = r->options->all_threads;
	if (r->options->format == FORMAT_FOLDED) {
		if (r->options->picture == PICTURE_ASKED && report->profile->asked_why)
			warn("what was asked for is not measured: %s", report->profile->asked_why);
		if (r->options->picture == PICTURE_UNTOUCHED && report->profile->untouched_why)
			warn("what is untouched is not measured: %s",
			     report->profile->untouched_why);
		warn_lost(report->profile);
		return folded_render(report, report->profile, r->options->picture);
	}
	return r->options->format == FORMAT_JSON ? json_render(report) :
						   table_render(report, &style);
}

static int deliver(const struct reporter *r, const char *text, unsigned number)
{
	struct fileout_owner owner = { .set = r->owned, .uid = r->uid, .gid = r->gid };
	g_autofree char *path = NULL;
	int err;

	if (!r->options->output) {
		err = fileout_stream(STDERR_FILENO, text, strlen(text));
		return err == -EPIPE ? 0 : err; /* nobody reads any more, nor a message */
	}
	path = number ? fileout_numbered(r->options->output, number) : g_strdup(r->options->output);
	return fileout_write(path, text, strlen(text), &owner);
}

/* What is not measured here, and why: a report has no silent gaps. */
static void describe_features(const struct reporter *r, struct report *report)
{
	static const struct {
		enum feature_id id;
		const char *name, *why;
	} parts[] = {
		{ FEATURE_SYS_EXIT, "virtual", "the kernel has no sys_exit tracepoint" },
		{ FEATURE_PAGE_FAULT_KERNEL, "faults_kernel",
		  "the kernel has no page_fault_kernel tracepoint: all faults count as user's" },
	};

	report_add_feature(report, "ledger", ledger_arm_name[r->arm], NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		bool on = features_has(r->features, parts[i].id);

		report_add_feature(report, parts[i].name, on ? "on" : "not measured",
				   on ? NULL : parts[i].why);
	}
	if (features_has(r->features, FEATURE_SPLIT_RSS))
		report_add_feature(report, "causes", "approximate",
				   "this kernel enters a task's changes up to 64 at a time: all of "
				   "them count as what the task did at the last one");
}

static void describe(const struct reporter *r, struct report *report)
{
	struct utsname name;

	uname(&name);
	report->tare_version = g_strdup(TARE_VERSION);
	report->kernel = g_strdup_printf("%s %s", name.release, name.machine);
	report->started_ns = g_get_real_time() * 1000 - (int64_t)report->duration_ns;
	report->target = g_strdup(r->target);
	for (char **arg = r->options->command; !r->target && *arg; arg++)
		g_ptr_array_add(report->command, g_strdup(*arg));
	describe_features(r, report);
}

static int write_numbered(struct reporter *r, struct report *report, unsigned number)
{
	g_autofree char *text = NULL;
	int err;

	describe(r, report);
	text = render(r, report);
	err = deliver(r, text, number);
	if (err && !r->err)
		r->err = err;
	return err;
}

int reporter_write(struct reporter *r, struct report *report)
{
	return write_numbered(r, report, 0);
}

void reporter_snapshot(void *reporter, struct report *report)
{
	struct reporter *r = reporter;

	write_numbered(r, report, ++r->snapshots);
}

void reporter_config(struct reporter *r, struct session_config *config)
{
	const struct options *o = r->options;

	*config = (struct session_config){
		.load = {
			.features = r->features,
			.arm = r->arm,
			.no_children = o->no_children,
			.max_mms = o->max_mms,
			.ring_bytes = o->ring_bytes,
			.period = o->period,
			.stack = TARE_STACK_MAX,
			.samples_ring_bytes = SAMPLES_RING,
		},
		.interval_ns = o->interval_ns,
		.snapshot_every_ns = o->snapshot_every_ns,
		.duration_ns = o->duration_ns,
		.wait_all = o->wait_all,
		.self = o->self,
		.slab = o->slab,
		.lines = o->lines,
		.cgroup = r->cgroup,
		.cgroup_why = r->cgroup_why,
		.on_snapshot = reporter_snapshot,
		.ctx = r,
	};
}

int reporter_arm(const struct features *f, const struct options *o, enum ledger_arm *arm)
{
	int err = features_check(f);

	return err ? err : features_arm(f, o->force_arm, arm);
}
