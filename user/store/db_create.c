/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db.h"

/* The first version is made in memory: nobody finds a file without its tables. */
static int write_first(const struct fileout *out, const char *sql, db_fill_fn fill, const void *ctx)
{
	g_autofree char *journal = g_strconcat(fileout_name(out), "-journal", NULL);
	unsigned char *data = NULL;
	struct db db;
	sqlite3_int64 len = 0;
	int err = db_open_memory(&db, fileout_path(out));

	if (err)
		return err;
	err = db_exec(&db, sql);
	if (!err && fill)
		err = fill(&db, ctx);
	if (!err) {
		data = sqlite3_serialize(db.sqlite, "main", &len, 0);
		/* One that is there was another file's, and would be played back. */
		if (data)
			unlinkat(fileout_dir(out), journal, 0);
		err = data ? fileout_create(out, data, (size_t)len) : db_fail(&db);
	}
	sqlite3_free(data);
	db_close(&db);
	return err;
}

int db_create(const struct fileout *out, const char *sql, db_fill_fn fill, const void *ctx)
{
	struct stat st;

	if (!fileout_is_file(out) ||
	    !fstatat(fileout_dir(out), fileout_name(out), &st, AT_SYMLINK_NOFOLLOW))
		return -EEXIST;
	return write_first(out, sql, fill, ctx);
}
