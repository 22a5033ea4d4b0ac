/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/dumps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/recording.h"

#define PREFIX "tare-"
#define SUFFIX ".tare"
#define STAMP "00000000-000000-" /* 0: a digit */
#define FILES_MOST 100000        /* of the directory that are looked at */
#define PART ".part"             /* end of a dump's name until it is whole */
#define PART_OLD 600             /* seconds: then its maker was killed */
#define STORM 600                /* seconds between two dumps of one incident, at most */

bool dumps_is_name(const char *name)
{
	const char *at = name + strlen(PREFIX);
	size_t len = strlen(name);

	if (len <= strlen(PREFIX STAMP SUFFIX) || memcmp(name, PREFIX, strlen(PREFIX)) != 0 ||
	    strcmp(name + len - strlen(SUFFIX), SUFFIX) != 0)
		return false;
	for (const char *s = STAMP; *s; s++, at++)
		if (*s == '0' ? !g_ascii_isdigit(*at) : *at != *s)
			return false;
	for (; at < name + len - strlen(SUFFIX); at++)
		if (!g_ascii_isalnum(*at) && *at != '-')
			return false;
	return true;
}

static bool is_part(const char *name)
{
	g_autofree char *whole = NULL;

	if (!g_str_has_suffix(name, SUFFIX PART))
		return false;
	whole = g_strndup(name, strlen(name) - strlen(PART));
	return dumps_is_name(whole);
}

struct dump {
	char *name;
	int64_t time; /* seconds since the epoch, as the name says */
	uint64_t bytes;
};

static void dump_clear(void *p)
{
	g_free(((struct dump *)p)->name);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(((const struct dump *)a)->name, ((const struct dump *)b)->name);
}

static int64_t time_of(const char *name)
{
	struct tm tm = { 0 };

	return strptime(name + strlen(PREFIX), "%Y%m%d-%H%M%S", &tm) ? timegm(&tm) : 0;
}

/* Own regular files with the name of a dump, the oldest first. NULL: no such directory. Removes
 * what a killed agent left. */
static GArray *list(int dir, int64_t now)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	GArray *all;

	if (!d)
		return NULL;
	all = g_array_new(FALSE, FALSE, sizeof(struct dump));
	g_array_set_clear_func(all, dump_clear);
	for (unsigned n = 0; n < FILES_MOST && (e = readdir(d)); n++) {
		struct dump dump;
		struct stat st;

		if ((!dumps_is_name(e->d_name) && !is_part(e->d_name)) ||
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) ||
		    st.st_uid != geteuid())
			continue;
		if (is_part(e->d_name)) {
			if (st.st_mtime < now - PART_OLD)
				unlinkat(dir, e->d_name, 0);
			continue;
		}
		dump = (struct dump){ g_strdup(e->d_name), time_of(e->d_name),
				      (uint64_t)st.st_size };
		g_array_append_val(all, dump);
	}
	closedir(d);
	g_array_sort(all, by_name);
	return all;
}

/* The dump that came soonest after another one, if they are of one incident: where processes are
 * killed again and again, the first dump tells most, and those of other incidents must stay. Else
 * the oldest. */
static unsigned first_to_go(const GArray *all)
{
	const struct dump *d = (const struct dump *)all->data;
	int64_t least = STORM;
	unsigned first = 0;

	for (unsigned i = 1; i < all->len; i++)
		if (d[i].time - d[i - 1].time < least) {
			least = d[i].time - d[i - 1].time;
			first = i;
		}
	return first;
}

static void make_room(const struct dumps_config *c, int dir, int64_t now)
{
	GArray *all = list(dir, now);
	uint64_t bytes = c->max_size;

	if (!all)
		return;
	for (unsigned i = 0; i < all->len; i++)
		bytes += g_array_index(all, struct dump, i).bytes;
	while (all->len && (all->len >= c->keep || bytes > c->total)) {
		unsigned i = first_to_go(all);
		const struct dump *d = &g_array_index(all, struct dump, i);

		if (unlinkat(dir, d->name, 0) && errno != ENOENT)
			log_warn("%s/%s: cannot remove: %s", c->dir, d->name, g_strerror(errno));
		bytes -= d->bytes;
		g_array_remove_index(all, i);
	}
	g_array_unref(all);
}

/* A name that no file has: several dumps in a second get a number. */
static char *new_name(int dir, const char *why, int64_t now)
{
	time_t seconds = now;
	struct tm tm;
	char stamp[32];

	gmtime_r(&seconds, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	for (unsigned i = 1; i < 1000; i++) {
		g_autofree char *number = i > 1 ? g_strdup_printf("-%u", i) : g_strdup("");
		char *name = g_strdup_printf(PREFIX "%s-%s%s" SUFFIX, stamp, why, number);

		if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
			return name;
		g_free(name);
	}
	return NULL;
}

static int write_recording(const struct dumps_config *c, const char *path, struct report *report)
{
	struct recording_config config = { .max_size = c->max_size };
	struct recording *rec = NULL;
	int err = recording_create(&rec, path, &config);

	if (!err)
		err = recording_checkpoint(rec, report, true);
	recording_close(rec);
	return err;
}

/* The file has its name when it is whole. `keep` false: it is removed. */
static int write_part(const struct dumps_config *c, int dir, const char *name,
		      struct report *report, bool keep)
{
	g_autofree char *part = g_strconcat(name, PART, NULL);
	g_autofree char *path = g_build_filename(c->dir, part, NULL);
	int err = write_recording(c, path, report);

	if (!err && keep && renameat2(dir, part, dir, name, RENAME_NOREPLACE)) {
		err = -errno;
		log_error("%s/%s: %s", c->dir, name, g_strerror(errno));
	}
	if (err || !keep)
		unlinkat(dir, part, 0);
	return err;
}

static int open_dir(const struct dumps_config *c)
{
	int dir = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC), err = -errno;

	if (dir >= 0)
		return dir;
	log_error("%s: %s: no dump is written", c->dir, g_strerror(-err));
	return err;
}

int dumps_write(const struct dumps_config *c, struct report *report, const char *why, int64_t now,
		char **path)
{
	int dir = open_dir(c), err;
	g_autofree char *name = NULL;

	*path = NULL;
	if (dir < 0)
		return dir;
	make_room(c, dir, now);
	name = new_name(dir, why, now);
	err = name ? write_part(c, dir, name, report, true) : -EEXIST;
	if (name)
		*path = g_build_filename(c->dir, name, NULL);
	close(dir);
	if (recording_disk_full(err))
		log_error("%s: disk full: the dump is lost", *path);
	return err;
}

int dumps_try(const struct dumps_config *c, struct report *report, int64_t now)
{
	int dir = open_dir(c), err;
	g_autofree char *name = NULL;

	if (dir < 0)
		return dir;
	name = new_name(dir, "try", now);
	err = name ? write_part(c, dir, name, report, false) : -EEXIST;
	close(dir);
	if (recording_disk_full(err))
		log_error("%s: disk full", c->dir);
	return err;
}
