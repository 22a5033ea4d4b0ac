/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The command before and at its execve: which user it runs as, that it is held, and the message
 * when it cannot be run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "capture/launch.h"
#include "tests/unit/files.h"
#include "tests/unit/heard.h"

static const struct launch_user ourselves;

static void no_child_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void command_has_the_wanted_ids(void **state)
{
	struct launch_config none = { 0 }, root = { .as_root = true };
	struct launch_config nobody = { .user = "nobody" }, unknown = { .user = "no such user" };
	struct launch_user u;

	(void)state;
	unsetenv("SUDO_UID");
	assert_true(stderr_keep());
	assert_int_equal(launch_user(&none, &u), 0);
	assert_false(u.who.set);
	assert_int_equal(launch_user(&nobody, &u), 0);
	assert_true(u.who.set);
	assert_int_equal(u.who.uid, 65534);
	assert_string_equal(u.name, "nobody");
	assert_int_equal(launch_user(&unknown, &u), -ENOENT);
	assert_said("no such user", "--user");
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "7", 1);
	assert_int_equal(launch_user(&root, &u), 0);
	assert_false(u.who.set);
	if (!geteuid()) { /* only root can become another user */
		assert_int_equal(launch_user(&none, &u), 0);
		assert_true(u.who.set);
		assert_int_equal(u.who.uid, 65534);
		assert_int_equal(u.who.gid, 7);
		setenv("SUDO_GID", "-1", 1);
		assert_int_equal(launch_user(&none, &u), -EINVAL);
		assert_said("SUDO_GID is -1", "--as-root");
		setenv("SUDO_UID", "4294967295",
		       1); /* (uid_t)-1: setresuid() would leave the id unchanged */
		assert_int_equal(launch_user(&none, &u), -EINVAL);
		assert_said("SUDO_UID is 4294967295", "--user");
	}
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	stderr_back();
}

static int wait_status(const struct launch *l)
{
	struct pollfd ended = { .fd = l->pidfd, .events = POLLIN };
	int status;

	assert_int_equal(poll(&ended, 1, -1), 1);
	assert_int_equal(waitpid(l->pid, &status, 0), l->pid);
	return status;
}

static char *program_of(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/exe", pid);

	return g_file_read_link(path, NULL);
}

static void command_is_held_until_released(void **state)
{
	char *argv[] = { "sh", "-c", "exit 5", NULL };
	struct launch_config config = { .argv = argv };
	g_autofree char *own = NULL, *before = NULL;
	struct launch l;
	int status;

	(void)state;
	assert_int_equal(launch_start(&config, &ourselves, &l), 0);
	own = program_of(getpid());
	before = program_of(l.pid);
	assert_string_equal(before, own);
	assert_int_equal(launch_go(&l, argv[0]), 0);
	status = wait_status(&l);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 5);
	launch_close(&l);
	no_child_is_left();
}

/* The command never runs. */
static void abandoned_command_never_runs(void **state)
{
	g_autofree char *folder = new_folder(), *ran = g_build_filename(folder, "ran", NULL);
	char *argv[] = { "touch", ran, NULL };
	struct launch_config config = { .argv = argv };
	struct launch l;

	(void)state;
	assert_int_equal(launch_start(&config, &ourselves, &l), 0);
	launch_abandon(&l);
	no_child_is_left();
	assert_int_equal(l.pidfd, -1);
	/* The child ends before it has sent its pid. */
	assert_int_equal(launch_fork(&config, &ourselves, &l), 0);
	launch_abandon(&l);
	no_child_is_left();
	/* tare ends, so nobody releases the child any more. */
	assert_int_equal(launch_start(&config, &ourselves, &l), 0);
	close(l.go_fd);
	l.go_fd = -1;
	assert_int_equal(WEXITSTATUS(wait_status(&l)), 125);
	launch_close(&l);
	assert_int_equal(access(ran, F_OK), -1);
	remove_all(folder);
}

static void refused(const char *name, int err, const char *why)
{
	char *argv[] = { (char *)name, NULL };
	struct launch_config config = { .argv = argv };
	struct launch l;

	assert_int_equal(launch_start(&config, &ourselves, &l), err);
	assert_said(name, why);
	no_child_is_left();
	assert_int_equal(l.err_fd, -1);
}

static void invalid_programs_are_refused(void **state)
{
	static const char text[] = "#!/no/such/interpreter\n";
	g_autofree char *folder = new_folder(), *path = g_build_filename(folder, "script", NULL);
	char *argv[] = { path, NULL };
	struct launch_config config = { .argv = argv };
	struct launch l;

	(void)state;
	assert_true(stderr_keep());
	refused("/no/such/program", -ENOENT, "command not found");
	refused("no-such-program", -ENOENT, "command not found");
	refused(folder, -EACCES, "not an executable file");
	assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
	refused(path, -EACCES, "not an executable file");
	/* Errors that only execve finds. */
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(launch_start(&config, &ourselves, &l), 0);
	assert_int_equal(launch_go(&l, path), -EACCES);
	assert_said(path, "the interpreter that it names");
	no_child_is_left();
	stderr_back();
	remove_all(folder);
}

/* In PATH an executable file is preferred to one that is not, wherever it stands. */
static void first_executable_in_path_runs(void **state)
{
	g_autofree char *folder = new_folder(), *a = g_build_filename(folder, "a", NULL);
	g_autofree char *b = g_build_filename(folder, "b", NULL), *path = NULL, *out = NULL;
	g_autofree char *in_a = g_build_filename(a, "tare-x", NULL);
	g_autofree char *in_b = g_build_filename(b, "tare-x", NULL);
	g_autofree char *before = g_strdup(getenv("PATH"));
	char *argv[] = { "tare-x", "an argument", NULL };
	struct launch_config config = { .argv = argv };
	struct launch l;

	(void)state;
	path = g_strdup_printf("%s:%s:%s", a, b, before);
	g_mkdir(a, 0755);
	g_mkdir(b, 0755);
	assert_true(g_file_set_contents_full(in_a, "", 0, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
	/* A file without "#!" runs as a shell would run it. */
	assert_true(g_file_set_contents_full(in_b, "[ \"$1\" = 'an argument' ] && exit 6", -1,
					     G_FILE_SET_CONTENTS_NONE, 0755, NULL));
	setenv("PATH", path, 1);
	assert_int_equal(launch_start(&config, &ourselves, &l), 0);
	assert_int_equal(launch_go(&l, argv[0]), 0);
	assert_int_equal(WEXITSTATUS(wait_status(&l)), 6);
	launch_close(&l);
	unlink(in_b);
	assert_true(stderr_keep());
	refused("tare-x", -EACCES, "not an executable file");
	stderr_back();
	setenv("PATH", before, 1);
	remove_all(folder);
}

/* The command has neither sudo's variables nor tare's descriptors. */
static void command_inherits_nothing_of_tare(void **state)
{
	static const char script[] = "[ -z \"$SUDO_UID$SUDO_GID$SUDO_USER$SUDO_COMMAND\" ] &&"
				     " [ ! -e /proc/self/fd/100 ]";
	char *argv[] = { "sh", "-c", (char *)script, NULL };
	struct launch_config config = { .argv = argv };
	struct launch l;

	(void)state;
	assert_int_equal(dup2(STDERR_FILENO, 100), 100);
	setenv("SUDO_USER", "x", 1);
	setenv("SUDO_COMMAND", "x", 1);
	assert_int_equal(launch_start(&config, &ourselves, &l), 0);
	assert_int_equal(launch_go(&l, argv[0]), 0);
	assert_int_equal(wait_status(&l), 0);
	launch_close(&l);
	unsetenv("SUDO_USER");
	unsetenv("SUDO_COMMAND");
	close(100);
}

/* The command has the user's ids, groups and home, and no capability. */
static void command_runs_as_another_user(void **state)
{
	static const char script[] =
		"[ \"$(id -u) $(id -g) $(id -G) $USER $HOME\" = '65534 65534 65534 nobody "
		"/nonexistent' ] && grep -q '^CapEff:[[:space:]]*0*$' /proc/self/status";
	char *argv[] = { "sh", "-c", (char *)script, NULL };
	struct launch_config config = { .argv = argv, .user = "nobody" };
	gid_t before[64], tares = 4711;
	struct launch_user u;
	struct launch l;
	int n;

	(void)state;
	if (geteuid())
		skip();
	n = getgroups(G_N_ELEMENTS(before), before);
	assert_in_range(n, 0, G_N_ELEMENTS(before));
	assert_int_equal(setgroups(1, &tares), 0);
	assert_int_equal(launch_user(&config, &u), 0);
	assert_int_equal(launch_start(&config, &u, &l), 0);
	assert_int_equal(setgroups(n, before), 0);
	assert_int_equal(launch_go(&l, argv[0]), 0);
	assert_int_equal(wait_status(&l), 0);
	launch_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_has_the_wanted_ids),
		cmocka_unit_test(command_is_held_until_released),
		cmocka_unit_test(abandoned_command_never_runs),
		cmocka_unit_test(invalid_programs_are_refused),
		cmocka_unit_test(first_executable_in_path_runs),
		cmocka_unit_test(command_inherits_nothing_of_tare),
		cmocka_unit_test(command_runs_as_another_user),
	};

	return cmocka_run_group_tests_name("launch", tests, NULL, NULL);
}
