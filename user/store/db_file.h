/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A SQLite file seen from outside, before SQLite is let near it: is it of the
 * right sort, is its journal one that tare left, does nobody else write it.
 */
#ifndef TARE_DB_FILE_H
#define TARE_DB_FILE_H

#include "store/db.h"

/* By its first bytes (https://www.sqlite.org/fileformat2.html#the_database_header)
 * and, if there is one, the end of its journal. 0, or negative errno, said: -EBADMSG
 * when it is another sort of file, -EPROTONOSUPPORT when it is of another schema. */
int db_file_check(const char *path, const struct db_format *format);

/* Be the only one who writes it until db_file_unlock(), which takes -1 too. The
 * descriptor, or negative errno, said: -EBUSY when somebody is. Readers, and the
 * sqlite3 shell, are not kept out. */
int db_file_lock(const char *path);
void db_file_unlock(int fd);

#endif
