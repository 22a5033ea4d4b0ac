/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The command: found, given its user and its environment, and held before
 * execve until its books are open. It must not know BPF.
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
	const struct cgroup *cgroup; /* where it is born; NULL: in tare's own */
	bool redirect;               /* its stdin, stdout and stderr are these: */
	int stdio[3];
};

struct launch {
	pid_t pid;   /* 0: not known yet */
	pid_t maker; /* what was forked, unless it is `pid`: it made that in the control group */
	int pidfd;   /* readable when it has ended */
	int go_fd;   /* the child waits on its other end */
	int err_fd;  /* errno of what went wrong in the child; EOF: execve worked */
};

/* Whom the command will run as; `who` not set: as tare's own user.
 * 0; -ENOENT for an unknown user, -EINVAL for a SUDO_UID that is none; said. */
struct launch_user {
	struct owner who;
	char name[256], home[4096], shell[4096];
};
int launch_user(const struct launch_config *config, struct launch_user *user);

/* Fork the child, which inherits signal mask and dispositions: call it before
 * tare changes its own. It becomes the user, looks for the program and waits; how that went
 * launch_ready() says, which waits for it: entering a control group takes the kernel some
 * 10 ms. 0; -ENOENT: no such program, -EACCES: not executable, or another errno; said. */
int launch_fork(const struct launch_config *config, const struct launch_user *user,
		struct launch *l);
int launch_ready(const struct launch_config *config, struct launch *l);

/* Both. */
int launch_start(const struct launch_config *config, const struct launch_user *user,
		 struct launch *l);

/* Let it execve. 0, or -EACCES when `name` could not be executed after all, said;
 * the child is gone then. */
int launch_go(struct launch *l, const char *name);

/* End a child that was not let go, and forget it. */
void launch_abandon(struct launch *l);
void launch_close(struct launch *l);

#endif
