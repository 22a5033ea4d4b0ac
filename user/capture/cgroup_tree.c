/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/cgroup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"

static int look_for(const char *folder, const char *name)
{
	g_autofree char *file = g_build_filename(folder, name, NULL);
	int ret = access(file, F_OK) ? -errno : 0;

	return ret == -ENOTDIR ? -ENOENT : ret;
}

bool folder_has(const char *folder, const char *name)
{
	return !look_for(folder, name);
}

int folder_read(const char *folder, const char *name, char **text)
{
	g_autofree char *file = g_build_filename(folder, name, NULL);
	g_autoptr(GError) err = NULL;

	if (g_file_get_contents(file, text, NULL, &err))
		return 0;
	return g_error_matches(err, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? -ENOENT : -EIO;
}

int folder_read_at(int dir, const char *name, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while (n > 0 && len < size - 1) {
		n = TEMP_FAILURE_RETRY(read(fd, text + len, size - 1 - len));
		len += n > 0 ? n : 0;
	}
	n = n < 0 ? -errno : 0;
	close(fd);
	if (len == size - 1)
		while (len && text[len - 1] != '\n')
			len--;
	text[len] = '\0';
	return n;
}

/* By one write(), since the kernel takes each write as a complete value. */
int folder_write_at(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int ret;

	if (fd < 0)
		return -errno;
	n = TEMP_FAILURE_RETRY(write(fd, text, strlen(text)));
	ret = n < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int folder_write(const char *folder, const char *name, const char *text)
{
	g_autofree char *file = g_build_filename(folder, name, NULL);

	return folder_write_at(AT_FDCWD, file, text);
}

bool folder_lists_memory(const char *folder, const char *name)
{
	g_autofree char *text = NULL;

	if (folder_read(folder, name, &text))
		return false;
	g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);

	return g_strv_contains((const char *const *)words, "memory");
}

/* Does the cgroup itself hold processes? True if that can't be known: a threaded cgroup does not
 * list its processes. */
static bool folder_holds_processes(const char *folder)
{
	g_autofree char *text = NULL;
	int err = folder_read(folder, "cgroup.procs", &text);

	return err ? err != -ENOENT : *text;
}

int folder_can_host(const char *folder, unsigned version, bool *enable)
{
	int ret = look_for(folder, "cgroup.procs");

	*enable = false;
	if (ret)
		return ret;
	if (version == 1)
		return folder_has(folder, "memory.usage_in_bytes") ? 0 : -ENOTSUP;
	if (folder_lists_memory(folder, "cgroup.subtree_control"))
		return 0;
	if (!folder_lists_memory(folder, "cgroup.controllers"))
		return -ENOTSUP;
	/* Only the root of the hierarchy may hold processes and enable controllers for its
	 * children; it has no cgroup.events. */
	if (folder_has(folder, "cgroup.events") && folder_holds_processes(folder))
		return -EBUSY;
	*enable = true;
	return 0;
}

static void read_procs(GArray *found, const char *folder)
{
	g_autofree char *text = NULL;

	if (folder_read(folder, "cgroup.procs", &text))
		return;
	for (char *at = text, *end; *at; at = end + (*end == '\n')) {
		pid_t pid = strtol(at, &end, 10);

		if (end == at)
			return;
		if (pid > 0) /* 0: not visible in this pid namespace */
			g_array_append_val(found, pid);
	}
}

void folder_children(GPtrArray *tree, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") &&
		    strcmp(entry->d_name, ".."))
			g_ptr_array_add(tree, g_build_filename(folder, entry->d_name, NULL));
	if (dir)
		closedir(dir);
}

/* The folder and all folders below it, parents first. Not recursive: a workload may nest cgroups
 * deeper than the stack allows. */
static GPtrArray *folder_tree(const char *folder)
{
	GPtrArray *tree = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(tree, g_strdup(folder));
	for (guint i = 0; i < tree->len; i++)
		folder_children(tree, tree->pdata[i]);
	return tree;
}

GArray *folder_pids(const char *folder)
{
	g_autoptr(GPtrArray) tree = folder_tree(folder);
	GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));

	for (guint i = 0; i < tree->len; i++)
		read_procs(pids, tree->pdata[i]);
	return pids;
}

int folder_remove(const char *folder)
{
	g_autoptr(GPtrArray) tree = folder_tree(folder);

	for (guint i = tree->len; i > 1; i--)
		rmdir(tree->pdata[i - 1]);
	return rmdir(folder) && errno != ENOENT ? -errno : 0;
}

static char *name_of(pid_t pid, uint64_t start)
{
	return g_strdup_printf("tare-%d-%" PRIu64, pid, start);
}

char *cgroup_name(void)
{
	return name_of(getpid(), process_own_start());
}

bool cgroup_name_parse(const char *name, pid_t *pid, uint64_t *start)
{
	g_auto(GStrv) part = g_strsplit(name, "-", 4);
	g_autofree char *again = NULL;
	guint64 p, s;

	if (g_strv_length(part) != 3 ||
	    !g_ascii_string_to_unsigned(part[1], 10, 1, INT_MAX, &p, NULL) ||
	    !g_ascii_string_to_unsigned(part[2], 10, 0, G_MAXUINT64, &s, NULL))
		return false;
	*pid = p;
	*start = s;
	again = name_of(*pid, *start);
	return !strcmp(again, name);
}

static bool tree_is_empty(const char *folder)
{
	g_autoptr(GPtrArray) tree = folder_tree(folder);

	for (guint i = 0; i < tree->len; i++)
		if (folder_holds_processes(tree->pdata[i]))
			return false;
	return true;
}

unsigned folder_sweep(const char *folder)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	unsigned swept = 0;

	folder_children(list, folder);
	for (guint i = 0; i < list->len; i++) {
		g_autofree char *name = g_path_get_basename(list->pdata[i]);
		uint64_t start;
		pid_t pid;

		if (!cgroup_name_parse(name, &pid, &start) || process_running(pid, start) ||
		    !tree_is_empty(list->pdata[i]))
			continue;
		if (!folder_remove(list->pdata[i]))
			swept++;
	}
	return swept;
}
