/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Examines a SQLite file before SQLite opens it: is it of the expected kind, did a tare leave its
 * journal, does another process write it? The path is resolved once. The file's directory is kept
 * open, and SQLite opens the file and its journal through it (db_vfs.h).
 */
#ifndef TARE_DB_FILE_H
#define TARE_DB_FILE_H

#include "store/db.h"
#include "store/db_vfs.h"

/* Find a file to read (symbolic links are followed), or an output to write (they are not). Its
 * kind is checked by its first bytes
 * (https://www.sqlite.org/fileformat2.html#the_database_header) and by the end of its journal, if
 * it has one. Returns 0, or negative errno, logged with `path`: -EBADMSG for another kind of file,
 * -EPROTONOSUPPORT for another schema. */
int db_file_find(struct db_place *p, const char *path, const struct db_format *format);
int db_file_find_output(struct db_place *p, const struct fileout *out,
			const struct db_format *format);
void db_file_clear(struct db_place *p);

/* Keep other tares from writing it until db_file_unlock(), which accepts -1 too. Returns a
 * descriptor, or negative errno, logged: -EBUSY if another tare writes it. Readers and the sqlite3
 * shell are not locked out. */
int db_file_lock(const struct db_place *p, const char *path);
void db_file_unlock(int fd);

#endif
