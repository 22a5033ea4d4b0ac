/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A recording on a disk that is full: the last word in it.
 */
#include "store/recording_format.h"

/* Nothing grows by it: a row that is there is changed, or put where there is room. */
static int mark_full(const struct db *db)
{
	return sqlite3_exec(db->sqlite,
			    "INSERT OR REPLACE INTO figures VALUES ('complete', " G_STRINGIFY(
				    RECORDING_FULL) ")",
			    NULL, NULL, NULL);
}

/* What could not be written has been given back to the disk, and a small journal fits. If
 * not even that: without one, for the one page. */
void recording_mark_full(const struct db *db)
{
	if (!sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	if (!mark_full(db))
		return;
	sqlite3_exec(db->sqlite, "PRAGMA journal_mode = MEMORY", NULL, NULL, NULL);
	mark_full(db);
}
