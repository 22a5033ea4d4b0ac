/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define HEADER 100
#define LARGEST ((off_t)1 << 30)

/* Beyond SQLite's own locks, which end 511 bytes after 2^30. */
#define LOCK_BYTE (((off_t)1 << 30) + 1024)

static int cannot_do(const char *what, const char *path)
{
	int err = -errno;

	log_error("cannot %s %s: %s", what, path, strerror(errno));
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
		log_error("%s is not a file of %s", path, format->what);
		return -EBADMSG;
	}
	if (big_endian(header + 60) != format->schema) {
		bool newer = big_endian(header + 60) > format->schema;

		log_error("%s was made by %s tare (schema %u; this one has %u)", path,
			  newer ? "a newer" : "an older", big_endian(header + 60), format->schema);
		return -EPROTONOSUPPORT;
	}
	/* To read a file with a write-ahead log, SQLite would create files in its directory. */
	if (header[18] != 1 || header[19] != 1) {
		log_error("%s was changed by another program: it has a write-ahead log", path);
		log_hint("sqlite3 %s 'PRAGMA journal_mode = delete'", path);
		return -EBADMSG;
	}
	return 0;
}

static int check_main(const char *path, int fd, const struct db_format *format)
{
	unsigned char header[HEADER];
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st))
		return cannot_do("read", path);
	if (!S_ISREG(st.st_mode)) {
		log_error("%s is not a regular file", path);
		return S_ISDIR(st.st_mode) ? -EISDIR : -EBADMSG;
	}
	if (st.st_size > LARGEST) {
		log_error("%s is too large for a file of %s", path, format->what);
		return -EFBIG;
	}
	len = pread(fd, header, sizeof(header), 0);
	return len < 0 ? cannot_do("read", path) : check_header(path, header, len, format);
}

/* Does a journal end with the name of a super-journal? SQLite would remove the file of that name
 * when it applies the journal. tare's journals have none: its transactions write one file. */
static int check_journal_end(const char *path, int fd)
{
	static const unsigned char magic[] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
	unsigned char end[sizeof(magic)];
	struct stat st;

	if (fstat(fd, &st))
		return cannot_do("read", path);
	if (st.st_size < (off_t)sizeof(end))
		return 0;
	if (pread(fd, end, sizeof(end), st.st_size - (off_t)sizeof(end)) < 0)
		return cannot_do("read", path);
	if (memcmp(end, magic, sizeof(magic)))
		return 0;
	log_error("%s-journal was not made by tare: it belongs to a transaction over several files",
		  path);
	return -EBADMSG;
}

/* The journal is in the directory of the file, not in that of a symbolic link to it. */
static int check_journal(const struct db_place *p, const char *path)
{
	int fd = db_vfs_open_journal(p, O_RDONLY, 0), err;

	if (fd < 0 && errno == ENOENT)
		return 0;
	/* If the file is opened for writing, db_vfs.c removes a journal that is not trusted. */
	if (fd < 0 && p->writing)
		return 0;
	if (fd < 0 && errno != EACCES) {
		log_error(
			"%s-journal was not made by tare: it is no regular file, belongs to another"
			" user, or is too large",
			path);
		return -EBADMSG;
	}
	if (fd < 0)
		return cannot_do("read the journal of", path);
	err = check_journal_end(path, fd);
	close(fd);
	return err;
}

static void remember_file(struct db_place *p, const struct stat *st)
{
	p->dev = st->st_dev;
	p->ino = st->st_ino;
	p->uid = st->st_uid;
}

/* Find the directory of the file that `path` leads to, through symbolic links. */
static int find_directory(struct db_place *p, const char *path, int fd)
{
	char *real = realpath(path, NULL);
	g_autofree char *dir = real ? g_path_get_dirname(real) : NULL;
	struct stat st, there;
	int err = 0;

	p->name = real ? g_path_get_basename(real) : NULL;
	free(real);
	p->dir = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (p->dir < 0 || fstat(fd, &st) || fstatat(p->dir, p->name, &there, AT_SYMLINK_NOFOLLOW)) {
		err = cannot_do("read", path);
	} else if (st.st_dev != there.st_dev || st.st_ino != there.st_ino) {
		log_error("%s: it was replaced by another file meanwhile", path);
		err = -ESTALE;
	} else {
		remember_file(p, &st);
	}
	return err;
}

int db_file_find(struct db_place *p, const char *path, const struct db_format *format)
{
	/* O_NONBLOCK: opening a fifo must not wait for its other end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err;

	*p = (struct db_place){ .dir = -1 };
	if (fd < 0)
		return cannot_do("read", path);
	err = check_main(path, fd, format);
	if (!err)
		err = find_directory(p, path, fd);
	if (!err)
		err = check_journal(p, path);
	close(fd);
	if (err)
		db_file_clear(p);
	return err;
}

int db_file_find_output(struct db_place *p, const struct fileout *out,
			const struct db_format *format)
{
	const char *path = fileout_path(out);
	struct stat st;
	int fd, err;

	*p = (struct db_place){ .dir = -1, .writing = true };
	if (!fileout_is_file(out)) {
		log_error("%s is not a regular file", path);
		return -EBADMSG;
	}
	fd = openat(fileout_dir(out), fileout_name(out),
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return cannot_do("read", path);
	err = check_main(path, fd, format);
	if (!err && fstat(fd, &st)) {
		err = cannot_do("read", path);
	} else if (!err && !fileout_trusts(out, st.st_uid)) {
		log_error("%s belongs to another user, in a directory where other users may write",
			  path);
		err = -EACCES;
	} else if (!err) {
		remember_file(p, &st);
		p->name = g_strdup(fileout_name(out));
		p->dir = fcntl(fileout_dir(out), F_DUPFD_CLOEXEC, 0);
		err = p->dir < 0 ? cannot_do("read", path) : check_journal(p, path);
	}
	close(fd);
	if (err)
		db_file_clear(p);
	return err;
}

void db_file_clear(struct db_place *p)
{
	if (p->dir >= 0)
		close(p->dir);
	p->dir = -1;
	g_clear_pointer(&p->name, g_free);
}

static int open_to_lock(const struct db_place *p)
{
	int fd = openat(p->dir, p->name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || (!fstat(fd, &st) && st.st_dev == p->dev && st.st_ino == p->ino))
		return fd;
	close(fd);
	errno = ESTALE;
	return -1;
}

int db_file_lock(const struct db_place *p, const char *path)
{
	/* A lock of the open file description, not of the process: it stays when another descriptor
	 * of the file is closed. */
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_BYTE, .l_len = 1
	};
	int fd = open_to_lock(p), err = 0;

	if (fd < 0)
		return cannot_do("write", path);
	if (fcntl(fd, F_OFD_SETLK, &lock)) {
		if (errno == EAGAIN || errno == EACCES) {
			log_error("%s: another tare is writing it", path);
			err = -EBUSY;
		} else {
			err = cannot_do("lock", path);
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
