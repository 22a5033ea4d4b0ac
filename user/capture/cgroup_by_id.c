/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/cgroup_by_id.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/cgroup.h"
#include "capture/cgroup_tree.h"

#define FILEID_KERNFS 0xfe /* include/linux/exportfs.h: a handle that is kn->id */
#define STAT_SIZE 16384    /* of memory.stat */

struct cgroup_ids {
	struct cgroup_mount mount;
	int point; /* the mount point's directory */
};

struct cgroup_ids *cgroup_ids_new(const struct features *f)
{
	struct cgroup_ids *c = g_new0(struct cgroup_ids, 1);

	if (cgroup_mount_find(&c->mount, f, f->memcg_v1 ? 1 : 2)) {
		c->point = open(c->mount.point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (c->point >= 0)
			return c;
	}
	cgroup_mount_clear(&c->mount);
	g_free(c);
	return NULL;
}

void cgroup_ids_free(struct cgroup_ids *c)
{
	if (!c)
		return;
	close(c->point);
	cgroup_mount_clear(&c->mount);
	g_free(c);
}

/* Its directory: a descriptor, or negative errno. */
static int open_id(const struct cgroup_ids *c, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} h = { .handle = { .handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS } };
	int fd;

	memcpy(h.room + offsetof(struct file_handle, f_handle), &id, sizeof(id));
	fd = open_by_handle_at(c->point, &h.handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return errno == ESTALE ? -ENOENT : -errno;
}

int cgroup_ids_path(const struct cgroup_ids *c, uint64_t id, char **path)
{
	char link[32], folder[PATH_MAX];
	int fd = open_id(c, id);
	ssize_t n;

	if (fd < 0)
		return fd;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, folder, sizeof(folder) - 1);
	close(fd);
	if (n < 0)
		return -errno;
	folder[n] = '\0';
	/* It was removed just now. A group may have such a name, but not if it is there. */
	if (g_str_has_suffix(folder, " (deleted)") && access(folder, F_OK))
		return -ENOENT;
	*path = cgroup_path(&c->mount, folder);
	return 0;
}

static int64_t read_number(int dir, const char *name)
{
	char text[64];

	return folder_read_at(dir, name, text, sizeof(text)) || !g_ascii_isdigit(*text) ?
		       CGROUP_UNKNOWN :
		       g_ascii_strtoll(text, NULL, 10);
}

/* The kernel's sum "kernel" has all but sockets (since 5.18). */
static void parse_v2(const char *text, struct groups_kernel *k)
{
	static const char *const inside[] = { "kernel_stack", "pagetables", "percpu",
					      "slab_reclaimable", "slab_unreclaimable" };
	int64_t kernel = cgroup_stat_value(text, "kernel");

	k->slab_reclaimable = cgroup_stat_value(text, "slab_reclaimable");
	k->slab_unreclaimable = cgroup_stat_value(text, "slab_unreclaimable");
	k->percpu = cgroup_stat_value(text, "percpu");
	k->sockets = cgroup_stat_value(text, "sock");
	if (kernel == CGROUP_UNKNOWN)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(inside); i++)
		kernel -= MAX(cgroup_stat_value(text, inside[i]), 0);
	k->other = MAX(kernel, 0);
}

bool cgroup_ids_kernel(const struct cgroup_ids *c, uint64_t id, int64_t counted,
		       struct groups_kernel *k)
{
	char text[STAT_SIZE];
	int64_t all, sockets;
	int fd = open_id(c, id);

	*k = (struct groups_kernel){ CGROUP_UNKNOWN, CGROUP_UNKNOWN, CGROUP_UNKNOWN, CGROUP_UNKNOWN,
				     CGROUP_UNKNOWN };
	if (fd < 0)
		return false;
	if (c->mount.version == 1) {
		all = read_number(fd, "memory.kmem.usage_in_bytes");
		sockets = read_number(fd, "memory.kmem.tcp.usage_in_bytes");
		if (sockets > 0) /* 0 where they are not counted, too: see cgroup.h */
			k->sockets = sockets;
		if (all != CGROUP_UNKNOWN)
			k->other = MAX(all - counted, 0);
	} else if (!folder_read_at(fd, "memory.stat", text, sizeof(text))) {
		parse_v2(text, k);
	}
	close(fd);
	return k->slab_unreclaimable != CGROUP_UNKNOWN || k->other != CGROUP_UNKNOWN;
}
