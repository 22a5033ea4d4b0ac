/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/load.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "base/log.h"
#include "capture/refusal.h"
#include "capture/refuse.h"
#include "capture/resources.h"
#include "capture/sections.h"
#include "tare.skel.h"

#define LAST_LINES 4

/* Programs and maps that the ledger does not need, and the feature that is off without them. All
 * others belong to the ledger. */
static const struct part {
	const char *name;
	enum feature_id feature;
	bool samples; /* the program also has the code of samples */
} parts[] = {
	{ "tare_sys_exit", FEATURE_SYS_EXIT, true },
	{ "tare_kmem", FEATURE_MEMCG_STATE, true },
	{ "tare_kmem_too", FEATURE_MEMCG_STATE, true },
	{ "tare_vmalloc", FEATURE_VMALLOC, false },
	{ "tare_fault_kernel", FEATURE_PAGE_FAULT_KERNEL, false },
	{ "tare_rename", FEATURE_TASK_RENAME, false },
	{ "tare_oom", FEATURE_OOM, false },
	{ "tare_sum", FEATURE_SERIES, false },
	{ "tare_switch", FEATURE_HIDDEN, false },
	{ "tare_samples", FEATURE_SAMPLES, false },
	{ "tare_scratch", FEATURE_SAMPLES, false },
	{ "tare_pythons", FEATURE_PYTHON, false },
	{ "tare_python_files", FEATURE_PYTHON, false },
	{ "tare_codes", FEATURE_PYTHON, false },
	{ "tare_rss_percpu", FEATURE_BACKEND_PERCPU, true },
	{ "tare_rss_count", FEATURE_BACKEND_COUNT, true },
	{ "tare_rss_classic", FEATURE_BACKEND_CLASSIC, true },
};

/* Parts whose code is in other programs too. If another program is refused, that code may be the
 * reason, so these parts are turned off first. */
static const enum feature_id inside[] = { FEATURE_PYTHON, FEATURE_SAMPLES };

struct attempt {
	const struct load_config *config;
	struct refusal refusal;
	struct feature before[G_N_ELEMENTS(inside)]; /* state of `inside` … */
	bool suspected;                              /* … before they were turned off */
	bool loaded; /* all programs were loaded: the kernel refused to attach one */
	bool said;   /* the error was logged */
};

static const struct part *find_part(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		if (!g_strcmp0(name, parts[i].name))
			return &parts[i];
	return NULL;
}

static void turn_off(struct features *f, enum feature_id id, const struct refusal *r)
{
	g_autofree char *why = g_strdup_printf("the kernel refused %s: %s", r->name,
					       r->reason ? r->reason : "no reason given");

	log_verbose(1, "without %s: %s", feature_text[id].name, why);
	feature_refused(f, id, why);
	if (id == FEATURE_SAMPLES && features_has(f, FEATURE_PYTHON))
		feature_refused(f, FEATURE_PYTHON, why);
	if (id == FEATURE_MEMCG_STATE) {
		feature_refused(f, FEATURE_VMALLOC, why);
		feature_refused(f, FEATURE_SOCK, why);
	}
	features_judge_backends(f);
}

/* A program was refused: turn off the next part that may be the reason. False: it was refused
 * without all of these parts too; they are turned on again. */
static bool suspect_parts(struct attempt *a)
{
	struct features *f = a->config->features;

	for (size_t i = 0; i < G_N_ELEMENTS(inside) && !a->suspected; i++)
		a->before[i] = f->found[inside[i]];
	a->suspected = true;
	for (size_t i = 0; i < G_N_ELEMENTS(inside); i++)
		if (features_has(f, inside[i])) {
			turn_off(f, inside[i], &a->refusal);
			return true;
		}
	for (size_t i = 0; i < G_N_ELEMENTS(inside); i++)
		f->found[inside[i]] = a->before[i];
	a->suspected = false;
	return false;
}

/* If a backend is refused, the reason may be that it reads the counters; other programs do so
 * too. */
static bool leave_counters(struct features *f)
{
	if (f->no_sums ||
	    (!f->found[FEATURE_BACKEND_PERCPU].refused && !f->found[FEATURE_BACKEND_COUNT].refused))
		return false;
	f->no_sums = true;
	return true;
}

/* Turn off something after a refusal. True: another attempt may succeed. */
static bool give_way(struct attempt *a)
{
	struct features *f = a->config->features;
	const struct part *part = find_part(a->refusal.name);

	if (!a->refusal.name || (part && !features_has(f, part->feature)))
		return false;
	if ((!part || part->samples) && !a->loaded && suspect_parts(a))
		return true;
	if (!part)
		return leave_counters(f);
	turn_off(f, part->feature, &a->refusal);
	return features_best_backend(f) != BACKEND_NONE;
}

/* The kernel gives no reason; mostly it was built without CONFIG_FUNCTION_TRACER. */
static void explain_fexit(struct refusal *r)
{
	char *why;

	if (g_strcmp0(r->name, "tare_exit_mmap_end"))
		return;
	why = g_strdup_printf("no tracepoint exit_mmap, and no fexit: %s",
			      r->reason ? r->reason : "no reason given");
	g_free(r->reason);
	r->reason = why;
}

static int load_once(struct attempt *a, struct tare_bpf **skel)
{
	/* 4: the verifier's statistics of each program. */
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_level = log_verbosity >= 3 ? 4 : 0,
		    .btf_custom_path = a->config->features->btf.path);
	const struct bpf_program *refused = NULL;
	int err = sections_bind(&a->config->features->btf);

	*skel = err ? NULL : tare_bpf__open_opts(&opts);
	if (!*skel)
		return err ? err : -errno;
	err = a->config->fit(a->config->ctx, *skel);
	if (!err && refuse_any()) {
		err = refuse_parts((*skel)->obj);
		a->said = err;
	}
	err = err ?: tare_bpf__load(*skel);
	err = err ?: a->config->use(a->config->ctx, *skel, &refused);
	if (!err)
		return 0;
	a->loaded = refused;
	if (refused) {
		refusal_clear(&a->refusal);
		refusal_listen(&a->refusal);
		a->refusal.name = g_strdup(bpf_program__name(refused));
		a->refusal.reason = g_strdup_printf("cannot attach %s: %s",
						    bpf_program__section_name(refused),
						    g_strerror(-err));
	}
	explain_fexit(&a->refusal);
	tare_bpf__destroy(*skel);
	*skel = NULL;
	return err;
}

static void note_refusal(const struct attempt *a, int err)
{
	const struct refusal *r = &a->refusal;
	g_autofree char *why = g_strdup_printf("%s%s%s", r->name ? r->name : "",
					       r->name ? ": " : "",
					       r->reason ? r->reason : g_strerror(-err));

	feature_refused(a->config->features, FEATURE_PROGRAMS, why);
}

static void report_refusal(const struct attempt *a, int err)
{
	const struct refusal *r = &a->refusal;
	g_autofree char *last = refusal_last(r, LAST_LINES);
	g_auto(GStrv) lines = g_strsplit(last, "\n", -1);

	if (!r->name) {
		log_error("the kernel refused the BPF programs: %s", g_strerror(-err));
	} else {
		log_error("the kernel refused %s, which the ledger can't do without%s%s", r->name,
			  *last ? "" : ": ",
			  *last     ? "" :
			  r->reason ? r->reason :
				      g_strerror(-err));
		for (char **line = lines; *line; line++)
			log_error("verifier: %s", *line);
	}
	resources_hint(err);
	log_hint("tare doctor (what is missing), or -vv (all that the verifier says)");
}

int load_programs(struct tare_bpf **skel, const struct load_config *config)
{
	struct attempt a = { .config = config };
	int err;

	/* This loop ends, since each turn turns something off. */
	do {
		refusal_clear(&a.refusal);
		refusal_listen(&a.refusal);
		err = load_once(&a, skel);
		refusal_deaf();
	} while (err && !a.said && give_way(&a));
	if (err)
		note_refusal(&a, err);
	if (err && !a.said && !config->quiet)
		report_refusal(&a, err);
	refusal_clear(&a.refusal);
	return err;
}
