/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The kernel's figures of processes in /proc, from the files that are exact on every kernel:
 * smaps_rollup for memory, status for page tables (up to 6.15 its memory figures lag behind).
 * It must not know of tare.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t kib_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoll(at + strlen(key), NULL, 10) * 1024 : -1;
}

static bool read_smaps(struct weight *w, int tid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/smaps_rollup", tid);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return false;
	w->rss = kib_of(text, "\nRss:");
	w->anon = kib_of(text, "\nAnonymous:");
	return w->rss >= 0 && w->anon >= 0;
}

static bool read_pagetable(struct weight *w, int tid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", tid);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return false;
	w->pagetable = kib_of(text, "\nVmPTE:");
	return w->pagetable >= 0;
}

/* Reads any thread that still has the memory: the first may have ended. */
static bool read_weight(struct weight *w, pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task", pid);
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;
	bool ok = false;

	*w = (struct weight){ .pid = pid };
	while (dir && !ok && (name = g_dir_read_name(dir)))
		ok = read_smaps(w, atoi(name)) && read_pagetable(w, atoi(name));
	if (dir)
		g_dir_close(dir);
	return ok;
}

static pid_t parent_of(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
	g_autofree char *text = NULL;
	const char *end;
	int ppid = 0;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	end = strrchr(text, ')');
	if (end)
		sscanf(end + 1, " %*c %d", &ppid);
	return ppid;
}

GArray *weigh_all(pid_t root, pid_t too)
{
	GArray *all = g_array_new(FALSE, TRUE, sizeof(struct weight));
	GDir *dir = g_dir_open("/proc", 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		pid_t pid = atoi(name), up = pid > 0 ? parent_of(pid) : 0;
		struct weight w;

		while (up > 1 && up != root)
			up = parent_of(up);
		if ((up == root || (too && pid == too)) && read_weight(&w, pid))
			g_array_append_val(all, w);
	}
	if (dir)
		g_dir_close(dir);
	return all;
}

bool same_weights(const GArray *a, const GArray *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len * sizeof(struct weight));
}
