/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A SQLite file seen from outside, before SQLite is let near it: which one it is, is it of
 * the right sort, is its journal one that tare left, does nobody else write it. It is
 * opened once; the directory that it lies in is kept, and SQLite finds it and its journal
 * through that (db_vfs.h).
 */
#ifndef TARE_DB_FILE_H
#define TARE_DB_FILE_H

#include "store/db.h"
#include "store/db_vfs.h"

/* Where a file is that may be read: links are followed. Or where an output is, which may be
 * written: they are not. Then by its first bytes
 * (https://www.sqlite.org/fileformat2.html#the_database_header) and, if there is one, the
 * end of its journal. 0, or negative errno, said with `path`: -EBADMSG when it is another
 * sort of file, -EPROTONOSUPPORT when it is of another schema. */
int db_file_find(struct db_place *p, const char *path, const struct db_format *format);
int db_file_find_output(struct db_place *p, const struct fileout *out,
			const struct db_format *format);
void db_file_clear(struct db_place *p);

/* Be the only one who writes it until db_file_unlock(), which takes -1 too. The
 * descriptor, or negative errno, said: -EBUSY when somebody is. Readers, and the
 * sqlite3 shell, are not kept out. */
int db_file_lock(const struct db_place *p, const char *path);
void db_file_unlock(int fd);

#endif
