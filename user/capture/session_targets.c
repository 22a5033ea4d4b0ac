/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which processes a session follows: a command from its first page on, or running processes and
 * those that join them.
 */
#include <errno.h>
#include <glib.h>
#include <time.h>

#include "base/log.h"
#include "capture/describe.h"
#include "capture/sampler.h"
#include "capture/session_state.h"
#include "capture/targets.h"

#define MISSED_NS (60 * SESSION_NS) /* a daemon looks for tasks that it missed */
#define ATTACH_ROUNDS 10            /* at most, until a round finds no new task */

static void on_folded(void *ctx, uint64_t task, uint64_t into_task, uint64_t into_proc)
{
	struct session *s = ctx;

	if (s->sampler)
		sampler_fold(s->sampler, task, into_task, into_proc);
}

static void begin(struct session *s, bool launched)
{
	s->launched = launched;
	s->proctable = proctable_new(launched);
	proctable_keep(s->proctable, s->config.keep_tasks, on_folded, s);
	s->origin_ns = clock_ns(CLOCK_BOOTTIME);
}

int session_launch(struct session *s, struct launch *l, const char *name)
{
	struct attach_request held = { .held = true };
	g_autofree char *path = NULL;
	int n, err;

	begin(s, true);
	s->launch = *l;
	kmem_watch(s->kmem, s->config.cgroup, s->config.cgroup_why);
	loader_target(s->loader, l->pid);
	n = loader_attach_tasks(s->loader, &held);
	if (n != 1) {
		log_error("cannot follow the command: %s", n < 0 ? g_strerror(-n) : "it has ended");
		launch_abandon(&s->launch);
		return n < 0 ? n : -ESRCH;
	}
	err = session_hear(s, l->pidfd, SOURCE_CHILD);
	if (err) {
		launch_abandon(&s->launch);
		return err;
	}
	kmem_begin(s->kmem);
	path = s->sampler ? g_find_program_in_path(name) : NULL;
	if (path)
		sampler_expect(s->sampler, path);
	s->origin_ns = clock_ns(CLOCK_BOOTTIME);
	return launch_go(&s->launch, name);
}

static int add_targets(struct session *s, GArray *pids)
{
	for (unsigned i = 0; i < pids->len; i++) {
		int err = loader_target(s->loader, g_array_index(pids, pid_t, i));

		if (err) {
			log_error("too many processes to follow: %s", g_strerror(-err));
			return err;
		}
	}
	return 0;
}

/* Add the pids of all targets to `named`. */
static int name_targets(struct session *s, const struct session_targets *t, GArray *named)
{
	GArray *found = NULL;
	int err = 0;

	for (unsigned i = 0; t->pids && i < t->pids->len && !err; i++)
		err = target_check(g_array_index(t->pids, pid_t, i));
	if (!err && t->pids) {
		err = add_targets(s, t->pids);
		g_array_append_vals(named, t->pids->data, t->pids->len);
	}
	if (t->all)
		targets_all(named);
	if (err || (!t->comm && !t->cgroup))
		return err;
	found = t->comm ? targets_by_comm(t->comm) : targets_by_cgroup(t->cgroup);
	if (!found)
		return -ENOENT;
	err = add_targets(s, found);
	if (!err && !found->len) {
		if (t->comm)
			log_error("--comm %s: no process has that name", t->comm);
		else
			log_error("--cgroup %s: no process is in it", t->cgroup);
		targets_hint();
		err = -ENOENT;
	}
	g_array_append_vals(named, found->data, found->len);
	g_array_unref(found);
	return err;
}

static int on_found(void *ctx, const void *data, size_t size)
{
	struct session *s = ctx;

	sampler_found(s->sampler, s->proctable, data, size);
	return 0;
}

static int attach_running(struct session *s, bool all)
{
	struct attach_request what = { .all = all, .except = s->self, .since_ns = s->origin_ns };
	int n = 1, total = 0;

	loader_attaching(s->loader, true);
	/* A task that tare had not attached to yet may have made another one meanwhile. */
	for (int i = 0; i < ATTACH_ROUNDS && n > 0; i++) {
		n = loader_attach_tasks(s->loader, &what);
		total += n;
	}
	loader_attaching(s->loader, false);
	session_drain_events(s);
	describe_found(s->proctable);
	if (s->sampler && total > 0)
		loader_sweep(s->loader, on_found, s);
	return n < 0 ? n : total;
}

int session_attach(struct session *s, const struct session_targets *targets)
{
	g_autoptr(GArray) named = g_array_new(FALSE, FALSE, sizeof(pid_t));
	int err, n;

	begin(s, false);
	err = name_targets(s, targets, named);
	if (err)
		return err;
	kmem_watch_targets(s->kmem, named);
	n = attach_running(s, targets->all);
	if (n < 0) {
		log_error("cannot read the initial balances: %s", g_strerror(-n));
		return n;
	}
	if (!n && !s->config.daemon) {
		log_error("the process to follow has ended");
		return -ESRCH;
	}
	kmem_begin(s->kmem);
	s->cgroup = targets->cgroup;
	return 0;
}

/* A task that the kernel had no memory for at its birth is not followed, nor are its children. Nor
 * are programs that the kernel itself starts. Find them again. */
static void find_missed(struct session *s)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct tare_workload w;

	loader_workload(s->loader, &w);
	if (w.lost[TARE_LOST_TASK] == s->lost_tasks && now < s->missed_ns)
		return;
	s->lost_tasks = w.lost[TARE_LOST_TASK];
	if (s->missed_ns)
		attach_running(s, true);
	s->missed_ns = now + MISSED_NS;
}

void session_newcomers(struct session *s)
{
	GArray *found = s->cgroup ? targets_by_cgroup(s->cgroup) : NULL;

	if (s->config.daemon)
		find_missed(s);
	if (!found)
		return;
	add_targets(s, found);
	g_array_unref(found);
	attach_running(s, false);
}
