/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rolls back an unfinished commit in memory, for files that may not be written. Only for
 * user/store.
 */
#ifndef TARE_DB_ROLLBACK_H
#define TARE_DB_ROLLBACK_H

#include <stddef.h>

#include "store/db_vfs.h"

/* Apply a rollback journal (hostile input) to the bytes of a database. Returns the database's size
 * after that, at most `size`. An incomplete rest of the journal is ignored. */
size_t db_rollback(unsigned char *db, size_t size, const unsigned char *journal,
		   size_t journal_size);

/* Read a database and its journal, and apply the journal. The caller frees *data with
 * sqlite3_free().
 * Returns 0 or negative errno, not logged. */
int db_rollback_load(const struct db_place *p, unsigned char **data, size_t *size);

#endif
