/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "store/db.h"

/* Put a file that is whole in its place, if that is free. Not every file system
 * knows both ways. */
static int rename_new(const char *from, const char *to)
{
	int err;

	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	err = -errno;
	if (err == -EINVAL && !link(from, to)) {
		unlink(from);
		return 0;
	}
	return err == -EINVAL ? -errno : err;
}

static int write_new(const char *path, const void *data, size_t len,
		     const struct fileout_owner *owner)
{
	g_autofree char *temporary = g_strdup_printf("%s.%08x.tmp", path, g_random_int());
	int err = fileout_write(temporary, data, len, owner);

	if (err)
		return err;
	err = rename_new(temporary, path);
	if (err) {
		unlink(temporary);
		if (err != -EEXIST)
			error("cannot write %s: %s", path, strerror(-err));
	}
	return err;
}

/* The first version is made in memory: nobody finds a file without its tables. */
static int write_first(const char *path, const char *sql, db_fill_fn fill, const void *ctx,
		       const struct fileout_owner *owner)
{
	unsigned char *data = NULL;
	struct db db;
	sqlite3_int64 len = 0;
	int err = db_open_memory(&db, path);

	if (err)
		return err;
	err = db_exec(&db, sql);
	if (!err && fill)
		err = fill(&db, ctx);
	if (!err) {
		data = sqlite3_serialize(db.sqlite, "main", &len, 0);
		err = data ? write_new(path, data, (size_t)len, owner) : db_fail(&db);
	}
	sqlite3_free(data);
	db_close(&db);
	return err;
}

int db_create(const char *path, const char *sql, db_fill_fn fill, const void *ctx,
	      const struct fileout_owner *owner)
{
	struct stat st;
	int err;

	if (!lstat(path, &st))
		return -EEXIST;
	err = fileout_check(path);
	return err ? err : write_first(path, sql, fill, ctx, owner);
}
