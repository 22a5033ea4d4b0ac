/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/cgroup_tree.h"

/* An ended task leaves its cgroup a moment after its parent has reaped it. */
#define CLOSE_TRIES 20
#define CLOSE_PAUSE_MS 10

#define NO_MOUNT "no control group file system with the memory controller is mounted"

/* Text of an errno, to be printed after a path. */
static const char *explain_errno(int err)
{
	switch (-err) {
	case EROFS:
		return "read-only file system";
	case EACCES:
	case EPERM:
		return "not allowed";
	case ENOENT:
		return "no such control group";
	case ENOTSUP:
		return "without the memory controller";
	case EBUSY:
		return "holds processes, so it can't hand its memory controller on";
	case EAGAIN:
		return "no more groups allowed (cgroup.max.depth, cgroup.max.descendants)";
	default:
		return strerror(-err);
	}
}

static int refuse_path(char **why, const char *path, int err)
{
	g_free(*why);
	*why = g_strdup_printf("%s: %s", path, explain_errno(err));
	return err;
}

/* Setting up. */

static struct cgroup *cgroup_new(const struct cgroup_mount *mount, const char *folder)
{
	struct cgroup *cg = g_new0(struct cgroup, 1);

	cg->version = mount->version;
	cg->dir = cg->procs = -1;
	cg->folder = g_strdup(folder);
	cg->above = g_path_get_dirname(folder);
	cg->home = g_strdup(mount->home);
	cg->path = cgroup_path(mount, folder);
	return cg;
}

static int cgroup_open(struct cgroup *cg)
{
	struct stat st;

	cg->dir = open(cg->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cg->dir < 0 || fstat(cg->dir, &st))
		return -errno;
	cg->id = st.st_ino;
	return 0;
}

/* v2: a new cgroup below a threaded one can't hold processes. */
static bool is_threaded(const struct cgroup *cg)
{
	g_autofree char *type = NULL;

	return !folder_read(cg->folder, "cgroup.type", &type) && strcmp(g_strchomp(type), "domain");
}

/* The directory exists: check that it has what tare needs, and set it up. */
static int cgroup_settle(struct cgroup *cg)
{
	int ret = cgroup_open(cg);

	if (ret)
		return ret;
	if (!folder_has(cg->folder,
			cg->version == 1 ? "memory.usage_in_bytes" : "memory.current") ||
	    is_threaded(cg))
		return -ENOTSUP;
	cg->procs = openat(cg->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (cg->procs < 0)
		return -errno;
	if (cg->version == 1) {
		/* Otherwise a release agent may remove it as soon as the workload has ended. */
		folder_write_at(cg->dir, "notify_on_release", "0");
		/* Before 5.11 a cgroup did not count its descendants, unless this was set. */
		folder_write_at(cg->dir, "memory.use_hierarchy", "1");
		/* The kernel counts socket buffers after a limit was set; -1 means unlimited. */
		cg->sock = !folder_write_at(cg->dir, "memory.kmem.tcp.limit_in_bytes", "-1");
	}
	return 0;
}

static int cgroup_mkdir(struct cgroup *cg, bool enable, char **why)
{
	int ret;

	if (enable) {
		ret = folder_write(cg->above, "cgroup.subtree_control", "+memory");
		if (ret)
			return refuse_path(why, cg->above, ret);
		cg->enabled = true;
	}
	if (mkdir(cg->folder, 0755))
		return refuse_path(why, errno == EEXIST ? cg->folder : cg->above, -errno);
	cg->own = true;
	ret = cgroup_settle(cg);
	return ret ? refuse_path(why, cg->folder, ret) : 0;
}

static int make_in(struct cgroup **out, const struct cgroup_mount *mount, const char *folder,
		   char **why)
{
	g_autofree char *name = cgroup_name(), *made = g_build_filename(folder, name, NULL);
	struct cgroup *cg;
	bool enable;
	int ret = folder_can_host(folder, mount->version, &enable);

	if (ret)
		return refuse_path(why, folder, ret);
	folder_sweep(folder);
	cg = cgroup_new(mount, made);
	ret = cgroup_mkdir(cg, enable, why);
	if (ret)
		cgroup_close(cg);
	else
		*out = cg;
	return ret;
}

/* Which of several errors is reported: first of all a refusal, then a rule of cgroups that is in
 * the way, then a missing directory. */
static int error_rank(int err)
{
	return err == -ENOTSUP || err == -ENOENT ? 0 : err == -EBUSY ? 1 : 2;
}

static int keep_graver(int ret, char **why, int err, char *reason)
{
	if (error_rank(err) > error_rank(ret) || !error_rank(ret)) {
		g_free(*why);
		*why = reason;
		return err;
	}
	g_free(reason);
	return ret;
}

int cgroup_make(struct cgroup **cg, const struct cgroup_mount *mount, const char *folder,
		char **why)
{
	g_autofree char *at = g_strdup(folder);
	int ret = -ENOTSUP;

	for (;;) {
		char *reason = NULL, *above;
		int err = make_in(cg, mount, at, &reason);

		if (!err) {
			g_clear_pointer(why, g_free);
			return 0;
		}
		ret = keep_graver(ret, why, err, reason);
		if (mount->version == 1 || !cgroup_below(at, mount->point) ||
		    !*cgroup_below(at, mount->point))
			return ret;
		above = g_path_get_dirname(at);
		g_free(at);
		at = above;
	}
}

int cgroup_take(struct cgroup **cg, const struct cgroup_mount *mount, const char *folder,
		char **why)
{
	g_autofree char *at = g_strdup(folder);
	const char *rest = cgroup_below(at, mount->point);
	int ret;

	/* The nearest ancestor with the controller counts the memory of a cgroup without it. */
	while (rest && *rest && !folder_has(at, "memory.stat")) {
		*strrchr(at, '/') = '\0';
		rest = cgroup_below(at, mount->point);
	}
	if (!folder_has(at, "memory.stat"))
		return refuse_path(why, at, -ENOTSUP);
	*cg = cgroup_new(mount, at);
	ret = cgroup_open(*cg);
	if (ret) {
		refuse_path(why, at, ret);
		cgroup_close(*cg);
		*cg = NULL;
	}
	return ret;
}

/* Create. */

/* Make it below the cgroup that tare is in. */
static int create_at_home(struct cgroup **cg, const struct cgroup_mount *mount, char **why)
{
	if (mount->home)
		return cgroup_make(cg, mount, mount->home, why);
	*why = g_strdup_printf("%s: tare's own control group is not below this mount point",
			       mount->point);
	return -ENOENT;
}

/* Resolve links and "..", which may lead out of the hierarchy. NULL: it does not exist there. */
static char *real_cgroup(const struct cgroup_mount *mount, const char *folder)
{
	char real[PATH_MAX];

	if (!folder || !realpath(folder, real) || !cgroup_below(real, mount->point) ||
	    !folder_has(real, "cgroup.procs"))
		return NULL;
	return g_strdup(real);
}

/* Folder of --cgroup in this hierarchy; NULL: it does not exist. The path may be relative to the
 * mount point or, as in a container that sees a part of the hierarchy, to the hierarchy's root. */
static char *given_folder(const struct cgroup_mount *mount, const char *path)
{
	g_autofree char *direct = cgroup_folder(mount->point, "/", path);
	g_autofree char *whole = cgroup_folder(mount->point, mount->root, path);
	char *found;

	if (cgroup_below(path, "/sys/fs/cgroup"))
		return real_cgroup(mount, path);
	found = real_cgroup(mount, direct);
	return found ? found : real_cgroup(mount, whole);
}

static int create_given(struct cgroup **cg, const struct cgroup_mount *mount, const char *path,
			char **why)
{
	g_autofree char *folder = given_folder(mount, path);

	if (folder)
		return make_in(cg, mount, folder, why);
	*why = g_strdup_printf("%s: no such control group in the memory controller's hierarchy",
			       path);
	return -ENOENT;
}

/* Make it in v2, else in v1. */
static int create_somewhere(struct cgroup **cg, const struct cgroup_config *config, char **why)
{
	int ret = -ENOTSUP;

	for (unsigned version = 2; version; version--) {
		char *reason = NULL;
		struct cgroup_mount m;
		int err;

		if (!cgroup_mount_find(&m, config->features, version))
			continue;
		err = config->path ? create_given(cg, &m, config->path, &reason) :
				     create_at_home(cg, &m, &reason);
		cgroup_mount_clear(&m);
		if (!err) {
			g_clear_pointer(why, g_free);
			return 0;
		}
		ret = keep_graver(ret, why, err, reason);
	}
	if (!*why)
		*why = g_strdup(NO_MOUNT);
	return ret;
}

static int set_limit(struct cgroup *cg, uint64_t max, char **why)
{
	const char *name = cg->version == 1 ? "memory.limit_in_bytes" : "memory.max";
	g_autofree char *text = g_strdup_printf("%" PRIu64, max);
	g_autofree char *file = g_build_filename(cg->folder, name, NULL);
	int ret = folder_write_at(cg->dir, name, text);

	return ret ? refuse_path(why, file, ret) : 0;
}

int cgroup_create(struct cgroup **cg, const struct cgroup_config *config, char **why)
{
	int ret;

	*cg = NULL;
	*why = NULL;
	if (config->path && config->path[0] != '/') {
		*why = g_strdup_printf("%s: an absolute path is needed", config->path);
		ret = -EINVAL;
	} else {
		ret = create_somewhere(cg, config, why);
	}
	if (ret && config->path)
		log_error("--cgroup: %s", *why);
	else if (ret && config->memory_max)
		log_error("--memory-max: %s", *why);
	if (ret || !config->memory_max)
		return ret;
	ret = set_limit(*cg, config->memory_max, why);
	if (ret) {
		log_error("--memory-max: %s", *why);
		cgroup_close(*cg);
		*cg = NULL;
	}
	return ret;
}

/* Find. */

static bool memory_mount(struct cgroup_mount *m, const struct features *f)
{
	if (f->cgroup_v2 && folder_lists_memory(f->cgroup_v2, "cgroup.controllers"))
		return cgroup_mount_find(m, f, 2);
	return cgroup_mount_find(m, f, 1);
}

/* Folder of a process's cgroup. Returns 0, -ESRCH (the process has ended), or another negative
 * errno with the reason in `why`. */
static int folder_of(char **folder, const struct cgroup_mount *mount, pid_t pid, char **why)
{
	g_autofree char *file = g_strdup_printf("/proc/%d/cgroup", pid), *text = NULL;
	g_autofree char *path = NULL;

	if (!g_file_get_contents(file, &text, NULL, NULL))
		return -ESRCH;
	path = cgroup_path_of(text, mount->version == 1 ? "memory" : NULL);
	*folder = path ? cgroup_folder(mount->point, mount->root, path) : NULL;
	if (*folder)
		return 0;
	g_free(*why);
	*why = g_strdup_printf("the control group of process %d is not below the mount point %s",
			       pid, mount->point);
	return -ENOENT;
}

static int common_folder(char **common, const struct cgroup_mount *mount, const GArray *pids,
			 char **why)
{
	for (guint i = 0; i < pids->len; i++) {
		g_autofree char *folder = NULL;
		int ret = folder_of(&folder, mount, g_array_index(pids, pid_t, i), why);

		if (ret == -ESRCH)
			continue;
		if (ret)
			return ret;
		if (*common) {
			char *both = cgroup_common(*common, folder);

			g_free(*common);
			*common = both;
		} else {
			*common = g_steal_pointer(&folder);
		}
	}
	if (*common)
		return 0;
	*why = g_strdup("no such process");
	return -ESRCH;
}

int cgroup_find(struct cgroup **cg, const struct features *f, const GArray *pids, char **why)
{
	g_autofree char *folder = NULL;
	struct cgroup_mount m;
	int ret;

	*cg = NULL;
	*why = NULL;
	if (!memory_mount(&m, f)) {
		*why = g_strdup(NO_MOUNT);
		return -ENOTSUP;
	}
	ret = common_folder(&folder, &m, pids, why);
	if (!ret)
		ret = cgroup_take(cg, &m, folder, why);
	cgroup_mount_clear(&m);
	return ret;
}

/* Use. */

int cgroup_enter(const struct cgroup *cg)
{
	return write(cg->procs, "0", 1) == 1 ? 0 : -errno;
}

uint64_t cgroup_id(const struct cgroup *cg)
{
	return cg->id;
}

unsigned cgroup_version(const struct cgroup *cg)
{
	return cg->version;
}

GArray *cgroup_pids(const struct cgroup *cg)
{
	return folder_pids(cg->folder);
}

/* Close. */

/* On v2 the parent may not hold processes, since it has enabled a controller for its children;
 * tare's own cgroup can, since it holds tare. */
static void move_out(const struct cgroup *cg)
{
	g_autoptr(GArray) pids = folder_pids(cg->folder);

	for (guint i = 0; i < pids->len; i++) {
		g_autofree char *pid = g_strdup_printf("%d", g_array_index(pids, pid_t, i));

		if (folder_write(cg->above, "cgroup.procs", pid) && cg->home)
			folder_write(cg->home, "cgroup.procs", pid);
	}
}

static int cgroup_rmdir(const struct cgroup *cg)
{
	int ret = -EBUSY;

	for (int i = 0; i < CLOSE_TRIES && ret == -EBUSY; i++) {
		if (i)
			poll(NULL, 0, CLOSE_PAUSE_MS);
		move_out(cg);
		ret = folder_remove(cg->folder);
	}
	return ret;
}

/* Not while another tare has a cgroup there: its counters would vanish with the controller. */
static void disable_controller(const struct cgroup *cg)
{
	g_autoptr(GPtrArray) siblings = g_ptr_array_new_with_free_func(g_free);
	uint64_t start;
	pid_t pid;

	folder_children(siblings, cg->above);
	for (guint i = 0; i < siblings->len; i++) {
		g_autofree char *name = g_path_get_basename(siblings->pdata[i]);

		if (cgroup_name_parse(name, &pid, &start))
			return;
	}
	folder_write(cg->above, "cgroup.subtree_control", "-memory");
}

void cgroup_close(struct cgroup *cg)
{
	int ret;

	if (!cg)
		return;
	ret = cg->own ? cgroup_rmdir(cg) : 0;
	if (ret)
		log_warn("control group %s could not be removed: %s", cg->folder,
			 ret == -EBUSY ? "it still holds processes" : strerror(-ret));
	if (cg->enabled)
		disable_controller(cg);
	if (cg->procs >= 0)
		close(cg->procs);
	if (cg->dir >= 0)
		close(cg->dir);
	g_free(cg->folder);
	g_free(cg->above);
	g_free(cg->home);
	g_free(cg->path);
	g_free(cg);
}
