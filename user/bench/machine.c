/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The machine that results are from.
 */
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/limits.h"
#include "bench/runner.h"
#include "capture/cgroup.h"
#include "version.h"

/* The value of a line "NAME<sep>VALUE" of a file, quotes taken off; NULL: none. */
static char *value_of(const char *path, const char *name, char sep)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		char *at = strchr(*line, sep);

		if (!at || strncmp(*line, name, strlen(name)))
			continue;
		g_strstrip(++at);
		if (*at == '"' && at[strlen(at) - 1] == '"') {
			at[strlen(at) - 1] = '\0';
			at++;
		}
		return g_strdup(at);
	}
	return NULL;
}

static char *measured(const struct runner_config *c)
{
	struct cgroup_config config = { .features = c->features };
	struct cgroup *cg = NULL;
	g_autofree char *why = NULL;
	char *text;

	if (cgroup_create(&cg, &config, &why))
		return g_strdup_printf("ledger by %s; kernel memory but page tables and stacks not"
				       " measured: %s",
				       ledger_arm_name[c->arm], why ? why : "no control group");
	text = g_strdup_printf(
		"ledger by %s; kernel memory by %s, control group v%u", ledger_arm_name[c->arm],
		features_has(c->features, FEATURE_MEMCG_STATE) ? "events" : "the group's counters",
		cgroup_version(cg));
	cgroup_close(cg);
	return text;
}

void runner_describe(const struct runner_config *config, struct bench *b)
{
	struct bench_machine *m = &b->machine;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	struct limits limits;
	struct utsname name;
	struct sysinfo info = { 0 };

	uname(&name);
	sysinfo(&info);
	limits_read(&limits);
	m->kernel = g_strdup_printf("%s %s", name.release, name.machine);
	m->distribution = value_of("/etc/os-release", "PRETTY_NAME", '=');
	m->cpu = value_of("/proc/cpuinfo", "model name", ':');
	m->cpus = get_nprocs();
	m->memory = (int64_t)info.totalram * info.mem_unit;
	m->page_size = sysconf(_SC_PAGESIZE);
	m->tare_version = g_strdup(TARE_VERSION);
	m->measured = measured(config);
	m->limits = limits_describe(&limits);
	b->started = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
	b->touch = config->touch;
	b->memory_max = config->memory_max;
}
