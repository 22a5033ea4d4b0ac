/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The files that SQLite may touch: a database that db_file.h found, and its journal, both
 * in a directory that is open. SQLite itself opens files by path, again and again (the
 * journal at each transaction), in a directory where others may write meanwhile: they
 * would have root follow a link, wait for a pipe, play back a journal of theirs, or remove
 * the file that such a journal names. Through this layer
 *   a name is looked up in the directory that is open, and no link is followed;
 *   what is not a regular file is not opened, nor waited for;
 *   the database is the very file that was examined;
 *   a journal has to be root's, tare's own user's or of whoever has the database, without
 *     a second name; another one is removed where the database is written;
 *   nothing else is opened, made or removed.
 * It must not know what is in a database. One thread at a time.
 */
#ifndef TARE_DB_VFS_H
#define TARE_DB_VFS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct db_place {
	int dir;    /* O_PATH; ours to close */
	char *name; /* in it */
	dev_t dev;
	ino_t ino;
	uid_t uid;
	bool writing;
	char *known, *journal; /* their names in SQLite, from db_vfs_add() on */
};

/* Let SQLite at it, as `known`. The place may not move until db_vfs_remove(), which takes
 * one that was not added too. 0, or negative errno, not said. */
int db_vfs_add(struct db_place *p);
void db_vfs_remove(struct db_place *p);

/* For sqlite3_open_v2(). */
extern const char db_vfs_name[];

/* An open journal, or -1 and errno: ENOENT there is none, EPERM it is not one that tare
 * plays back. */
int db_vfs_open_journal(const struct db_place *p, int flags, mode_t mode);

#endif
