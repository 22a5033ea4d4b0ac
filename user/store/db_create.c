/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db.h"

/* The tables are made in memory, then written at once: no reader finds a file without tables. */
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
		/* An old journal of this name belongs to another file; SQLite would apply it to
		 * this one. */
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
