/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Starts the command: finds the program, sets user and environment, and holds the child before
 * execve() until tare follows it. It must not know BPF.
 */
#ifndef TARE_LAUNCH_H
#define TARE_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/owner.h"
#include "capture/cgroup.h"

struct launch_config {
	char *const *argv;           /* NULL at the end; argv[0] is looked for in PATH */
	const char *user;            /* --user; NULL: the user who called sudo, else none */
	bool as_root;                /* stay root under sudo */
	bool kill_on_exit;           /* the command dies with tare */
	const struct cgroup *cgroup; /* it starts in this one; NULL: in tare's own */
	bool redirect;               /* `stdio` becomes its stdin, stdout and stderr */
	int stdio[3];
};

struct launch {
	pid_t pid;   /* 0: not known yet */
	pid_t maker; /* the process that tare forked, if not `pid`: it enters the cgroup, forks */
	int pidfd;   /* readable when `pid` has ended */
	int go_fd;   /* the child waits at the other end until tare lets it go */
	int err_fd;  /* the child writes an errno here if it fails; EOF: execve() worked */
};

/* The user that the command will run as; `who` not set: tare's own. launch_user() returns 0,
 * -ENOENT for an unknown user, -EINVAL for an invalid SUDO_UID or -E2BIG, logged. */
struct launch_user {
	struct owner who;
	char name[256], home[4096], shell[4096];
	gid_t groups[1024];
	int n_groups;
};
int launch_user(const struct launch_config *config, struct launch_user *user);

/* launch_fork() forks the child. The child inherits signal mask and dispositions, so call this
 * before tare changes its own. It becomes the user, finds the program and waits. launch_ready()
 * waits until the child has done so and returns the result. They are two calls because entering a
 * control group takes about 10 ms. Both return 0; -ENOENT: no such program; -EACCES: not
 * executable; or another negative errno; errors are logged. */
int launch_fork(const struct launch_config *config, const struct launch_user *user,
		struct launch *l);
int launch_ready(const struct launch_config *config, struct launch *l);

/* launch_fork(), then launch_ready(). */
int launch_start(const struct launch_config *config, const struct launch_user *user,
		 struct launch *l);

/* Let the child execve(). Returns 0, or -EACCES, logged, if `name` could not be executed; the child
 * has ended then. */
int launch_go(struct launch *l, const char *name);

/* Kill a child that launch_go() was not called for, and reap it. */
void launch_abandon(struct launch *l);
void launch_close(struct launch *l);

#endif
