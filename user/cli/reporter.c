/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/reporter.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/fileout.h"
#include "capture/about.h"
#include "capture/cause.h"
#include "capture/machine.h"
#include "capture/resources.h"
#include "cli/choices.h"
#include "cli/terminal.h"
#include "output/output.h"
#include "version.h"

#define SAMPLES_RING (8 << 20)
#define CHECKPOINT_NS 1000000000ULL

/* A report in one form, to a file or, for NULL, to stderr. */
static int write_report(const struct reporter *r, struct report *report,
			const struct format *format, const struct fileout *output, unsigned number)
{
	struct format_style style = {
		.table = terminal_style(output ? -1 : STDERR_FILENO),
		.sample_type = r->options->sample_type,
	};
	GString *text;
	int err;

	if (format->stacks && !report->profile) {
		log_error("no %s: stacks are not measured: %s", format->name,
			  features_why_not(r->features, FEATURE_SAMPLES, "none were taken"));
		return -ENODATA;
	}
	choice_table(&style.table, r->options->show, r->options->all_threads);
	folding_apply(&r->options->folding, report);
	text = format->render(report, &style);
	if (output)
		err = fileout_write(output, number, text->str, text->len);
	else
		err = fileout_stream(STDERR_FILENO, text->str, text->len);
	g_string_free(text, TRUE);
	return !output && err == -EPIPE ? 0 : err; /* stderr is closed: no message can be read */
}

/* Add the counter backend to the report, and why a better one was not taken. */
static void describe_backend(const struct reporter *r, struct report *report)
{
	enum counter_backend backend = session_backend(r->session);
	g_autofree char *why = NULL;

	if (backend == BACKEND_CLASSIC && !r->options->force_backend)
		why = g_strdup_printf("backend percpu: %s; backend count: %s",
				      r->features->why_not[BACKEND_PERCPU],
				      r->features->why_not[BACKEND_COUNT]);
	report_add_feature(report, "ledger", backend_name[backend], why);
}

/* Add what is not measured on this machine, and why. */
static void describe_features(const struct reporter *r, struct report *report)
{
	/* `quiet`: added only if it is not measured. */
	const struct {
		enum feature_id id;
		const char *name, *missing;
		bool quiet;
	} parts[] = {
		{ FEATURE_SYS_EXIT, "virtual", "the kernel has no sys_exit tracepoint", false },
		{ FEATURE_PAGE_FAULT_KERNEL, "faults_kernel",
		  "the kernel has no page_fault_kernel tracepoint: all faults count as user's",
		  false },
		{ FEATURE_TASK_RENAME, "renames", "the kernel has no task_rename tracepoint",
		  true },
		{ FEATURE_SERIES, "series", NULL, true },
		{ FEATURE_SAMPLES, "samples", NULL, true },
		{ FEATURE_PYTHON, "python", NULL, true },
	};

	describe_backend(r, report);
	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		const char *why = features_why_not(r->features, parts[i].id, parts[i].missing);
		bool sampled = parts[i].id == FEATURE_SAMPLES || parts[i].id == FEATURE_PYTHON;

		if ((sampled && !r->options->period) || (parts[i].quiet && !why))
			continue;
		if (parts[i].id == FEATURE_PYTHON && !features_has(r->features, FEATURE_SAMPLES))
			continue;
		report_add_feature(report, parts[i].name, why ? "not measured" : "on", why);
	}
	if (features_has(r->features, FEATURE_SPLIT_RSS))
		report_add_feature(
			report, "causes", "approximate",
			"this kernel reports up to 64 page changes of a task at once: tare "
			"counts all of them under the cause of the last one");
}

/* Read only once: the machine does not change, and reading many CPUs is slow. */
static void describe_machine(struct report_machine *m, const char *host)
{
	static struct report_machine known;

	if (!known.page_size)
		machine_describe(&known);
	*m = known;
	m->host = g_strdup(host ? host : known.host);
	m->distribution = g_strdup(known.distribution);
	m->cpu = g_strdup(known.cpu);
}

/* Start of the session, ns since the epoch: the same in all of its reports. */
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

static char *disk_full_text(const struct reporter *r)
{
	if (!r->recorded_ns)
		return g_strdup("it holds nothing");
	return g_strdup_printf("it holds the state %.1f s after the start",
			       (double)r->recorded_ns / 1e9);
}

static void describe_disk_full(const struct reporter *r, struct report *report)
{
	g_autofree char *what = disk_full_text(r);
	g_autofree char *why = g_strdup_printf("disk full at %s: %s", r->options->record, what);

	report_add_feature(report, "recording", "incomplete", why);
}

static void describe_run(const struct reporter *r, struct report *report)
{
	struct utsname name;

	uname(&name);
	report->tare_version = g_strdup(TARE_VERSION);
	report->kernel = g_strdup_printf("%s %s", name.release, name.machine);
	describe_machine(&report->machine, r->options->host);
	report->started_ns = started_ns(r, report);
	report->target = g_strdup(r->target);
	for (char **arg = r->options->command; !r->target && *arg; arg++)
		g_ptr_array_add(report->command, g_strdup(*arg));
	describe_features(r, report);
	if (r->disk_full)
		describe_disk_full(r, report);
	if (r->incident && !report->incident)
		report->incident = incident_copy(r->incident);
}

static void note_failure(struct reporter *r, int err)
{
	if (!err || r->err)
		return;
	r->err = err;
	if (err == -EFBIG)
		resources_hint(err);
}

static void write_numbered(struct reporter *r, struct report *report, unsigned number)
{
	const struct options *o = r->options;

	choice_warn(report, o->format, o->sample_type);
	if (o->to_fd)
		choice_warn(report, o->fd_format, o->sample_type);
	note_failure(r, write_report(r, report, o->format, o->to_output, number));
	if (o->html)
		note_failure(r, write_report(r, report, format_named("html"), o->to_html, number));
	if (o->to_fd)
		note_failure(r, write_report(r, report, o->fd_format, o->to_fd, number));
}

/* A full disk stops the recording only. The report is still written and the command's exit
 * status is kept. */
static void note_recorded(struct reporter *r, const struct report *report, int err)
{
	g_autofree char *what = NULL;

	if (!err) {
		r->recorded_ns = report ? report->duration_ns : 0;
	} else if (!recording_disk_full(err)) {
		note_failure(r, err);
	} else if (!r->disk_full) {
		r->disk_full = true;
		what = disk_full_text(r);
		log_warn("%s: disk full: %s; the report is complete", r->options->record, what);
	}
}

/* The report files were written before the disk was full: write them again, with that
 * note. */
static void write_again(struct reporter *r, struct report *report)
{
	const struct options *o = r->options;

	describe_disk_full(r, report);
	if (o->output && fileout_is_file(o->to_output))
		note_failure(r, write_report(r, report, o->format, o->to_output, 0));
	if (o->html && fileout_is_file(o->to_html))
		note_failure(r, write_report(r, report, format_named("html"), o->to_html, 0));
}

int reporter_write(struct reporter *r, struct report *report)
{
	bool knew = r->disk_full;
	g_autofree char *why = NULL;

	describe_run(r, report);
	why = report_why_off(report);
	if (why && r->options->output) /* without -o the report's first lines say so */
		log_warn("the books do not balance: %s", why);
	write_numbered(r, report, 0);
	/* Last, because it may remove stacks from the report to keep to --max-size. */
	if (r->recording)
		note_recorded(r, report, recording_checkpoint(r->recording, report, true));
	if (r->disk_full && !knew)
		write_again(r, report);
	return r->err;
}

int reporter_record(struct reporter *r, struct report *report)
{
	describe_run(r, report);
	if (r->recording)
		note_recorded(r, report, recording_checkpoint(r->recording, report, true));
	return r->err;
}

int reporter_save(const struct reporter *r, struct report *report, const char *path)
{
	struct fileout *out = NULL;
	int err;

	describe_run(r, report);
	err = choice_output(&out, path);
	if (!err)
		err = write_report(r, report, format_of_file(path), out, 0);
	fileout_close(out);
	return err;
}

static void write_snapshot(void *reporter, struct report *report)
{
	struct reporter *r = reporter;

	describe_run(r, report);
	write_numbered(r, report, ++r->snapshots);
}

/* What processes and threads hold now, for a replay and for the story. */
static void tick_own(struct reporter *r, const struct books_input *in)
{
	live_tick(r->own_live, in);
	about_processes(r->own_live);
	if (r->story)
		story_tick(r->story, r->own_live);
}

static void record_round(struct reporter *r)
{
	struct books_input in;

	if (!r->live) {
		if (!r->own_live)
			r->own_live = live_new();
		session_swept(r->session, &in);
		tick_own(r, &in);
	}
	recording_round(r->recording, r->live ? r->live : r->own_live, cause_name);
}

static void write_checkpoint(void *reporter, struct report *report)
{
	struct reporter *r = reporter;

	if (!r->recording)
		return;
	record_round(r);
	describe_run(r, report);
	note_recorded(r, report, recording_checkpoint(r->recording, report, false));
}

static void log_sample(void *reporter, const struct tare_sample *s, uint32_t aggregate)
{
	struct reporter *r = reporter;
	struct recorded_sample row = {
		.time_ns = s->head.time_ns - MIN(s->head.time_ns, session_origin(r->session)),
		.bytes = s->bytes,
		.address = s->address,
		.aggregate = aggregate,
		.no_address = s->flags & TARE_SAMPLE_NO_ADDRESS,
	};

	if (r->story)
		story_sample(r->story, s, aggregate);
	if (r->recording)
		recording_sample(r->recording, &row);
}

static void log_vma(void *reporter, const struct tare_vma *vma, const char *path)
{
	/* `what` 0 is not in the table: size > 0 is a mapped file, size 0 an execve. */
	static const char *const what[] = {
		[TARE_VMA_ANON] = "mmap",   [TARE_VMA_UNMAP] = "munmap",
		[TARE_VMA_MOVE] = "mremap", [TARE_VMA_DISCARD] = "madvise",
		[TARE_VMA_HEAP] = "brk",    [TARE_VMA_PROTECT] = "mprotect",
		[TARE_VMA_NAME] = "name",   [TARE_VMA_SHM] = "shmat",
		[TARE_VMA_UNSHM] = "shmdt", [TARE_VMA_FORK] = "fork",
		[TARE_VMA_GONE] = "exit",
	};
	struct reporter *r = reporter;
	g_autofree char *name = g_strndup(vma->name, TARE_NAME_LEN);
	struct recorded_vma row = {
		.time_ns = vma->head.time_ns - MIN(vma->head.time_ns, session_origin(r->session)),
		.mm = vma->mm,
		.start = vma->start,
		.size = vma->size,
		.pid = vma->tgid,
		.what = vma->what < G_N_ELEMENTS(what) ? what[vma->what] : NULL,
		.detail = path  ? path :
			  *name ? name :
				  NULL,
	};

	if (!row.what)
		row.what = vma->size ? "mmap file" : "execve";
	if (r->recording)
		recording_vma(r->recording, &row);
}

static void log_folded(void *reporter, uint32_t aggregate, uint32_t into)
{
	struct reporter *r = reporter;

	if (r->story)
		story_folded(r->story, aggregate, into);
	if (r->recording)
		recording_folded(r->recording, aggregate, into);
}

void reporter_begin(struct reporter *r, const struct session *s)
{
	struct recording_config config = {
		.max_size = r->options->max_size,
		.output = r->options->to_record,
	};

	r->session = s;
	if (r->options->record)
		note_recorded(r, NULL,
			      recording_create(&r->recording, r->options->record, &config));
}

int reporter_record_begin(struct reporter *r, struct session *s)
{
	int err;

	r->err = 0;
	r->disk_full = false;
	reporter_begin(r, s);
	if (!r->recording)
		return r->err ? r->err : -ENOSPC;
	err = session_checkpoints(s, write_checkpoint, CHECKPOINT_NS);
	if (err)
		log_error("cannot record: %s", g_strerror(-err));
	return err;
}

void reporter_end(struct reporter *r)
{
	g_clear_pointer(&r->recording, recording_close);
	g_clear_pointer(&r->own_live, live_free);
}

/* A tick each second, however short the interval of the curve and rare the checkpoints. */
static void on_look(void *reporter, uint64_t time_ns, int64_t weight)
{
	struct reporter *r = reporter;
	struct books_input in;

	(void)weight;
	if (!r->session || story_is_fresh(r->story, session_origin(r->session) + time_ns))
		return;
	session_live((struct session *)r->session, &in);
	tick_own(r, &in);
}

/* The first kill is the one to explain; of later ones the number is told. */
static void on_oom(void *reporter, const struct tare_oom *oom)
{
	struct reporter *r = reporter;
	struct report *report;

	if (r->incident && oom->victim) {
		r->incident->kills++;
		return;
	}
	report = story_oom(r->story, (struct session *)r->session, oom, false);
	if (report)
		r->incident = g_steal_pointer(&report->incident);
	report_free(report);
}

static void watch_ooms(struct session_config *config)
{
	config->on_look = on_look;
	config->on_oom = on_oom;
}

void reporter_watch_ooms(struct reporter *r)
{
	r->story = story_new(NULL);
	r->own_live = live_new();
}

void reporter_forget(struct reporter *r)
{
	story_free(r->story);
	live_free(r->own_live);
	incident_free(r->incident);
}

void reporter_config(struct reporter *r, struct session_config *config)
{
	const struct options *o = r->options;

	*config = (struct session_config){
		.load = {
			.features = r->features,
			.backend = r->backend,
			.backend_forced = o->force_backend != NULL,
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
		.keep_tasks = o->keep_tasks,
		.no_priority = o->no_priority,
		.detail = o->lines ? NAMING_LINES : NAMING_INLINED,
		.cgroup = r->cgroup,
		.cgroup_why = r->cgroup_why,
		.on_snapshot = write_snapshot,
		.ctx = r,
	};
	if (r->story)
		watch_ooms(config);
	if (!o->record && !r->story)
		return;
	r->log = (struct sample_log){
		.sample = log_sample,
		.vma = log_vma,
		.folded = log_folded,
		.ctx = r,
	};
	config->log = &r->log;
	if (!o->record)
		return;
	config->on_checkpoint = write_checkpoint;
	config->checkpoint_ns = CHECKPOINT_NS;
}

static bool is_html(const struct format *f)
{
	return f && !strcmp(f->name, "html");
}

int reporter_backend(const struct features *f, const struct options *o,
		     enum counter_backend *backend)
{
	int err = features_check(f);

	if (!err && (o->html || is_html(o->format) || is_html(o->fd_format)))
		err = choice_html("record with -r FILE, and export it with another tare");
	return err ? err : features_backend(f, o->force_backend, backend);
}
