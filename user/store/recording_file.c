/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The file of a new recording: decides whether an existing file may be replaced, and creates it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/recording.h"
#include "store/recording_format.h"

extern const char recording_sql[];

#define CREATE_TRIES 10

static int check_recording(const struct fileout *out)
{
	struct db db;
	int err =
		db_open_output(&db, out, recording_format_of(fileout_dir(out), fileout_name(out)));

	if (err && err != -EBUSY)
		log_hint("it is in the way of a new recording: choose another name, or remove it");
	db_close(&db);
	return err;
}

int recording_check_output(const struct fileout *out)
{
	struct stat st;

	if (fileout_is_file(out)) {
		if (fstatat(fileout_dir(out), fileout_name(out), &st, AT_SYMLINK_NOFOLLOW))
			return errno == ENOENT ? 0 : -errno;
		if (S_ISREG(st.st_mode) && !st.st_size)
			return 0;
	}
	return check_recording(out);
}

/* Remove an old file of this name, if it may be replaced. */
static int remove_old(const struct fileout *out)
{
	struct stat st;
	int err;

	if (fstatat(fileout_dir(out), fileout_name(out), &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISREG(st.st_mode) && fileout_trusts(out, st.st_uid)) {
		err = recording_check_output(out);
		if (err)
			return err;
	}
	if (!unlinkat(fileout_dir(out), fileout_name(out), 0))
		return 0;
	err = -errno;
	log_error("cannot write %s: %s", fileout_path(out), strerror(-err));
	return err;
}

/* Bounded: another user may create a file of this name again and again. */
int recording_create_file(const struct fileout *out)
{
	int err = -EEXIST;

	for (int i = 0; i < CREATE_TRIES && err == -EEXIST; i++)
		err = remove_old(out) ?: db_create(out, recording_sql, NULL, NULL);
	if (err == -EEXIST)
		log_error("%s: another program makes this file again and again", fileout_path(out));
	return err;
}
