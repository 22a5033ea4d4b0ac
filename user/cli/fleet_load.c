/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/fleet_load.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "store/recording.h"

/* So many files are read at most: more is a mistake, and takes days. */
#define FILES_MOST 10000

bool fleet_is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Links to directories are not followed: they may lead back. Names that begin with a dot are
 * tare's temporary files, among others. */
static int find_in(const char *dir, unsigned deeper, GPtrArray *files, unsigned *skipped)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d) {
		int err = -errno;

		log_error("%s: %s", dir, strerror(-err));
		return err;
	}
	while ((entry = readdir(d)) && files->len <= FILES_MOST) {
		g_autofree char *path = g_build_filename(dir, entry->d_name, NULL);
		struct stat st;

		if (*entry->d_name == '.')
			continue;
		if (deeper && !lstat(path, &st) && S_ISDIR(st.st_mode))
			*skipped += find_in(path, deeper - 1, files, skipped) != 0;
		else if (g_str_has_suffix(entry->d_name, ".tare"))
			g_ptr_array_add(files, g_steal_pointer(&path));
	}
	closedir(d);
	return 0;
}

static int add_file(struct fleet *f, const char *path, const struct folding *folding)
{
	struct report *r;
	int err = recording_load(&r, path);

	if (err)
		return err;
	folding_apply(folding, r);
	fleet_add(f, path, r);
	report_free(r);
	return 0;
}

int fleet_load(struct fleet *f, const char *path, const struct folding *folding, unsigned *skipped)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	int err = 0;

	if (!fleet_is_directory(path)) {
		*skipped += add_file(f, path, folding) != 0;
		return 0;
	}
	err = find_in(path, 1, files, skipped);
	if (err)
		return err;
	if (!files->len) {
		log_error("%s has no recordings: no file *.tare", path);
		return -ENOENT;
	}
	if (files->len > FILES_MOST) {
		log_error("%s has more than %d recordings", path, FILES_MOST);
		return -E2BIG;
	}
	g_ptr_array_sort(files, by_name);
	for (unsigned i = 0; i < files->len; i++)
		*skipped += add_file(f, files->pdata[i], folding) != 0;
	return 0;
}
