/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/about.h"

#include <string.h>

#include "capture/cgroup.h"
#include "capture/cgroup_path.h"
#include "capture/cgroup_tree.h"

#define MOST 256                  /* processes in one call */
#define AGE_NS 30000000000ULL     /* read again after so long */
#define UNLIMITED (INT64_MAX / 2) /* v1's largest limit is a page below 2^63 */

/* Of v1 the memory controller's group, of v2 the only one; where both are mounted, memory's. */
static char *group_of(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/cgroup", pid), *text = NULL;
	char *v1;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	v1 = cgroup_path_of(text, "memory");
	return v1 ? v1 : cgroup_path_of(text, NULL);
}

/* The real user, as in ps. */
static uint32_t owner_of(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", pid), *text = NULL;
	const char *line;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return LIVE_NO_UID;
	line = strstr(text, "\nUid:"); /* the name in the first line has no newline */
	return line ? (uint32_t)g_ascii_strtoull(line + strlen("\nUid:"), NULL, 10) : LIVE_NO_UID;
}

static void learn(struct live *l, bool owners)
{
	uint64_t id;
	pid_t pid;

	for (unsigned i = 0; i < MOST && live_unknown(l, AGE_NS, &id, &pid); i++) {
		g_autofree char *group = group_of(pid);

		live_know(l, id, owners ? owner_of(pid) : LIVE_NO_UID, group);
	}
}

void about_processes(struct live *l)
{
	learn(l, true);
}

void about_groups(struct live *l)
{
	learn(l, false);
}

static int64_t read_number(const char *folder, const char *name)
{
	g_autofree char *text = NULL;

	if (folder_read(folder, name, &text) || !g_ascii_isdigit(text[0])) /* "max" */
		return INT64_MAX;
	return g_ascii_strtoll(text, NULL, 10);
}

bool about_limit(const struct features *f, pid_t pid, struct about_limit *limit)
{
	g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
	g_autofree char *why = NULL, *folder = NULL;
	struct cgroup *cg = NULL;
	bool v1;

	g_array_append_val(pids, pid);
	if (cgroup_find(&cg, f, pids, &why))
		return false;
	v1 = cgroup_version(cg) == 1;
	folder = g_strdup(cg->folder);
	cgroup_close(cg);
	while (folder_has(folder, "cgroup.procs")) {
		char *above = g_path_get_dirname(folder);

		limit->limit = read_number(folder, v1 ? "memory.limit_in_bytes" : "memory.max");
		limit->used = read_number(folder, v1 ? "memory.usage_in_bytes" : "memory.current");
		if (limit->limit < UNLIMITED && limit->used < UNLIMITED) {
			limit->group = g_path_get_basename(folder);
			g_free(above);
			return true;
		}
		g_free(folder);
		folder = above;
	}
	return false;
}
