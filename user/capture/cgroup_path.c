/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/cgroup_path.h"

#include <glib.h>
#include <string.h>

/* "ID:CONTROLLERS:PATH"; a path may hold colons, a controller can't. */
char *cgroup_path_of(const char *text, const char *controller)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) field = g_strsplit(*line, ":", 3);
		g_auto(GStrv) names = NULL;

		if (g_strv_length(field) < 3 || field[2][0] != '/')
			continue;
		names = g_strsplit(field[1], ",", -1);
		if (controller ? g_strv_contains((const char *const *)names, controller) :
				 !strcmp(field[0], "0") && !*field[1])
			return g_strdup(field[2]);
	}
	return NULL;
}

/* proc(5): "36 35 98:0 /root /mount/point ..." */
char *cgroup_mount_root(const char *mountinfo, const char *point)
{
	g_auto(GStrv) lines = g_strsplit(mountinfo, "\n", -1);
	char *root = NULL;

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) field = g_strsplit(*line, " ", 6);
		g_autofree char *at = NULL;

		if (g_strv_length(field) < 6)
			continue;
		at = g_strcompress(field[4]); /* a blank is written \040 */
		if (strcmp(at, point))
			continue;
		g_free(root);
		root = g_strcompress(field[3]);
	}
	return root;
}

const char *cgroup_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	while (len && top[len - 1] == '/')
		len--;
	return !strncmp(path, top, len) && (!path[len] || path[len] == '/') ? path + len : NULL;
}

char *cgroup_folder(const char *point, const char *root, const char *path)
{
	const char *rest = cgroup_below(path, root);

	while (rest && *rest == '/')
		rest++;
	/* "/..": above the top of this control group namespace. */
	if (!rest || !strcmp(rest, "..") || g_str_has_prefix(rest, "../"))
		return NULL;
	return *rest ? g_build_filename(point, rest, NULL) : g_strdup(point);
}

char *cgroup_path(const struct cgroup_mount *mount, const char *folder)
{
	const char *rest = cgroup_below(folder, mount->point);
	const char *root = strcmp(mount->root, "/") ? mount->root : "";

	if (!rest)
		return g_strdup(folder);
	return *root || *rest ? g_strconcat(root, rest, NULL) : g_strdup("/");
}

char *cgroup_common(const char *a, const char *b)
{
	size_t same = 0, i = 0;

	for (; a[i] && a[i] == b[i]; i++)
		if (a[i] == '/')
			same = i;
	if ((!a[i] || a[i] == '/') && (!b[i] || b[i] == '/'))
		same = i;
	return same ? g_strndup(a, same) : g_strdup("/");
}

void cgroup_mount_clear(struct cgroup_mount *m)
{
	g_free(m->point);
	g_free(m->root);
	g_free(m->home);
}

bool cgroup_mount_find(struct cgroup_mount *m, const struct features *f, unsigned version)
{
	const char *point = version == 1 ? f->memcg_v1 : f->cgroup_v2;
	g_autofree char *mountinfo = NULL, *groups = NULL, *path = NULL;

	*m = (struct cgroup_mount){ .version = version };
	if (!point || !g_file_get_contents("/proc/self/mountinfo", &mountinfo, NULL, NULL) ||
	    !g_file_get_contents("/proc/self/cgroup", &groups, NULL, NULL))
		return false;
	m->root = cgroup_mount_root(mountinfo, point);
	if (!m->root)
		return false;
	m->point = g_strdup(point);
	path = cgroup_path_of(groups, version == 1 ? "memory" : NULL);
	m->home = path ? cgroup_folder(point, m->root, path) : NULL;
	return true;
}
