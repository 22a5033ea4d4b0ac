/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Separate debug files: by build ID in /usr/lib/debug and, where DEBUGINFOD_URLS is
 * set, from its servers, which is libdwfl's business; by .gnu_debuglink beside the
 * program, which is ours, since anybody may have put anything there.
 */
#include <dlfcn.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"
#include "base/place.h"
#include "base/regular.h"
#include "symbol/module_impl.h"
#include "symbol/weight.h"

#define SERVERS_US (30 * 1000000LL)
#define COPY_MOST (512LL << 20)
#define COPY_PIECE (64 << 10)
#define CRC_ALL (4ULL << 30) /* bytes that are read for checksums, of all files: some seconds */
#define INSTALLED "/usr/lib/debug"

char *debugfile_path = INSTALLED;

/* In place of libc's, for all libraries. At the first debug file that is not installed libdw
 * would load libdebuginfod, and with it libcurl, gnutls, kerberos …: 7 MiB of memory, for
 * nothing where no server is to be asked. */
__attribute__((visibility("default"))) void *dlopen(const char *name, int flags)
{
	void *(*libcs)(const char *, int) =
		(void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");

	if (name && g_str_has_prefix(name, "libdebuginfod.") && !getenv("DEBUGINFOD_URLS"))
		return NULL;
	return libcs(name, flags);
}

/* libdw maps debug files, so one that others may change or cut meanwhile is copied. */
static int own_copy(int fd)
{
	struct stat st;
	off_t at = 0;
	int copy = -1;

	if (fd < 0 || fstat(fd, &st) || (!st.st_uid && !(st.st_mode & 022)))
		return fd;
	if (S_ISREG(st.st_mode) && st.st_size <= COPY_MOST)
		copy = memfd_create("tare-debug", MFD_CLOEXEC);
	while (copy >= 0 && at < st.st_size && sendfile(copy, fd, &at, st.st_size - at) > 0)
		;
	close(fd);
	return copy;
}

/* A folder, or where it would be made, that only root writes, by links that only root makes. */
static bool only_ours(const char *folder)
{
	g_autofree char *at = g_strdup(folder);
	struct place p;
	bool ours = false;
	int err;

	for (;;) {
		g_autofree char *below = g_build_filename(at, "x", NULL);
		char *up;

		err = place_find(&p, below, NULL);
		if ((err != -ENOENT && err != -EISDIR) || !strcmp(at, "/") || !strcmp(at, "."))
			break;
		up = g_path_get_dirname(at);
		g_free(at);
		at = up;
	}
	if (!err)
		ours = !place_shared(p.dir, NULL);
	place_clear(&p);
	return ours;
}

/* libdebuginfod keeps what it was sent in folders of these names, and follows any link that is
 * there: root would write, and clean up, where another user likes. */
static bool cache_is_ours(void)
{
	static const char *const in[] = { "HOME", "XDG_CACHE_HOME" };
	const char *path = getenv("DEBUGINFOD_CACHE_PATH");

	if (geteuid() || (path && *path))
		return geteuid() || only_ours(path);
	for (unsigned i = 0; i < G_N_ELEMENTS(in); i++) {
		path = getenv(in[i]);
		if (path && *path && !only_ours(path))
			return false;
	}
	return true;
}

static void refuse_others_cache(void)
{
	static bool asked;

	if (asked || !g_getenv("DEBUGINFOD_URLS"))
		return;
	asked = true;
	if (cache_is_ours())
		return;
	log_warn("DEBUGINFOD_URLS: no server is asked: others can write where its "
		 "files would be kept");
	log_hint("DEBUGINFOD_CACHE_PATH, or HOME, of a directory that only root writes");
	unsetenv("DEBUGINFOD_URLS");
}

/* A server of debug files that does not answer must not hold up a report: so long for
 * a file, where the user has not said otherwise, and so long for all of them. */
static int find_installed(Dwfl_Module *m, void **user, const char *name, Dwarf_Addr base,
			  const char *file, const char *link, GElf_Word crc, char **path)
{
	static int64_t left = SERVERS_US;
	int64_t before = g_get_monotonic_time();
	bool asks;
	int fd;

	refuse_others_cache();
	asks = g_getenv("DEBUGINFOD_URLS");
	setenv("DEBUGINFOD_TIMEOUT", "5", false);
	setenv("DEBUGINFOD_MAXTIME", "20", false);
	fd = dwfl_standard_find_debuginfo(m, user, name, base, file, link, crc, path);
	if (!asks)
		return fd;
	left -= g_get_monotonic_time() - before;
	if (left < 0) {
		log_warn("DEBUGINFOD_URLS: the servers took too long; they are asked no more");
		unsetenv("DEBUGINFOD_URLS");
	}
	return fd;
}

/* Its owner may write on while it is read, and have as many as there are programs. */
static bool crc_is(int fd, GElf_Word crc)
{
	static uint64_t left = CRC_ALL;
	g_autofree unsigned char *piece = g_malloc(COPY_PIECE);
	uLong sum = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n = -1;

	while (at <= COPY_MOST && left >= COPY_PIECE &&
	       (n = pread(fd, piece, COPY_PIECE, at)) > 0) {
		sum = crc32(sum, piece, (uInt)n);
		at += n;
		left -= (uint64_t)n;
	}
	return !n && sum == crc;
}

/* Of the same build: that is what the ID says or, where there is none, the checksum. */
static bool same_build(const struct module *m, int fd, GElf_Word crc)
{
	char id[sizeof(m->build_id)];
	Elf *elf;

	if (!*m->build_id)
		return crc_is(fd, crc);
	elf = module_elf(fd);
	module_id(elf, id);
	elf_end(elf);
	return !strcmp(id, m->build_id);
}

static int open_beside(const struct module *m, const char *folder, const char *link, GElf_Word crc,
		       char **path)
{
	g_autofree char *dir = g_path_get_dirname(m->path);
	g_autofree char *name = g_strdup_printf("%s/%s%s", dir, folder, link);
	struct stat st;
	int fd = regular_open(name, &st);

	if (fd < 0)
		return -1;
	if (st.st_size <= COPY_MOST && weight_of(fd) <= WEIGHT_MOST && st.st_ino != m->inode &&
	    same_build(m, fd, crc)) {
		*path = strdup(name);
		return own_copy(fd);
	}
	close(fd);
	return -1;
}

/* `link` with a slash is the name of what several debug files have in common (dwz). */
int debugfile_find(Dwfl_Module *dm, void **user, const char *name, Dwarf_Addr base,
		   const char *file, const char *link, GElf_Word crc, char **path)
{
	const struct module *m = *user;
	bool common = link && strchr(link, '/');
	int fd;

	if (common && (!file || !g_str_has_prefix(file, INSTALLED "/")))
		return -1;
	debugfile_path = common ? ":" INSTALLED : INSTALLED;
	fd = find_installed(dm, user, name, base, file, link, crc, path);
	if (fd < 0 && link && !common && m && m->path && m->path[0] == '/')
		fd = open_beside(m, "", link, crc, path);
	if (fd < 0 && link && !common && m && m->path && m->path[0] == '/')
		fd = open_beside(m, ".debug/", link, crc, path);
	return fd;
}
