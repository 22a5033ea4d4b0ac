/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/reporter.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fileout.h"
#include "capture/machine.h"
#include "cli/choices.h"
#include "cli/terminal.h"
#include "output/output.h"
#include "version.h"

#define SAMPLES_RING (8 << 20)
#define CHECKPOINT_NS 1000000000ULL

static struct fileout_owner reporter_owner(const struct reporter *r)
{
	return (struct fileout_owner){ .set = r->owned, .uid = r->uid, .gid = r->gid };
}

/* A report in one form, to a file or, for NULL, to stderr. */
static int deliver(const struct reporter *r, const struct report *report,
		   const struct format *format, const char *output, unsigned number)
{
	struct fileout_owner owner = reporter_owner(r);
	struct format_style style = {
		.table = terminal_style(output ? -1 : STDERR_FILENO),
		.picture = r->options->picture,
	};
	g_autofree char *path = NULL;
	GString *text;
	int err;

	style.table.all_threads = r->options->all_threads;
	text = format->render(report, &style);
	path = number && output ? fileout_numbered(output, number) : g_strdup(output);
	if (path)
		err = fileout_write(path, text->str, text->len, &owner);
	else
		err = fileout_stream(STDERR_FILENO, text->str, text->len);
	g_string_free(text, TRUE);
	return !path && err == -EPIPE ? 0 : err; /* nobody reads any more, nor a message */
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

/* It stays the same, and to read of many CPUs takes a while. */
static void describe_machine(struct report_machine *m)
{
	static struct report_machine known;

	if (!known.page_size)
		machine_describe(&known);
	*m = known;
	m->distribution = g_strdup(known.distribution);
	m->cpu = g_strdup(known.cpu);
}

/* The same in all reports of a session, however long they took. */
static int64_t started_ns(const struct reporter *r, const struct report *report)
{
	struct timespec now;
	int64_t since = (int64_t)report->duration_ns;

	if (r->session) {
		clock_gettime(CLOCK_BOOTTIME, &now);
		since = now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec -
			(int64_t)session_origin(r->session);
	}
	return (g_get_real_time() - since / 1000) * 1000;
}

static void describe(const struct reporter *r, struct report *report)
{
	struct utsname name;

	uname(&name);
	report->tare_version = g_strdup(TARE_VERSION);
	report->kernel = g_strdup_printf("%s %s", name.release, name.machine);
	describe_machine(&report->machine);
	report->started_ns = started_ns(r, report);
	report->target = g_strdup(r->target);
	for (char **arg = r->options->command; !r->target && *arg; arg++)
		g_ptr_array_add(report->command, g_strdup(*arg));
	describe_features(r, report);
}

static void failed(struct reporter *r, int err)
{
	if (err && !r->err)
		r->err = err;
}

static void write_numbered(struct reporter *r, struct report *report, unsigned number)
{
	const struct options *o = r->options;

	choice_warn(report, o->format, o->picture);
	failed(r, deliver(r, report, o->format, o->output, number));
	if (o->html)
		failed(r, deliver(r, report, format_named("html"), o->html, number));
}

int reporter_write(struct reporter *r, struct report *report)
{
	describe(r, report);
	write_numbered(r, report, 0);
	/* Last: it may leave out stacks to make them fit. */
	if (r->recording)
		failed(r, recording_checkpoint(r->recording, report, true));
	return r->err;
}

static void snapshot(void *reporter, struct report *report)
{
	struct reporter *r = reporter;

	describe(r, report);
	write_numbered(r, report, ++r->snapshots);
}

static void checkpoint(void *reporter, struct report *report)
{
	struct reporter *r = reporter;

	if (!r->recording)
		return;
	describe(r, report);
	failed(r, recording_checkpoint(r->recording, report, false));
}

static void log_sample(void *reporter, const struct tare_sample *s, uint32_t tally)
{
	struct reporter *r = reporter;
	struct recorded_sample row = {
		.time_ns = s->head.time_ns - MIN(s->head.time_ns, session_origin(r->session)),
		.bytes = s->bytes,
		.address = s->address,
		.tally = tally,
		.no_address = s->flags & TARE_SAMPLE_NO_ADDRESS,
	};

	if (r->recording)
		recording_sample(r->recording, &row);
}

static void log_range(void *reporter, const struct tare_range *range, const char *path)
{
	/* What is 0: a file that is mapped or, of no size, a program's. */
	static const char *const what[] = {
		[TARE_RANGE_ANON] = "mmap",   [TARE_RANGE_UNMAP] = "munmap",
		[TARE_RANGE_MOVE] = "mremap", [TARE_RANGE_DISCARD] = "madvise",
		[TARE_RANGE_HEAP] = "brk",    [TARE_RANGE_PROTECT] = "mprotect",
		[TARE_RANGE_NAME] = "name",   [TARE_RANGE_SHM] = "shmat",
		[TARE_RANGE_UNSHM] = "shmdt", [TARE_RANGE_FORK] = "fork",
		[TARE_RANGE_GONE] = "exit",
	};
	struct reporter *r = reporter;
	g_autofree char *name = g_strndup(range->name, TARE_NAME_LEN);
	struct recorded_range row = {
		.time_ns =
			range->head.time_ns - MIN(range->head.time_ns, session_origin(r->session)),
		.mm = range->mm,
		.start = range->start,
		.size = range->size,
		.pid = range->tgid,
		.what = range->what < G_N_ELEMENTS(what) ? what[range->what] : NULL,
		.detail = path  ? path :
			  *name ? name :
				  NULL,
	};

	if (!row.what)
		row.what = range->size ? "mmap file" : "execve";
	if (r->recording)
		recording_range(r->recording, &row);
}

void reporter_begin(struct reporter *r, const struct session *s)
{
	struct fileout_owner owner = reporter_owner(r);
	struct recording_config config = {
		.max_size = r->options->max_size,
		.owner = &owner,
	};

	r->session = s;
	if (r->options->record)
		failed(r, recording_create(&r->recording, r->options->record, &config));
}

void reporter_end(struct reporter *r)
{
	g_clear_pointer(&r->recording, recording_close);
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
		.on_snapshot = snapshot,
		.ctx = r,
	};
	if (!o->record)
		return;
	r->log = (struct sample_log){ .sample = log_sample, .range = log_range, .ctx = r };
	config->on_checkpoint = checkpoint;
	config->checkpoint_ns = CHECKPOINT_NS;
	config->log = &r->log;
}

int reporter_arm(const struct features *f, const struct options *o, enum ledger_arm *arm)
{
	int err = features_check(f);

	return err ? err : features_arm(f, o->force_arm, arm);
}
