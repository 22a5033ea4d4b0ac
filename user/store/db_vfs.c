/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A copy of SQLite's own VFS for Unix, in which the system calls that open and remove files are
 * replaced. The replaced calls handle only the names of this VFS and pass on all others.
 */
#include "store/db_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/owner.h"

#define SAFELY (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* A journal has less than twice the bytes of its database, which is 1 GiB at most. */
#define JOURNAL_MOST ((off_t)2 << 30)

const char db_vfs_name[] = "tare";

static sqlite3_vfs *unix_vfs, vfs;
static GPtrArray *places; /* struct db_place, not owned */

static struct {
	int (*open)(const char *, int, int);
	int (*access)(const char *, int);
	int (*stat)(const char *, struct stat *);
	int (*unlink)(const char *);
	int (*open_directory)(const char *, int *);
} system_call;

/* The place that this path belongs to; NULL: none. */
static const struct db_place *place_of(const char *path, bool *journal)
{
	for (unsigned i = 0; path && i < places->len; i++) {
		const struct db_place *p = places->pdata[i];

		*journal = !strcmp(path, p->journal);
		if (*journal || !strcmp(path, p->known))
			return p;
	}
	return NULL;
}

static char *file_name(const struct db_place *p, bool journal)
{
	return journal ? g_strconcat(p->name, "-journal", NULL) : g_strdup(p->name);
}

static int refuse_file(int fd, int err)
{
	close(fd);
	errno = err;
	return -1;
}

int db_vfs_open_journal(const struct db_place *p, int flags, mode_t mode)
{
	g_autofree char *name = file_name(p, true);
	int fd = openat(p->dir, name, flags | SAFELY, mode);
	struct owner theirs = { .set = true, .uid = p->uid };
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st))
		return refuse_file(fd, errno);
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1 || st.st_size > JOURNAL_MOST ||
	    !owner_trusts(&theirs, st.st_uid))
		return refuse_file(fd, EPERM);
	return fd;
}

static int open_database(const struct db_place *p, int flags)
{
	int fd = openat(p->dir, p->name, (flags | SAFELY) & ~O_CREAT);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st))
		return refuse_file(fd, errno);
	return st.st_dev == p->dev && st.st_ino == p->ino ? fd : refuse_file(fd, ESTALE);
}

static int call_open(const char *path, int flags, int mode)
{
	bool journal;
	const struct db_place *p = place_of(path, &journal);

	if (!p)
		return system_call.open(path, flags, mode);
	return journal ? db_vfs_open_journal(p, flags, (mode_t)mode) : open_database(p, flags);
}

static int call_access(const char *path, int mode)
{
	bool journal;
	const struct db_place *p = place_of(path, &journal);
	g_autofree char *name = NULL;

	if (!p)
		return system_call.access(path, mode);
	name = file_name(p, journal);
	return faccessat(p->dir, name, mode, AT_EACCESS | AT_SYMLINK_NOFOLLOW);
}

static int call_stat(const char *path, struct stat *st)
{
	bool journal;
	const struct db_place *p = place_of(path, &journal);
	g_autofree char *name = NULL;

	if (!p)
		return system_call.stat(path, st);
	name = file_name(p, journal);
	return fstatat(p->dir, name, st, AT_SYMLINK_NOFOLLOW);
}

static int call_unlink(const char *path)
{
	bool journal;
	const struct db_place *p = place_of(path, &journal);
	g_autofree char *name = NULL;

	if (!p)
		return system_call.unlink(path);
	name = file_name(p, journal);
	return unlinkat(p->dir, name, 0);
}

static int call_open_directory(const char *path, int *fd)
{
	bool journal;
	const struct db_place *p = place_of(path, &journal);

	if (!p)
		return system_call.open_directory(path, fd);
	*fd = openat(p->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? SQLITE_CANTOPEN : SQLITE_OK;
}

/* Names are used as they are: no path is resolved. */
static int full_name(sqlite3_vfs *v, const char *name, int size, char *full)
{
	(void)v;
	if ((int)g_strlcpy(full, name, (gsize)size) >= size)
		return SQLITE_CANTOPEN;
	return SQLITE_OK;
}

/* `name` NULL: a temporary file of SQLite. */
static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags, int *got)
{
	bool journal;

	file->pMethods = NULL;
	if (name && (!place_of(name, &journal) ||
		     !(flags & (journal ? SQLITE_OPEN_MAIN_JOURNAL : SQLITE_OPEN_MAIN_DB))))
		return SQLITE_CANTOPEN;
	return unix_vfs->xOpen(v, name, file, flags, got);
}

/* A hostile journal may name another file, which SQLite would remove with it. */
static int vfs_delete(sqlite3_vfs *v, const char *name, int sync)
{
	bool journal;

	if (!place_of(name, &journal) || !journal)
		return SQLITE_IOERR_DELETE;
	return unix_vfs->xDelete(v, name, sync);
}

/* Before tare writes: remove a file that has the journal's name and is not trusted. */
static void remove_unusable_journal(const struct db_place *p)
{
	g_autofree char *name = file_name(p, true);
	int fd = db_vfs_open_journal(p, O_RDONLY, 0);

	if (fd >= 0)
		close(fd);
	else if (errno == EPERM || errno == ELOOP || errno == ENXIO || errno == ENODEV ||
		 errno == EACCES) /* not for lack of descriptors or memory */
		unlinkat(p->dir, name, 0);
}

static int vfs_access(sqlite3_vfs *v, const char *name, int flags, int *result)
{
	bool journal;
	const struct db_place *p = place_of(name, &journal);

	*result = 0;
	if (!p) /* a write-ahead log: tare's files have none */
		return SQLITE_OK;
	if (journal && p->writing)
		remove_unusable_journal(p);
	return unix_vfs->xAccess(v, name, flags, result);
}

static void *replace_call(const char *name, sqlite3_syscall_ptr call)
{
	sqlite3_syscall_ptr old = unix_vfs->xGetSystemCall(unix_vfs, name);

	unix_vfs->xSetSystemCall(unix_vfs, name, call);
	return (void *)old;
}

static int vfs_register(void)
{
	unix_vfs = sqlite3_vfs_find("unix");
	if (!unix_vfs || unix_vfs->iVersion < 3)
		return -ENOSYS;
	places = g_ptr_array_new();
	system_call.open = replace_call("open", (sqlite3_syscall_ptr)call_open);
	system_call.access = replace_call("access", (sqlite3_syscall_ptr)call_access);
	system_call.stat = replace_call("stat", (sqlite3_syscall_ptr)call_stat);
	system_call.unlink = replace_call("unlink", (sqlite3_syscall_ptr)call_unlink);
	system_call.open_directory =
		replace_call("openDirectory", (sqlite3_syscall_ptr)call_open_directory);
	vfs = *unix_vfs;
	vfs.zName = db_vfs_name;
	vfs.pNext = NULL;
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	vfs.xAccess = vfs_access;
	vfs.xFullPathname = full_name;
	return sqlite3_vfs_register(&vfs, 0) ? -ENOMEM : 0;
}

int db_vfs_add(struct db_place *p)
{
	static unsigned number;
	int err = places ? 0 : vfs_register();

	if (err)
		return err;
	p->known = g_strdup_printf("/tare/%u", ++number);
	p->journal = g_strconcat(p->known, "-journal", NULL);
	g_ptr_array_add(places, p);
	return 0;
}

void db_vfs_remove(struct db_place *p)
{
	if (places)
		g_ptr_array_remove(places, p);
	g_clear_pointer(&p->known, g_free);
	g_clear_pointer(&p->journal, g_free);
}
