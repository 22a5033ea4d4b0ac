/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A trial: starts the program in a control group of its own, follows it, and leaves no process
 * when it is done.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "bench/trial_impl.h"

#define MMS_MIN 8192
#define MMS_MAX 131072
#define RING (32 << 20) /* thousands of threads may end in one instant */

static int run_session(struct trial *t, const struct session_config *sc)
{
	int status, err;

	err = session_open(&t->session, sc);
	if (err) {
		launch_abandon(&t->launch);
		return err;
	}
	t->origin_s = trial_elapsed_s(t);
	err = session_launch(t->session, &t->launch, t->config->argv[0]);
	/* The session owns the descriptors in t->launch now. */
	if (err) {
		trial_end_by(t, BENCH_FAILED, "it could not be executed");
		return 0;
	}
	err = trial_begin(t) ?: session_loop(t->session, &status);
	/* Processes that outlive the command are not measured any more. */
	trial_kill(t);
	if (!err && !*t->config->interrupted)
		trial_weigh_peak(t);
	return err;
}

static void leave_cgroup(struct trial *t)
{
	GArray *pids;
	struct timespec pause = { 0, 2 * 1000 * 1000 };

	for (int i = 0; t->cgroup && i < 500; i++) {
		pids = cgroup_pids(t->cgroup);
		for (unsigned k = 0; k < pids->len; k++)
			kill(g_array_index(pids, pid_t, k), SIGKILL);
		if (!pids->len) {
			g_array_unref(pids);
			break;
		}
		g_array_unref(pids);
		nanosleep(&pause, NULL);
	}
	cgroup_close(t->cgroup);
}

static int open_pipes(struct trial *t, int child[3])
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	bool made;

	child[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	made = child[0] >= 0 && !pipe2(out, O_CLOEXEC) && !pipe2(err, O_CLOEXEC);
	child[1] = out[1];
	child[2] = err[1];
	trial_listen(t, out[0], err[0]);
	if (!made) {
		int failed = -errno;

		log_error("cannot make pipes: %s", g_strerror(-failed));
		return failed;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static void close_all(const int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void fill_session(struct trial *t, struct session_config *sc, const char *why)
{
	uint64_t tasks = t->config->tasks;

	*sc = (struct session_config){
		.load = {
			.features = t->config->features,
			.backend = t->config->backend,
			/* Each task may be a process. By default no machine has more than
			 * MMS_MAX. */
			.max_mms = tasks < MMS_MAX ? MAX(tasks + 1024, MMS_MIN) : MMS_MIN,
			.ring_bytes = RING,
		},
		.keep_tasks = PROCTABLE_KEEP,
		.cgroup = t->cgroup,
		.cgroup_why = why,
	};
	trial_hear(t, sc);
}

static int launch_and_follow(struct trial *t)
{
	struct cgroup_config cc = {
		.features = t->config->features,
		.memory_max = t->config->memory_max,
	};
	struct launch_config lc = { .argv = t->config->argv,
				    .kill_on_exit = true,
				    .redirect = true };
	struct session_config sc;
	g_autofree char *why = NULL;
	int err;

	err = cgroup_create(&t->cgroup, &cc, &why);
	if (err && t->config->memory_max)
		return err;
	err = open_pipes(t, lc.stdio);
	if (err) {
		close_all(lc.stdio, G_N_ELEMENTS(lc.stdio));
		return err;
	}
	lc.cgroup = t->cgroup;
	err = launch_start(&lc, t->config->user, &t->launch);
	close_all(lc.stdio, G_N_ELEMENTS(lc.stdio));
	if (err) { /* logged; the reason may be tasks of another program */
		trial_end_by(t, BENCH_FAILED, "%s could not be started: %s", t->config->argv[0],
			     g_strerror(-err));
		return 0;
	}
	fill_session(t, &sc, why);
	return run_session(t, &sc);
}

struct bench_run *trial_run(const struct trial_config *config)
{
	struct trial t = { .config = config, .run = bench_run_new() };
	int err;

	t.out.fd = t.err.fd = -1;
	t.run->tasks = config->tasks;
	t.run->repeat = config->repeat;
	t.run->after = config->after;
	err = launch_and_follow(&t);
	session_close(t.session);
	leave_cgroup(&t);
	close_all((const int[]){ t.out.fd, t.err.fd }, 2);
	g_free(t.why);
	g_free(t.last_error);
	if (!err && !*config->interrupted)
		return t.run;
	bench_run_free(t.run);
	return NULL;
}
