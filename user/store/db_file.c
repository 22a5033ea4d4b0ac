/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

#define HEADER 100
#define LARGEST ((off_t)1 << 30)

/* Where SQLite puts no lock of its own: its last is 511 bytes after 2^30. */
#define LOCK_BYTE (((off_t)1 << 30) + 1024)

static int cannot(const char *what, const char *path)
{
	int err = -errno;

	error("cannot %s %s: %s", what, path, strerror(errno));
	return err;
}

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int check_header(const char *path, const unsigned char *header, ssize_t len,
			const struct db_format *format)
{
	if (len < HEADER || memcmp(header, "SQLite format 3", 16) ||
	    big_endian(header + 68) != format->application_id) {
		error("%s is not a file of %s", path, format->what);
		return -EBADMSG;
	}
	if (big_endian(header + 60) != format->schema) {
		bool newer = big_endian(header + 60) > format->schema;

		error("%s was made by %s tare (schema %u; this one has %u)", path,
		      newer ? "a newer" : "an older", big_endian(header + 60), format->schema);
		return -EPROTONOSUPPORT;
	}
	/* To read with a write-ahead log, SQLite would make files beside it. */
	if (header[18] != 1 || header[19] != 1) {
		error("%s is not as tare made it: it has a write-ahead log", path);
		hint("sqlite3 %s 'PRAGMA journal_mode = delete'", path);
		return -EBADMSG;
	}
	return 0;
}

static int check_main(const char *path, const struct db_format *format)
{
	unsigned char header[HEADER];
	/* O_NONBLOCK: a fifo does not wait for its other end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err = 0;
	struct stat st;
	ssize_t len;

	if (fd < 0)
		return cannot("read", path);
	if (fstat(fd, &st)) {
		err = cannot("read", path);
	} else if (!S_ISREG(st.st_mode)) {
		error("%s is not a regular file", path);
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EBADMSG;
	} else if (st.st_size > LARGEST) {
		error("%s is too large for a file of %s", path, format->what);
		err = -EFBIG;
	} else {
		len = pread(fd, header, sizeof(header), 0);
		err = len < 0 ? cannot("read", path) : check_header(path, header, len, format);
	}
	close(fd);
	return err;
}

/* Does a journal end with the name of a super-journal? Playing it back, SQLite
 * would delete whatever file that names. tare has none: it writes one file. */
static int check_journal_end(const char *journal, int fd)
{
	static const unsigned char magic[] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
	unsigned char end[sizeof(magic)];
	struct stat st;

	if (fstat(fd, &st))
		return cannot("read", journal);
	if (!S_ISREG(st.st_mode)) {
		error("%s is not a regular file", journal);
		return -EBADMSG;
	}
	if (st.st_size < (off_t)sizeof(end))
		return 0;
	if (pread(fd, end, sizeof(end), st.st_size - (off_t)sizeof(end)) < 0)
		return cannot("read", journal);
	if (memcmp(end, magic, sizeof(magic)))
		return 0;
	error("%s is not of tare: it belongs to a transaction over more files", journal);
	return -EBADMSG;
}

static int check_journal(const char *path)
{
	/* It lies where the file does, not where a link to it does. */
	char *real = realpath(path, NULL);
	g_autofree char *journal = g_strconcat(real ? real : path, "-journal", NULL);
	int fd, err;

	free(real);
	fd = open(journal, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? 0 : cannot("read", journal);
	err = check_journal_end(journal, fd);
	close(fd);
	return err;
}

int db_file_check(const char *path, const struct db_format *format)
{
	int err = check_main(path, format);

	return err ? err : check_journal(path);
}

int db_file_lock(const char *path)
{
	/* Of the open file, not of the process: closing another descriptor of it
	 * does not end the lock. */
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_BYTE, .l_len = 1
	};
	int fd = open(path, O_RDWR | O_CLOEXEC), err = 0;

	if (fd < 0)
		return cannot("write", path);
	if (fcntl(fd, F_OFD_SETLK, &lock)) {
		if (errno == EAGAIN || errno == EACCES) {
			error("%s: another tare is writing it", path);
			err = -EBUSY;
		} else {
			err = cannot("lock", path);
		}
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

void db_file_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}
