/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare attach: follow running processes until they end, a signal, or --duration.
 */
#include "cli/cmd.h"
#include "cli/options.h"
#include "cli/reporter.h"

static char *target_text(const struct options *o)
{
	GString *text;

	if (o->all)
		return g_strdup("all processes");
	if (o->comm)
		return g_strdup_printf("processes named %s", o->comm);
	if (o->cgroup)
		return g_strdup_printf("cgroup %s", o->cgroup);
	text = g_string_new("pid ");
	for (unsigned i = 0; i < o->pids->len; i++)
		g_string_append_printf(text, "%s%d", i ? "," : "",
				       g_array_index(o->pids, pid_t, i));
	return g_string_free(text, FALSE);
}

static int run_session(struct reporter *reporter, const struct options *o)
{
	struct session_targets targets = {
		.pids = o->pids,
		.comm = o->comm,
		.cgroup = o->cgroup,
		.all = o->all,
	};
	struct session_config config;
	struct session *s = NULL;
	struct report *report;
	int status = 0, err;

	reporter_config(reporter, &config);
	err = session_open(&s, &config);
	if (!err)
		err = session_attach(s, &targets);
	if (err) {
		session_close(s);
		return EXIT_FAILED;
	}
	reporter_begin(reporter, s);
	err = session_loop(s, &status);
	report = session_report(s, session_targets_ended(s) ? REPORT_END : REPORT_DETACH);
	reporter_write(reporter, report);
	report_free(report);
	reporter_end(reporter);
	session_close(s);
	return err || reporter->err ? EXIT_FAILED : 0;
}

static int probe_and_attach(const struct options *o)
{
	g_autofree char *target = target_text(o);
	struct features features = { 0 };
	struct reporter reporter = {
		.options = o,
		.features = &features,
		.target = target,
	};
	int status = EXIT_FAILED;

	if (!features_probe(&features, o->btf) &&
	    !reporter_backend(&features, o, &reporter.backend))
		status = run_session(&reporter, o);
	features_free(&features);
	return status;
}

int cmd_attach(int argc, char **argv)
{
	struct options o;
	int status;

	switch (options_parse(&o, FOR_ATTACH, argc, argv)) {
	case 0:
		status = probe_and_attach(&o);
		break;
	case 1:
		status = 0;
		break;
	default:
		status = EXIT_USAGE;
	}
	options_free(&o);
	return status;
}
