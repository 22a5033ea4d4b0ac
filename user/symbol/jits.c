/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/jits.h"

#include <fcntl.h>
#include <glib.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/regular.h"
#include "symbol/module_impl.h"
#include "symbol/perfmap.h"

#define NS 1000000000LL
#define MAP_MOST (64ULL << 20)  /* bytes read of the maps of one process */
#define ALL_MOST (64ULL << 20)  /* bytes read of all maps that are kept */
#define GONE_MOST 256           /* address spaces that are gone and whose names are kept */
#define GONE_BYTES (8ULL << 20) /* bytes of the maps of these */
#define FORKS_MOST 8            /* generations of forks that are searched for a name */
#define OWNERS 4                /* real, effective, saved and file system uid */
#define CLOCK_STEP (NS / 10)    /* file times have the resolution of a tick; clocks are adjusted */

/* An address space. */
struct jit {
	uint64_t parent; /* the mm that it was forked from; 0: none */
	bool known;      /* the next three fields are valid */
	pid_t inner;     /* pid in the process's own PID namespace; 0: not known */
	uid_t owners[OWNERS];
	int64_t since; /* start of the program, ns of CLOCK_REALTIME */
	pid_t pid;
	bool has_code, gone;
	uint64_t round;        /* jits.round at the last look */
	struct perfmap *names; /* NULL: no map was ever found */
	uint64_t read;         /* bytes of its maps */
	/* -1: not open. `root` is open from the first sample of JIT code to the end. */
	int map, root;
	dev_t dev;
	ino_t inode;
};

struct jits {
	GHashTable *by_mm;                    /* id -> struct jit */
	uint64_t read, cut;                   /* bytes of all kept maps; lines left out */
	unsigned open, open_most, not_opened; /* file descriptors; maps left out */
	uint64_t round;                       /* counts batches of samples */
	/* Address spaces that are gone and have names, and bytes of their maps; limits for
	 * jits_crowded(). */
	unsigned gone, next_gone;
	uint64_t gone_bytes, next_bytes;
};

static void jit_free(gpointer p)
{
	struct jit *jit = p;

	if (jit->map >= 0)
		close(jit->map);
	if (jit->root >= 0)
		close(jit->root);
	perfmap_free(jit->names);
	g_free(jit);
}

struct jits *jits_new(void)
{
	struct jits *j = g_new0(struct jits, 1);
	struct rlimit files = { .rlim_cur = 1024 };

	getrlimit(RLIMIT_NOFILE, &files);
	j->open_most = MIN(files.rlim_cur, 1u << 16) / 4;
	j->next_gone = GONE_MOST;
	j->next_bytes = GONE_BYTES;
	j->by_mm = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, jit_free);
	return j;
}

void jits_free(struct jits *j)
{
	GHashTableIter iter;
	gpointer value;

	if (!j)
		return;
	g_hash_table_iter_init(&iter, j->by_mm);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((struct jit *)value)->names)
			j->cut += perfmap_dropped(((struct jit *)value)->names);
	if (j->cut || j->not_opened)
		log_warn("some names of just-in-time compiled code are missing: %" G_GUINT64_FORMAT
			 " lines of perf maps left out, %u perf maps not opened",
			 j->cut, j->not_opened);
	g_hash_table_unref(j->by_mm);
	g_free(j);
}

static int64_t clock_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

/* The start time of a process from /proc/PID/stat, ns of CLOCK_BOOTTIME. 0: not known. */
static uint64_t process_began(pid_t pid)
{
	struct proc_stat stat;

	if (proc_stat_read(pid, &stat))
		return 0;
	return stat.start * (NS / sysconf(_SC_CLK_TCK));
}

/* Read the process's pid in its own namespace, and its uids. */
static bool read_status(struct jit *jit)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", jit->pid);
	FILE *f = fopen(path, "re");
	char line[1024];
	uid_t *o = jit->owners;
	bool found = false;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Uid: %u %u %u %u", &o[0], &o[1], &o[2], &o[3]) == OWNERS)
			found = true;
		if (g_str_has_prefix(line, "NSpid:")) { /* outermost first */
			char *last = strrchr(line, '\t');

			jit->inner = last ? atoi(last) : 0;
		}
	}
	if (f)
		fclose(f);
	return found;
}

static void read_start(struct jit *jit, uint64_t since_ns)
{
	since_ns = since_ns ? since_ns : process_began(jit->pid);
	if (since_ns)
		jit->since =
			(int64_t)since_ns + clock_now(CLOCK_REALTIME) - clock_now(CLOCK_BOOTTIME);
	jit->known = read_status(jit);
}

static struct jit *add_jit(struct jits *j, uint64_t mm, pid_t pid)
{
	struct jit *jit = g_new0(struct jit, 1);

	jit->map = jit->root = -1;
	jit->pid = pid;
	g_hash_table_replace(j->by_mm, g_memdup2(&mm, sizeof(mm)), jit);
	return jit;
}

static struct jit *find_jit(const struct jits *j, uint64_t mm)
{
	return mm ? g_hash_table_lookup(j->by_mm, &mm) : NULL;
}

void jits_image(struct jits *j, uint64_t mm, pid_t pid, uint64_t since_ns)
{
	if (mm && !find_jit(j, mm))
		read_start(add_jit(j, mm, pid), since_ns);
}

/* Does not read /proc: forks are many, and few of them have JIT code. jits_look() reads it. */
void jits_fork(struct jits *j, uint64_t mm, uint64_t parent, pid_t pid)
{
	const struct jit *from = find_jit(j, parent);
	struct jit *jit;

	if (!mm || mm == parent || find_jit(j, mm))
		return;
	jit = add_jit(j, mm, pid);
	jit->parent = parent;
	if (from) {
		memcpy(jit->owners, from->owners, sizeof(jit->owners));
		jit->since = from->since;
	}
}

int jits_open_map(int dir, pid_t pid, const uid_t *owners, unsigned n, int64_t since)
{
	g_autofree char *name = g_strdup_printf("tmp/perf-%d.map", pid);
	/* Links in the path are resolved as the process sees them, and never leave its root. */
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int found = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how)), fd;
	struct stat st;
	bool own;

	fd = found < 0 ? -1 : regular_open_found(found, &st);
	if (fd < 0)
		return -1;
	own = !st.st_uid;
	for (unsigned i = 0; i < n && !own; i++)
		own = st.st_uid == owners[i];
	/* A file of root with several names: somebody else may have hard-linked it here. */
	if (own && (st.st_nlink == 1 || st.st_uid) &&
	    st.st_mtim.tv_sec * NS + st.st_mtim.tv_nsec + CLOCK_STEP >= since)
		return fd;
	close(fd);
	return -1;
}

static void close_one(struct jits *j, int *fd)
{
	if (*fd < 0)
		return;
	close(*fd);
	*fd = -1;
	j->open--;
}

/* Open the current root directory of the process. If the process is gone, keep the root that is
 * open, or else use our own. False: no root. */
static bool open_root(struct jits *j, struct jit *jit)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/root", jit->pid);
	int fd = jit->gone ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && jit->root < 0)
		fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return jit->root >= 0;
	close_one(j, &jit->root);
	jit->root = fd;
	j->open++;
	return true;
}

static void read_on(struct jits *j, struct jit *jit, bool last)
{
	uint64_t most = MIN(MAP_MOST - MIN(jit->read, MAP_MOST), ALL_MOST - MIN(j->read, ALL_MOST));
	uint64_t n = jit->map < 0 ? 0 : perfmap_update(jit->names, jit->map, most, last);

	jit->read += n;
	j->read += n;
}

/* Open the map, or the new map if the process has replaced its file. */
static void open_map(struct jits *j, struct jit *jit)
{
	struct stat st;
	int fd;

	if (j->open + 2 > j->open_most && jit->root < 0) {
		j->not_opened++;
		return;
	}
	if (!open_root(j, jit))
		return;
	fd = jits_open_map(jit->root, jit->inner ? jit->inner : jit->pid, jit->owners, OWNERS,
			   jit->since);
	if (fd < 0)
		return;
	if (fstat(fd, &st) || (jit->map >= 0 && st.st_dev == jit->dev && st.st_ino == jit->inode)) {
		close(fd);
		return;
	}
	read_on(j, jit, true);
	close_one(j, &jit->map);
	jit->map = fd;
	jit->dev = st.st_dev;
	jit->inode = st.st_ino;
	j->open++;
	if (!jit->names)
		jit->names = perfmap_new();
}

void jits_look(struct jits *j, uint64_t mm, pid_t pid)
{
	struct jit *jit = find_jit(j, mm) ?: (mm ? add_jit(j, mm, pid) : NULL);

	if (!jit || jit->gone || (jit->has_code && jit->round == j->round))
		return;
	jit->round = j->round;
	if (!jit->known)
		read_start(jit, 0);
	if (jit->parent && !jit->has_code &&
	    find_jit(j, jit->parent)) /* the code may be the parent's */
		jits_look(j, jit->parent, find_jit(j, jit->parent)->pid);
	jit->has_code = true;
	open_map(j, jit);
	read_on(j, jit, false);
}

void jits_round(struct jits *j)
{
	j->round++;
}

void jits_look_all(struct jits *j)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, j->by_mm);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct jit *jit = value;

		if (!jit->has_code || jit->gone)
			continue;
		open_map(j, jit);
		read_on(j, jit, false);
	}
}

void jits_gone(struct jits *j, uint64_t mm)
{
	struct jit *jit = find_jit(j, mm);

	if (!jit || jit->gone)
		return;
	jit->gone = true;
	if (jit->has_code) /* some runtimes write their map only at exit */
		open_map(j, jit);
	read_on(j, jit, true);
	close_one(j, &jit->map);
	close_one(j, &jit->root);
	if (!jit->names) {
		g_hash_table_remove(j->by_mm, &mm);
		return;
	}
	j->gone++;
	j->gone_bytes += jit->read;
}

bool jits_crowded(const struct jits *j)
{
	return j->gone > j->next_gone || j->gone_bytes > j->next_bytes;
}

/* The set of address spaces with a live copy: jits_name() still needs their names. */
static GHashTable *find_parents(const struct jits *j)
{
	GHashTable *set = g_hash_table_new(g_int64_hash, g_int64_equal);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, j->by_mm);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct jit *jit = value;

		for (int i = 1; jit && (i > 1 || !jit->gone) && jit->parent && i < FORKS_MOST;
		     i++) {
			g_hash_table_add(set, &jit->parent);
			jit = find_jit(j, jit->parent);
		}
	}
	return set;
}

void jits_forget(struct jits *j)
{
	g_autoptr(GHashTable) needed = find_parents(j);
	g_autoptr(GArray) dead = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	GHashTableIter iter;
	gpointer mm, value;

	g_hash_table_iter_init(&iter, j->by_mm);
	while (g_hash_table_iter_next(&iter, &mm, &value))
		if (((struct jit *)value)->gone && !g_hash_table_contains(needed, mm))
			g_array_append_vals(dead, mm, 1);
	for (unsigned i = 0; i < dead->len; i++) {
		uint64_t id = g_array_index(dead, uint64_t, i);
		const struct jit *jit = find_jit(j, id);

		j->cut += perfmap_dropped(jit->names);
		j->read -= jit->read;
		j->gone_bytes -= jit->read;
		j->gone--;
		g_hash_table_remove(j->by_mm, &id);
	}
	j->next_gone = MAX(GONE_MOST, 2 * j->gone);
	j->next_bytes = MAX(GONE_BYTES, 2 * j->gone_bytes);
}

void jits_keep(struct jits *j, GHashTable *alive)
{
	g_autoptr(GArray) dead = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	GHashTableIter iter;
	gpointer mm, value;

	g_hash_table_iter_init(&iter, j->by_mm);
	while (g_hash_table_iter_next(&iter, &mm, &value))
		if (!((struct jit *)value)->gone && !g_hash_table_contains(alive, mm))
			g_array_append_vals(dead, mm, 1);
	for (unsigned i = 0; i < dead->len; i++)
		jits_gone(j, g_array_index(dead, uint64_t, i));
}

const char *jits_name(const struct jits *j, uint64_t mm, uint64_t address, uint64_t *start)
{
	const char *name = NULL;

	for (int i = 0; i < FORKS_MOST && !name; i++) {
		const struct jit *jit = find_jit(j, mm);

		if (!jit)
			return NULL;
		name = jit->names ? perfmap_find(jit->names, address, start) : NULL;
		mm = jit->parent;
	}
	return name;
}
