/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/resources.h"

/* What the child writes to err_fd: the step that it has reached, and an errno. */
enum step { STEP_READY, STEP_USER, STEP_FIND, STEP_EXEC, STEP_CGROUP };

struct word {
	enum step step;
	int err;
	pid_t pid; /* the writer */
};

/* The groups are found here, not in the child: a directory of users, if one is asked, would be
 * weighed with the command. */
static int fill_user(struct launch_user *user, const struct passwd *pw)
{
	user->n_groups = G_N_ELEMENTS(user->groups);
	if (getgrouplist(pw->pw_name, user->who.gid, user->groups, &user->n_groups) < 0) {
		log_error("user %s is in more than %zu groups", pw->pw_name,
			  G_N_ELEMENTS(user->groups));
		return -E2BIG;
	}
	g_strlcpy(user->name, pw->pw_name, sizeof(user->name));
	g_strlcpy(user->home, pw->pw_dir, sizeof(user->home));
	g_strlcpy(user->shell, pw->pw_shell, sizeof(user->shell));
	return 0;
}

static int user_by_name(struct launch_user *user, const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw) {
		log_error("--user %s: no such user", name);
		return -ENOENT;
	}
	user->who = (struct owner){ true, pw->pw_uid, pw->pw_gid };
	return fill_user(user, pw);
}

static int user_by_sudo(struct launch_user *user)
{
	const struct passwd *pw = NULL;
	const char *wrong;

	if (owner_by_sudo(&user->who, &wrong)) {
		log_error("%s is %s, not a number: which user shall the command run as?", wrong,
			  getenv(wrong) ?: "missing");
		log_hint("--user NAME or --as-root");
		return -EINVAL;
	}
	if (user->who.set)
		pw = getpwuid(user->who.uid);
	return pw ? fill_user(user, pw) : 0;
}

/* With capabilities on its file, anybody starts tare: CAP_SETUID must make nobody another user. */
static int check_allowed(const struct launch_user *user)
{
	if (!user->who.set || !getuid() || user->who.uid == getuid())
		return 0;
	log_error("only root may run a command as another user");
	log_hint("sudo tare ...");
	return -EPERM;
}

int launch_user(const struct launch_config *config, struct launch_user *user)
{
	int err = 0;

	memset(user, 0, sizeof(*user));
	if (config->user)
		err = user_by_name(user, config->user);
	else if (!config->as_root)
		err = user_by_sudo(user);
	return err ? err : check_allowed(user);
}

/* In the child. */

static void report_step(int fd, enum step step, int err)
{
	struct word word = { step, err, getpid() };
	ssize_t n = write(fd, &word, sizeof(word));

	(void)n; /* if it fails, tare has ended; the child ends too */
}

static int become_user(const struct launch_user *user)
{
	uid_t uid = user->who.uid;
	gid_t gid = user->who.gid;

	if (!user->who.set)
		return 0;
	if (user->name[0] ? setgroups((size_t)user->n_groups, user->groups) : setgroups(1, &gid))
		return -errno;
	if (setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -errno;
	if (user->name[0]) {
		setenv("USER", user->name, 1);
		setenv("LOGNAME", user->name, 1);
		setenv("HOME", user->home, 1);
		setenv("SHELL", user->shell, 1);
	}
	return 0;
}

/* A user who is not root gets none of tare's capabilities. Root keeps them. */
static int drop_capabilities(void)
{
	cap_t none;
	int err = 0;

	if (geteuid() == 0)
		return 0;
	none = cap_init();
	if (!none || cap_set_proc(none))
		err = -errno;
	cap_free(none);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return err;
}

static void clean_environment(void)
{
	static const char *const sudo[] = { "SUDO_COMMAND", "SUDO_USER", "SUDO_UID", "SUDO_GID" };

	for (unsigned i = 0; i < G_N_ELEMENTS(sudo); i++)
		unsetenv(sudo[i]);
}

static int check_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return access(path, X_OK) ? -errno : 0;
}

/* Search as execvp() does, but before anything is started, and with a precise error: an existing
 * file that can't be executed is reported rather than "not found". */
static int find_program(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");
	int worst = -ENOENT;

	if (strchr(name, '/')) {
		g_strlcpy(path, name, size);
		return check_executable(path);
	}
	g_auto(GStrv) list = g_strsplit(dirs ? dirs : "/usr/local/bin:/bin:/usr/bin", ":", -1);

	for (char **dir = list; *dir; dir++) {
		int err;

		g_snprintf(path, size, "%s/%s", **dir ? *dir : ".", name);
		err = check_executable(path);
		if (!err)
			return 0;
		if (err == -EACCES)
			worst = err;
	}
	return worst;
}

/* POSIX: a file without "#!" in a format that the kernel does not know is a shell script. */
static void run_by_shell(const char *path, char *const *argv)
{
	unsigned n = g_strv_length((char **)argv);
	char **args = g_new0(char *, n + 2);

	args[0] = "sh";
	args[1] = (char *)path;
	for (unsigned i = 1; i < n; i++)
		args[i + 1] = argv[i];
	execv("/bin/sh", args);
}

/* Make the child within the cgroup, so that its kernel stack and task_struct are charged there.
 * A helper process enters the cgroup and forks the child as a child of tare (CLONE_PARENT). The
 * helper stays until tare has read the initial balance: else the kernel might uncharge the
 * helper's memory before and after that moment. Returns in the child. */
static void clone_into_cgroup(const struct cgroup *cgroup, int go_fd, int err_fd)
{
	struct pollfd gone = { .fd = go_fd };
	int err = cgroup_enter(cgroup);
	long pid = err ? 0 : syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (!err && !pid)
		return;
	if (err || pid < 0)
		report_step(err_fd, STEP_CGROUP, err ? -err : errno);
	close(err_fd);
	while (poll(&gone, 1, -1) < 0 && errno == EINTR) /* until tare closes the other end */
		;
	_exit(0);
}

static void exec_command(const struct launch_config *config, const struct launch_user *user,
			 pid_t parent, int go_fd, int err_fd)
{
	char path[4096], go;
	int err;

	err = become_user(user);
	if (!err)
		err = drop_capabilities();
	if (err) {
		report_step(err_fd, STEP_USER, -err);
		_exit(125);
	}
	resources_restore();
	clean_environment();
	err = find_program(config->argv[0], path, sizeof(path));
	if (err) {
		report_step(err_fd, STEP_FIND, -err);
		_exit(err == -ENOENT ? 127 : 126);
	}
	if (config->kill_on_exit) { /* setuid() cleared it */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(125);
	}
	for (int i = 0; config->redirect && i < 3; i++)
		dup2(config->stdio[i], i);
	syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
	report_step(err_fd, STEP_READY, 0);
	if (read(go_fd, &go, 1) != 1)
		_exit(125); /* tare has ended */
	execv(path, config->argv);
	if (errno == ENOEXEC)
		run_by_shell(path, config->argv);
	report_step(err_fd, STEP_EXEC, errno);
	_exit(126);
}

/* In tare. */

static int explain_failure(const struct launch_config *config, const struct word *word)
{
	const char *name = config->argv[0];

	if (word->step == STEP_CGROUP) {
		log_error("cannot start a process in a control group: %s", g_strerror(word->err));
		log_hint("--no-cgroup");
		return -EPERM;
	}
	if (word->step == STEP_USER) {
		log_error("cannot become the user that the command should run as: %s",
			  g_strerror(word->err));
		log_hint("--as-root, or run tare as root");
		return -EPERM;
	}
	if (word->err == ENOENT && word->step == STEP_FIND)
		log_error("%s: command not found", name);
	else if (word->err == EACCES)
		log_error("%s: not an executable file, or not for this user", name);
	else
		log_error("%s: %s", name, g_strerror(word->err));
	return word->err == ENOENT ? -ENOENT : -EACCES;
}

static void reap_child(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The helper ends when go_fd is closed. */
static void reap_maker(struct launch *l)
{
	if (l->maker)
		reap_child(l->maker);
	l->maker = 0;
}

/* Read the child's next message. False: it has ended without one. */
static bool read_step(struct launch *l, struct word *word)
{
	ssize_t n;

	do
		n = read(l->err_fd, word, sizeof(*word));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(*word))
		return false;
	if (word->step != STEP_CGROUP)
		l->pid = word->pid;
	if (l->maker == l->pid)
		l->maker = 0;
	return true;
}

int launch_ready(const struct launch_config *config, struct launch *l)
{
	struct word word;
	int err = 0;

	if (!read_step(l, &word)) {
		log_error("the child process for %s ended at once", config->argv[0]);
		err = -ECHILD;
	} else if (word.step != STEP_READY) {
		err = explain_failure(config, &word);
	} else {
		l->pidfd = syscall(SYS_pidfd_open, l->pid, 0);
		if (l->pidfd < 0)
			err = -errno;
	}
	if (err)
		launch_abandon(l);
	return err;
}

int launch_fork(const struct launch_config *config, const struct launch_user *user,
		struct launch *l)
{
	pid_t parent = getpid();
	int go[2] = { -1, -1 }, reports[2] = { -1, -1 }, err;
	pid_t forked;

	*l = (struct launch){ .pidfd = -1, .go_fd = -1, .err_fd = -1 };
	if (pipe2(go, O_CLOEXEC) || pipe2(reports, O_CLOEXEC))
		goto failed;
	forked = fork();
	if (forked < 0)
		goto failed;
	if (!forked) {
		close(go[1]);
		close(reports[0]);
		if (config->cgroup)
			clone_into_cgroup(config->cgroup, go[0], reports[1]);
		exec_command(config, user, parent, go[0], reports[1]);
	}
	close(go[0]);
	close(reports[1]);
	l->go_fd = go[1];
	l->err_fd = reports[0];
	l->maker = forked;
	return 0;
failed:
	err = -errno;
	log_error("cannot start a process: %s", g_strerror(-err));
	resources_hint(err);
	for (int i = 0; i < 2; i++) {
		if (go[i] >= 0)
			close(go[i]);
		if (reports[i] >= 0)
			close(reports[i]);
	}
	return err;
}

int launch_start(const struct launch_config *config, const struct launch_user *user,
		 struct launch *l)
{
	int err = launch_fork(config, user, l);

	return err ? err : launch_ready(config, l);
}

int launch_go(struct launch *l, const char *name)
{
	struct word word;
	ssize_t n = write(l->go_fd, "", 1);

	close(l->go_fd);
	l->go_fd = -1;
	reap_maker(l);
	do
		n = n < 0 ? n : read(l->err_fd, &word, sizeof(word));
	while (n < 0 && errno == EINTR);
	close(l->err_fd);
	l->err_fd = -1;
	if (n != sizeof(word))
		return 0;       /* execve() closed it */
	if (word.err == ENOENT) /* find_program() has found the file itself */
		log_error(
			"cannot execute %s: the interpreter that it names (#!, ELF) does not exist",
			name);
	else
		log_error("cannot execute %s: %s", name, g_strerror(word.err));
	launch_abandon(l);
	return -EACCES;
}

void launch_abandon(struct launch *l)
{
	struct word word;

	if (l->maker && !l->pid && l->err_fd >= 0)
		read_step(l, &word);
	if (l->pid > 0) {
		kill(l->pid, SIGKILL);
		reap_child(l->pid);
	}
	launch_close(l);
}

void launch_close(struct launch *l)
{
	int *fds[] = { &l->pidfd, &l->go_fd, &l->err_fd };

	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	reap_maker(l);
}
