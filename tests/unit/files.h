/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For tests that make files: writes a file with any content, and makes and removes folders.
 */
#ifndef TARE_TEST_FILES_H
#define TARE_TEST_FILES_H

#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* Writes a new file. The caller unlinks it and frees its path with g_free(). */
static inline char *write_file(const void *data, size_t size)
{
	char *path = NULL;
	int fd = g_file_open_tmp("tare-test-XXXXXX", &path, NULL);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
	return path;
}

/* Makes a new folder, which remove_all() removes. Free its path with g_free(). */
static inline char *new_folder(void)
{
	char *path = g_dir_make_tmp("tare-test-XXXXXX", NULL);

	assert_non_null(path);
	return path;
}

/* Removes a file, a link, or a folder with everything in it. Follows no links. */
static inline void remove_all(const char *path)
{
	GDir *dir = unlink(path) ? g_dir_open(path, 0, NULL) : NULL;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_build_filename(path, name, NULL);

		remove_all(below);
	}
	if (dir)
		g_dir_close(dir);
	rmdir(path);
}

#endif
