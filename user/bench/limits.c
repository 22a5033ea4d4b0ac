/* SPDX-License-Identifier: GPL-2.0-only */
#include "bench/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/cgroup_path.h"

#define PID_MAX "/proc/sys/kernel/pid_max"
#define THREADS_MAX "/proc/sys/kernel/threads-max"
#define MAP_COUNT "/proc/sys/vm/max_map_count"
#define NR_OPEN "/proc/sys/fs/nr_open"
#define PID_RESERVED 300    /* kernel/pid.c: RESERVED_PIDS, never given again */
#define NEAR 0.96           /* a limit that was used up to this share is the reason */
#define MERGED 1.03         /* the kernel merges up to 3 % of the mappings */
#define FILES_OWN 64        /* files that a runtime opens for itself */
#define AT_MOST (1LL << 40) /* programs' numbers are not trusted: sums must not overflow */

/* The first number in a file; INT64_MAX for "max", or if there is no such file. */
static int64_t read_number(const char *path)
{
	g_autofree char *text = NULL;

	if (!path || !g_file_get_contents(path, &text, NULL, NULL) || !g_ascii_isdigit(*text))
		return INT64_MAX;
	return g_ascii_strtoll(text, NULL, 10);
}

/* pids.max of tare's own control group, v1 or v2; NULL: it is in none. */
static char *pids_max_path(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup/pids", "/sys/fs/cgroup",
					     "/sys/fs/cgroup/unified" };
	static const char *const controllers[] = { "pids", NULL }; /* v1, v2 */
	g_autofree char *text = NULL;

	if (!g_file_get_contents("/proc/self/cgroup", &text, NULL, NULL))
		return NULL;
	for (unsigned v = 0; v < G_N_ELEMENTS(controllers); v++) {
		g_autofree char *path = cgroup_path_of(text, controllers[v]);

		for (unsigned i = 0; path && i < G_N_ELEMENTS(roots); i++) {
			char *file = g_build_filename(roots[i], path, "pids.max", NULL);

			if (!access(file, R_OK))
				return file;
			g_free(file);
		}
	}
	return NULL;
}

static int64_t soft_limit(int resource)
{
	struct rlimit r;

	if (getrlimit(resource, &r) || r.rlim_cur == RLIM_INFINITY)
		return INT64_MAX;
	return (int64_t)r.rlim_cur;
}

void limits_read(struct limits *l)
{
	g_autofree char *pids = pids_max_path(), *load = NULL;
	const char *slash;

	*l = (struct limits){
		.pid_max = read_number(PID_MAX),
		.threads_max = read_number(THREADS_MAX),
		.map_count = read_number(MAP_COUNT),
		.pids_max = read_number(pids),
		.nproc = soft_limit(RLIMIT_NPROC),
		.nofile = soft_limit(RLIMIT_NOFILE),
	};
	/* proc_loadavg(5): running/existing */
	if (g_file_get_contents("/proc/loadavg", &load, NULL, NULL)) {
		slash = strchr(load, '/');
		l->others = slash ? g_ascii_strtoll(slash + 1, NULL, 10) : 0;
	}
}

static void append_limit(GString *text, const char *name, int64_t value)
{
	if (value != INT64_MAX)
		g_string_append_printf(text, "%s%s = %" G_GINT64_FORMAT, text->len ? ", " : "",
				       name, value);
}

char *limits_describe(const struct limits *l)
{
	GString *text = g_string_new(NULL);

	append_limit(text, "kernel.pid_max", l->pid_max);
	append_limit(text, "kernel.threads-max", l->threads_max);
	append_limit(text, "vm.max_map_count", l->map_count);
	append_limit(text, "pids.max", l->pids_max);
	append_limit(text, "RLIMIT_NPROC", l->nproc);
	append_limit(text, "RLIMIT_NOFILE", l->nofile);
	return g_string_free(text, FALSE);
}

static bool is_near(int64_t used, int64_t limit)
{
	return limit != INT64_MAX && used >= limit * NEAR && used <= limit;
}

/* If the number of mappings stopped the program: how many mappings each task has; else 0. The
 * kernel merges some mappings that lie next to each other. */
static int mappings_each(const struct limits *l, int64_t at)
{
	for (int each = 1; each <= 4; each++)
		if (l->map_count != INT64_MAX && at * each >= l->map_count * NEAR &&
		    at * each <= l->map_count * MERGED)
			return each;
	return 0;
}

static bool files_said(const char *reason)
{
	return strstr(reason, "open files") || strstr(reason, "EMFILE") || strstr(reason, "emfile");
}

/* Decided by the number of files, since a program that lacks memory or processes names its
 * reason. */
static bool files_used_up(const struct limits *l, const char *reason, int64_t at)
{
	return l->nofile != INT64_MAX && at <= l->nofile && at >= l->nofile - FILES_OWN &&
	       !strstr(reason, "temporarily unavailable");
}

/* The limit on threads that is used up; NULL: none is. */
static char *limit_of_threads(const struct limits *l, const char *reason, int64_t at)
{
	const struct {
		const char *name;
		int64_t used, limit;
	} all[] = {
		{ "kernel.pid_max", at + l->others + PID_RESERVED, l->pid_max },
		{ "kernel.pid_max", at, l->pid_max },
		{ "pids.max", at + l->others, l->pids_max },
		{ "pids.max", at, l->pids_max },
		{ "kernel.threads-max", at + l->others, l->threads_max },
		{ "RLIMIT_NPROC", at, l->nproc },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
		if (is_near(all[i].used, all[i].limit))
			return g_strdup_printf("%s = %" G_GINT64_FORMAT " (%s)", all[i].name,
					       all[i].limit, reason);
	return NULL;
}

char *limits_name(const struct limits *l, const char *reason, int64_t at, int64_t threads)
{
	char *text = NULL;
	int each;

	at = CLAMP(at, 0, AT_MOST);
	each = mappings_each(l, at);
	if (files_said(reason) || files_used_up(l, reason, at))
		return g_strdup_printf("RLIMIT_NOFILE = %" G_GINT64_FORMAT " (%s)", l->nofile,
				       reason);
	if (threads >= at * NEAR)
		text = limit_of_threads(l, reason, at);
	if (!text && each)
		text = g_strdup_printf("vm.max_map_count = %" G_GINT64_FORMAT
				       ", %d mapping%s a task (%s)",
				       l->map_count, each, each > 1 ? "s" : "", reason);
	return text ? text : g_strdup(reason);
}

char *limits_diagnose(const char *reason, int64_t at, int64_t threads)
{
	struct limits l;

	limits_read(&l);
	return limits_name(&l, reason, at, threads);
}

/* Limits of the whole machine, and the value that each is raised to. */
static const struct {
	const char *path;
	int64_t to;
} lifted[] = {
	{ PID_MAX, 4194304 }, /* include/linux/threads.h: PID_MAX_LIMIT */
	{ THREADS_MAX, 4194303 },
	{ MAP_COUNT, 16777216 },
};

static int write_number(const char *path, int64_t value)
{
	char text[32];
	int fd = open(path, O_WRONLY | O_CLOEXEC), n, err = 0;

	if (fd < 0)
		return -errno;
	n = value == INT64_MAX ? g_snprintf(text, sizeof(text), "max\n") :
				 g_snprintf(text, sizeof(text), "%" G_GINT64_FORMAT "\n", value);
	if (write(fd, text, n) != n)
		err = -errno;
	close(fd);
	return err;
}

static void lift_limit(const char *path, int64_t to)
{
	int64_t was = read_number(path);
	int err = was < to ? write_number(path, to) : 0;

	/* The kernel bounds threads-max by the machine's memory: halve the value until it is
	 * accepted. */
	for (int64_t less = to / 2; err == -EINVAL && less > was; less /= 2)
		err = write_number(path, less);
	if (err)
		log_warn("--raise-limits: %s stays %" G_GINT64_FORMAT ": %s", path, was,
			 g_strerror(-err));
}

static void lift_own(int resource, const char *name, rlim_t to)
{
	struct rlimit was, r;

	if (getrlimit(resource, &was) || was.rlim_cur >= to)
		return;
	r = (struct rlimit){ to, MAX(to, was.rlim_max) };
	if (!setrlimit(resource, &r))
		return;
	r = (struct rlimit){ was.rlim_max, was.rlim_max };
	if (setrlimit(resource, &r) || was.rlim_max < to)
		log_warn("--raise-limits: %s stays at its hard limit %ld: %s", name,
			 (long)was.rlim_max, g_strerror(errno));
}

static void note_limit(GString *text, const char *path)
{
	int64_t value = read_number(path);

	if (!path || access(path, F_OK))
		return;
	g_string_append_printf(text, "%s %" G_GINT64_FORMAT "\n", path, value);
}

int limits_raise(void)
{
	g_autofree char *pids = pids_max_path();
	GString *text = g_string_new(NULL);
	int64_t files = read_number(NR_OPEN);
	int fd, err = 0;

	g_string_append_printf(text, "pid %d\n", getpid());
	for (unsigned i = 0; i < G_N_ELEMENTS(lifted); i++)
		note_limit(text, lifted[i].path);
	note_limit(text, pids);
	/* Not a file or symbolic link that another user made. */
	fd = open(LIMITS_NOTE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text->str, text->len) != (ssize_t)text->len) {
		err = -errno;
		log_error("--raise-limits: cannot note the limits in " LIMITS_NOTE ": %s%s",
			  g_strerror(-err), err == -EEXIST ? " (another tare bench runs?)" : "");
	}
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && err)
		unlink(LIMITS_NOTE);
	g_string_free(text, TRUE);
	if (err)
		return err;
	for (unsigned i = 0; i < G_N_ELEMENTS(lifted); i++)
		lift_limit(lifted[i].path, lifted[i].to);
	if (pids && read_number(pids) != INT64_MAX)
		lift_limit(pids, INT64_MAX);
	lift_own(RLIMIT_NOFILE, "RLIMIT_NOFILE", files == INT64_MAX ? 1 << 20 : (rlim_t)files);
	lift_own(RLIMIT_NPROC, "RLIMIT_NPROC", RLIM_INFINITY);
	return 0;
}

/* Restore only limits that limits_raise() can have noted. */
static bool is_ours(const char *path)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(lifted); i++)
		if (!strcmp(path, lifted[i].path))
			return true;
	return g_str_has_prefix(path, "/sys/fs/cgroup/") && !strstr(path, "..") &&
	       g_str_has_suffix(path, "/pids.max");
}

static void put_back(char **lines)
{
	for (char **line = lines; *line; line++) {
		char *space = strrchr(*line, ' ');
		int64_t value;
		int err;

		if (!space || !g_ascii_isdigit(space[1]))
			continue;
		*space = '\0';
		value = g_ascii_strtoll(space + 1, NULL, 10);
		if (!is_ours(*line) || read_number(*line) == value)
			continue;
		err = write_number(*line, value);
		if (err)
			log_warn("%s could not be put back to %" G_GINT64_FORMAT ": %s", *line,
				 value, g_strerror(-err));
	}
}

static char **read_note(void)
{
	g_autofree char *text = NULL;

	return g_file_get_contents(LIMITS_NOTE, &text, NULL, NULL) ? g_strsplit(text, "\n", -1) :
								     NULL;
}

/* Pid of the tare that wrote the note; 0: there is no note, or it has no pid. */
static pid_t note_of(char *const *lines)
{
	int pid;

	return lines && lines[0] && sscanf(lines[0], "pid %d", &pid) == 1 && pid > 0 ? pid : 0;
}

void limits_restore(void)
{
	g_auto(GStrv) lines = read_note();

	if (note_of(lines) != getpid())
		return;
	put_back(lines + 1);
	unlink(LIMITS_NOTE);
}

void limits_sweep(void)
{
	g_auto(GStrv) lines = read_note();
	pid_t pid = note_of(lines);

	if (!pid || !kill(pid, 0) || errno != ESRCH)
		return;
	log_warn("a tare bench that was killed left limits raised; putting them back");
	put_back(lines + 1);
	unlink(LIMITS_NOTE);
}
