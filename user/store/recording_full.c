/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Marks a recording whose disk is full.
 */
#include "store/recording_format.h"

/* The file does not grow: an existing row is changed, or a free place of a page is used. */
static int mark_full(const struct db *db)
{
	return sqlite3_exec(db->sqlite,
			    "INSERT OR REPLACE INTO figures VALUES ('complete', " G_STRINGIFY(
				    RECORDING_FULL) ")",
			    NULL, NULL, NULL);
}

/* The failed write has been rolled back, so that the disk has room for a small journal. If it has
 * not, write the one page without a journal. */
void recording_mark_full(const struct db *db)
{
	if (!sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	if (!mark_full(db))
		return;
	sqlite3_exec(db->sqlite, "PRAGMA journal_mode = MEMORY", NULL, NULL, NULL);
	mark_full(db);
}
