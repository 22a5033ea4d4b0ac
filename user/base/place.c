/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/place.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LINKS_MOST 40 /* as the kernel's own limit */

struct walk {
	const struct owner *caller;
	int dir;
	char *rest; /* of the path, from dir */
	unsigned links;
	bool linked; /* a link to the file itself was followed */
};

/* Has the directory an access control list (acl(5))? Then the group's permission bits are the
 * maximum for all users of the list. */
static bool has_list(int dir)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

bool place_shared(int dir, const struct owner *caller)
{
	struct stat st;

	if (fstat(dir, &st))
		return true;
	return !owner_trusts(caller, st.st_uid) || st.st_mode & S_IWOTH ||
	       (st.st_mode & S_IWGRP && (st.st_gid || has_list(dir)));
}

/* Is the directory sticky with a trusted owner? Then only the owner of an entry, or the owner of
 * the directory, can remove or replace that entry. */
static bool is_sticky(int dir, const struct owner *caller)
{
	struct stat st;

	return !fstat(dir, &st) && st.st_mode & S_ISVTX && owner_trusts(caller, st.st_uid);
}

static int walk_enter(struct walk *w, const char *name, int flags)
{
	int fd = openat(w->dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);

	if (fd < 0)
		return -errno;
	if (w->dir != AT_FDCWD)
		close(w->dir);
	w->dir = fd;
	return 0;
}

/* Is it in /proc? The links /proc/PID/root, cwd and fd lead elsewhere than to the path that they
 * show. */
static bool in_proc(int dir)
{
	struct statfs fs;

	return !fstatfs(dir, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

static int walk_follow_link(struct walk *w, const char *link, const struct stat *st, bool last)
{
	char target[PATH_MAX];
	ssize_t len;
	char *rest;

	/* A second name: somebody may have hard-linked one of root's links. */
	if (place_shared(w->dir, w->caller) &&
	    (last || !is_sticky(w->dir, w->caller) || !owner_trusts(w->caller, st->st_uid) ||
	     st->st_nlink > 1))
		return -ELOOP;
	if (++w->links > LINKS_MOST)
		return -ELOOP;
	if (in_proc(w->dir))
		return last ? -ELOOP : walk_enter(w, link, 0);
	len = readlinkat(w->dir, link, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	rest = last ? g_strdup(target) : g_strconcat(target, "/", w->rest, NULL);
	g_free(w->rest);
	w->rest = rest;
	w->linked |= last;
	return target[0] == '/' ? walk_enter(w, "/", 0) : 0;
}

/* Remove the first component from the rest, and return it. NULL: there is none. */
static char *next_component(struct walk *w, bool *last)
{
	char *at = w->rest + strspn(w->rest, "/"), *name, *rest;
	size_t len = strcspn(at, "/");

	if (!len)
		return NULL;
	name = g_strndup(at, len);
	*last = !at[len];
	rest = g_strdup(at + len + strspn(at + len, "/"));
	g_free(w->rest);
	w->rest = rest;
	return name;
}

/* Walk one component. Returns 1 if *name is the file's name; 0; or negative errno. */
static int walk_step(struct walk *w, char **name)
{
	g_autofree char *component = NULL;
	struct stat st;
	bool last;

	component = next_component(w, &last);
	if (!component)
		return -EISDIR; /* "/", or a slash at the end */
	if (!strcmp(component, ".") || !strcmp(component, ".."))
		return last ? -EISDIR : walk_enter(w, component, 0);
	if (fstatat(w->dir, component, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT || !last)
			return errno == ENOENT && !*w->rest ? -EISDIR : -errno;
	} else if (S_ISLNK(st.st_mode)) {
		return walk_follow_link(w, component, &st, last);
	}
	if (!last)
		return walk_enter(w, component, O_NOFOLLOW);
	*name = g_steal_pointer(&component);
	return 1;
}

int place_find(struct place *p, const char *path, const struct owner *caller)
{
	struct walk w = { .caller = caller, .dir = AT_FDCWD, .rest = g_strdup(path) };
	int ret = *path ? walk_enter(&w, *path == '/' ? "/" : ".", 0) : -ENOENT;

	*p = (struct place){ .dir = -1 };
	while (!ret)
		ret = walk_step(&w, &p->name);
	if (ret > 0 && w.linked && place_shared(w.dir, caller))
		ret = -ELOOP;
	g_free(w.rest);
	p->dir = w.dir;
	if (ret > 0)
		return 0;
	place_clear(p);
	return ret;
}

void place_clear(struct place *p)
{
	if (p->dir >= 0)
		close(p->dir);
	p->dir = -1;
	g_clear_pointer(&p->name, g_free);
}
