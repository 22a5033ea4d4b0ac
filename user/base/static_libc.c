/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/static_libc.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>

void static_libc_locale(void)
{
	setlocale(LC_CTYPE, "");
	/* Another character set's converter would be loaded at the first character. */
	if (IS_STATIC && strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C");
}

#ifdef TARE_STATIC

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define GETENT "/usr/bin/getent"
#define LINE_MOST 65536 /* bytes of an entry */

/* -Wl,--wrap=dlopen leads here. */
void *__wrap_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags)
{
	(void)name, (void)flags;
	return NULL;
}

/* -Wl,--defsym leads all of GnuTLS here. libmicrohttpd initializes it always, which succeeds, and
 * uses it for TLS only, which tare does not switch on. */
int tare_no_gnutls(void);
int tare_no_gnutls(void)
{
	return 0;
}

/* The output of `getent DATABASE KEY`; NULL: there is no such entry, or no getent. */
static FILE *getent(const char *database, const char *key)
{
	char *argv[] = { GETENT, (char *)database, "--", (char *)key, NULL };
	g_autofree char *text = NULL;
	int status, fd;
	FILE *lines;

	if (access(GETENT, X_OK) ||
	    !g_spawn_sync("/", argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &text, NULL,
			  &status, NULL) ||
	    !WIFEXITED(status) || WEXITSTATUS(status) || !*text)
		return NULL;
	fd = memfd_create("tare-getent", MFD_CLOEXEC);
	lines = fd < 0 ? NULL : fdopen(fd, "r+");
	if (!lines)
		return NULL;
	fputs(text, lines);
	rewind(lines);
	return lines;
}

/* Whose entry is looked for: `name` or, if it is NULL, `uid`. */
struct wanted {
	const char *name;
	uid_t uid;
};

static bool is_wanted(const struct wanted *w, const struct passwd *pw)
{
	return w->name ? !strcmp(w->name, pw->pw_name) : w->uid == pw->pw_uid;
}

/* Looks in a file in the format of /etc/passwd, which it closes. As getpwnam_r(). */
static int find_in(FILE *f, const struct wanted *w, struct passwd *pw, char *buf, size_t size,
		   struct passwd **found)
{
	int err;

	*found = NULL;
	if (!f)
		return 0;
	do
		err = fgetpwent_r(f, pw, buf, size, found);
	while (!err && !is_wanted(w, pw));
	fclose(f);
	if (err)
		*found = NULL;
	return err == ENOENT ? 0 : err;
}

static int find_user(const struct wanted *w, struct passwd *pw, char *buf, size_t size,
		     struct passwd **found)
{
	g_autofree char *number = g_strdup_printf("%u", w->uid);
	int err = find_in(fopen("/etc/passwd", "re"), w, pw, buf, size, found);

	if (err || *found)
		return err;
	return find_in(getent("passwd", w->name ?: number), w, pw, buf, size, found);
}

int getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t size, struct passwd **found)
{
	return find_user(&(struct wanted){ .name = name }, pw, buf, size, found);
}

int getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t size, struct passwd **found)
{
	return find_user(&(struct wanted){ .uid = uid }, pw, buf, size, found);
}

static struct passwd *find_static(const struct wanted *w)
{
	static struct passwd pw;
	static char buf[LINE_MOST];
	struct passwd *found;

	errno = find_user(w, &pw, buf, sizeof(buf), &found);
	return found;
}

struct passwd *getpwnam(const char *name)
{
	return find_static(&(struct wanted){ .name = name });
}

struct passwd *getpwuid(uid_t uid)
{
	return find_static(&(struct wanted){ .uid = uid });
}

static void add_group(GArray *groups, gid_t gid)
{
	for (unsigned i = 0; i < groups->len; i++)
		if (g_array_index(groups, gid_t, i) == gid)
			return;
	g_array_append_val(groups, gid);
}

/* `getent initgroups NAME` prints the name and the numbers. False: getent cannot tell. */
static bool groups_by_getent(GArray *groups, const char *name)
{
	FILE *f = getent("initgroups", name);
	unsigned gid;

	if (!f)
		return false;
	if (fscanf(f, "%*s") == 0)
		while (fscanf(f, "%u", &gid) == 1)
			add_group(groups, gid);
	fclose(f);
	return true;
}

static void groups_by_file(GArray *groups, const char *name)
{
	g_autofree char *buf = g_malloc(LINE_MOST);
	FILE *f = fopen("/etc/group", "re");
	struct group gr, *found;

	while (f && !fgetgrent_r(f, &gr, buf, LINE_MOST, &found))
		if (g_strv_contains((const char *const *)gr.gr_mem, name))
			add_group(groups, gr.gr_gid);
	if (f)
		fclose(f);
}

int getgrouplist(const char *name, gid_t gid, gid_t *list, int *n)
{
	g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
	int room = *n;

	add_group(groups, gid);
	if (!groups_by_getent(groups, name))
		groups_by_file(groups, name);
	*n = (int)groups->len;
	memcpy(list, groups->data, sizeof(gid_t) * (size_t)MIN(*n, room));
	return *n > room ? -1 : *n;
}

#endif
