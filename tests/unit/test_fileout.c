/* SPDX-License-Identifier: GPL-2.0-only
 *
 * base/fileout: files that appear whole, and descriptors that are broken. All
 * in a folder of its own, which must be empty but for the reports at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fileout.h"

static char *folder;

static char *in_folder(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static unsigned entries(void)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	unsigned n = 0;

	while (g_dir_read_name(dir))
		n++;
	g_dir_close(dir);
	return n;
}

static void assert_content(const char *path, const char *expected)
{
	g_autofree char *content = NULL;

	assert_true(g_file_get_contents(path, &content, NULL, NULL));
	assert_string_equal(content, expected);
}

static int setup(void **state)
{
	(void)state;
	folder = g_dir_make_tmp("tare-test-XXXXXX", NULL);
	umask(022);
	return folder ? 0 : -1;
}

static int teardown(void **state)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	(void)state;
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = in_folder(name);

		g_remove(path);
	}
	g_dir_close(dir);
	g_rmdir(folder);
	g_free(folder);
	return 0;
}

static void a_new_file_is_written(void **state)
{
	g_autofree char *path = in_folder("x.json");
	struct stat st;

	(void)state;
	assert_int_equal(fileout_check(path), 0);
	assert_int_equal(entries(), 0);
	assert_int_equal(fileout_write(path, "abc", 3, NULL), 0);
	assert_content(path, "abc");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(entries(), 1);
}

static void an_old_file_is_replaced_whole(void **state)
{
	g_autofree char *path = in_folder("x.json");
	struct stat before, after;
	char old[4] = "";
	int fd;

	(void)state;
	assert_true(g_file_set_contents(path, "old", 3, NULL));
	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_RDONLY);
	assert_int_equal(fileout_check(path), 0);
	stat(path, &before);
	assert_int_equal(fileout_write(path, "newer", 5, NULL), 0);
	stat(path, &after);
	assert_content(path, "newer");
	/* Who has it open still reads all of the old one. */
	assert_int_equal(read(fd, old, 3), 3);
	assert_string_equal(old, "old");
	close(fd);
	assert_int_not_equal(before.st_ino, after.st_ino);
	assert_int_equal(after.st_mode & 07777, 0600);
	assert_int_equal(entries(), 1);
}

static void a_link_stays_a_link(void **state)
{
	g_autofree char *path = in_folder("x.json"), *link = in_folder("link");
	struct stat st;

	(void)state;
	assert_true(g_file_set_contents(path, "old", 3, NULL));
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(fileout_write(link, "new", 3, NULL), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_content(path, "new");
}

static void the_owner_gets_the_file(void **state)
{
	const struct fileout_owner owner = { true, 1234, 2345 };
	g_autofree char *path = in_folder("x.json"), *theirs = in_folder("theirs");
	struct stat st;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(fileout_write(path, "abc", 3, &owner), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 2345);
	/* What was somebody else's stays so. */
	assert_true(g_file_set_contents(theirs, "old", 3, NULL));
	assert_int_equal(chown(theirs, 77, 78), 0);
	assert_int_equal(fileout_write(theirs, "new", 3, &owner), 0);
	assert_int_equal(stat(theirs, &st), 0);
	assert_int_equal(st.st_uid, 77);
	assert_int_equal(st.st_gid, 78);
}

static void a_full_disk_is_said(void **state)
{
	(void)state;
	assert_int_equal(fileout_check("/dev/full"), 0);
	assert_int_equal(fileout_write("/dev/full", "abc", 3, NULL), -ENOSPC);
}

/* A file that may not grow is as near to a full disk as a test can be. */
static void a_failed_write_leaves_nothing(void **state)
{
	g_autofree char *path = in_folder("x.json");
	g_autofree char *big = g_malloc0(1 << 20);
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
		_exit(fileout_write(path, big, 1 << 20, NULL) == -EFBIG ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_content(path, "old");
	assert_int_equal(entries(), 1);
}

static void what_cannot_be_written_is_known_before(void **state)
{
	g_autofree char *missing = in_folder("no/x.json"), *slash = in_folder("no/");
	g_autofree char *file = in_folder("file"), *below = in_folder("file/x.json");

	(void)state;
	assert_int_equal(fileout_check(missing), -ENOENT);
	assert_int_equal(fileout_write(missing, "abc", 3, NULL), -ENOENT);
	assert_int_equal(fileout_check(folder), -EISDIR);
	assert_int_equal(fileout_write(folder, "abc", 3, NULL), -EISDIR);
	assert_int_equal(fileout_check(slash), -EISDIR);
	assert_int_equal(fileout_check(""), -ENOENT);
	assert_true(g_file_set_contents(file, "", 0, NULL));
	assert_int_equal(fileout_check(below), -ENOTDIR);
}

static void a_folder_must_be_writable(void **state)
{
	g_autofree char *path = in_folder("x.json");
	pid_t child;
	int status;

	(void)state;
	assert_int_equal(chmod(folder, 0555), 0);
	child = fork();
	if (!child) {
		if (!geteuid() && setuid(65534))
			_exit(2);
		_exit(fileout_check(path) == -EACCES &&
				      fileout_write(path, "abc", 3, NULL) == -EACCES ?
			      0 :
			      1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	chmod(folder, 0755);
	assert_int_equal(status, 0);
	assert_int_equal(entries(), 0);
}

static void a_fifo_is_written_into(void **state)
{
	g_autofree char *path = in_folder("fifo");
	char got[4] = "";
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(fileout_check(path), 0);
	assert_int_equal(fileout_write(path, "abc", 3, NULL), 0);
	assert_int_equal(read(fd, got, 3), 3);
	assert_string_equal(got, "abc");
	close(fd);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
}

/* As `tare run -o /dev/stdout -- cmd >file`: after what is there already. */
static void a_descriptors_name_is_that_descriptor(void **state)
{
	g_autofree char *path = in_folder("out"), *name = NULL;
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	(void)state;
	name = g_strdup_printf("/dev/fd/%d", fd);
	assert_int_equal(write(fd, "before ", 7), 7);
	assert_int_equal(fileout_check(name), 0);
	assert_int_equal(fileout_write(name, "abc", 3, NULL), 0);
	close(fd);
	assert_content(path, "before abc");
	assert_int_equal(fileout_check(name), -EBADF);
	assert_int_equal(fileout_write(name, "abc", 3, NULL), -EBADF);
}

static volatile sig_atomic_t pipe_signals;

static void on_pipe(int signal)
{
	(void)signal;
	pipe_signals++;
}

static void a_closed_pipe_is_an_error_not_a_signal(void **state)
{
	int fds[2];

	(void)state;
	signal(SIGPIPE, on_pipe);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(fileout_stream(fds[1], "abc", 3), -EPIPE);
	close(fds[1]);
	assert_int_equal(pipe_signals, 0);
	assert_int_equal(raise(SIGPIPE), 0);
	assert_int_equal(pipe_signals, 1);
	signal(SIGPIPE, SIG_DFL);
}

static void a_descriptor_that_does_not_block_gets_all(void **state)
{
	const size_t size = 4 << 20;
	g_autofree char *big = g_malloc(size), *buffer = g_malloc(65536);
	size_t got = 0;
	int fds[2], status;
	pid_t child;
	ssize_t n;

	(void)state;
	memset(big, 'x', size);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	child = fork();
	if (!child) {
		close(fds[0]);
		_exit(fileout_stream(fds[1], big, size) ? 1 : 0);
	}
	close(fds[1]);
	fcntl(fds[0], F_SETFL, 0);
	while ((n = read(fds[0], buffer, 65536)) > 0)
		got += (size_t)n;
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(got, size);
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
		TEST(an_old_file_is_replaced_whole),
		TEST(a_link_stays_a_link),
		TEST(the_owner_gets_the_file),
		TEST(a_full_disk_is_said),
		TEST(a_failed_write_leaves_nothing),
		TEST(what_cannot_be_written_is_known_before),
		TEST(a_folder_must_be_writable),
		TEST(a_fifo_is_written_into),
		TEST(a_descriptors_name_is_that_descriptor),
		TEST(a_closed_pipe_is_an_error_not_a_signal),
		TEST(a_descriptor_that_does_not_block_gets_all),
		TEST(numbers_stand_before_the_suffix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
