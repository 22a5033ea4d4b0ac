/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/metrics.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"
#include "capture/cause.h"
#include "capture/cgroup_by_id.h"
#include "capture/container_names.h"
#include "model/groups.h"
#include "output/metrics/metrics.h"
#include "version.h"

#define NAMES_A_TICK 4096 /* paths that are looked up in one tick, at most */
#define IDLE_A_TICK 256   /* control groups that are looked for in one tick */

static struct groups_limits limits_of(const struct agent *a)
{
	return (struct groups_limits){ .groups = a->config->groups, .names = a->config->names };
}

void groups_prepare(struct agent *a, struct proctable_ends *ends)
{
	struct groups_limits limits = limits_of(a);

	a->groups = groups_new(&limits, (uint64_t)sysconf(_SC_PAGESIZE));
	*ends = groups_ends(a->groups);
}

/* Control groups cannot be found by their ids. */
static void take_rows(struct agent *a, const char *why)
{
	log_warn("control groups cannot be found by their ids (%s): their paths are those of"
		 " their processes",
		 why);
	g_clear_pointer(&a->cgroup_ids, cgroup_ids_free);
	groups_by_rows(a->groups);
}

int groups_begin(struct agent *a)
{
	a->cgroup_ids = cgroup_ids_new(a->features);
	if (!a->cgroup_ids)
		take_rows(a, "no hierarchy is mounted");
	return 0;
}

/* What files tell of a new control group's container. */
static void learn_names(struct group *group)
{
	struct container_names n;

	if (!group || (!group->what.id && !group->what.pod) || group->container || group->pod)
		return;
	container_names_read(&n, "", group->what.id, group->what.pod);
	group->container = g_steal_pointer(&n.container);
	group->pod = g_steal_pointer(&n.pod);
	group->namespace = g_steal_pointer(&n.namespace);
	container_names_clear(&n);
}

static void learn_path(struct agent *a, uint64_t id)
{
	char *path = NULL;
	int err = cgroup_ids_path(a->cgroup_ids, id, &path);

	if (!err) {
		groups_know(a->groups, id, path);
		learn_names(groups_find(a->groups, id));
	} else if (err == -ENOENT) {
		groups_gone(a->groups, id);
	} else {
		take_rows(a, g_strerror(-err));
	}
	g_free(path);
}

static void learn_paths(struct agent *a)
{
	uint64_t id;

	for (unsigned i = 0; i < NAMES_A_TICK && groups_unnamed(a->groups, &id); i++)
		learn_path(a, id);
}

/* Control groups without processes: do they exist? Without ids that cannot be seen, so those are
 * gone. */
static void look_for_gone(struct agent *a, uint64_t now_ns)
{
	uint64_t id;

	for (unsigned i = 0; i < IDLE_A_TICK && groups_idle(a->groups, now_ns, &id); i++) {
		g_autofree char *path = NULL;

		if (!a->cgroup_ids || cgroup_ids_path(a->cgroup_ids, id, &path) == -ENOENT)
			groups_gone(a->groups, id);
	}
}

void groups_tick(struct agent *a)
{
	struct groups_limits limits = limits_of(a);

	groups_set_limits(a->groups, &limits);
	groups_take(a->groups, a->live, a->swept);
	learn_paths(a);
	look_for_gone(a, a->swept->now_ns);
}

void groups_shrink(struct agent *a)
{
	groups_trim(a->groups);
}

void groups_end(struct agent *a)
{
	g_clear_pointer(&a->cgroup_ids, cgroup_ids_free);
	g_clear_pointer(&a->groups, groups_free);
}

/* Reads the kernel memory of all groups that are shown, but of the root: its figures would be those
 * of the machine. Returns why no group has figures; NULL: some have, or there is no group. */
static const char *read_kernel(struct agent *a)
{
	g_autoptr(GPtrArray) shown = groups_shown(a->groups);
	unsigned read = 0, known = 0;

	if (!a->cgroup_ids)
		return "control groups cannot be found by their ids";
	for (unsigned i = 0; i < shown->len; i++) {
		struct group *group = shown->pdata[i];
		const int64_t *kind = group->e.now.kind;

		if (!strcmp(group->path, "/"))
			continue;
		read++;
		known += cgroup_ids_kernel(a->cgroup_ids, group->id,
					   kind[TARE_PAGETABLE] + kind[TARE_KSTACK],
					   &group->kernel);
	}
	return read && !known ? "no control group has the memory controller" : NULL;
}

static struct metrics_self self_of(const struct agent *a)
{
	const struct agent_self *s = &a->self;
	struct metrics_self self = {
		.version = TARE_VERSION,
		.backend = a->backend < BACKEND_NONE ? backend_name[a->backend] : NULL,
		.started_epoch = s->started_epoch,
		.cpu_ns = s->cpu_ns,
		.rss = s->rss,
		.maps = (int64_t)s->map_bytes,
		.ticks = s->ticks,
		.late = s->late,
		.tick_ns = s->tick_ns,
		.audits = s->audits,
		.balanced = !s->off_why,
		.off_bytes = s->off_bytes,
		.requests = s->requests,
		.refused = s->refused,
		.reloads = s->reloads,
		.reloads_failed = s->reloads_failed,
		.thinned = s->thinned,
		.limits = limits_of(a),
	};

	memcpy(self.lost, s->lost, sizeof(self.lost));
	return self;
}

/* NULL: zlib has no memory. */
static GString *gzip(const GString *text)
{
	z_stream z = { .next_in = (unsigned char *)text->str, .avail_in = (uInt)text->len };
	GString *out;

	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY))
		return NULL;
	out = g_string_new(NULL);
	g_string_set_size(out, deflateBound(&z, text->len));
	z.next_out = (unsigned char *)out->str;
	z.avail_out = (uInt)out->len;
	deflate(&z, Z_FINISH); /* deflateBound() left room for all */
	g_string_set_size(out, z.total_out);
	deflateEnd(&z);
	return out;
}

void metrics_answer(struct agent *a, struct http_request *q)
{
	enum metrics_format format = metrics_choose(http_accept(q));
	struct metrics_self self = self_of(a);
	struct metrics_input in = {
		.groups = a->groups,
		.total = live_total(a->live),
		.self = &self,
		.kmem_why = session_kmem_why(a->session),
		.cause_name = cause_name,
	};
	GString *text, *packed = NULL;

	if (!self.ticks) {
		http_header(q, "Retry-After", "1");
		http_answer_text(q, 503, "tare has just begun\n");
		return;
	}
	text = g_string_sized_new(64 << 10);
	in.group_kernel_why = read_kernel(a);
	metrics_render(text, &in, format);
	if (metrics_wants_gzip(http_given(q, "Accept-Encoding")))
		packed = gzip(text);
	http_header(q, "Vary", "Accept, Accept-Encoding");
	if (packed) {
		http_header(q, "Content-Encoding", "gzip");
		g_string_free(text, TRUE);
		text = packed;
	}
	http_answer(q, 200, metrics_type[format], text);
}
