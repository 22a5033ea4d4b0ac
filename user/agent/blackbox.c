/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/blackbox_state.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "base/text.h"
#include "capture/cgroup_tree.h"

#define OOM_PAUSE_NS 10000000000ULL /* between two dumps of kills in one control group */
#define OOM_GROUP_NS 1000000000ULL  /* in which the kernel kills all of a group */
#define OOM_LINES 8                 /* in a tick, of kills without a dump */

static const struct blackbox_config *config_of(const struct agent *a)
{
	const struct blackbox_config *c = a->config->blackbox;

	return c && c->dir ? c : NULL;
}

/* The kernel must not kill tare for the memory of others, and must not page it out when memory is
 * short. MCL_ONFAULT: nothing is taken that is not used. */
static void hold_out(void)
{
	if (folder_write("/proc/self", "oom_score_adj", "-1000"))
		log_warn("the OOM killer may choose tare: its oom_score_adj can't be set"
			 " (CAP_SYS_RESOURCE)");
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		log_warn("tare's memory is not locked: %s (CAP_IPC_LOCK)", g_strerror(errno));
}

static struct group_events *open_events(const struct agent *a)
{
	struct cgroup_mount mount;
	struct group_events *e = NULL;
	unsigned version = features_has(a->features, FEATURE_MEMCG_V1) ? 1 : 2;

	if (!cgroup_mount_find(&mount, a->features, version))
		return NULL;
	e = group_events_new(&mount);
	cgroup_mount_clear(&mount);
	return e;
}

/* A report that nobody reads. Code and memory that a dump needs are then there and locked, and the
 * user learns now, not at a kill, that no dump can be written. */
static void rehearse(struct agent *a)
{
	struct report *r = story_now(a->blackbox->story, a->session, INCIDENT_ASKED, NULL, NULL);

	blackbox_try(a, r);
	report_free(r);
	a->blackbox->rehearsed = true;
}

static int dump(struct agent *a, enum incident_what what, const char *detail,
		const struct group_event *event, const char *cgroup, char **path)
{
	uint64_t began = agent_now_ns();
	struct report *r = story_now(a->blackbox->story, a->session, what, detail,
				     event ? event->cgroup : cgroup);

	if (event) {
		r->incident->usage = event->usage;
		r->incident->limit = event->limit;
	}
	r->incident->kills = a->blackbox->kills;
	return blackbox_write(a, r, began, path);
}

/* systemd-oomd waits for the answer, so it kills when the dump is written. */
static void on_prekill(struct agent *a, const char *cgroup)
{
	g_autofree char *path = NULL;

	dump(a, INCIDENT_PREKILL, "systemd-oomd is about to kill a control group", NULL, cgroup,
	     &path);
}

static void open_hook(struct agent *a)
{
	const char *path = config_of(a)->hook;

	g_clear_pointer(&a->blackbox->prekill, prekill_close);
	if (path && prekill_open(&a->blackbox->prekill, a, path, on_prekill))
		log_warn("systemd-oomd can't tell of its kills");
}

static void open_box(struct agent *a)
{
	struct blackbox *b = g_new0(struct blackbox, 1);

	b->story = story_new(a->features);
	b->events = open_events(a);
	a->blackbox = b;
	open_hook(a);
	hold_out();
	if (!features_has(a->features, FEATURE_OOM))
		log_warn(
			"this kernel has no mark_victim tracepoint: after an OOM kill the dump has "
			"what was held a moment later");
}

static void close_box(struct agent *a)
{
	struct blackbox *b = a->blackbox;

	if (!b)
		return;
	prekill_close(b->prekill);
	story_free(b->story);
	group_events_free(b->events);
	g_free(b);
	a->blackbox = NULL;
}

int blackbox_begin(struct agent *a)
{
	if (config_of(a))
		open_box(a);
	else if (a->config->blackbox)
		log_warn("no dump-dir in the configuration: no dumps are written");
	return 0;
}

static void reopen(struct agent *a)
{
	open_hook(a);
	a->blackbox->rehearsed = false;
	memset(a->blackbox->last_ns, 0, sizeof(a->blackbox->last_ns));
}

void blackbox_reload(struct agent *a)
{
	if (!config_of(a))
		close_box(a);
	else if (!a->blackbox)
		open_box(a);
	else
		reopen(a);
}

void blackbox_end(struct agent *a)
{
	close_box(a);
}

/* If all of a control group is killed, it is below its limit at the later kills, and looks like a
 * machine without memory. */
static bool is_of_last_group(const struct blackbox *b, const struct tare_oom *oom)
{
	return !oom->cgroup && b->group_ns && oom->head.time_ns < b->group_ns + OOM_GROUP_NS;
}

/* Is there a dump of a kill in this control group already, of the last seconds? Else note this one,
 * in place of the oldest. */
static bool oom_is_again(struct blackbox *b, const struct tare_oom *oom)
{
	struct oom_dump *at = &b->ooms[0];

	if (is_of_last_group(b, oom))
		return true;
	if (oom->cgroup)
		b->group_ns = oom->head.time_ns;
	for (unsigned i = 0; i < OOM_GROUPS; i++) {
		struct oom_dump *o = &b->ooms[i];

		if (o->time_ns && o->cgroup == oom->cgroup) {
			at = o;
			break;
		}
		if (o->time_ns < at->time_ns)
			at = o;
	}
	if (at->time_ns && oom->head.time_ns < at->time_ns + OOM_PAUSE_NS)
		return true;
	*at = (struct oom_dump){ oom->cgroup, oom->head.time_ns };
	return false;
}

/* A group may be killed as a whole: a line for the first ones, the number of the others. */
static void say_no_dump(struct blackbox *b, const struct tare_oom *oom)
{
	g_autofree char *comm = g_strndup(oom->victim_comm, TARE_COMM_LEN);
	g_autofree char *name = text_printable(*comm ? comm : "?");

	if (b->no_dumps++ < OOM_LINES)
		log_note("OOM kill of %s (pid %u) too: no dump, there is one of the last seconds",
			 name, oom->victim_tgid);
}

static void say_more_kills(struct blackbox *b)
{
	if (b->no_dumps > OOM_LINES)
		log_note("%u more OOM kills without a dump", b->no_dumps - OOM_LINES);
	b->no_dumps = 0;
}

void blackbox_oom(struct agent *a, const struct tare_oom *oom)
{
	struct blackbox *b = a->blackbox;
	g_autofree char *path = NULL;
	struct report *r;

	if (!b || !config_of(a))
		return;
	b->kills++;
	if (oom_is_again(b, oom)) {
		say_no_dump(b, oom);
		return;
	}
	r = story_oom(b->story, a->session, oom, true);
	r->incident->kills = b->kills;
	blackbox_write(a, r, oom->head.time_ns, &path);
}

void blackbox_sample(struct agent *a, const struct tare_sample *sample, uint32_t aggregate)
{
	if (a->blackbox)
		story_sample(a->blackbox->story, sample, aggregate);
}

void blackbox_folded(struct agent *a, uint32_t aggregate, uint32_t into)
{
	if (a->blackbox)
		story_folded(a->blackbox->story, aggregate, into);
}

static void check_rules(struct agent *a, const GArray *rows)
{
	const struct blackbox_config *c = config_of(a);
	const struct history *h = story_history(a->blackbox->story);
	uint64_t now = live_total(a->live)->now_ns;

	for (unsigned i = 0; i < c->rules->len; i++) {
		const struct growth_rule *rule = &g_array_index(c->rules, struct growth_rule, i);
		g_autofree char *detail = NULL, *grown = NULL, *path = NULL;
		struct growth_found found;

		if (!growth_rule_holds(rule, h, rows, now, &found))
			continue;
		if (blackbox_due(a, INCIDENT_WHATS + i, c->pause_ns)) {
			grown = text_size(found.grown);
			detail = g_strdup_printf("%s: %s%s+%s", rule->text, found.name ?: "",
						 found.name ? " " : "", grown);
			dump(a, INCIDENT_RULE, detail, NULL, found.cgroup, &path);
		}
		g_free(found.cgroup);
		g_free(found.name);
	}
}

/* A kill is told by mark_victim; the group's count is the second source, for kernels without it. */
static bool is_wanted(const struct agent *a, enum group_event_what what)
{
	if (what == GROUP_EVENT_OOM_KILL && !features_has(a->features, FEATURE_OOM))
		return true;
	return config_of(a)->on[what];
}

static void check_events(struct agent *a, const GArray *rows)
{
	struct group_events *e = a->blackbox->events;
	struct group_event event;

	for (unsigned i = 0; i < rows->len; i++) {
		const struct live_row *row = &g_array_index(rows, struct live_row, i);

		if (row->cgroup)
			group_events_watch(e, row->cgroup);
	}
	while (group_events_next(e, &event)) {
		g_autofree char *detail = NULL, *path = NULL;

		if (!is_wanted(a, event.what) ||
		    !blackbox_due(a, INCIDENT_EVENT, config_of(a)->pause_ns))
			continue;
		detail = g_strdup_printf("memory.events: %s +%" G_GUINT64_FORMAT,
					 group_event_name[event.what], event.times);
		dump(a, INCIDENT_EVENT, detail, &event, NULL, &path);
	}
}

void blackbox_tick(struct agent *a)
{
	g_autoptr(GArray) rows = NULL;

	if (!a->blackbox || !config_of(a))
		return;
	story_tick(a->blackbox->story, a->live);
	say_more_kills(a->blackbox);
	if (!a->blackbox->rehearsed)
		rehearse(a);
	rows = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	live_processes(a->live, rows);
	check_rules(a, rows);
	if (a->blackbox->events)
		check_events(a, rows);
}

void blackbox_dump(struct agent *a, const char *why)
{
	g_autofree char *path = NULL;

	if (!a->blackbox || !config_of(a))
		log_error("no dump-dir in the configuration: no dump is written");
	else
		dump(a, INCIDENT_ASKED, why, NULL, NULL, &path);
}

void blackbox_post(struct agent *a, struct http_request *q)
{
	g_autofree char *path = NULL;
	int err;

	if (!a->blackbox || !config_of(a)) {
		http_answer_text(q, 409, "no dump-dir in the configuration\n");
		return;
	}
	err = dump(a, INCIDENT_ASKED, "POST /dump", NULL, NULL, &path);
	if (err)
		http_answer_text(q, 507, "no dump: %s\n", g_strerror(-err));
	else
		http_answer_text(q, 200, "%s\n", path);
}
