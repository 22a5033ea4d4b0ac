/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/targets.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "bpf/calls.h"
#include "capture/cgroup_tree.h"

void targets_hint(void)
{
	if (access("/proc/self/stat", F_OK))
		log_hint("mount -t proc proc /proc");
	else if (access("/proc/1/stat", F_OK))
		log_hint("with CAP_SYS_PTRACE or as root: /proc may be mounted with hidepid=");
}

/* Log why a pid is not in /proc: there is no such process, or /proc hides it. */
static void say_none(pid_t pid)
{
	if (kill(pid, 0) && errno == ESRCH) {
		log_error("pid %d: no such process", pid);
		return;
	}
	log_error("pid %d: /proc does not show it", pid);
	targets_hint();
}

int target_check(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", pid), *text = NULL;
	const char *tgid;
	struct proc_stat stat;

	if (proc_stat_read(pid, &stat) || !g_file_get_contents(path, &text, NULL, NULL)) {
		say_none(pid);
		return -ESRCH;
	}
	if (stat.flags & PF_KTHREAD) {
		log_error("pid %d: a kernel thread, which has no address space of its own", pid);
		return -EINVAL;
	}
	if (stat.state == 'Z' || stat.state == 'X') {
		log_error("pid %d: has ended already (a zombie), its memory is gone", pid);
		return -ECHILD;
	}
	tgid = strstr(text, "\nTgid:");
	if (tgid && atoi(tgid + strlen("\nTgid:")) != pid) {
		log_error("pid %d: a thread of process %d", pid, atoi(tgid + strlen("\nTgid:")));
		log_hint("tare attach -p %d", atoi(tgid + strlen("\nTgid:")));
		return -EINVAL;
	}
	return 0;
}

/* Is it a user process that has memory? */
static bool is_process(pid_t pid)
{
	struct proc_stat stat;

	return !proc_stat_read(pid, &stat) && !(stat.flags & PF_KTHREAD) && stat.state != 'Z';
}

static bool has_comm(pid_t pid, const char *comm)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/comm", pid), *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return false;
	if (g_str_has_suffix(text, "\n"))
		text[strlen(text) - 1] = '\0';
	return !strcmp(text, comm);
}

/* All user processes, or those named `comm`. */
static void find_processes(const char *comm, GArray *found)
{
	GDir *dir = g_dir_open("/proc", 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		pid_t pid = atoi(name);

		if (pid > 0 && (!comm || has_comm(pid, comm)) && is_process(pid))
			g_array_append_val(found, pid);
	}
	if (dir)
		g_dir_close(dir);
}

GArray *targets_by_comm(const char *comm)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(pid_t));

	find_processes(comm, found);
	return found;
}

void targets_all(GArray *pids)
{
	pid_t self = getpid();

	find_processes(NULL, pids);
	for (unsigned i = 0; i < pids->len; i++)
		if (g_array_index(pids, pid_t, i) == self)
			g_array_remove_index_fast(pids, i--);
}

/* Find "/x" under the mount point of the first hierarchy that has it. */
static char *find_cgroup(const char *path)
{
	g_autofree char *mounts = NULL;

	if (g_str_has_prefix(path, "/sys/fs/cgroup") ||
	    !g_file_get_contents("/proc/self/mounts", &mounts, NULL, NULL))
		return g_strdup(path);
	g_auto(GStrv) lines = g_strsplit(mounts, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) field = g_strsplit(*line, " ", 4);
		g_autofree char *mount = NULL, *try = NULL;

		if (g_strv_length(field) < 3 || !g_str_has_prefix(field[2], "cgroup"))
			continue;
		mount = g_strcompress(field[1]); /* a space is \040 there */
		try = g_build_filename(mount, path, NULL);
		if (g_file_test(try, G_FILE_TEST_IS_DIR))
			return g_steal_pointer(&try);
	}
	return g_strdup(path);
}

GArray *targets_by_cgroup(const char *path)
{
	g_autofree char *folder = find_cgroup(path);

	if (path[0] != '/' || !folder_has(folder, "cgroup.procs")) {
		log_error("--cgroup %s: no such control group%s", path,
			  path[0] == '/' ? "" : " (an absolute path is needed)");
		return NULL;
	}
	return folder_pids(folder);
}

void target_describe(pid_t pid, char **exe, char **cmdline, gsize *len)
{
	g_autofree char *link = g_strdup_printf("/proc/%d/exe", pid);
	g_autofree char *args = g_strdup_printf("/proc/%d/cmdline", pid);

	*exe = g_file_read_link(link, NULL);
	*cmdline = NULL;
	*len = 0;
	g_file_get_contents(args, cmdline, len, NULL);
}
