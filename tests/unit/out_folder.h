/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the tests of base/fileout: a folder for each test, and files in it.
 */
#ifndef TARE_TEST_OUT_FOLDER_H
#define TARE_TEST_OUT_FOLDER_H

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fileout.h"
#include "tests/unit/files.h"

#define NOBODY 65534

static char *folder;

static inline char *in_folder(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static inline unsigned count_entries(void)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	unsigned n = 0;

	while (g_dir_read_name(dir))
		n++;
	g_dir_close(dir);
	return n;
}

static inline void assert_content(const char *path, const char *expected)
{
	g_autofree char *content = NULL;

	assert_true(g_file_get_contents(path, &content, NULL, NULL));
	assert_string_equal(content, expected);
}

/* Opens, writes and closes without waiting for anything. */
static inline int write_to(const char *path, const char *text, const struct owner *caller)
{
	struct fileout *out;
	int err = fileout_open(&out, path, caller);

	if (err)
		return err;
	err = fileout_write(out, 0, text, strlen(text));
	fileout_close(out);
	return err;
}

static inline void assert_is(const char *path, mode_t mode, uid_t uid)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, mode);
	assert_int_equal(st.st_uid, uid);
}

static int setup(void **state)
{
	(void)state;
	folder = g_dir_make_tmp("tare-test-XXXXXX", NULL);
	umask(022);
	return folder ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	remove_all(folder);
	g_free(folder);
	return 0;
}

#endif
