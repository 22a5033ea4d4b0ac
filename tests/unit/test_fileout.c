/* SPDX-License-Identifier: GPL-2.0-only
 *
 * base/fileout: output files appear complete or not at all, and only where they are meant to
 * be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <sys/wait.h>
#include <unistd.h>

#include "out_folder.h"

/* Runs a check in a child as another user. Returns 0 if it passed. */
static int as_nobody(int (*check)(const char *path), const char *path)
{
	pid_t child = fork();
	int status = -1;

	if (!child)
		_exit(setgid(NOBODY) || setuid(NOBODY) ? 99 : check(path));
	waitpid(child, &status, 0);
	return status;
}

static void a_new_file_is_written(void **state)
{
	g_autofree char *path = in_folder("x.json");
	struct fileout *out;

	(void)state;
	assert_int_equal(fileout_open(&out, path, NULL), 0);
	assert_int_equal(count_entries(), 0);
	assert_int_equal(fileout_write(out, 0, "abc", 3), 0);
	fileout_close(out);
	assert_content(path, "abc");
	assert_is(path, S_IFREG | 0600, geteuid());
	assert_int_equal(count_entries(), 1);
}

static void the_umask_narrows_only(void **state)
{
	g_autofree char *path = in_folder("x.json"), *other = in_folder("y.json");

	(void)state;
	umask(0277);
	assert_int_equal(write_to(path, "abc", NULL), 0);
	umask(0);
	assert_int_equal(write_to(other, "abc", NULL), 0);
	umask(022);
	assert_is(path, S_IFREG | 0400, geteuid());
	assert_is(other, S_IFREG | 0600, geteuid());
}

static void an_old_file_is_replaced_whole(void **state)
{
	g_autofree char *path = in_folder("x.json");
	struct stat before, after;
	char old[4] = "";
	int fd;

	(void)state;
	assert_true(g_file_set_contents(path, "old", 3, NULL));
	assert_int_equal(chmod(path, 0640), 0);
	fd = open(path, O_RDONLY);
	stat(path, &before);
	assert_int_equal(write_to(path, "newer", NULL), 0);
	stat(path, &after);
	assert_content(path, "newer");
	/* A reader that has the old file open still reads all of it. */
	assert_int_equal(read(fd, old, 3), 3);
	assert_string_equal(old, "old");
	close(fd);
	assert_int_not_equal(before.st_ino, after.st_ino);
	assert_int_equal(after.st_mode & 07777, 0640);
	assert_int_equal(count_entries(), 1);
}

/* In a directory where others can write, any user may have placed the old file to receive the
 * new one. */
static void an_old_file_hands_on_nothing_where_others_write(void **state)
{
	g_autofree char *path = in_folder("x.json");

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chmod(folder, 01777), 0);
	assert_true(g_file_set_contents(path, "old", 3, NULL));
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	assert_int_equal(write_to(path, "new", NULL), 0);
	assert_content(path, "new");
	assert_is(path, S_IFREG | 0600, 0);
}

static void the_caller_gets_the_file(void **state)
{
	const struct owner caller = { true, 1234, 2345 };
	g_autofree char *path = in_folder("x.json"), *theirs = in_folder("theirs");

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(write_to(path, "abc", &caller), 0);
	assert_is(path, S_IFREG | 0600, 1234);
	/* Another user's file keeps its owner. */
	assert_true(g_file_set_contents(theirs, "old", 3, NULL));
	assert_int_equal(chmod(theirs, 0600), 0);
	assert_int_equal(chown(theirs, 77, 78), 0);
	assert_int_equal(write_to(theirs, "new", &caller), 0);
	assert_is(theirs, S_IFREG | 0600, 77);
}

static void a_link_is_followed_where_only_we_write(void **state)
{
	g_autofree char *path = in_folder("x.json"), *link = in_folder("link");
	g_autofree char *none = in_folder("none.json"), *dangling = in_folder("dangling");
	struct stat st;

	(void)state;
	assert_true(g_file_set_contents(path, "old", 3, NULL));
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(symlink("none.json", dangling), 0);
	assert_int_equal(write_to(link, "new", NULL), 0);
	assert_int_equal(write_to(dangling, "new", NULL), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_content(path, "new");
	assert_int_equal(lstat(dangling, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_content(none, "new");
}

/* A link in a directory of mode `link_mode`; its target in one of mode `target_mode`. */
static int through_link(mode_t link_mode, mode_t target_mode, uid_t of)
{
	g_autofree char *links = in_folder("links"), *targets = in_folder("targets");
	g_autofree char *link = in_folder("links/x"), *target = in_folder("targets/x");
	const struct owner caller = { true, 1234, 2345 };
	int err;

	assert_int_equal(mkdir(links, 0755), 0);
	assert_int_equal(mkdir(targets, 0755), 0);
	assert_true(g_file_set_contents(target, "old", 3, NULL));
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(lchown(link, of, of), 0);
	assert_int_equal(chmod(links, link_mode), 0);
	assert_int_equal(chmod(targets, target_mode), 0);
	err = write_to(link, "new", &caller);
	assert_content(target, err ? "old" : "new");
	unlink(link);
	unlink(target);
	rmdir(links);
	rmdir(targets);
	return err;
}

static void no_link_is_followed_where_others_write(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(through_link(0755, 0755, 0), 0);
	assert_int_equal(through_link(0755, 0755, NOBODY), 0);
	assert_int_equal(through_link(01777, 0755, NOBODY), -ELOOP);
	assert_int_equal(through_link(01777, 0755, 1234), -ELOOP);
	assert_int_equal(through_link(0777, 0755, 0), -ELOOP);
	assert_int_equal(through_link(0755, 01777, 0), -ELOOP);
}

/* A link on the path is followed if nobody else can have placed it. */
static void links_on_the_way(void **state)
{
	g_autofree char *ww = in_folder("ww"), *link = in_folder("ww/link");
	g_autofree char *path = in_folder("ww/link/x"), *file = in_folder("x");

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(mkdir(ww, 0700), 0);
	assert_int_equal(symlink(folder, link), 0);
	assert_int_equal(write_to(path, "abc", NULL), 0);
	assert_content(file, "abc");
	assert_int_equal(chmod(ww, 01777), 0);
	assert_int_equal(write_to(path, "root's", NULL), 0);
	assert_content(file, "root's");
	assert_int_equal(lchown(link, NOBODY, NOBODY), 0);
	assert_int_equal(write_to(path, "new", NULL), -ELOOP);
	assert_int_equal(chmod(ww, 0777), 0);
	assert_int_equal(lchown(link, 0, 0), 0);
	assert_int_equal(write_to(path, "new", NULL), -ELOOP);
	assert_content(file, "root's");
	unlink(link);
	rmdir(ww);
}

/* A link of root's with a second name made by someone else (possible with fs.protected_hardlinks
 * 0, and always for symbolic links), and a link in a directory whose owner may replace it. */
static void links_of_roots_that_others_have_placed(void **state)
{
	g_autofree char *ww = in_folder("ww"), *roots = in_folder("roots");
	g_autofree char *link = in_folder("ww/link"), *path = in_folder("ww/link/x");

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(mkdir(ww, 0700), 0);
	assert_int_equal(chmod(ww, 01777), 0);
	assert_int_equal(symlink(folder, roots), 0);
	assert_int_equal(linkat(AT_FDCWD, roots, AT_FDCWD, link, 0), 0);
	assert_int_equal(write_to(path, "new", NULL), -ELOOP);
	unlink(roots);
	assert_int_equal(write_to(path, "new", NULL), 0);
	assert_int_equal(chown(ww, NOBODY, NOBODY), 0);
	assert_int_equal(write_to(path, "new", NULL), -ELOOP);
	unlink(link);
	rmdir(ww);
}

/* An access control list can let others write, whatever the mode says. */
static void a_list_lets_others_write(void **state)
{
	/* acl(5) in the kernel's format: version; then tag, rights and id of the owner, a user,
	 * the group, the mask, others. */
	const struct {
		uint32_t version;
		struct {
			uint16_t tag, rights;
			uint32_t id;
		} entry[5];
	} acl = { 2,
		  { { 1, 7, UINT32_MAX },
		    { 2, 7, NOBODY },
		    { 4, 5, UINT32_MAX },
		    { 16, 7, UINT32_MAX },
		    { 32, 5, UINT32_MAX } } };
	g_autofree char *dir = in_folder("dir"), *link = in_folder("dir/x");
	g_autofree char *target = in_folder("target");

	(void)state;
	assert_int_equal(mkdir(dir, 0755), 0);
	if (geteuid() || setxattr(dir, "system.posix_acl_access", &acl, sizeof(acl), 0)) {
		rmdir(dir);
		skip();
	}
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(write_to(link, "new", NULL), -ELOOP);
	assert_int_equal(removexattr(dir, "system.posix_acl_access"), 0);
	assert_int_equal(write_to(link, "new", NULL), 0);
	unlink(link);
	unlink(target);
	rmdir(dir);
}

static void a_link_in_a_ring_is_no_file(void **state)
{
	g_autofree char *a = in_folder("a"), *b = in_folder("b"), *below = in_folder("a/x");

	(void)state;
	assert_int_equal(symlink("b", a), 0);
	assert_int_equal(symlink("a", b), 0);
	assert_int_equal(write_to(a, "abc", NULL), -ELOOP);
	assert_int_equal(write_to(below, "abc", NULL), -ELOOP);
}

/* A file that takes the output's name while the workload runs, and a change of the directory's
 * name. */
static void what_was_planted_meanwhile_is_replaced(void **state)
{
	g_autofree char *path = in_folder("x.json"), *secret = in_folder("secret");
	g_autofree char *numbered = in_folder("x.1.json");
	g_autofree char *moved = g_strconcat(folder, "-moved", NULL);
	struct fileout *out;

	(void)state;
	assert_true(g_file_set_contents(secret, "secret", -1, NULL));
	assert_int_equal(chmod(secret, 0600), 0);
	assert_int_equal(fileout_open(&out, path, NULL), 0);
	assert_int_equal(symlink(secret, path), 0);
	assert_int_equal(symlink(secret, numbered), 0);
	assert_int_equal(fileout_write(out, 1, "one", 3), 0);
	assert_int_equal(fileout_write(out, 0, "all", 3), 0);
	assert_content(secret, "secret");
	assert_content(path, "all");
	assert_content(numbered, "one");
	assert_is(path, S_IFREG | 0600, geteuid());
	assert_int_equal(unlink(path) | unlink(numbered), 0);
	assert_int_equal(mkfifo(path, 0666), 0);
	assert_int_equal(link(secret, numbered), 0);
	assert_int_equal(fileout_write(out, 0, "all", 3), 0);
	assert_int_equal(fileout_write(out, 1, "one", 3), 0);
	assert_content(path, "all");
	assert_content(secret, "secret");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(fileout_write(out, 0, "all", 3), -EISDIR);
	assert_int_equal(rmdir(path), 0);
	/* The directory is the one opened at the start, whatever its name is now. */
	assert_int_equal(rename(folder, moved), 0);
	assert_int_equal(fileout_write(out, 0, "moved", 5), 0);
	assert_int_equal(rename(moved, folder), 0);
	assert_content(path, "moved");
	fileout_close(out);
	assert_int_equal(count_entries(), 3);
}

static void two_names_of_one_file(void **state)
{
	g_autofree char *path = in_folder("x"), *same = in_folder("./x"), *other = in_folder("y");
	struct fileout *a, *b, *c;

	(void)state;
	assert_int_equal(fileout_open(&a, path, NULL), 0);
	assert_int_equal(fileout_open(&b, same, NULL), 0);
	assert_int_equal(fileout_open(&c, other, NULL), 0);
	assert_true(fileout_same(a, b));
	assert_false(fileout_same(a, c));
	assert_int_equal(fileout_create(a, "abc", 3), 0);
	assert_int_equal(fileout_create(b, "new", 3), -EEXIST);
	assert_content(path, "abc");
	fileout_close(a);
	fileout_close(b);
	fileout_close(c);
	assert_int_equal(count_entries(), 1);
}

static void a_full_disk_is_said(void **state)
{
	(void)state;
	assert_int_equal(write_to("/dev/full", "abc", NULL), -ENOSPC);
}

/* A file size limit stands for a full disk. */
static void a_failed_write_leaves_nothing(void **state)
{
	g_autofree char *path = in_folder("x.json");
	g_autofree char *big = g_strnfill(1 << 20, 'x');
	pid_t child;
	int status;

	(void)state;
	assert_true(g_file_set_contents(path, "old", 3, NULL));
	child = fork();
	if (!child) {
		const struct rlimit limit = { 4096, 4096 };

		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit))
			_exit(2);
		_exit(write_to(path, big, NULL) == -EFBIG ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_content(path, "old");
	assert_int_equal(count_entries(), 1);
}

static void what_cannot_be_written_is_known_before(void **state)
{
	g_autofree char *missing = in_folder("no/x.json"), *slash = in_folder("no/");
	g_autofree char *file = in_folder("file"), *below = in_folder("file/x.json");
	g_autofree char *itself = in_folder("."), *above = in_folder("no/../..");
	struct fileout *out;

	(void)state;
	assert_int_equal(fileout_open(&out, missing, NULL), -ENOENT);
	assert_int_equal(fileout_open(&out, folder, NULL), -EISDIR);
	assert_int_equal(fileout_open(&out, slash, NULL), -EISDIR);
	assert_int_equal(fileout_open(&out, itself, NULL), -EISDIR);
	assert_int_equal(fileout_open(&out, above, NULL), -ENOENT);
	assert_int_equal(fileout_open(&out, "/", NULL), -EISDIR);
	assert_int_equal(fileout_open(&out, "", NULL), -ENOENT);
	assert_true(g_file_set_contents(file, "", 0, NULL));
	assert_int_equal(fileout_open(&out, below, NULL), -ENOTDIR);
}

static int is_refused(const char *path)
{
	return write_to(path, "abc", NULL) != -EACCES;
}

static void a_folder_must_be_writable(void **state)
{
	g_autofree char *path = in_folder("x.json");

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chmod(folder, 0555), 0);
	assert_int_equal(as_nobody(is_refused, path), 0);
	assert_int_equal(count_entries(), 0);
}

static void a_fifo_is_written_into(void **state)
{
	g_autofree char *path = in_folder("fifo");
	char got[7] = "";
	struct stat st;
	struct fileout *out;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(fileout_open(&out, path, NULL), 0);
	/* All reports go into the pipe: numbered files beside a pipe make no sense. */
	assert_int_equal(fileout_write(out, 1, "abc", 3), 0);
	assert_int_equal(fileout_write(out, 0, "def", 3), 0);
	fileout_close(out);
	assert_int_equal(read(fd, got, 6), 6);
	assert_string_equal(got, "abcdef");
	close(fd);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(count_entries(), 1);
}

static void a_fifo_nobody_reads_hangs_nobody(void **state)
{
	g_autofree char *path = in_folder("fifo");
	struct fileout *out;
	char got[4] = "";
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(fileout_open(&out, path, NULL), 0);
	assert_int_equal(fileout_write(out, 0, "abc", 3), -ENXIO);
	/* The reader may come later, but must read from the pipe that existed at the start. */
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(fileout_write(out, 0, "abc", 3), 0);
	assert_int_equal(read(fd, got, 3), 3);
	assert_string_equal(got, "abc");
	close(fd);
	fileout_close(out);
	assert_int_equal(count_entries(), 0);
}

static void another_users_fifo_is_not_written_into(void **state)
{
	g_autofree char *path = in_folder("fifo");
	int fd;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(mkfifo(path, 0666), 0);
	assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(write_to(path, "abc", NULL), 0);
	assert_int_equal(chmod(folder, 01777), 0);
	assert_int_equal(write_to(path, "abc", NULL), -ELOOP);
	close(fd);
}

/* As `tare run -o /dev/stdout -- cmd >file`: it appends to the file's content. */
static void a_descriptors_name_is_that_descriptor(void **state)
{
	g_autofree char *path = in_folder("out"), *name = NULL;
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	(void)state;
	name = g_strdup_printf("/dev/fd/%d", fd);
	assert_int_equal(write(fd, "before ", 7), 7);
	assert_int_equal(write_to(name, "abc", NULL), 0);
	close(fd);
	assert_content(path, "before abc");
	assert_int_equal(write_to(name, "abc", NULL), -EBADF);
}

static void assert_numbered(const char *path, unsigned n, const char *expected)
{
	g_autofree char *numbered = fileout_numbered(path, n);

	assert_string_equal(numbered, expected);
}

static void numbers_stand_before_the_suffix(void **state)
{
	(void)state;
	assert_numbered("x.json", 2, "x.2.json");
	assert_numbered("x", 2, "x.2");
	assert_numbered("a.b/x", 1, "a.b/x.1");
	assert_numbered("a.b/x.tar.gz", 10, "a.b/x.tar.10.gz");
	assert_numbered(".hidden", 1, ".hidden.1");
	assert_numbered("a/.hidden", 1, "a/.hidden.1");
	assert_numbered("./x.json", 3, "./x.3.json");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_is_written),
		TEST(the_umask_narrows_only),
		TEST(an_old_file_is_replaced_whole),
		TEST(an_old_file_hands_on_nothing_where_others_write),
		TEST(the_caller_gets_the_file),
		TEST(a_link_is_followed_where_only_we_write),
		TEST(no_link_is_followed_where_others_write),
		TEST(links_on_the_way),
		TEST(links_of_roots_that_others_have_placed),
		TEST(a_list_lets_others_write),
		TEST(a_link_in_a_ring_is_no_file),
		TEST(what_was_planted_meanwhile_is_replaced),
		TEST(two_names_of_one_file),
		TEST(a_full_disk_is_said),
		TEST(a_failed_write_leaves_nothing),
		TEST(what_cannot_be_written_is_known_before),
		TEST(a_folder_must_be_writable),
		TEST(a_fifo_is_written_into),
		TEST(a_fifo_nobody_reads_hangs_nobody),
		TEST(another_users_fifo_is_not_written_into),
		TEST(a_descriptors_name_is_that_descriptor),
		TEST(numbers_stand_before_the_suffix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
