/* SPDX-License-Identifier: GPL-2.0-only */
#include "bench/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define OUTPUT_MAX (64 * 1024)

/* Read to the end of the pipe. Signals come only during ppoll(), so none comes between the look at
 * *interrupted and the wait. Returns 0, or negative errno; -EINTR: *interrupted. */
static int read_all(int fd, GString *text, const volatile sig_atomic_t *interrupted)
{
	struct pollfd ask = { .fd = fd, .events = POLLIN };
	sigset_t all, before;
	char piece[4096];
	ssize_t n = 1;
	int err = 0;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	while (!err && n > 0) {
		if (*interrupted) {
			err = -EINTR;
		} else if (ppoll(&ask, 1, NULL, &before) < 0) {
			err = errno == EINTR ? 0 : -errno;
		} else {
			n = read(fd, piece, sizeof(piece));
			err = n < 0 ? -errno : 0;
			g_string_append_len(text, piece, MAX(n, 0));
		}
		if (text->len > OUTPUT_MAX)
			g_string_erase(text, 0, OUTPUT_MAX / 2);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int shell_run(char *const *argv, const struct launch_user *user,
	      const volatile sig_atomic_t *interrupted, char **output)
{
	struct launch_config config = { .argv = argv, .redirect = true, .kill_on_exit = true };
	GString *text;
	struct launch l;
	int pipe_fd[2], in = open("/dev/null", O_RDONLY | O_CLOEXEC), err, status;

	*output = NULL;
	if (in < 0 || pipe2(pipe_fd, O_CLOEXEC)) {
		err = -errno;
		log_error("cannot start %s: %s", argv[0], g_strerror(-err));
		if (in >= 0)
			close(in);
		return err;
	}
	text = g_string_new(NULL);
	config.stdio[0] = in;
	config.stdio[1] = config.stdio[2] = pipe_fd[1];
	err = launch_start(&config, user, &l);
	close(in);
	close(pipe_fd[1]);
	err = err ?: launch_go(&l, argv[0]);
	if (err) {
		close(pipe_fd[0]);
		g_string_free(text, TRUE);
		return err;
	}
	err = read_all(pipe_fd[0], text, interrupted);
	close(pipe_fd[0]);
	if (err)
		kill(l.pid, SIGTERM);
	status = wait_for(l.pid);
	launch_close(&l);
	*output = g_string_free(text, FALSE);
	return err ?: status;
}

const char *shell_last_line(char *text)
{
	char *line;

	g_strchomp(text);
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}
