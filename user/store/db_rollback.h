/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A half commit taken back in memory, for files that may not be written. Only for
 * user/store.
 */
#ifndef TARE_DB_ROLLBACK_H
#define TARE_DB_ROLLBACK_H

#include <stddef.h>

#include "store/db_vfs.h"

/* Play a journal, whoever made it, back into the bytes of a database. Returns the database's
 * size then, which is not larger. An unfinished rest of the journal is left out. */
size_t db_rollback(unsigned char *db, size_t size, const unsigned char *journal,
		   size_t journal_size);

/* The same of a place's files; *data is the caller's to sqlite3_free(). 0, or negative
 * errno, not said. */
int db_rollback_load(const struct db_place *p, unsigned char **data, size_t *size);

#endif
