/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The file layer below SQLite. It lets SQLite touch only the database that db_file.h found and its
 * journal, both through an open directory. SQLite by itself opens files by path again and again
 * (the journal at each transaction). Other users may write in that directory: they could make root
 * follow a symbolic link, wait for a pipe, apply their journal, or remove a file that their journal
 * names. With this layer
 *   a name is looked up in the open directory, and no symbolic link is followed;
 *   only regular files are opened, and opening never waits;
 *   the database is the very file that was examined;
 *   a journal must belong to root, to tare's own user or to the database's owner, and have no
 *     second name (hard link); any other journal is removed if the database is opened for writing;
 *   nothing else is opened, made or removed.
 * It must not know what is in a database. One thread at a time.
 */
#ifndef TARE_DB_VFS_H
#define TARE_DB_VFS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct db_place {
	int dir;    /* its directory, O_PATH; owned */
	char *name; /* in `dir` */
	dev_t dev;
	ino_t ino;
	uid_t uid;
	bool writing;
	char *known, *journal; /* the names that SQLite uses for both files; set by db_vfs_add() */
};

/* Let SQLite open it by the name `known`. *p must not be moved until db_vfs_remove(), which also
 * accepts a place that was not added. Returns 0 or negative errno, not logged. */
int db_vfs_add(struct db_place *p);
void db_vfs_remove(struct db_place *p);

/* For sqlite3_open_v2(). */
extern const char db_vfs_name[];

/* Open the journal. Returns a descriptor, or -1 with errno: ENOENT (there is none), EPERM (tare
 * does not trust it). */
int db_vfs_open_journal(const struct db_place *p, int flags, mode_t mode);

#endif
