/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/blackbox_state.h"

#include <sys/utsname.h>

#include "base/log.h"
#include "base/text.h"
#include "capture/machine.h"
#include "version.h"

bool blackbox_due(struct agent *a, unsigned trigger, uint64_t pause_ns)
{
	struct blackbox *b = a->blackbox;
	uint64_t now = agent_now_ns(), *last = &b->last_ns[MIN(trigger, TRIGGERS - 1)];

	if (*last && now - *last < pause_ns)
		return false;
	*last = now;
	return true;
}

/* What the session does not know. */
static void describe(struct agent *a, struct report *r)
{
	static struct report_machine known; /* read once */
	struct utsname name;

	uname(&name);
	r->tare_version = g_strdup(TARE_VERSION);
	r->kernel = g_strdup_printf("%s %s", name.release, name.machine);
	if (!known.page_size)
		machine_describe(&known);
	r->machine = known;
	r->machine.host = g_strdup(known.host);
	r->machine.distribution = g_strdup(known.distribution);
	r->machine.cpu = g_strdup(known.cpu);
	r->started_ns = (g_get_real_time() -
			 (int64_t)(agent_now_ns() - session_origin(a->session)) / 1000) *
			1000;
	r->target = g_strdup_printf("all processes of %s", name.nodename);
	report_add_feature(r, "ledger", backend_name[a->backend], NULL);
}

/* " hog › filler grew 45.8 MiB in 10 s, mostly fill_cache". */
static void append_grower(GString *line, const struct incident *i)
{
	for (unsigned n = 0; n < i->rows->len; n++) {
		const struct incident_row *row = &g_array_index(i->rows, struct incident_row, n);
		g_autofree char *name = text_printable(row->name ?: "?"), *grown = NULL;
		g_autofree char *function = text_printable(row->function ?: "");
		g_autofree char *span = text_duration(i->span_ns[INCIDENT_10S]);

		if (row->sort != INCIDENT_PROCESS || row->grown[INCIDENT_10S] <= 0)
			continue;
		grown = text_size(row->grown[INCIDENT_10S]);
		g_string_append_printf(line, "; %s grew most: %s in %s", name, grown, span);
		if (*function)
			g_string_append_printf(line, ", mostly %s", function);
		return;
	}
}

static void append_group(GString *line, const struct incident *i)
{
	g_autofree char *group = text_printable(i->cgroup ?: "");
	g_autofree char *usage = text_size(i->usage), *limit = text_size(i->limit);

	if (*group)
		g_string_append_printf(line, " in %s", group);
	if (i->limit)
		g_string_append_printf(line, " (%s of %s)", usage, limit);
}

static char *summary(const struct incident *i)
{
	GString *line = g_string_new(NULL);
	g_autofree char *victim = text_printable(i->victim.comm ?: "?");
	g_autofree char *trigger = text_printable(i->trigger.comm ?: "?");
	g_autofree char *detail = text_printable(i->detail ?: incident_what_name[i->what]);
	g_autofree char *held = text_size(i->victim_held);

	if (i->what == INCIDENT_OOM)
		g_string_append_printf(line, "OOM kill of %s (pid %d)", victim, i->victim.pid);
	else
		g_string_append(line, detail);
	if (i->victim_held)
		g_string_append_printf(line, ", which held %s", held);
	append_group(line, i);
	if (i->what == INCIDENT_OOM && i->trigger.pid != i->victim.pid)
		g_string_append_printf(line, "; asked for by %s (pid %d)", trigger, i->trigger.pid);
	append_grower(line, i);
	return g_string_free(line, FALSE);
}

static struct dumps_config dumps_of(const struct agent *a)
{
	const struct blackbox_config *c = a->config->blackbox;

	return (struct dumps_config){ c->dir, c->keep, c->total, c->size };
}

void blackbox_try(struct agent *a, struct report *r)
{
	const struct dumps_config dumps = dumps_of(a);

	describe(a, r);
	if (dumps_try(&dumps, r, g_get_real_time() / G_USEC_PER_SEC))
		log_warn("%s: no dump can be written there now", dumps.dir);
}

int blackbox_write(struct agent *a, struct report *r, uint64_t since_ns, char **path)
{
	const struct dumps_config dumps = dumps_of(a);
	g_autofree char *line = summary(r->incident);
	bool oom = r->incident->what == INCIDENT_OOM;
	int err;

	describe(a, r);
	log_note("%s", line); /* first: the disk may be slow or full */
	err = dumps_write(&dumps, r, incident_what_name[r->incident->what],
			  g_get_real_time() / G_USEC_PER_SEC, path);
	report_free(r);
	if (err) {
		g_clear_pointer(path, g_free);
		return err;
	}
	log_note("dump: %s (%.0f ms%s)", *path, (double)(agent_now_ns() - since_ns) / 1e6,
		 oom ? " after the kill" : "");
	return 0;
}
