/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rolls back an unfinished commit in memory, as SQLite does it in the file
 * (https://www.sqlite.org/fileformat2.html#the_rollback_journal).
 */
#include "store/db_rollback.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER 28
#define CHECKED_EACH 200 /* a checksum adds every 200th byte of a page */

static uint32_t read_number(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

struct journal {
	const unsigned char *data;
	size_t size, at;
	uint32_t records, nonce, pages, sector, page;
};

/* Parse the journal header at `at`, the begin of a sector. */
static bool take_header(struct journal *j)
{
	static const unsigned char magic[] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
	const unsigned char *h = j->data + j->at;

	if (j->size - j->at < HEADER || memcmp(h, magic, sizeof(magic)))
		return false;
	j->records = read_number(h + 8);
	j->nonce = read_number(h + 12);
	j->pages = read_number(h + 16);
	j->sector = read_number(h + 20);
	j->page = read_number(h + 24);
	if (j->sector < 32 || j->sector > 65536 || j->sector > j->size - j->at)
		return false;
	j->at += j->sector;
	return j->page >= 512 && j->page <= 65536 && !(j->page & (j->page - 1));
}

static bool checksum_fits(const struct journal *j, const unsigned char *page)
{
	uint32_t sum = j->nonce;

	for (int i = (int)j->page - CHECKED_EACH; i > 0; i -= CHECKED_EACH)
		sum += page[i];
	return sum == read_number(page + j->page);
}

/* Write the old pages back into `db`. False: the rest of the journal was never completed. */
static bool play_records(struct journal *j, unsigned char *db, size_t size)
{
	size_t each = j->page + 8ULL;

	for (uint32_t i = 0; i < j->records && j->size - j->at >= each; i++, j->at += each) {
		const unsigned char *page = j->data + j->at + 4;
		uint64_t to = ((uint64_t)read_number(j->data + j->at) - 1) * j->page;

		if (!checksum_fits(j, page))
			return false;
		if (to < size && size - to >= j->page) /* pages are numbered from 1 */
			memcpy(db + to, page, j->page);
	}
	return true;
}

size_t db_rollback(unsigned char *db, size_t size, const unsigned char *journal,
		   size_t journal_size)
{
	struct journal j = { .data = journal, .size = journal_size };
	size_t pages = 0;

	while (take_header(&j)) {
		if (!pages) /* the first header has the size before the commit */
			pages = (size_t)j.pages * j.page;
		if (!play_records(&j, db, size))
			break;
		j.at = (j.at + j.sector - 1) / j.sector * j.sector;
		if (j.at >= j.size)
			break;
	}
	return pages ? MIN(pages, size) : size;
}

static unsigned char *read_all(int fd, size_t *size)
{
	struct stat st;
	unsigned char *data;

	if (fstat(fd, &st) || st.st_size <= 0 || st.st_size > 1 << 30)
		return NULL;
	data = sqlite3_malloc64((sqlite3_uint64)st.st_size);
	*size = 0;
	while (data && *size < (size_t)st.st_size) {
		ssize_t n = pread(fd, data + *size, (size_t)st.st_size - *size, (off_t)*size);

		if (n <= 0)
			break;
		*size += (size_t)n;
	}
	return data;
}

int db_rollback_load(const struct db_place *p, unsigned char **data, size_t *size)
{
	int fd = openat(p->dir, p->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	int journal_fd = db_vfs_open_journal(p, O_RDONLY, 0);
	unsigned char *db = NULL, *journal = NULL;
	size_t journal_size = 0;
	struct stat st;

	if (fd >= 0 && journal_fd >= 0 && !fstat(fd, &st) && st.st_ino == p->ino &&
	    st.st_dev == p->dev) {
		db = read_all(fd, size);
		journal = read_all(journal_fd, &journal_size);
	}
	if (db && journal)
		*size = db_rollback(db, *size, journal, journal_size);
	else
		g_clear_pointer(&db, sqlite3_free);
	sqlite3_free(journal);
	if (fd >= 0)
		close(fd);
	if (journal_fd >= 0)
		close(journal_fd);
	*data = db;
	return db ? 0 : -EIO;
}
