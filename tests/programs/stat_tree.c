/* SPDX-License-Identifier: GPL-2.0-only
 *
 * stat_tree [N [DEPTH]]: nested directories, DEPTH deep, and N stats of names in them that do
 * not exist. The kernel caches each missing name as a negative dentry, which it may free at any
 * time. Then the tree is removed, and the dentries with it. Says `skip` on a file system
 * without such dentries.
 */
#include "prog.h"

#include <sys/stat.h>

static size_t n, depth;
static int *dirs; /* [0] is the top */
static char top[4096];

static void make_tree(void)
{
	const char *dir = getenv("TARE_TEST_DIR") ?: getenv("TMPDIR") ?: "/var/tmp";

	snprintf(top, sizeof(top), "%s/tare-tree-XXXXXX", dir);
	if (!mkdtemp(top))
		die(top);
	dirs = calloc(depth + 1, sizeof(*dirs));
	dirs[0] = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < depth; i++) {
		if (mkdirat(dirs[i], "below", 0700))
			die("mkdirat");
		dirs[i + 1] = openat(dirs[i], "below", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dirs[i + 1] < 0)
			die("openat");
	}
}

static void stat_all(void *p)
{
	struct stat st;
	char name[32];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "none-%zu", i);
		if (!fstatat(dirs[i % (depth + 1)], name, &st, 0))
			die(name);
	}
	(void)p;
}

/* From the deepest up: the cached names of a directory are freed with it. */
static void remove_tree(void *p)
{
	for (size_t i = depth; i-- > 0;) {
		close(dirs[i + 1]);
		if (unlinkat(dirs[i], "below", AT_REMOVEDIR))
			die("unlinkat");
	}
	close(dirs[0]);
	if (rmdir(top))
		die(top);
	(void)p;
}

/* The number of negative dentries of the whole machine (fifth number of the file). */
static long negative_dentries(void)
{
	FILE *f = fopen("/proc/sys/fs/dentry-state", "re");
	long count = 0;

	if (!f || fscanf(f, "%*d %*d %*d %*d %ld", &count) != 1)
		count = -1;
	if (f)
		fclose(f);
	return count;
}

int main(int argc, char **argv)
{
	static struct actor a;
	long there;

	n = number(argc, argv, 1, 100000);
	depth = number(argc, argv, 2, 100);
	make_tree();
	actor_start(&a, "walker");
	checkpoint("before");
	there = negative_dentries();
	actor_do(&a, stat_all, NULL);
	there = negative_dentries() - there;
	if (there < (long)n / 2) {
		say("skip %ld negative dentries of %zu were kept", there, n);
		remove_tree(NULL);
		return 77;
	}
	say("made tid=%d n=%zu", a.tid, n);
	checkpoint("made");
	actor_do(&a, remove_tree, NULL);
	checkpoint("removed");
	actor_end(&a);
	return 0;
}
