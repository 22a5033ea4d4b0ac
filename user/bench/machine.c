/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Describes the machine and the method, for the results.
 */
#include <sys/utsname.h>

#include "bench/limits.h"
#include "bench/runner.h"
#include "capture/cgroup.h"
#include "capture/machine.h"
#include "version.h"

static char *describe_method(const struct runner_config *c)
{
	struct cgroup_config config = { .features = c->features };
	struct cgroup *cg = NULL;
	g_autofree char *why = NULL;
	char *text;

	if (cgroup_create(&cg, &config, &why))
		return g_strdup_printf("ledger by %s; kernel memory but page tables and stacks not"
				       " measured: %s",
				       backend_name[c->backend], why ? why : "no control group");
	text = g_strdup_printf(
		"ledger by %s; kernel memory by %s, control group v%u", backend_name[c->backend],
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
	struct report_machine here = { 0 };

	uname(&name);
	machine_describe(&here);
	g_free(here.host);
	limits_read(&limits);
	m->kernel = g_strdup_printf("%s %s", name.release, name.machine);
	m->distribution = here.distribution;
	m->cpu = here.cpu;
	m->cpus = here.cpus;
	m->memory = here.memory;
	m->page_size = here.page_size;
	m->tare_version = g_strdup(TARE_VERSION);
	m->measured = describe_method(config);
	m->limits = limits_describe(&limits);
	b->started = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
	b->touch = config->touch;
	b->memory_max = config->memory_max;
}
