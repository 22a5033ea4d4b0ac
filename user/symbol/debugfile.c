/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finds separate debug files. libdwfl finds them by build ID in /usr/lib/debug and, if
 * DEBUGINFOD_URLS is set, downloads them; a static tare does so with debuginfod-find. This file finds them by .gnu_debuglink in the
 * directory of the program. Anybody may have written that directory, so the file found there is
 * checked.
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
#include "base/static_libc.h"
#include "symbol/module_impl.h"
#include "symbol/weight.h"

#define SERVERS_US (30 * 1000000LL) /* time for all downloads */
#define COPY_MOST (512LL << 20)     /* bytes of a debug file next to a program */
#define COPY_PIECE (64 << 10)
#define CRC_ALL (4ULL << 30) /* bytes to read for checksums in all: takes some seconds */
#define INSTALLED "/usr/lib/debug"

char *debugfile_path = INSTALLED;

#ifndef TARE_STATIC
/* Replaces libc's dlopen() for all libraries. libdw loads libdebuginfod at the first debug file
 * that is not installed, and with it libcurl, gnutls, kerberos …: 7 MiB of memory. Without
 * DEBUGINFOD_URLS this would be useless, so it fails. */
__attribute__((visibility("default"))) void *dlopen(const char *name, int flags)
{
	void *(*libcs)(const char *, int) =
		(void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");

	if (name && g_str_has_prefix(name, "libdebuginfod.") && !getenv("DEBUGINFOD_URLS"))
		return NULL;
	return libcs(name, flags);
}
#endif

/* libdw maps debug files. A file that others can write could be truncated meanwhile, which would
 * kill tare (SIGBUS), so it is copied. Takes the descriptor and returns one; -1: cannot copy. */
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

/* Can only root write to this directory and to every link on the way to it? If it does not exist,
 * its nearest existing parent counts. */
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

/* libdebuginfod writes downloads to a directory below one of these variables, and follows any
 * link there. If another user can write there, root would create and remove files where that
 * user wants. */
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
	static bool checked;

	if (checked || !g_getenv("DEBUGINFOD_URLS"))
		return;
	checked = true;
	if (cache_is_ours())
		return;
	log_warn("DEBUGINFOD_URLS is ignored: other users can write to the directory of downloads");
	log_hint("set DEBUGINFOD_CACHE_PATH or HOME to a directory that only root can write");
	unsetenv("DEBUGINFOD_URLS");
}

/* The path of debuginfod-find; NULL: it cannot be used, and why has been said. Root runs only what
 * nobody else can replace. */
static const char *finder(void)
{
	static char *path;
	static bool looked;

	if (looked)
		return path;
	looked = true;
	path = g_find_program_in_path("debuginfod-find");
	if (path && (path[0] == '/') && (geteuid() || only_ours(path)))
		return path;
	if (path)
		log_warn("DEBUGINFOD_URLS is ignored: other users can replace %s", path);
	else
		log_warn("DEBUGINFOD_URLS is ignored: a static tare downloads with "
			 "debuginfod-find, which is not in PATH");
	log_hint(path ? "a PATH of directories that only root can write" : "apt install debuginfod");
	g_clear_pointer(&path, g_free);
	return NULL;
}

/* Downloads the debug file of a build with debuginfod-find, which prints where it is. Returns a
 * descriptor, or -1. */
static int download(const char *build_id, char **path)
{
	char *argv[] = { (char *)finder(), "debuginfo", (char *)build_id, NULL };
	g_autofree char *said = NULL;
	struct stat st;
	int status, fd;

	if (!*build_id || !argv[0] ||
	    !g_spawn_sync("/", argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &said, NULL,
			  &status, NULL) ||
	    status)
		return -1;
	g_strchomp(said);
	fd = said[0] == '/' ? regular_open(said, &st) : -1;
	if (fd >= 0)
		*path = strdup(said);
	return own_copy(fd);
}

/* Servers that do not answer must not delay the report: a download may take 20 s unless the user
 * set another limit, and all downloads together SERVERS_US. */
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
	if (IS_STATIC && fd < 0 && *user)
		fd = download(((const struct module *)*user)->build_id, path);
	left -= g_get_monotonic_time() - before;
	if (left < 0) {
		log_warn("DEBUGINFOD_URLS: the servers took more than 30 s; "
			 "no more debug files are downloaded");
		unsetenv("DEBUGINFOD_URLS");
	}
	return fd;
}

/* Is this the CRC of the file? The file's owner may append to it meanwhile, or make many files:
 * the bytes of one file and of all files are bounded. */
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

/* Is the debug file of the same build as the module? Compares build IDs or, if the module has
 * none, the checksum. */
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

/* A `link` with a slash names a file of what several debug files have in common (dwz). It is
 * used only for debug files in /usr/lib/debug. */
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
